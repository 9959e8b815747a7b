//! The namespaces that the user can see.

use serde_json::value::RawValue;

use crate::{Cluster, ClusterError, Kind, PageQuery};

/// The namespaces that the user can see.
#[derive(Debug, Default)]
pub(super) struct Visible {
    /// Their names, sorted.
    pub(super) names: Vec<String>,
    /// Each as JSON, where OpenShift lists them as projects.
    pub(super) projects: Vec<String>,
}

/// The projects of the user, else the namespaces, else the context's namespace.
///
/// # Errors
/// [`ClusterError::NotLoggedIn`] only.
pub(super) async fn find(cluster: &Cluster) -> Result<Visible, ClusterError> {
    let mut visible = Visible::default();
    for kind in [Kind::PROJECT, Kind::NAMESPACE] {
        match list(cluster, kind).await {
            Ok(objects) => {
                visible.names = objects.iter().map(|(name, _)| name.clone()).collect();
                visible.names.sort();
                visible.projects = objects.into_iter().map(|(_, json)| json).collect();
                return Ok(visible);
            }
            Err(error @ ClusterError::NotLoggedIn(_)) => return Err(error),
            Err(_) => {}
        }
    }
    visible.names = vec![cluster.namespace().to_owned()];
    Ok(visible)
}

async fn list(cluster: &Cluster, kind: Kind) -> Result<Vec<(String, String)>, ClusterError> {
    let read = |found: &mut Vec<_>, item: &RawValue| {
        let json = item.get();
        let named: Named<'_> = serde_json::from_str(json)
            .map_err(|_| ClusterError::Failed("a project without a name".to_owned()))?;
        found.push((named.metadata.name.into_owned(), json.to_owned()));
        Ok(())
    };
    cluster
        .read_items(&kind.path(None), PageQuery::all(), Vec::new, read)
        .await
}

#[derive(serde::Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(serde::Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    name: std::borrow::Cow<'a, str>,
}
