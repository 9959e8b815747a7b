//! The webhook's own binary, run outside the cluster on loopback.

use std::ffi::OsString;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use extreg_certs::host::Host;
use extreg_certs::issue::{Validity, issue};
use secrecy::ExposeSecret as _;

use crate::control_plane::free_port;
use crate::{Process, ReviewClient, workspace_binary};

/// A running `extreg-webhook` with its own certificate. It ends when this is dropped, and when this process ends in any
/// way.
#[derive(Debug)]
pub struct WebhookServer {
    process: Option<Process>,
    folder: tempfile::TempDir,
    port: u16,
    health_port: u16,
    program: Vec<OsString>,
    args: Vec<String>,
}

impl WebhookServer {
    /// Starts it with the kubeconfig of the cluster that provides its facts, and more arguments, if any, and waits
    /// until it reports ready.
    pub fn start(kubeconfig: &Path, more: &[&str]) -> Result<Self> {
        let kubeconfig = format!("--kubeconfig={}", kubeconfig.display());
        let program = workspace_binary("extreg-webhook")?;
        Self::start_with(&[program.into()], [kubeconfig.as_str()].iter().chain(more))
    }

    /// Starts it without a cluster: its only inputs are requests and arguments.
    pub fn start_without_cluster(more: &[&str]) -> Result<Self> {
        Self::start_program(&[workspace_binary("extreg-webhook")?.into()], more)
    }

    /// Starts another build of it without a cluster: its file, after an emulator if it is for another machine.
    pub fn start_program(program: &[OsString], more: &[&str]) -> Result<Self> {
        Self::start_with(program, ["--no-cluster"].iter().chain(more))
    }

    fn start_with<'a>(
        program: &[OsString],
        more: impl Iterator<Item = &'a &'a str>,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("extreg-webhook-")
            .tempdir()?;
        let hosts = [Host::parse("127.0.0.1")?];
        let issued = issue(&hosts, Validity::default(), jiff::Timestamp::now())?;
        for (name, pem) in [
            ("ca.crt", issued.ca_bundle.as_str()),
            ("tls.crt", &issued.chain),
            ("tls.key", issued.key.expose_secret()),
        ] {
            fs::write(folder.path().join(name), pem)?;
        }
        let (port, health_port) = (free_port()?, free_port()?);
        let file = |name: &str| folder.path().join(name).display().to_string();
        let mut args = vec![
            format!("--listen=127.0.0.1:{port}"),
            format!("--health-listen=127.0.0.1:{health_port}"),
            format!("--tls-cert={}", file("tls.crt")),
            format!("--tls-key={}", file("tls.key")),
            "--drain-wait=0s".to_owned(),
        ];
        args.extend(more.map(|&arg| arg.to_owned()));
        let mut server = Self {
            process: None,
            folder,
            port,
            health_port,
            program: program.to_vec(),
            args,
        };
        server.restart()?;
        Ok(server)
    }

    /// The URL for a webhook configuration.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}/mutate", self.port)
    }

    /// The CA of its certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// A connection like those of API servers.
    pub async fn client(&self) -> Result<ReviewClient> {
        let ca = fs::read_to_string(self.ca_file())?;
        ReviewClient::connect((Ipv4Addr::LOCALHOST, self.port).into(), &ca).await
    }

    /// The address for reviews.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// The address of probes and metrics, without TLS.
    pub fn health_address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.health_port).into()
    }

    /// Its output since the last start.
    pub fn log(&self) -> Result<String> {
        let process = self
            .process
            .as_ref()
            .context("the webhook is not running")?;
        Ok(fs::read_to_string(process.log())?)
    }

    /// The process ID.
    pub fn pid(&self) -> Option<u32> {
        self.process.as_ref().and_then(Process::pid)
    }

    /// The content of `/metrics`.
    pub fn metrics(&self) -> Result<String> {
        Ok(get(self.health_port, "/metrics")?.1)
    }

    /// Kills it, like a failing node.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Ends it by SIGTERM, as the kubelet does, and waits until it has ended.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        let process = self.process.take();
        process
            .context("the webhook is not running")?
            .end_by("TERM")
    }

    /// Restarts it on the same ports with this mode cap.
    pub fn restart_capped(&mut self, mode: &str) -> Result<()> {
        self.args.retain(|arg| !arg.starts_with("--mode-cap="));
        self.args.push(format!("--mode-cap={mode}"));
        self.restart()
    }

    /// Restarts it on the same ports.
    pub fn restart(&mut self) -> Result<()> {
        self.process = None;
        let (first, rest) = self.program.split_first().context("no program to start")?;
        let mut command = Command::new(first);
        command.args(rest).args(&self.args);
        let mut process = Process::start("extreg-webhook", &command)?;
        for _ in 0..600 {
            if let Some(status) = process.ended()? {
                bail!(
                    "extreg-webhook ended with {status}:\n{}",
                    process.last_lines()
                );
            }
            if get(self.health_port, "/readyz").is_ok_and(|(ok, _)| ok) {
                self.process = Some(process);
                return Ok(());
            }
            sleep(Duration::from_millis(50));
        }
        bail!(
            "extreg-webhook is not ready after 30 s:\n{}",
            process.last_lines()
        )
    }

    /// Keeps it running after this process has ended.
    pub fn keep(self) -> Result<Option<u32>> {
        let _ = self.folder.keep();
        self.process.map(Process::keep).transpose()
    }
}

/// Whether the answer is 200, and its body.
pub(crate) fn get(port: u16, path: &str) -> Result<(bool, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .context("an answer without a body")?;
    Ok((head.starts_with("HTTP/1.1 200"), body.to_owned()))
}
