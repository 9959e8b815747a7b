//! The secrets that policies name: only the registries that they have keys for.

mod reader;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use extreg_core::facts::SecretFact;
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher;
use tokio::task::{AbortHandle, JoinSet};

use super::tasks;
use super::watch::{self, Rows};
use crate::facts::{FactStore, Table};
use crate::metrics::{Metrics, Task};
pub(super) use reader::NamedSecret;

/// Secrets of one page of a list. Each can have more than 1 MiB, and a page is in memory as a whole.
const PAGE: u32 = 8;
/// Each name needs a separate watch. Secrets beyond this number are unknown.
const MOST: usize = 50;

/// Watches the secrets of each name in a policy, in all namespaces, as policies are created and
/// deleted.
pub(super) async fn follow(client: Client, facts: Arc<FactStore>, metrics: Metrics) {
    let mut policies = facts.subscribe();
    let mut watches = JoinSet::new();
    let mut running: BTreeMap<String, (Arc<Table<SecretFact>>, AbortHandle)> = BTreeMap::new();
    loop {
        let wanted = policies.borrow_and_update().secrets();
        if wanted.len() > MOST {
            tracing::warn!(
                names = wanted.len(),
                MOST,
                "the policies name too many secrets"
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
                let watch = supervised(client.clone(), name.clone(), Arc::clone(&table), &metrics);
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

fn supervised(
    client: Client,
    name: String,
    table: Arc<Table<SecretFact>>,
    metrics: &Metrics,
) -> impl Future<Output = ()> + use<> {
    let metrics = metrics.clone();
    async move {
        let run = || follow_one(client.clone(), name.clone(), Arc::clone(&table));
        tasks::supervise(Task::Secrets, metrics, || tasks::panicked(&table), run).await;
    }
}

async fn follow_one(client: Client, name: String, table: Arc<Table<SecretFact>>) {
    let api = Api::<NamedSecret>::all;
    let config = watcher::Config::default()
        .fields(&format!("metadata.name={name}"))
        .page_size(PAGE);
    let rows = Rows::by_namespace(|secret: &NamedSecret| secret.fact.clone());
    watch::follow(&client, api, config, rows, &table, || {}).await;
}
