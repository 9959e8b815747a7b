//! The objects that every namespace has, and the namespace itself.

use serde_json::{Value, json};

/// With the labels and annotations that OpenShift sets.
pub(crate) fn namespace(name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "annotations": {
                "openshift.io/description": "",
                "openshift.io/display-name": "",
                "openshift.io/requester": "developer",
                "openshift.io/sa.scc.mcs": "s0:c26,c20",
                "openshift.io/sa.scc.supplemental-groups": "1000680000/10000",
                "openshift.io/sa.scc.uid-range": "1000680000/10000",
            },
            "labels": {
                "kubernetes.io/metadata.name": name,
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/audit-version": "latest",
                "pod-security.kubernetes.io/warn": "restricted",
                "pod-security.kubernetes.io/warn-version": "latest",
            },
        },
    })
}

/// The credential for Docker Hub; an invalid one.
pub(crate) fn secret(namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "dockerhub", "namespace": namespace},
        "type": "kubernetes.io/dockerconfigjson",
        // {"auths":{"https://index.docker.io/v1/":{"auth":"YmVuY2g6YmVuY2g="}}}
        "data": {
            ".dockerconfigjson":
                "eyJhdXRocyI6eyJodHRwczovL2luZGV4LmRvY2tlci5pby92MS8iOnsiYXV0aCI6IlltVnVZMmc2WW1WdVkyZz0ifX19",
        },
    })
}

/// An account that pulls with it.
pub(crate) fn account(name: &str, namespace: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": namespace},
        "imagePullSecrets": [{"name": "dockerhub"}],
        "secrets": [{"name": "dockerhub"}],
    })
}
