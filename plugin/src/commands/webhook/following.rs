//! Whether the webhook that is installed imports what builds push.

use extreg_core::{
    follow::may_follow,
    policy::{Labels, Selector, SelectorDocument},
};

use super::{
    install::{followed_namespaces, follows_builds},
    installed::{Installed, Target},
    kinds,
};
use crate::{
    api::{Cluster, Kind, ObjectRef},
    error::Error,
};

/// Whether builds of a namespace are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Following {
    /// They are.
    Yes,
    /// They are not; why.
    No(String),
    /// It may not be read; what.
    Unknown(String),
}

/// Finds out whether builds of a namespace are followed, or of any where none is named.
///
/// # Errors
/// If a request fails otherwise than by being forbidden.
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
                "the webhook runs elsewhere, at {url}"
            )));
        }
        Some(Target::Service { namespace, .. }) => namespace,
    };
    let Some(deployment) = cluster.get(&kinds::deployment(&home)).await? else {
        return no("the webhook's deployment is not there");
    };
    if !follows_builds(&deployment) {
        return no("the webhook was installed without --follow-builds");
    }
    let Some(namespace) = namespace else {
        return Ok(Following::Yes);
    };
    let reference = ObjectRef::new(Kind::NAMESPACE, "", namespace);
    let labels: Labels = match cluster.get(&reference).await? {
        Some(object) => object
            .body
            .pointer("/metadata/labels")
            .and_then(|labels| serde_json::from_value(labels.clone()).ok())
            .unwrap_or_default(),
        // It is about to be made, without a label.
        None => Labels::default(),
    };
    let Ok(selected) = followed_namespaces(&deployment).map(selector).transpose() else {
        return Ok(Following::Unknown(
            "which namespaces the webhook follows builds in".to_owned(),
        ));
    };
    let selected = selected.flatten();
    if may_follow(namespace, &labels, selected.as_ref()) {
        Ok(Following::Yes)
    } else {
        Ok(Following::No(format!(
            "the webhook does not follow builds in namespace {namespace}"
        )))
    }
}

/// A label selector as JSON, as the webhook's own flag has it; none selects every namespace.
fn selector(json: &str) -> Result<Option<Selector>, ()> {
    let document: SelectorDocument = serde_json::from_str(json).map_err(|_| ())?;
    Selector::compile(&document).map_err(|_| ())
}
