//! Whether NetworkPolicies admit the API servers to the webhook's pods.
//!
//! OpenShift's own API server runs in pods of namespace `openshift-apiserver`; kube-apiserver runs on the host network,
//! which OVN-Kubernetes treats as a namespace with a special label.

use extreg_cluster::{Kind, Object};
use extreg_core::policy::{Labels, Selector, SelectorDocument};
use extreg_manifests::names;
use serde::Deserialize as _;
use serde_json::Value;

/// The kind.
pub(crate) const NETWORK_POLICY: Kind =
    Kind::namespaced("networking.k8s.io", "NetworkPolicy", "networkpolicies");
/// The namespace of OpenShift's own API server.
pub(crate) const OPENSHIFT_APISERVER: &str = "openshift-apiserver";
const NAME_LABEL: &str = "kubernetes.io/metadata.name";
const HOST_NETWORK: &str = "policy-group.network.openshift.io/host-network";
const PORT_NAME: &str = "https";

/// The API servers that are blocked. `apiserver` is the namespace of OpenShift's.
pub(crate) fn refused(policies: &[Object], apiserver: &Object) -> Vec<&'static str> {
    let own = Labels::from([(NAME_LABEL.to_owned(), OPENSHIFT_APISERVER.to_owned())]);
    let labels = apiserver
        .body
        .pointer("/metadata/labels")
        .and_then(|labels| Labels::deserialize(labels).ok())
        .unwrap_or(own);
    let host = Labels::from([
        (NAME_LABEL.to_owned(), "openshift-host-network".to_owned()),
        (HOST_NETWORK.to_owned(), String::new()),
    ]);
    let isolating: Vec<&Object> = policies.iter().filter(|policy| isolates(policy)).collect();
    [("openshift-apiserver", labels), ("the host network", host)]
        .into_iter()
        .filter(|(_, labels)| {
            !isolating.is_empty() && !isolating.iter().any(|policy| admits(policy, labels))
        })
        .map(|(name, _)| name)
        .collect()
}

/// Whether a policy applies to ingress of the webhook's pods.
fn isolates(policy: &Object) -> bool {
    let types = policy
        .body
        .pointer("/spec/policyTypes")
        .and_then(Value::as_array);
    // Without types a policy applies to ingress.
    let is_ingress = types.is_none_or(|types| types.iter().any(|one| one == "Ingress"));
    let pod = Labels::from([
        (names::NAME_LABEL.to_owned(), names::WEBHOOK.to_owned()),
        (
            names::MANAGED_BY_LABEL.to_owned(),
            names::MANAGER.to_owned(),
        ),
    ]);
    is_ingress && selects(policy.body.pointer("/spec/podSelector"), &pod)
}

fn admits(policy: &Object, namespace: &Labels) -> bool {
    let rules = policy
        .body
        .pointer("/spec/ingress")
        .and_then(Value::as_array);
    rules.into_iter().flatten().any(|rule| {
        let peers = list(rule, "from");
        let ports = list(rule, "ports");
        (peers.is_empty() || peers.iter().any(|peer| is_peer(peer, namespace)))
            && (ports.is_empty() || ports.iter().any(is_port))
    })
}

fn is_peer(peer: &Value, namespace: &Labels) -> bool {
    if let Some(block) = peer.pointer("/ipBlock/cidr").and_then(Value::as_str) {
        // The addresses of the API servers are unknown here.
        return matches!(block, "0.0.0.0/0" | "::/0") && list(peer, "ipBlock/except").is_empty();
    }
    // Only some pods of a namespace: their labels are unknown here.
    let all_pods = peer.get("podSelector").is_none_or(is_everything);
    let selector = peer.get("namespaceSelector");
    all_pods && selector.is_some() && selects(selector, namespace)
}

fn is_port(port: &Value) -> bool {
    let number = i64::from(names::TLS_PORT);
    let is_tcp = port
        .get("protocol")
        .is_none_or(|protocol| protocol == "TCP");
    let end = port.get("endPort").and_then(Value::as_i64);
    let is_named = match (port.get("port"), end) {
        (None, _) => true,
        (Some(Value::String(name)), _) => name == PORT_NAME,
        (Some(first), Some(end)) => first.as_i64().is_some_and(|f| f <= number && number <= end),
        (Some(one), None) => one.as_i64() == Some(number),
    };
    is_tcp && is_named
}

fn is_everything(selector: &Value) -> bool {
    selector.as_object().is_some_and(serde_json::Map::is_empty)
}

