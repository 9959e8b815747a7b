//! The kinds of the objects of an installation, and the conversion from manifests to objects.

use extreg_cluster::{Kind, Object, ObjectRef, Right};
use extreg_manifests::{Manifest, ObjectName, Settings, names, uninstall};

pub(crate) use super::installed::{CONFIGURATION, POLICY, configuration, deployment};
use crate::error::Error;

/// The definition of the policy.
pub(crate) const DEFINITION: Kind = Kind::global(
    "apiextensions.k8s.io",
    "CustomResourceDefinition",
    "customresourcedefinitions",
);
/// The pods behind a Service.
pub(crate) const ENDPOINT_SLICE: Kind =
    Kind::namespaced("discovery.k8s.io", "EndpointSlice", "endpointslices");
/// Pod.
pub(crate) const POD: Kind = extreg_snapshot::kind::Kind::Pod.api();
/// What elects a replica.
pub(crate) const LEASE: Kind = Kind::namespaced("coordination.k8s.io", "Lease", "leases");
/// The binding of a role in a namespace.
pub(crate) const ROLE_BINDING: Kind =
    Kind::namespaced("rbac.authorization.k8s.io", "RoleBinding", "rolebindings");
const CLUSTER_ROLE_BINDING: Kind = Kind::global(
    "rbac.authorization.k8s.io",
    "ClusterRoleBinding",
    "clusterrolebindings",
);
/// The configuration of OpenShift's service-ca operator.
pub(crate) const SERVICE_CA: Kind =
    Kind::global("operator.openshift.io", "ServiceCA", "servicecas");
/// Read by the Prometheus operator.
pub(crate) const SERVICE_MONITOR: Kind =
    Kind::namespaced("monitoring.coreos.com", "ServiceMonitor", "servicemonitors");
const POD_MONITOR: Kind = Kind::namespaced("monitoring.coreos.com", "PodMonitor", "podmonitors");

const CRON_JOB: Kind = extreg_snapshot::kind::Kind::CronJob.api();

/// Every kind that is installed.
const INSTALLED: [Kind; 19] = [
    CRON_JOB,
    DEFINITION,
    CONFIGURATION,
    POLICY,
    SERVICE_MONITOR,
    POD_MONITOR,
    Kind::DEPLOYMENT,
    Kind::NAMESPACE,
    Kind::SECRET,
    Kind::SERVICE_ACCOUNT,
    Kind::namespaced("", "ConfigMap", "configmaps"),
    Kind::namespaced("", "Service", "services"),
    Kind::namespaced("monitoring.coreos.com", "PrometheusRule", "prometheusrules"),
    Kind::namespaced("networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    Kind::namespaced("policy", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind::namespaced("rbac.authorization.k8s.io", "Role", "roles"),
    ROLE_BINDING,
    Kind::global("rbac.authorization.k8s.io", "ClusterRole", "clusterroles"),
    CLUSTER_ROLE_BINDING,
];

/// The object of a name in the manifests.
///
/// # Errors
/// The kind is missing in the table; a test excludes that.
pub(crate) fn reference(name: &ObjectName) -> Result<ObjectRef, Error> {
    let kind = INSTALLED
        .into_iter()
        .find(|kind| kind.kind == name.kind && kind.api_version() == name.api_version)
        .ok_or_else(|| Error::failed(format!("no API resource for {name}")))?;
    let namespace = name.namespace.as_deref().unwrap_or_default();
    Ok(ObjectRef::new(kind, namespace, &name.name))
}

/// The object of a manifest.
pub(crate) fn object(manifest: Manifest) -> Result<Object, Error> {
    let kind = reference(&manifest.object)?.kind;
    Ok(Object {
        kind,
        body: manifest.value,
    })
}

/// The permissions that are needed to install it in the default namespace.
pub(crate) fn rights() -> Result<Vec<Right>, Error> {
    let names = uninstall(&Settings::default());
    let names = names.map_err(|error| Error::failed(error.to_string()))?;
    let mut rights = Vec::new();
    for name in &names {
        let ObjectRef {
            kind, namespace, ..
        } = reference(name)?;
        // Only if the Prometheus operator exists and monitoring is requested.
        let is_monitoring =
            kind.group == SERVICE_MONITOR.group || namespace == names::CONSOLE_NAMESPACE;
        if !is_monitoring {
            rights.extend(["create", "patch"].map(|verb| Right::new(verb, kind, &namespace)));
        }
    }
    rights.sort();
    rights.dedup();
    Ok(rights)
}

/// The serving secret with its fixed name.
pub(crate) fn secret(namespace: &str) -> ObjectRef {
    ObjectRef::new(Kind::SECRET, namespace, names::SERVING_SECRET)
}

/// The importer's Deployment with its fixed name.
pub(crate) fn importer(namespace: &str) -> ObjectRef {
    ObjectRef::new(Kind::DEPLOYMENT, namespace, names::IMPORTER)
}

/// The CronJob that audits the cluster.
pub(crate) fn audit_job(namespace: &str) -> ObjectRef {
    ObjectRef::new(CRON_JOB, namespace, names::AUDIT_JOB)
}

/// The namespace of the dashboards of OpenShift's console.
pub(crate) fn console_namespace() -> ObjectRef {
    ObjectRef::new(Kind::NAMESPACE, "", names::CONSOLE_NAMESPACE)
}

/// Whether an object only monitors a program.
pub(crate) fn is_monitoring(reference: &ObjectRef) -> bool {
    reference.kind.group == SERVICE_MONITOR.group
}

/// The Lease of the replica that writes the status of policies.
pub(crate) fn lease(namespace: &str) -> ObjectRef {
    ObjectRef::new(LEASE, namespace, names::LEASE)
}

/// The Lease of the replica that follows builds.
pub(crate) fn follow_lease(namespace: &str) -> ObjectRef {
    ObjectRef::new(LEASE, namespace, names::FOLLOW_BUILDS)
}

/// The binding of the importer's permissions in the whole cluster.
pub(crate) fn importer_binding(name: &str) -> ObjectRef {
    ObjectRef::new(CLUSTER_ROLE_BINDING, "", name)
}

/// A role or binding, by its kind; `None` for any other kind.
pub(crate) fn right(kind: &str, namespace: &str, name: &str) -> Option<ObjectRef> {
    let mut kinds = INSTALLED.into_iter();
    let kind = kinds.find(|known| known.kind == kind && known.group == ROLE_BINDING.group)?;
    Some(ObjectRef::new(kind, namespace, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_installed_kind_has_an_api_resource() {
        for name in uninstall(&Settings::default()).unwrap() {
            let reference = reference(&name).unwrap();
            assert_eq!(
                reference.kind.namespaced,
                name.namespace.is_some(),
                "{name}"
            );
            assert_eq!(reference.name, name.name);
        }
        for former in extreg_manifests::FORMER_RIGHTS {
            let right = right(former.kind, "n", "x").unwrap();
            assert_eq!(right.kind.namespaced, former.namespaced, "{right}");
        }
    }
}
