//! The image configuration of the cluster.

use serde_json::{Value, json};

use super::INTERNAL;

/// An allow-list with all registries, for workloads and for imports.
pub(crate) fn image_config() -> Value {
    let registries = ["docker.io", "quay.io", "registry.redhat.io", INTERNAL];
    let imports = registries.map(|name| json!({"domainName": name}));
    json!({
        "apiVersion": "config.openshift.io/v1",
        "kind": "Image",
        "metadata": {"name": "cluster"},
        "spec": {
            "allowedRegistriesForImport": imports,
            "registrySources": {"allowedRegistries": registries},
        },
        "status": {"internalRegistryHostname": INTERNAL},
    })
}
