//! The options of an existing installation, except those that `settings` keeps anyway when they are not given.

use extreg_cluster::{Cluster, ObjectRef, Owned, is_owned};
use extreg_manifests::{CaBundle, names};

use super::{
    args::TlsSource,
    audit_job,
    choices::{Choices, Place},
    importer::Follower,
    installed::{Installed, Target},
    kinds,
    owner::Goal,
};
use crate::error::Error;

/// Reads them.
///
/// # Errors
/// [`Error::Refused`] if it is not installed, or if another tool upgrades it.
pub(crate) async fn choices(cluster: &Cluster) -> Result<Choices, Error> {
    let live = Installed::read(cluster).await?;
    let Some(target) = live.target() else {
        return Err(Error::refused(format!(
            "{} does not exist: run \"webhook install\"",
            kinds::configuration()
        )));
    };
    if let Some(owner) = live.owner() {
        owner.refuse(Goal::Upgrade)?;
    }
    let place = match target {
        Target::Url(url) => Place::Elsewhere {
            url: url.parse().map_err(|error| unlike_ours(&error))?,
            ca: bundle(&live)?,
        },
        Target::Service { namespace, .. } => Place::Cluster {
            image: None,
            replicas: None,
            tls: source(cluster, &namespace).await?,
            monitoring: has_monitor(cluster, &namespace).await?,
            follow_builds: Follower::read(cluster, &namespace).await?.exists(),
            audit: audit_job::existing(cluster, &namespace).await?,
        },
    };
    Ok(Choices {
        namespace: None,
        mode: None,
        selector: None,
        failure_policy: None,
        timeout: None,
        place,
    })
}

fn bundle(live: &Installed) -> Result<CaBundle, Error> {
    let bundle = live.ca_bundle().unwrap_or_default();
    bundle.parse().map_err(|error| unlike_ours(&error))
}

/// An installation with its own certificate keeps it, wherever the webhook runs.
async fn source(cluster: &Cluster, namespace: &str) -> Result<TlsSource, Error> {
    let secret = cluster.get(&kinds::secret(namespace)).await?;
    Ok(match secret.as_ref().map(is_owned) {
        Some(Owned::Ours) => TlsSource::Own,
        Some(Owned::Theirs) | None => TlsSource::Auto,
    })
}

async fn has_monitor(cluster: &Cluster, namespace: &str) -> Result<bool, Error> {
    let monitor = ObjectRef::new(kinds::SERVICE_MONITOR, namespace, names::WEBHOOK);
    Ok(cluster.get(&monitor).await?.is_some())
}

fn unlike_ours(error: &extreg_manifests::SettingsError) -> Error {
    Error::failed(format!("the existing configuration: {error}"))
}
