//! `RegistryPolicy` objects.

use std::time::Duration;

use extreg_core::policy::{GROUP, KIND, PolicySpec, VERSION};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::watcher;
use kube::{Client, ResourceExt as _};
use serde_json::Value;
use tokio::time::interval;

use super::Sources;
use super::watch::{self, Rows};
use crate::facts::{FactStore, PolicyRecord, Table};
use crate::metrics::SourceState;

const CHECK_EVERY: Duration = Duration::from_secs(1);

/// A policy as the cluster has it.
#[derive(Clone, Debug)]
pub(super) struct StoredPolicy {
    pub(super) record: PolicyRecord,
    pub(super) generation: i64,
    pub(super) status: Value,
}

/// The policies of the cluster.
pub(super) fn api(client: Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk(GROUP, VERSION, KIND);
    let resource = ApiResource::from_gvk_with_plural(&kind, "registrypolicies");
    Api::all_with(client, &resource)
}

/// Watches all policies and puts them in force.
///
/// The policies in force also depend on the state of the source, which changes without an event: permissions
/// that were removed and restored, a silent connection.
pub(super) async fn follow(client: Client, sources: Sources) {
    let Sources {
        facts, policies, ..
    } = sources;
    let Some(table) = policies else {
        return;
    };
    let rows = Rows::by_name(read);
    let config = watcher::Config::default();
    let events = watch::follow(&client, api, config, rows, &table, || {
        enforce_policies(&facts, &table);
    });
    let check = async {
        let mut last = None;
        let mut ticks = interval(CHECK_EVERY);
        loop {
            ticks.tick().await;
            let state = (table.report().state, table.is_known());
            if last.replace(state) != Some(state) {
                enforce_policies(&facts, &table);
            }
        }
    };
    tokio::join!(events, check);
}

fn enforce_policies(facts: &FactStore, table: &Table<StoredPolicy>) {
    match table.report().state {
        // No such resource, so no policy was ever created.
        SourceState::Off => {
            facts.set_no_policy_kind();
        }
        _ if table.is_known() => {
            let records: Vec<_> = table
                .rows()
                .iter()
                .map(|policy| policy.record.clone())
                .collect();
            if facts.set_policies(&records) {
                tracing::info!(policies = records.len(), "cluster policies in force");
            }
        }
        // No policies were ever read: the webhook is not ready.
        SourceState::Starting | SourceState::Down if !facts.is_synced() => {}
        SourceState::Starting => {}
        // Their content is unknown, or no longer known.
        SourceState::Ready | SourceState::Forbidden | SourceState::Down => {
            if facts.set_policies_unavailable() {
                tracing::warn!("cluster policies unavailable: no policy is in force");
            }
        }
    }
}

fn read(object: &DynamicObject) -> StoredPolicy {
    let created = object.creation_timestamp();
    let spec = object.data.get("spec").cloned().unwrap_or_default();
    StoredPolicy {
        record: PolicyRecord {
            name: object.name_any(),
            created: created.map_or_else(String::new, |time| time.0.to_string()),
            spec: serde_json::from_value::<PolicySpec>(spec).map_err(|error| error.to_string()),
        },
        generation: object.metadata.generation.unwrap_or_default(),
        status: object.data.get("status").cloned().unwrap_or_default(),
    }
}
