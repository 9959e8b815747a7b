//! Whether pushed images of builds are imported.

use extreg_cluster::{Cluster, Kind, ObjectRef};
use extreg_core::{follow::may_follow, policy::Labels};

use super::{
    importer::{Follower, labels},
    installed::{Installed, Target},
};
use crate::error::Error;

/// Whether builds of a namespace are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Following {
    /// They are.
    Yes,
    /// They are not, for this reason.
    No(String),
    /// It cannot be read, for this reason.
    Unknown(String),
}

/// Whether builds of a namespace, or of any namespace, are followed.
///
/// # Errors
/// If a request fails for another reason than a missing permission.
pub(crate) async fn following(
    cluster: &Cluster,
    namespace: Option<&str>,
) -> Result<Following, Error> {
    match look(cluster, namespace).await {
        Err(error) if error.is_forbidden() => Ok(Following::Unknown(error.to_string())),
        found => found,
    }
}

async fn look(cluster: &Cluster, namespace: Option<&str>) -> Result<Following, Error> {
    let no = |why: &str| Ok(Following::No(why.to_owned()));
    let live = Installed::read(cluster).await?;
    let home = match live.target() {
        None => return no("the webhook is not installed"),
        Some(Target::Url(url)) => {
            return Ok(Following::Unknown(format!(
                "the webhook is external, at {url}"
            )));
        }
        Some(Target::Service { namespace, .. }) => namespace,
    };
    let follower = Follower::read(cluster, &home).await?;
    if !follower.exists() {
        return no("the importer is not installed");
    }
    let Some(namespace) = namespace else {
        return Ok(Following::Yes);
    };
    let reference = ObjectRef::new(Kind::NAMESPACE, "", namespace);
    // A namespace that does not exist yet is about to be created without labels.
    let found = cluster.get(&reference).await?;
    let labels = found.as_ref().map_or_else(Labels::default, labels);
    let Ok(selected) = follower.selector() else {
        return Ok(Following::Unknown(
            "the namespace selector of the importer".to_owned(),
        ));
    };
    if may_follow(namespace, &labels, selected.as_ref()) {
        Ok(Following::Yes)
    } else {
        Ok(Following::No(format!(
            "the importer does not follow builds in namespace {namespace}"
        )))
    }
}
