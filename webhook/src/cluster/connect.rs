//! Connecting to the cluster.

use std::path::Path;
use std::time::Duration;

use extreg_cluster::{Connection, is_empty};
use http::HeaderValue;
use http::header::USER_AGENT;
use kube::Client;
use kube::config::KubeConfigOptions;

use crate::settings::Cluster;

/// Why a client could not be created. An API server that does not answer is not
/// such an error: it is retried later.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be used.
    #[error(transparent)]
    Kubeconfig(#[from] extreg_cluster::ConnectError),
    /// Neither a pod's account nor a kubeconfig exists.
    #[error(
        "no cluster: not running in a pod and no kubeconfig found; set --kubeconfig or --no-cluster"
    )]
    NoCluster,
}

/// Longer than the API server keeps a watch open, so that only a dead connection is closed.
const SILENCE: Duration = Duration::from_secs(330);

/// Longer than API servers keep a watch idle, which is a minute, and shorter than facts are trusted:
/// a server that accepts and never answers is detected.
const FACTS_SILENCE: Duration = Duration::from_secs(100);
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// A client for the selected cluster; `None` without one.
pub async fn connect(cluster: &Cluster) -> Result<Option<Client>, ConnectError> {
    let Some(mut connection) = connection(cluster).await? else {
        return Ok(None);
    };
    connection.config.read_timeout = Some(FACTS_SILENCE);
    Ok(Some(connection.client()?))
}

/// A client with separate connections, for work that must not affect admission and that retries
/// in its own way.
pub async fn connect_apart(cluster: &Cluster) -> Result<Option<Client>, ConnectError> {
    let Some(mut connection) = connection(cluster).await? else {
        return Ok(None);
    };
    connection.config.default_retry = false;
    connection.config.read_timeout = Some(SILENCE);
    Ok(Some(connection.client()?))
}

async fn connection(cluster: &Cluster) -> Result<Option<Connection>, ConnectError> {
    let mut connection = match cluster {
        Cluster::None => return Ok(None),
        Cluster::Inferred => match read(None).await? {
            Some(connection) => connection,
            None => Connection::of_pod().ok_or(ConnectError::NoCluster)?,
        },
        Cluster::Kubeconfig(path) => read(Some(path)).await?.ok_or(ConnectError::NoCluster)?,
    };
    let agent = HeaderValue::from_static(concat!("extreg-webhook/", env!("CARGO_PKG_VERSION")));
    connection.config.headers.push((USER_AGENT, agent));
    connection.config.connect_timeout = Some(CONNECT_WITHIN);
    Ok(Some(connection))
}

/// The connection that a kubeconfig describes; `None` without one, as in a pod.
async fn read(path: Option<&Path>) -> Result<Option<Connection>, ConnectError> {
    let kubeconfig = extreg_cluster::read(path, |name| std::env::var_os(name))?;
    let Some(kubeconfig) = kubeconfig.filter(|kubeconfig| !is_empty(kubeconfig)) else {
        return Ok(None);
    };
    let connection = Connection::new(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(Some(connection))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kubeconfig_that_cannot_be_used_is_not_quoted() {
        for (text, want) in [
            ("token: [hunter2\n", "line 1, column 8"),
            ("users:\n- {name: a, user: {token: [hunter2]}}\n", "line 2"),
            ("users:\n- {name: hunter2\n", "not a kubeconfig"),
            ("hunter2", "not a kubeconfig"),
            ("{kind: Secret, token: hunter2}", "kind is not Config"),
            ("{token: hunter2}", "no cluster"),
            ("contexts: [{name: hunter2}]", "context"),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("kubeconfig");
            std::fs::write(&path, text).unwrap();
            let error = connect(&Cluster::Kubeconfig(path)).await.err().unwrap();
            let error = format!("{:#}", anyhow::Error::from(error));
            assert!(!error.contains("hunter2"), "{text}: {error}");
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
