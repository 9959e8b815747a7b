//! Secrets never leak: recognizable credentials are placed in every possible location, every program runs at its most
//! verbose and is made to fail, and no output, log, metric or answer contains one.
#![cfg(test)]

mod audit;
mod cluster;
mod leaks;
mod plugin;
mod webhook;

use extreg_tests::WebhookServer;
use serde_json::json;

use crate::cluster::{Cluster, NAMESPACE, TOKEN};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_output_contains_a_secret() {
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
