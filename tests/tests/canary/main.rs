//! Secrets never leak: credentials that can be recognised are put wherever credentials are, everything is run at its
//! most verbose and made to fail, and nothing that was printed, logged, counted or answered holds one.
#![cfg(test)]

mod audit;
mod cluster;
mod plugin;
mod said;
mod webhook;

use extreg_tests::WebhookServer;
use serde_json::json;

use crate::cluster::{Cluster, NAMESPACE, TOKEN};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_says_a_secret() {
    let cluster = Cluster::start().await;
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
    cluster.apply(&namespace);
    cluster.add_secrets();
    let kubeconfig = cluster.kubeconfig(TOKEN);
    let own = "--namespace=extreg-system";
    let server = WebhookServer::start(&kubeconfig, &[webhook::VERBOSE, own]).unwrap();

    plugin::install(&cluster, &server);
    webhook::writes(&cluster).await;
    webhook::reviews(&cluster, &server).await;
    webhook::probes(&cluster, &server);
    plugin::setup(&cluster);
    plugin::files(&cluster);
    audit::cluster(&cluster);
    audit::files(&cluster);
    plugin::uninstall(&cluster);
    webhook::assert_silent(&cluster, "the webhook", &server);
    webhook::without_rights(&cluster).await;
}
