//! Learning of many namespaces: their labels by one list, the rest a few requests at a time.

use std::{collections::BTreeSet, sync::Arc};

use extreg_cluster::{ClusterError, IN_FLIGHT, Kind, PageQuery};
use extreg_core::facts::{Known, NamespaceFacts};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Surroundings, labels_of};
use crate::error::Error;

impl Surroundings {
    /// Reads the labels of all namespaces that the user can list.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    pub(crate) async fn learn_labels(&mut self) -> Result<(), Error> {
        // A project shows the same labels to its members.
        for kind in [Kind::NAMESPACE, Kind::PROJECT] {
            if self.learn_labels_of(kind).await? {
                break;
            }
        }
        Ok(())
    }

    /// Whether the user can list them as this kind.
    async fn learn_labels_of(&mut self, kind: Kind) -> Result<bool, Error> {
        let found = self
            .source
            .query(&format!("the list of {}", kind.plural), async |cluster| {
                let path = kind.path(None);
                let read = |found: &mut Vec<_>, item: &RawValue| {
                    let body: Value = serde_json::from_str(item.get()).unwrap_or_default();
                    let name = body.pointer("/metadata/name").and_then(Value::as_str);
                    let phase = body.pointer("/status/phase").and_then(Value::as_str);
                    let is_terminating = phase == Some("Terminating");
                    found.extend(
                        name.map(|name| (name.to_owned(), labels_of(&body), is_terminating)),
                    );
                    Ok::<_, ClusterError>(())
                };
                cluster
                    .read_items(&path, PageQuery::all(), Vec::new, read)
                    .await
            })
            .await?;
        let Known::Known(found) = found else {
            return Ok(false);
        };
        for (name, labels, is_terminating) in found {
            if is_terminating {
                self.terminating.insert(name.clone());
            }
            let facts = NamespaceFacts {
                labels: Known::Known(Arc::clone(&labels)),
                ..self.unlearned()
            };
            self.labelled.insert(name, facts);
        }
        Ok(true)
    }

    /// The namespaces whose labels were learnt.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &str> {
        self.labelled.keys().map(String::as_str)
    }

    /// Reads the facts of namespaces.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    pub(crate) async fn learn_all(&mut self, namespaces: BTreeSet<String>) -> Result<(), Error> {
        let this = &*self;
        let learnt: Vec<(String, NamespaceFacts)> = stream::iter(namespaces)
            .filter(|name| {
                let is_new = !name.is_empty() && !this.namespaces.contains_key(name);
                async move { is_new }
            })
            .map(async |name| Ok::<_, Error>((name.clone(), this.read_namespace(&name).await?)))
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        self.namespaces.extend(learnt);
        Ok(())
    }
}
