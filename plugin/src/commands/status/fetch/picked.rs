//! The objects that match a selector. The server evaluates it; only the names are kept.

use std::collections::BTreeSet;

use extreg_cluster::PageQuery;
use extreg_flow::KINDS;
use extreg_snapshot::{kind::Kind, place::ObjectId};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Source;
use crate::error::Error;

impl Source {
    /// The objects that match a selector, without kinds that the user cannot list.
    ///
    /// # Errors
    /// If the server rejects the selector, the login has expired, or it does not answer.
    pub(super) async fn picked(&self, selector: &str) -> Result<BTreeSet<ObjectId>, Error> {
        let mut picked = BTreeSet::new();
        let kinds = KINDS.into_iter();
        for kind in kinds.filter(|kind| !matches!(kind, Kind::Build | Kind::Pod)) {
            match self.pick(kind, selector).await {
                Ok(found) => picked.extend(found),
                Err(error) if error.is_forbidden() || error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(picked)
    }

    async fn pick(&self, kind: Kind, selector: &str) -> Result<Vec<ObjectId>, Error> {
        let query = PageQuery {
            labels: selector.to_owned(),
            metadata_only: true,
            ..PageQuery::all()
        };
        let read = |picked: &mut Vec<_>, item: &RawValue| {
            if let Ok(Named { metadata }) = serde_json::from_str(item.get()) {
                picked.push(ObjectId {
                    namespace: metadata.namespace.into(),
                    kind,
                    name: metadata.name.into(),
                });
            }
            Ok(())
        };
        let path = kind.api().path(self.namespace.as_deref());
        self.cluster.read_items(&path, query, Vec::new, read).await
    }
}

#[derive(Deserialize)]
struct Named {
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    namespace: String,
    name: String,
}
