//! Whether the API serves a kind, and in which version. Queried only for lists that failed: a user
//! without permissions gets the same error for a kind that does not exist.

use std::{cell::RefCell, collections::BTreeMap};

use extreg_snapshot::kind::Kind;
use serde_json::Value;

use crate::{Cluster, ClusterError};

/// The results so far, by path.
#[derive(Default)]
pub struct Served(RefCell<BTreeMap<String, Option<Value>>>);

/// The version in which a kind is served.
#[derive(Debug, PartialEq, Eq)]
pub enum Version {
    /// Not served.
    None,
    /// The requested version.
    Same,
    /// Another version.
    Other(String),
    /// Unknown: the server does not report it.
    Unknown,
}

impl Served {
    /// Determines the version.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    pub async fn version(
        &self,
        cluster: &Cluster,
        kind: Kind,
        version: &str,
    ) -> Result<Version, ClusterError> {
        let api = kind.api();
        if api.group.is_empty() {
            return Ok(Version::Same);
        }
        let group = format!("/apis/{}", api.group);
        let Some(versions) = self.get(cluster, &group).await? else {
            return Ok(Version::Unknown);
        };
        let mut names = names(&versions, "versions", "version");
        // The requested one first.
        names.sort_by_key(|name| name != version);
        for name in names {
            let Some(list) = self.get(cluster, &format!("{group}/{name}")).await? else {
                return Ok(Version::Unknown);
            };
            if self::names(&list, "resources", "name").contains(&api.plural.to_owned()) {
                return Ok(if name == version {
                    Version::Same
                } else {
                    Version::Other(name)
                });
            }
        }
        Ok(Version::None)
    }

    /// The answer, once known; null if the path does not exist, `None` if the server does not report it.
    async fn get(&self, cluster: &Cluster, path: &str) -> Result<Option<Value>, ClusterError> {
        if let Some(known) = self.0.borrow().get(path) {
            return Ok(known.clone());
        }
        let answer = match cluster.get_path(path).await {
            Ok(value) => Some(value),
            Err(error @ ClusterError::NotLoggedIn(_)) => return Err(error),
            Err(error) if error.is_not_found() => Some(Value::Null),
            Err(_) => None,
        };
        self.0.borrow_mut().insert(path.to_owned(), answer.clone());
        Ok(answer)
    }
}

fn names(value: &Value, list: &str, key: &str) -> Vec<String> {
    let items = value.get(list).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(|item| item.get(key)?.as_str())
        .map(str::to_owned)
        .collect()
}
