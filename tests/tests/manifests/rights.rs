//! The webhook's account has exactly the permissions that the webhook needs.

use extreg_tests::ControlPlane;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, Secret, ServiceAccount};
use kube::Api;
use kube::api::{ListParams, PostParams};

use crate::cluster::{apply, installed, kubectl};

const ACCOUNT: &str = "system:serviceaccount:extreg-system:extreg-webhook";

async fn account() -> kube::Client {
    let kubeconfig = installed()
        .await
        .user(ACCOUNT, &["system:serviceaccounts"])
        .unwrap();
    ControlPlane::client_of(&kubeconfig).await.unwrap()
}

#[tokio::test]
async fn policies_are_readable_with_the_reader_role() {
    let plane = installed().await;
    let binding = serde_json::json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "reader"},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "extreg-policy-reader",
        },
        "subjects": [{
            "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dora",
        }],
    });
    apply(plane, &binding.to_string());
    for (user, verb, resource, allowed) in [
        ("dora", "list", "registrypolicies", true),
        ("dora", "watch", "registrypolicies", true),
        ("dora", "update", "registrypolicies", false),
        ("dora", "list", "secrets", false),
        ("emil", "list", "registrypolicies", false),
    ] {
        let user = format!("--as={user}");
        let output = kubectl(plane, &["auth", "can-i", verb, resource, &user], "");
        assert_eq!(output.status.success(), allowed, "{user} {verb} {resource}");
    }
}

fn forbidden<T>(result: kube::Result<T>) -> bool {
    matches!(result, Err(kube::Error::Api(status)) if status.code == 403)
}

#[tokio::test]
async fn secrets_are_read_by_name_only() {
    let client = account().await;
    let everywhere: Api<Secret> = Api::all(client.clone());
    let named = |name: &str| ListParams::default().fields(&format!("metadata.name={name}"));
    everywhere.list(&named("dockerhub")).await.unwrap();
    assert!(forbidden(everywhere.list(&named("other")).await));
    assert!(forbidden(everywhere.list(&ListParams::default()).await));
    let here: Api<Secret> = Api::namespaced(client, "default");
    assert_eq!(here.get_opt("dockerhub").await.unwrap(), None);
    assert!(forbidden(here.get_opt("other").await));
}

#[tokio::test]
async fn the_other_sources_of_facts_are_readable() {
    let client = account().await;
    Api::<Namespace>::all(client.clone())
        .list(&ListParams::default())
        .await
        .unwrap();
    let builder = ListParams::default().fields("metadata.name=builder");
    let accounts: Api<ServiceAccount> = Api::all(client);
    accounts.list(&builder).await.unwrap();
    assert!(forbidden(accounts.list(&ListParams::default()).await));
}

#[tokio::test]
async fn the_lease_is_the_webhooks_own() {
    let client = account().await;
    let leases: Api<Lease> = Api::namespaced(client.clone(), "extreg-system");
    let mut lease = Lease::default();
    lease.metadata.name = Some("extreg-webhook".to_owned());
    let lease = leases.create(&PostParams::default(), &lease).await.unwrap();
    leases
        .replace("extreg-webhook", &PostParams::default(), &lease)
        .await
        .unwrap();
    assert!(forbidden(leases.get_opt("other").await));
    let elsewhere: Api<Lease> = Api::namespaced(client, "default");
    assert!(forbidden(
        elsewhere.create(&PostParams::default(), &lease).await
    ));
}

#[tokio::test]
async fn only_status_and_the_lease_can_be_written() {
    let plane = installed().await;
    let user = format!("--as={ACCOUNT}");
    for (verb, resource, allowed) in [
        ("patch", "registrypolicies/status", true),
        ("patch", "registrypolicies", false),
        ("create", "registrypolicies", false),
        ("update", "mutatingwebhookconfigurations", false),
        ("patch", "mutatingwebhookconfigurations", false),
        ("create", "secrets", false),
        ("update", "buildconfigs", false),
        ("update", "imagestreams", false),
        ("create", "pods", false),
        ("delete", "namespaces", false),
    ] {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let subresource = format!("--subresource={subresource}");
        let args = ["auth", "can-i", verb, resource, "-A", &subresource, &user];
        let output = kubectl(plane, &args, "");
        assert_eq!(
            output.status.success(),
            allowed,
            "{verb} {resource} {subresource}"
        );
    }
}
