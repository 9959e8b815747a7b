//! Labels of namespaces, from metadata only.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{Api, PartialObjectMeta};
use kube::runtime::watcher;
use kube::{Client, ResourceExt as _};

use super::watch::{self, Rows};
use crate::facts::FactStore;

/// Watches the labels of all namespaces.
pub(super) async fn follow(client: Client, facts: Arc<FactStore>) {
    let api = Api::<PartialObjectMeta<Namespace>>::all;
    let rows = Rows::by_name(|namespace: &PartialObjectMeta<Namespace>| namespace.labels().clone());
    let config = watcher::Config::default();
    watch::follow(&client, api, config, rows, &facts.namespaces, || {}).await;
}