/// An empty selector selects all; an invalid one selects nothing.
fn selects(selector: Option<&Value>, labels: &Labels) -> bool {
    let document = selector.map_or_else(
        || Ok(SelectorDocument::default()),
        SelectorDocument::deserialize,
    );
    let Ok(document) = document else {
        return false;
    };
    Selector::compile(&document)
        .is_ok_and(|selector| selector.is_none_or(|selector| selector.matches(labels)))
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value
        .pointer(&format!("/{pointer}"))
        .and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use extreg_manifests::{Settings, install};
    use serde_json::json;

    use super::*;

    fn blocked(specs: &[Value]) -> Vec<&'static str> {
        let policies: Vec<Object> = specs
            .iter()
            .map(|spec| Object::new(NETWORK_POLICY, "n", "p", json!({ "spec": spec })))
            .collect();
        let mut namespace = Object::new(Kind::NAMESPACE, "", OPENSHIFT_APISERVER, json!({}));
        namespace.body["metadata"]["labels"] = json!({NAME_LABEL: OPENSHIFT_APISERVER});
        refused(&policies, &namespace)
    }

    #[test]
    fn our_own_policy_admits_both() {
        let manifests = install(&Settings::default()).unwrap();
        let ours = manifests
            .iter()
            .find(|manifest| manifest.object.kind == "NetworkPolicy")
            .unwrap();
        assert!(blocked(&[ours.value["spec"].clone()]).is_empty());
    }

    #[test]
    fn policies_are_read_as_kubernetes_reads_them() {
        let both = ["openshift-apiserver", "the host network"];
        let apiserver =
            json!({"namespaceSelector": {"matchLabels": {NAME_LABEL: "openshift-apiserver"}}});
        let host = json!({"namespaceSelector": {"matchLabels": {HOST_NETWORK: ""}}});
        let rule = |from: Value, ports: Value| json!({"podSelector": {}, "ingress": [{"from": from, "ports": ports}]});
        let table: Vec<(Vec<Value>, &[&str])> = vec![
            // None, or none for these pods or for ingress.
            (vec![], &[]),
            (
                vec![json!({"podSelector": {"matchLabels": {"app": "other"}}})],
                &[],
            ),
            (
                vec![json!({"podSelector": {}, "policyTypes": ["Egress"]})],
                &[],
            ),
            // The usual policy that denies all.
            (vec![json!({"podSelector": {}})], &both),
            (vec![json!({"podSelector": {}, "ingress": [{}]})], &[]),
            // Each admits alone, and both together.
            (vec![rule(json!([host]), json!([]))], &both[..1]),
            (vec![rule(json!([apiserver]), json!([]))], &both[1..]),
            (
                vec![
                    rule(json!([apiserver]), json!([])),
                    rule(json!([host]), json!([])),
                ],
                &[],
            ),
            (
                vec![rule(json!([apiserver, host]), json!([{"port": 8443}]))],
                &[],
            ),
            (
                vec![rule(
                    json!([apiserver, host]),
                    json!([{"port": "https", "protocol": "TCP"}]),
                )],
                &[],
            ),
            (
                vec![rule(
                    json!([apiserver, host]),
                    json!([{"port": 8000, "endPort": 9000}]),
                )],
                &[],
            ),
            (
                vec![rule(json!([apiserver, host]), json!([{"port": 443}]))],
                &both,
            ),
            (
                vec![rule(
                    json!([apiserver, host]),
                    json!([{"port": 8443, "protocol": "UDP"}]),
                )],
                &both,
            ),
            // Pods of the same namespace, and some pods of another.
            (vec![rule(json!([{"podSelector": {}}]), json!([]))], &both),
            (
                vec![rule(
                    json!([{"namespaceSelector": {}, "podSelector": {"matchLabels": {"a": "b"}}}]),
                    json!([]),
                )],
                &both,
            ),
            (
                vec![rule(json!([{"namespaceSelector": {}}]), json!([]))],
                &[],
            ),
            (
                vec![rule(json!([{"ipBlock": {"cidr": "0.0.0.0/0"}}]), json!([]))],
                &[],
            ),
            (
                vec![rule(
                    json!([{"ipBlock": {"cidr": "10.0.0.0/8"}}]),
                    json!([]),
                )],
                &both,
            ),
        ];
        for (specs, expected) in table {
            assert_eq!(blocked(&specs), expected, "{specs:?}");
        }
    }
}
