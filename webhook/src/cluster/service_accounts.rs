//! The accounts that builds use by default.

use std::sync::Arc;

use extreg_core::facts::{AccountFact, MANAGED_SECRET_ANNOTATION};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::Api;
use kube::runtime::watcher;
use kube::{Client, ResourceExt as _};

use super::watch::{self, Rows};
use crate::facts::FactStore;

/// Watches the accounts named `builder`: watching by name is what the webhook's role allows.
pub(super) async fn follow(client: Client, facts: Arc<FactStore>) {
    let config = watcher::Config::default().fields("metadata.name=builder");
    watch::follow(
        &client,
        Api::<ServiceAccount>::all,
        config,
        Rows::by_namespace(fact),
        &facts.builders,
        || {},
    )
    .await;
}

fn fact(account: &ServiceAccount) -> AccountFact {
    let links = account.image_pull_secrets.iter().flatten();
    AccountFact {
        pull_secrets: links.map(|link| link.name.clone()).collect(),
        managed: account
            .annotations()
            .get(MANAGED_SECRET_ANNOTATION)
            .cloned(),
    }
}
