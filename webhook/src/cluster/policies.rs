//! `RegistryPolicy` objects.

use std::sync::Arc;

use extreg_core::policy::{GROUP, KIND, PolicySpec, VERSION};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::watcher;
use kube::{Client, ResourceExt as _};
use serde_json::Value;

use super::watch::{self, Rows};
use crate::facts::{FactStore, PolicyRecord, Table};
use crate::metrics::SourceState;

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

/// Follows all policies and puts them in force.
pub(super) async fn follow(client: Client, facts: Arc<FactStore>, table: Arc<Table<StoredPolicy>>) {
    let rows = Rows::by_name(read);
    let config = watcher::Config::default();
    let events = watch::follow(api(client), config, rows, &table, || {
        match table.report().state {
            SourceState::Ready => {
                let records: Vec<_> = table
                    .rows()
                    .iter()
                    .map(|policy| policy.record.clone())
                    .collect();
                if facts.set_policies(&records) {
                    tracing::info!(policies = records.len(), "policies of the cluster in force");
                }
            }
            // No such resource: as if there were no policy.
            SourceState::Off => {
                facts.set_policies(&[]);
            }
            // Whoever may not read them cannot know what they ask for.
            SourceState::Forbidden if !table.is_known() => facts.set_policies_unavailable(),
            SourceState::Forbidden | SourceState::Down | SourceState::Starting => {}
        }
    });
    events.await;
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
