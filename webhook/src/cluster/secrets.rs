//! The secrets that policies name: which registries they have keys for, and nothing else of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::credential::{DockerConfigFormat, DockerConfigKeys};
use extreg_core::facts::SecretFact;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher;
use tokio::task::{AbortHandle, JoinSet};

use super::watch::{self, Rows};
use crate::facts::{FactStore, Table};

/// Each name takes a watch of its own. Secrets beyond this are unknown.
const MOST: usize = 50;

/// Follows the secrets of each name that a policy speaks of, in all namespaces, as policies come
/// and go.
pub(super) async fn follow(client: Client, facts: Arc<FactStore>) {
    let mut policies = facts.subscribe();
    let mut watches = JoinSet::new();
    let mut running: BTreeMap<String, (Arc<Table<SecretFact>>, AbortHandle)> = BTreeMap::new();
    loop {
        let wanted = policies.borrow_and_update().secrets();
        if wanted.len() > MOST {
            tracing::warn!(
                names = wanted.len(),
                MOST,
                "too many secrets are named by policies"
            );
        }
        running.retain(|name, (_, watch)| {
            let keep = wanted.contains(name);
            if !keep {
                watch.abort();
            }
            keep
        });
        for name in wanted.into_iter().take(MOST) {
            running.entry(name).or_insert_with_key(|name| {
                let table = Arc::default();
                let watch = follow_one(client.clone(), name.clone(), Arc::clone(&table));
                (table, watches.spawn(watch))
            });
        }
        let tables = running
            .iter()
            .map(|(name, (table, _))| (name.clone(), Arc::clone(table)))
            .collect();
        facts.set_secrets(tables);
        if policies.changed().await.is_err() {
            return;
        }
        while watches.try_join_next().is_some() {}
    }
}

async fn follow_one(client: Client, name: String, table: Arc<Table<SecretFact>>) {
    let api: Api<Secret> = Api::all(client);
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    watch::follow(api, config, Rows::by_namespace(fact), &table, || {}).await;
}

/// The keys of a secret; the object with its data is dropped right after.
pub(super) fn fact(secret: &Secret) -> SecretFact {
    let (format, key) = match secret.type_.as_deref() {
        Some("kubernetes.io/dockerconfigjson") => {
            (DockerConfigFormat::ConfigJson, ".dockerconfigjson")
        }
        Some("kubernetes.io/dockercfg") => (DockerConfigFormat::Dockercfg, ".dockercfg"),
        _ => return SecretFact::default(),
    };
    let config = secret.data.as_ref().and_then(|data| data.get(key));
    SecretFact {
        keys: config.and_then(|config| DockerConfigKeys::parse(&config.0, format).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_docker_config_has_keys() {
        let config = r#"{"auths":{"docker.io":{"auth":"YTpodW50ZXIy"}}}"#;
        let secret = |kind: &str, key: &str| -> Secret {
            serde_json::from_value(serde_json::json!({
                "type": kind,
                "data": {key: base64::Engine::encode(
                    &base64::engine::general_purpose::STANDARD,
                    config,
                )},
            }))
            .unwrap()
        };
        let good = fact(&secret(
            "kubernetes.io/dockerconfigjson",
            ".dockerconfigjson",
        ));
        assert!(good.can_push("docker.io/a/b"));
        assert!(!format!("{good:?}").contains("hunter2"));
        for (kind, key) in [
            ("Opaque", ".dockerconfigjson"),
            ("kubernetes.io/dockerconfigjson", "config"),
            ("kubernetes.io/dockercfg", ".dockerconfigjson"),
        ] {
            assert!(fact(&secret(kind, key)).keys.is_none(), "{kind} {key}");
        }
    }
}
