//! etcd and kube-apiserver on loopback, for one test or for all tests of one binary.

mod kubeconfig;
mod openshift;
mod options;
mod pki;
mod schema;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::Binaries;
use crate::guard::Guard;

pub use openshift::custom_resource_definitions;
pub use options::Options;
pub use pki::{CertPair, Pki};
pub use schema::structural_schema;

const AUDIT_POLICY_FILE: &str = "audit-policy.json";
const AUDIT_LOG_FILE: &str = "audit.log";
/// The API server records the patches of webhooks from level Request on (apiserver
/// `pkg/admission/plugin/webhook/mutating/dispatcher.go`, `mutationAnnotator`).
const AUDIT_POLICY: &str = r#"{"apiVersion":"audit.k8s.io/v1","kind":"Policy","omitStages":["RequestReceived"],"rules":[
    {"level":"Request","verbs":["create","update","patch"],
     "resources":[{"group":"build.openshift.io"},{"group":"image.openshift.io"}]},
    {"level":"Metadata"}]}"#;

/// A running control plane: the API server, RBAC and admission only. It has no controllers: a deleted namespace
/// remains, no service account is created, nothing is scheduled.
///
/// It ends when this is dropped, and when this process ends in any way; its folder is removed with it.
#[derive(Debug)]
pub struct ControlPlane {
    // Dropped in this order: the API server before its store, the folder last.
    api_server: Guard,
    api_server_args: Vec<String>,
    etcd: Guard,
    folder: tempfile::TempDir,
    pki: Pki,
    binaries: Binaries,
    server: String,
    kubeconfig: PathBuf,
}

/// A control plane that outlives the process that started it.
#[derive(Clone, Debug)]
pub struct Kept {
    /// A kubeconfig of its administrator.
    pub kubeconfig: PathBuf,
    /// The processes to kill to end it, which also removes its folder.
    pub pids: Vec<u32>,
}

impl ControlPlane {
    /// Starts a control plane and waits until it serves, including the resources of OpenShift. Builds its binaries on
    /// first use.
    pub async fn start(options: Options) -> Result<Self> {
        let binaries =
            tokio::task::spawn_blocking(|| Binaries::find_or_build(|line| eprintln!("{line}")))
                .await??;
        // Another process may take a free port before the server opens it.
        let mut last = None;
        for _ in 0..3 {
            match Self::start_once(&options, &binaries).await {
                Ok(plane) => return Ok(plane),
                Err(error) if format!("{error:#}").contains("address already in use") => {
                    last = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
        Err(last.context("no attempt was made")?)
    }

    /// One control plane with default [`Options`] for all tests of this binary; it ends with the process.
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();
        SHARED
            .get_or_try_init(|| Self::start(Options::default()))
            .await
    }

    /// A kubeconfig of its administrator, who has all permissions.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The API server's URL.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The CA of the API server and its users; also usable for a webhook.
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// A folder that is removed with the control plane.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The commands that it runs.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// A client of the administrator's, bound to the current runtime.
    pub async fn client(&self) -> Result<kube::Client> {
        Self::client_of(&self.kubeconfig).await
    }

    /// A client for the user of a kubeconfig.
    pub async fn client_of(kubeconfig: &Path) -> Result<kube::Client> {
        let config = Kubeconfig::read_from(kubeconfig)?;
        let config =
            kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
        Ok(kube::Client::try_from(config)?)
    }

    /// The real kubectl, as the administrator, with a separate cache.
    pub fn kubectl(&self) -> Command {
        let mut kubectl = Command::new(self.binaries.kubectl());
        kubectl
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", self.folder.path().join("kubectl-cache"));
        kubectl
    }

    /// A kubeconfig of a user with a client certificate, in at most two groups and without permissions.
    pub fn user(&self, name: &str, groups: &[&str]) -> Result<PathBuf> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let pair = self.pki.client(name, groups)?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("user-{count}.kubeconfig"));
        kubeconfig::write(&path, &self.server, self.pki.ca(), name, &pair)?;
        Ok(path)
    }

    /// Creates a namespace with a name that starts with `prefix`, for one test.
    pub async fn namespace(&self, prefix: &str) -> Result<String> {
        let api: Api<Namespace> = Api::all(self.client().await?);
        let mut namespace = Namespace::default();
        namespace.metadata.generate_name = Some(format!("{prefix}-"));
        let made = api.create(&PostParams::default(), &namespace).await?;
        made.metadata
            .name
            .context("the API server did not set a name for the namespace")
    }

    /// The audit events so far, for a control plane with [`Options::audit_log`]. An event is written before the answer
    /// to its request.
    pub fn audit_events(&self) -> Result<Vec<Value>> {
        let log = std::fs::read_to_string(self.folder().join(AUDIT_LOG_FILE))
            .context("read the audit log")?;
        log.lines()
            .map(|line| serde_json::from_str(line).context("read an audit event"))
            .collect()
    }

    /// The process ids of kube-apiserver and etcd.
    pub fn pids(&self) -> Vec<u32> {
        [&self.api_server, &self.etcd]
            .into_iter()
            .filter_map(Guard::pid)
            .collect()
    }

