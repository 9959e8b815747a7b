//! Finding the cluster.

use std::path::Path;
use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use crate::settings::Cluster;

/// Why there is no connection to ask anything through. An API server that does not answer is no
/// such error: it is asked again later.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The kubeconfig cannot be used.
    #[error("kubeconfig: {0}")]
    Kubeconfig(KubeconfigError),
    /// The kubeconfig is something else. Its own words would quote it, and it may hold a token.
    #[error("kubeconfig: no YAML of a kubeconfig (line {line}, column {column})")]
    NoKubeconfig {
        /// Line of the first offence, from 1.
        line: u64,
        /// Column of the first offence, from 1.
        column: u64,
    },
    /// Neither a pod's account nor a kubeconfig.
    #[error("no cluster: not in a pod and no kubeconfig; give --kubeconfig or --no-cluster")]
    NoCluster,
    /// The client cannot be made of it, as with a certificate that cannot be read.
    #[error("cannot make a client for the cluster: {0}")]
    Client(kube::Error),
}

/// Longer than the API server lets a watch last, so that only a connection that is dead is cut.
const SILENCE: Duration = Duration::from_secs(330);

/// A client for the cluster that was asked for; none for none.
pub async fn connect(cluster: &Cluster) -> Result<Option<Client>, ConnectError> {
    let Some(config) = config(cluster).await? else {
        return Ok(None);
    };
    Client::try_from(config)
        .map(Some)
        .map_err(ConnectError::Client)
}

/// A client with connections of its own, for work that admission must not feel and that has its own
/// way of trying again.
pub async fn connect_apart(cluster: &Cluster) -> Result<Option<Client>, ConnectError> {
    let Some(mut config) = config(cluster).await? else {
        return Ok(None);
    };
    config.default_retry = false;
    config.read_timeout = Some(SILENCE);
    Client::try_from(config)
        .map(Some)
        .map_err(ConnectError::Client)
}

async fn config(cluster: &Cluster) -> Result<Option<Config>, ConnectError> {
    let mut config = match cluster {
        Cluster::None => return Ok(None),
        Cluster::Inferred => Config::infer().await.map_err(|_| ConnectError::NoCluster)?,
        Cluster::Kubeconfig(path) => read(path).await?,
    };
    let agent = HeaderValue::from_static(concat!("extreg-webhook/", env!("CARGO_PKG_VERSION")));
    config.headers.push((USER_AGENT, agent));
    Ok(Some(config))
}

async fn read(path: &Path) -> Result<Config, ConnectError> {
    let kubeconfig = Kubeconfig::read_from(path).map_err(unusable)?;
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(unusable)
}

fn unusable(error: KubeconfigError) -> ConnectError {
    let KubeconfigError::Parse(why) = error else {
        return ConnectError::Kubeconfig(error);
    };
    let place = why.location();
    ConnectError::NoKubeconfig {
        line: place.map_or(1, |place| place.line()),
        column: place.map_or(1, |place| place.column()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_kubeconfig_that_cannot_be_used_is_not_quoted() {
        for (text, want) in [
            ("token: [hunter2\n", "line 1, column 8"),
            ("users:\n- {name: a, user: {token: [hunter2]}}\n", "line 2"),
            ("users:\n- {name: hunter2\n", "no YAML of a kubeconfig"),
            ("hunter2", "no YAML of a kubeconfig"),
            ("{kind: Secret, token: hunter2}", "context"),
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
