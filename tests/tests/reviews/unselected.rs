//! A configuration without a namespace selector also sends requests of namespaces that a label excludes: the webhook
//! decides by the labels, and changes nothing while it does not know them.

use extreg_core::facts::Known;
use extreg_core::policy::Labels;
use extreg_tests::ReviewClient;
use extreg_webhook::facts::FactStore;
use extreg_webhook::server::Server;
use serde_json::Value;

use crate::recorded::review;
use crate::server::{recordings, server, server_with};

/// The response to each recorded review.
async fn responses((server, ca): (Server, String)) -> Vec<Value> {
    let mut client = ReviewClient::connect(server.address(), &ca).await.unwrap();
    let mut responses = Vec::new();
    for file in recordings() {
        let recorded = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        responses.push(review(&mut client, &recorded).await);
    }
    responses
}

async fn unselected(labels: Known<Labels>) -> Vec<Value> {
    responses(server_with(labels, FactStore::without_namespace_selector).await).await
}

fn patched(responses: &[Value]) -> usize {
    let patches = responses
        .iter()
        .filter(|response| response.get("patch").is_some());
    patches.count()
}

#[tokio::test]
async fn nothing_is_changed_while_the_labels_of_the_namespace_are_unknown() {
    assert_eq!(patched(&unselected(Known::Unknown).await), 0);
}

#[tokio::test]
async fn labels_that_are_unknown_are_read_before_the_decision() {
    let selected = responses(server().await).await;
    assert!(patched(&selected) > 10);
    assert_eq!(unselected(Known::Known(Labels::new())).await, selected);
    for (label, value) in [
        ("extreg.io/ignore", "true"),
        ("openshift.io/run-level", "0"),
    ] {
        let labels = Labels::from([(label.to_owned(), value.to_owned())]);
        assert_eq!(
            patched(&unselected(Known::Known(labels)).await),
            0,
            "{label}"
        );
    }
}
