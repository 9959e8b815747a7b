//! `--bundle`: the findings and the objects that they are about, for support. Everything passes
//! through [`redact`]: no value of a Secret, no token, no credential of the kubeconfig.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use extreg_cluster::{Cluster, Kind, Login};
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use super::redact;
use crate::{
    checklist::{Checks, plain},
    error::Error,
    installation::{call_path, installed, kinds},
    print::{DataFormat, to_data},
};

/// Environment variables that affect the result.
const VARIABLES: [&str; 17] = [
    "ALL_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "KUBECONFIG",
    "KUBECTL_PATH",
    "KUBERNETES_SERVICE_HOST",
    "LANG",
    "NO_COLOR",
    "NO_PROXY",
    "PATH",
    "REGISTRY_AUTH_FILE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TERM",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
/// Kinds that are read in the webhook's namespace.
const NAMESPACED: [Kind; 7] = [
    Kind::DEPLOYMENT,
    kinds::ENDPOINT_SLICE,
    Kind::namespaced("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    kinds::POD,
    Kind::SECRET,
    Kind::namespaced("", "Service", "services"),
    Kind::SERVICE_ACCOUNT,
];
/// Kinds that are read in the cluster.
const GLOBAL: [Kind; 2] = [installed::CONFIGURATION, installed::POLICY];

/// The new file.
pub(super) struct File {
    path: PathBuf,
    archive: tar::Builder<GzEncoder<fs::File>>,
}

impl File {
    /// Creates the bundle.
    ///
    /// # Errors
    /// If the file exists or cannot be created.
    pub(super) fn create(path: PathBuf) -> Result<Self, Error> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(&path)
            .map_err(|error| Error::usage(format!("--bundle {}: {error}", path.display())))?;
        let archive = tar::Builder::new(GzEncoder::new(file, Compression::default()));
        Ok(Self { path, archive })
    }

    /// Writes the contents and closes the file.
    pub(super) async fn fill(
        mut self,
        checks: &Checks,
        login: Option<&Login>,
        cluster: Option<&Cluster>,
    ) -> Result<PathBuf, Error> {
        self.add("doctor.json", &redacted(&checks.to_json(super::REPORT)?)?)?;
        self.add("environment.json", &environment())?;
        if let Some(login) = login {
            self.add("login.json", &of_login(login))?;
        }
        if let Some(cluster) = cluster {
            let namespace = call_path::home(cluster).await;
            for kind in GLOBAL {
                self.list(cluster, kind, kind.path(None), "cluster").await?;
            }
            for kind in NAMESPACED {
                self.list(cluster, kind, kind.path(Some(&namespace)), &namespace)
                    .await?;
            }
        }
        let Self { path, archive } = self;
        archive
            .into_inner()
            .and_then(GzEncoder::finish)
            .map_err(|error| unwritten(&path, &error))?;
        Ok(path)
    }

    /// The objects of a kind, or the error.
    async fn list(
        &mut self,
        cluster: &Cluster,
        kind: Kind,
        path: String,
        folder: &str,
    ) -> Result<(), Error> {
        let name = format!("{folder}/{}.json", kind.plural);
        let content = match cluster.get_path(&format!("{path}?limit=500")).await {
            Ok(list) => {
                let items = list.get("items").and_then(Value::as_array);
                let items = items.cloned().unwrap_or_default().into_iter();
                // Items of a list do not name their kind, by which secrets are recognized.
                let items = items.map(|mut item| {
                    if let Some(body) = item.as_object_mut() {
                        body.insert("kind".to_owned(), kind.kind.into());
                    }
                    redact::object(item)
                });
                json!({"kind": "List", "apiVersion": "v1", "items": items.collect::<Vec<_>>()})
            }
            Err(error) => json!({"error": redact::text(&plain(&error))}),
        };
        self.add(&name, &content)
    }

    fn add(&mut self, name: &str, content: &Value) -> Result<(), Error> {
        let text = to_data(content, DataFormat::Json)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(u64::try_from(text.len()).unwrap_or_default());
        header.set_mode(0o644);
        let path = format!("extreg-doctor/{name}");
        self.archive
            .append_data(&mut header, path, text.as_bytes())
            .map_err(|error| unwritten(&self.path, &error))
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Error {
    Error::failed(format!("--bundle {}: {error}", path.display()))
}

fn redacted(json: &str) -> Result<Value, Error> {
    let value = serde_json::from_str(json)
        .map_err(|error| Error::failed(format!("cannot serialize: {error}")))?;
    Ok(redact::object(value))
}

/// For EXTREG_* only the names: one of them holds a token.
fn environment() -> Value {
    let known = VARIABLES.iter().filter_map(|name| {
        let value = env::var(name).ok()?;
        Some(((*name).to_owned(), Value::from(redact::text(&value))))
    });
    let mut ours: Vec<String> = env::vars_os()
        .filter_map(|(name, _)| name.into_string().ok())
        .filter(|name| name.starts_with("EXTREG_"))
        .collect();
    ours.sort();
    json!({
        "variables": known.collect::<serde_json::Map<_, _>>(),
        "set": ours,
        "program": env::current_exe().ok().map(|path| path.display().to_string()),
        "version": env!("CARGO_PKG_VERSION"),
        "platform": format!("{}/{}", env::consts::OS, env::consts::ARCH),
    })
}

/// Names and servers; for the user only the kind of the credential.
fn of_login(login: &Login) -> Value {
    let cluster = login.cluster.as_ref().map(|(name, found)| {
        let found = found.as_ref();
        json!({
            "name": name,
            "server": found.and_then(|c| c.server.as_deref()).map(redact::text),
            "proxy": found.and_then(|c| c.proxy_url.as_deref()).map(redact::text),
            "insecure": found.and_then(|c| c.insecure_skip_tls_verify),
        })
    });
    let user = login.user.as_ref().map(|(name, found)| {
        let has = found.as_ref().map(|user| {
            json!({
                "token": user.token.is_some() || user.token_file.is_some(),
                "certificate": user.client_certificate.is_some()
                    || user.client_certificate_data.is_some(),
                "password": user.password.is_some(),
                "program": user.exec.as_ref().and_then(|exec| exec.command.clone()),
                "impersonates": user.impersonate.is_some(),
            })
        });
        json!({"name": redact::text(name), "has": has})
    });
    let namespace = login.of_context.as_ref().and_then(|c| c.namespace.clone());
    json!({
        "context": login.context.as_deref().map(redact::text),
        "namespace": namespace,
        "cluster": cluster,
        "user": user,
    })
}
