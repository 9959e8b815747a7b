//! The namespaces that somebody can see who may not list across all.

use extreg_cluster::{ClusterError, Kind, PageQuery};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Source;
use crate::error::Error;

impl Source {
    /// The projects of the user, else the namespaces; none if neither may be listed.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn visible(&self) -> Result<Vec<String>, Error> {
        for kind in [Kind::PROJECT, Kind::NAMESPACE] {
            match self.names(kind).await {
                Ok(names) => return Ok(names),
                Err(
                    error @ Error::Cluster(
                        ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_),
                    ),
                ) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        Ok(Vec::new())
    }

    async fn names(&self, kind: Kind) -> Result<Vec<String>, Error> {
        let read = |names: &mut Vec<_>, item: &RawValue| {
            let named: Named = serde_json::from_str(item.get())
                .map_err(|_| Error::failed("a project without a name"))?;
            names.push(named.metadata.name);
            Ok::<_, Error>(())
        };
        let query = PageQuery {
            metadata_only: true,
            ..PageQuery::all()
        };
        let mut names = self
            .cluster
            .read_items(&kind.path(None), query, Vec::new, read)
            .await?;
        names.sort();
        Ok(names)
    }
}

#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}
