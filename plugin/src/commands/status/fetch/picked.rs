//! Objects that a selector picks. The server knows how to select; only the names are kept.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::Source;
use crate::{
    api::{Kind, PageQuery},
    commands::status::world::Listed,
    error::Error,
};

const LIMIT: u32 = 500;

impl Source {
    /// What a selector picks, by kind, namespace and name. What may not be listed is not picked.
    ///
    /// # Errors
    /// If the server does not take the selector, the login has expired, or it does not answer.
    pub(super) async fn picked(
        &self,
        selector: &str,
    ) -> Result<BTreeSet<(Kind, String, String)>, Error> {
        let mut picked = BTreeSet::new();
        let kinds = Listed::all().filter(|what| !matches!(what, Listed::Builds | Listed::Pods));
        for kind in kinds.map(Listed::api) {
            match self.pick(kind, selector, &mut picked).await {
                Ok(()) => {}
                Err(error) if error.is_forbidden() || error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(picked)
    }

    async fn pick(
        &self,
        kind: Kind,
        selector: &str,
        picked: &mut BTreeSet<(Kind, String, String)>,
    ) -> Result<(), Error> {
        let path = kind.path(self.namespace.as_deref());
        let mut query = PageQuery {
            limit: LIMIT,
            labels: selector.to_owned(),
            ..PageQuery::default()
        };
        loop {
            let page = self.page(&query.of(&path)).await?;
            let items = page.items()?;
            for item in items.items {
                let Ok(Named { metadata }) = serde_json::from_str(item.get()) else {
                    continue;
                };
                picked.insert((kind, metadata.namespace, metadata.name));
            }
            if items.token.is_empty() {
                return Ok(());
            }
            query.token = items.token;
        }
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