    /// Kills kube-apiserver, starts it again on the same port, and waits until it serves.
    pub async fn restart_api_server(&mut self) -> Result<()> {
        // By its process ID: dropping the guard would remove the folder.
        let pid = self.api_server.wait_pid()?.to_string();
        Command::new("kill").args(["-KILL", &pid]).status()?;
        self.api_server.wait()?;
        let mut command = Command::new(self.binaries.kube_apiserver());
        command.args(&self.api_server_args);
        self.api_server = Guard::start("kube-apiserver", self.folder.path(), &command)?;
        let client = self.client().await?;
        self.wait(&client).await
    }

    /// Ends it now.
    pub fn stop(self) {
        drop(self);
    }

    /// Keeps it running after this process has ended.
    pub fn keep(self) -> Result<Kept> {
        let pids = self.pids();
        let _ = self.folder.keep();
        self.api_server.keep()?;
        self.etcd.keep()?;
        Ok(Kept {
            kubeconfig: self.kubeconfig,
            pids,
        })
    }

    async fn start_once(options: &Options, binaries: &Binaries) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("extreg-")
            .tempdir()
            .context("make a folder for the control plane")?;
        let path = folder.path();
        let pki = Pki::new(path)?;
        pki.serving(&["127.0.0.1", "localhost", "kubernetes.default.svc"])?
            .write(path, "serving")?;
        // Any key pair works: it signs the tokens of service accounts.
        pki.client("service-accounts", &[])?.write(path, "tokens")?;
        let port = free_port()?;
        let server = format!("https://127.0.0.1:{port}");
        let kubeconfig = path.join("admin.kubeconfig");
        let admin = pki.client("admin", &["system:masters"])?;
        kubeconfig::write(&kubeconfig, &server, pki.ca(), "admin", &admin)?;

        let etcd = Guard::start(
            "etcd",
            path,
            Command::new(binaries.etcd()).args(etcd_args()),
        )?;
        if options.audit_log {
            std::fs::write(path.join(AUDIT_POLICY_FILE), AUDIT_POLICY)?;
        }
        let args = api_server_args(port, options);
        let mut api_server = Command::new(binaries.kube_apiserver());
        api_server.args(&args);
        let api_server = Guard::start("kube-apiserver", path, &api_server)?;
        let binaries = binaries.clone();
        let mut plane = Self {
            api_server,
            api_server_args: args,
            etcd,
            folder,
            pki,
            binaries,
            server,
            kubeconfig,
        };
        let client = plane.client().await?;
        plane.wait(&client).await?;
        if options.openshift {
            openshift::install(&client, &plane.binaries).await?;
        }
        Ok(plane)
    }

    async fn wait(&mut self, client: &kube::Client) -> Result<()> {
        for _ in 0..1200 {
            for process in [&mut self.etcd, &mut self.api_server] {
                if let Some(status) = process.ended()? {
                    bail!(
                        "a process of the control plane ended with {status}:\n{}",
                        process.last_lines()
                    );
                }
            }
            let ready = client
                .request_text(http::Request::get("/readyz").body(Vec::new())?)
                .await;
            // The namespace is created shortly after the server reports ready.
            let namespaces: Api<Namespace> = Api::all(client.clone());
            if ready.is_ok() && namespaces.get_opt("default").await?.is_some() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!(
            "the API server is not ready after a minute:\n{}",
            self.api_server.last_lines()
        )
    }
}

/// On sockets in its folder: no other user of the machine can reach the store, and no port can be in use.
fn etcd_args() -> Vec<String> {
    [
        "--name=test",
        "--data-dir=etcd",
        "--listen-client-urls=unix://etcd.sock:0",
        "--advertise-client-urls=unix://etcd.sock:0",
        "--listen-peer-urls=unix://peer.sock:0",
        // Never dialed, because the cluster has one member; it must have this form.
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=test=http://127.0.0.1:2380",
        "--unsafe-no-fsync",
        "--log-level=error",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn api_server_args(port: u16, options: &Options) -> Vec<String> {
    let mut args: Vec<String> = [
        "--etcd-servers=unix://etcd.sock:0",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        "--tls-cert-file=serving.crt",
        "--tls-private-key-file=serving.key",
        "--client-ca-file=ca.crt",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-account-key-file=tokens.crt",
        "--service-account-signing-key-file=tokens.key",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        // It waits for a controller, which does not exist here, to create service accounts.
        "--disable-admission-plugins=ServiceAccount",
        "--endpoint-reconciler-type=none",
    ]
    .map(str::to_owned)
    .to_vec();
    args.push(format!("--secure-port={port}"));
    if !options.feature_gates.is_empty() {
        let gates: Vec<String> = options
            .feature_gates
            .iter()
            .map(|(name, on)| format!("{name}={on}"))
            .collect();
        args.push(format!("--feature-gates={}", gates.join(",")));
    }
    if !options.runtime_config.is_empty() {
        args.push(format!(
            "--runtime-config={}",
            options.runtime_config.join(",")
        ));
    }
    if options.audit_log {
        args.push(format!("--audit-policy-file={AUDIT_POLICY_FILE}"));
        args.push(format!("--audit-log-path={AUDIT_LOG_FILE}"));
    }
    args.extend(options.api_server_args.iter().cloned());
    args
}

/// An unused port on loopback.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("find a free port on loopback")?;
    Ok(listener.local_addr()?.port())
}
