//! The namespaces that somebody can see who may not list across all.

use serde::Deserialize;

use super::Source;
use crate::{
    api::{Kind, PageQuery},
    error::Error,
};

const LIMIT: u32 = 500;

impl Source {
    /// The projects of the user, else the namespaces; none if neither may be listed.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn visible(&self) -> Result<Vec<String>, Error> {
        for kind in [Kind::PROJECT, Kind::NAMESPACE] {
            match self.names(kind).await {
                Ok(names) => return Ok(names),
                Err(error @ (Error::NotLoggedIn(_) | Error::Unreachable(_))) => {
                    return Err(error);
                }
                Err(_) => {}
            }
        }
        Ok(Vec::new())
    }

    async fn names(&self, kind: Kind) -> Result<Vec<String>, Error> {
        let mut query = PageQuery {
            limit: LIMIT,
            ..PageQuery::default()
        };
        let mut names = Vec::new();
        loop {
            let page = self.page(&query.of(&kind.path(None))).await?;
            let items = page.items()?;
            for item in items.items {
                let named: Named = serde_json::from_str(item.get())
                    .map_err(|_| Error::failed("a project without a name"))?;
                names.push(named.metadata.name);
            }
            if items.token.is_empty() {
                names.sort();
                return Ok(names);
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
    name: String,
}
