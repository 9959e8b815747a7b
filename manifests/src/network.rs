//! Network policies: the permitted connections to and from the webhook.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::names;
use crate::namespace::{importer_meta, own_meta, pod_labels, selector_of};
use crate::settings::Settings;

/// Label by which every namespace carries its own name.
pub(crate) const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

/// The network policy.
///
/// openshift-apiserver serves the builds and image APIs; its pods are on the pod network and
/// call the webhook themselves. kube-apiserver is on the host network, which OpenShift's network plugins
/// represent by a label on a namespace. In a hosted control plane both connect through Konnectivity. No
/// selector exists for kube-apiserver on the host network of any other Kubernetes; its
/// network plugins commonly admit the host.
///
/// The API server's address does not belong to a pod, so egress to it can be narrowed by port only.
pub(crate) fn network_policy(settings: &Settings) -> NetworkPolicy {
    let api_servers = vec![
        namespace_peer(NAMESPACE_NAME, "openshift-apiserver"),
        namespace_peer("policy-group.network.openshift.io/host-network", ""),
        NetworkPolicyPeer {
            pod_selector: Some(labels("app", "konnectivity-agent")),
            ..namespace_peer(NAMESPACE_NAME, "kube-system")
        },
    ];
    let ingress = vec![
        ingress(api_servers, "https"),
        ingress(monitoring(), "health"),
    ];
    policy(own_meta(names::WEBHOOK, settings), pod_labels(), ingress)
}

/// The importer's policy: only Prometheus connects to it.
pub(crate) fn importer_network_policy(settings: &Settings) -> NetworkPolicy {
    let ingress = vec![ingress(monitoring(), "health")];
    policy(
        importer_meta(settings),
        selector_of(names::IMPORTER),
        ingress,
    )
}

/// The audit's policy: nothing connects to it.
pub(crate) fn audit_network_policy(metadata: ObjectMeta) -> NetworkPolicy {
    policy(metadata, selector_of(names::AUDIT_JOB), Vec::new())
}

fn policy(
    metadata: ObjectMeta,
    pods: BTreeMap<String, String>,
    ingress: Vec<NetworkPolicyIngressRule>,
) -> NetworkPolicy {
    let dns = vec![
        namespace_peer(NAMESPACE_NAME, "openshift-dns"),
        namespace_peer(NAMESPACE_NAME, "kube-system"),
    ];
    NetworkPolicy {
        metadata,
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector {
                match_labels: Some(pods),
                ..LabelSelector::default()
            }),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            // The API server does not store an empty list, and would see a change in each apply.
            ingress: (!ingress.is_empty()).then_some(ingress),
            egress: Some(vec![
                NetworkPolicyEgressRule {
                    to: Some(dns),
                    ports: Some(vec![
                        port("UDP", IntOrString::Int(53)),
                        port("TCP", IntOrString::Int(53)),
                        port("UDP", IntOrString::Int(5353)),
                        port("TCP", IntOrString::Int(5353)),
                    ]),
                },
                NetworkPolicyEgressRule {
                    to: None,
                    ports: Some(vec![
                        port("TCP", IntOrString::Int(443)),
                        port("TCP", IntOrString::Int(6443)),
                    ]),
                },
            ]),
        }),
    }
}

fn monitoring() -> Vec<NetworkPolicyPeer> {
    vec![
        namespace_peer(NAMESPACE_NAME, "openshift-monitoring"),
        namespace_peer(NAMESPACE_NAME, "openshift-user-workload-monitoring"),
    ]
}

fn ingress(peers: Vec<NetworkPolicyPeer>, to: &str) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule {
        from: Some(peers),
        ports: Some(vec![port("TCP", IntOrString::String(to.to_owned()))]),
    }
}

fn port(protocol: &str, port: IntOrString) -> NetworkPolicyPort {
    NetworkPolicyPort {
        protocol: Some(protocol.to_owned()),
        port: Some(port),
        end_port: None,
    }
}

fn namespace_peer(key: &str, value: &str) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(labels(key, value)),
        ..NetworkPolicyPeer::default()
    }
}

fn labels(key: &str, value: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(BTreeMap::from([(key.to_owned(), value.to_owned())])),
        ..LabelSelector::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Peers of the ingress rule for a port, as namespace labels.
    fn admitted(port: &str) -> Vec<String> {
        let policy = network_policy(&Settings::default());
        let rules = policy.spec.unwrap().ingress.unwrap();
        let rule = rules.into_iter().find(|rule| {
            let ports = rule.ports.as_ref().unwrap();
            ports[0].port == Some(IntOrString::String(port.to_owned()))
        });
        let peers = rule.unwrap().from.unwrap().into_iter();
        peers
            .map(|peer| {
                let labels = peer.namespace_selector.unwrap().match_labels.unwrap();
                let (key, value) = labels.into_iter().next().unwrap();
                format!("{key}={value}")
            })
            .collect()
    }

    #[test]
    fn trap_45_both_api_servers_reach_the_webhook() {
        // openshift-apiserver is on the pod network.
        assert_eq!(
            admitted("https"),
            [
                "kubernetes.io/metadata.name=openshift-apiserver",
                "policy-group.network.openshift.io/host-network=",
                "kubernetes.io/metadata.name=kube-system",
            ]
        );
        assert!(
            !admitted("health")
                .contains(&"kubernetes.io/metadata.name=openshift-apiserver".to_owned())
        );
    }

    #[test]
    fn no_peer_list_is_empty_by_mistake() {
        let settings = Settings::default();
        for policy in [
            network_policy(&settings),
            importer_network_policy(&settings),
        ] {
            let policy = serde_json::to_value(policy).unwrap();
            for rule in policy["spec"]["ingress"].as_array().unwrap() {
                assert!(!rule["from"].as_array().unwrap().is_empty());
                assert!(!rule["ports"].as_array().unwrap().is_empty());
            }
        }
    }
}
