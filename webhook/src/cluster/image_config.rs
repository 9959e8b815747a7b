//! The names of the integrated registry, from `images.config.openshift.io/cluster`.

use std::sync::Arc;

use extreg_core::facts::Known;
use extreg_core::registry::InternalRegistry;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::watcher;
use serde::Deserialize;

use super::watch::{self, Rows};
use crate::facts::{FactStore, Table};

const NAME: &str = "cluster";

/// The cluster's image configuration for its own registry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ImageConfig {
    internal_registry_hostname: String,
    external_registry_hostnames: Vec<String>,
}

/// Watches the one object.
pub(super) async fn follow(client: Client, facts: Arc<FactStore>, table: Arc<Table<ImageConfig>>) {
    let kind = GroupVersionKind::gvk("config.openshift.io", "v1", "Image");
    let resource = ApiResource::from_gvk_with_plural(&kind, "images");
    let api = |client| Api::<DynamicObject>::all_with(client, &resource);
    let config = watcher::Config::default().fields(&format!("metadata.name={NAME}"));
    let events = watch::follow(&client, api, config, Rows::by_name(read), &table, || {
        facts.update_cluster(|cluster| {
            let known = match table.get(NAME) {
                Known::Known(config) => Known::Known(config.unwrap_or_default()),
                Known::Unknown => Known::Unknown,
            };
            (cluster.internal, cluster.integrated) = match known {
                Known::Known(config) => config.facts(),
                Known::Unknown => (InternalRegistry::default(), Known::Unknown),
            };
        });
    });
    events.await;
}

impl ImageConfig {
    fn facts(&self) -> (InternalRegistry, Known<bool>) {
        let names = self.external_registry_hostnames.iter();
        let names = names.chain([&self.internal_registry_hostname]).cloned();
        let integrated = Known::Known(!self.internal_registry_hostname.is_empty());
        (
            InternalRegistry::default().with_hostnames(names),
            integrated,
        )
    }
}

fn read(object: &DynamicObject) -> ImageConfig {
    let status = object.data.get("status").cloned().unwrap_or_default();
    serde_json::from_value(status).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostnames_are_those_of_the_status() {
        let object = serde_json::from_value(serde_json::json!({
            "metadata": {"name": NAME},
            "spec": {},
            "status": {
                "internalRegistryHostname": "image-registry.openshift-image-registry.svc:5000",
                "externalRegistryHostnames": ["registry.example.com"],
            },
        }))
        .unwrap();
        let (internal, integrated) = read(&object).facts();
        assert!(internal.contains("registry.example.com"));
        assert_eq!(integrated, Known::Known(true));
        let removed = serde_json::from_value(serde_json::json!({"metadata": {"name": NAME}}));
        let (_, integrated) = read(&removed.unwrap()).facts();
        assert_eq!(integrated, Known::Known(false));
    }
}
