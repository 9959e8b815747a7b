use std::collections::BTreeSet;
use std::net::Ipv4Addr;

/// Service names of the integrated registry: of OpenShift 4, and of OpenShift 3 and its old streams.
const SERVICES: [&str; 2] = [
    "image-registry.openshift-image-registry.svc",
    "docker-registry.default.svc",
];
/// The route that the image registry operator creates for `spec.defaultRoute`; the cluster's apps domain follows.
const DEFAULT_ROUTE: &str = "default-route-openshift-image-registry.";
const PORT: &str = "5000";

/// The names of the integrated registry.
///
/// It always knows the names that every cluster has: the registry's service with and without `.cluster.local` and
/// port 5000, its OpenShift 3 service, an address of the default service network `172.30.0.0/16` on port 5000, and
/// the default route. A cluster may have more: `status.internalRegistryHostname` and
/// `status.externalRegistryHostnames` of `images.config.openshift.io/cluster`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InternalRegistry {
    configured: BTreeSet<String>,
}

impl InternalRegistry {
    /// Adds hostnames that the cluster is configured with; empty ones are dropped.
    #[must_use]
    pub fn with_hostnames<I>(mut self, hostnames: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.configured.extend(
            hostnames
                .into_iter()
                .map(Into::into)
                .filter(|name| !name.is_empty()),
        );
        self
    }

    /// Whether `host`, with its port as written in a reference, is the integrated registry.
    pub fn contains(&self, host: &str) -> bool {
        self.configured.contains(host) || is_well_known(host)
    }
}

fn is_well_known(host: &str) -> bool {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    let service = name.strip_suffix(".cluster.local").unwrap_or(name);
    if SERVICES.contains(&service) {
        return port.is_none_or(|port| port == PORT);
    }
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return port == Some(PORT) && matches!(address.octets(), [172, 30, _, _]);
    }
    name.starts_with(DEFAULT_ROUTE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_names() {
        let internal = InternalRegistry::default();
        for host in [
            "image-registry.openshift-image-registry.svc",
            "image-registry.openshift-image-registry.svc:5000",
            "image-registry.openshift-image-registry.svc.cluster.local",
            "image-registry.openshift-image-registry.svc.cluster.local:5000",
            "docker-registry.default.svc",
            "docker-registry.default.svc:5000",
            "docker-registry.default.svc.cluster.local:5000",
            "172.30.1.1:5000",
            "172.30.255.9:5000",
            "default-route-openshift-image-registry.apps.example.com",
            "default-route-openshift-image-registry.apps-crc.testing",
        ] {
            assert!(internal.contains(host), "{host}");
        }
        for host in [
            "",
            "docker.io",
            "quay.io",
            "172.30.1.1",
            "172.30.1.1:443",
            "172.31.1.1:5000",
            "10.0.0.1:5000",
            "image-registry.openshift-image-registry.svc:443",
            "image-registry.openshift-image-registry",
            "x.image-registry.openshift-image-registry.svc",
            "docker-registry.default.svc.example.com",
            "Image-registry.openshift-image-registry.svc:5000",
        ] {
            assert!(!internal.contains(host), "{host}");
        }
    }

    #[test]
    fn configured_names_are_exact() {
        let internal =
            InternalRegistry::default().with_hostnames(["registry.apps.example.com", ""]);
        assert!(internal.contains("registry.apps.example.com"));
        assert!(!internal.contains("registry.apps.example.com:443"));
        assert!(!internal.contains(""));
        assert!(internal.contains("docker-registry.default.svc:5000"));
    }
}
