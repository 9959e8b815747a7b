//! The minimum permissions of the webhook.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};

use crate::names;
use crate::namespace::{cluster_meta, own_meta};
use crate::settings::{DnsName, Settings};

/// The label by which the controller manager adds a role's rules to `view` (kubernetes
/// `plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go`).
const AGGREGATE_TO_VIEW: &str = "rbac.authorization.k8s.io/aggregate-to-view";
/// The verbs to list and watch objects.
pub(crate) const READ: &[&str] = &["get", "list", "watch"];

/// The account of the webhook's pods. Its token is mounted by the pod, not by default.
pub(crate) fn service_account(settings: &Settings) -> ServiceAccount {
    ServiceAccount {
        metadata: own_meta(names::WEBHOOK, settings),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

/// The resources that the webhook reads in all namespaces, and the one status that it writes.
///
/// Narrowed by `resourceNames`, `list` and `watch` on secrets allow only requests with the field selector
/// `metadata.name=NAME`; the API server matches the selector's name against the rule.
pub fn cluster_role(settings: &Settings) -> ClusterRole {
    let secrets: Vec<&str> = settings.secrets.iter().map(DnsName::as_str).collect();
    let mut rules = vec![
        rule("", &["namespaces"], &[], READ),
        rule("", &["serviceaccounts"], &["builder"], READ),
        rule(names::GROUP, &[names::PLURAL], &[], READ),
        rule(
            names::GROUP,
            &["registrypolicies/status"],
            &[],
            &["get", "patch", "update"],
        ),
        rule("image.openshift.io", &["imagestreams"], &[], &["get"]),
        rule("config.openshift.io", &["images"], &["cluster"], READ),
        // By its caBundle a replica knows whether the API servers accept its certificate.
        rule(
            "admissionregistration.k8s.io",
            &["mutatingwebhookconfigurations"],
            &[names::WEBHOOK],
            &["get"],
        ),
        // For metrics: it has the number of open findings, if an audit has published them.
        rule(
            names::REPORTS_GROUP,
            &["clusterreports"],
            &[names::AUDIT_REPORT],
            &["get"],
        ),
    ];
    // A rule with an empty list of names would match every secret.
    if !secrets.is_empty() {
        rules.insert(1, rule("", &["secrets"], &secrets, READ));
    }
    ClusterRole {
        metadata: cluster_meta(names::WEBHOOK),
        rules: Some(rules),
        aggregation_rule: None,
    }
}

/// Permission to read policies for users with `view` on the cluster (and on OpenShift `cluster-reader`, which
/// includes `view`). A policy has no namespace, so `view` in a namespace does not cover
/// it: bind this role separately to a user who needs policies without the rest of the cluster.
pub fn policy_reader() -> ClusterRole {
    let mut metadata = cluster_meta(names::POLICY_READER);
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(AGGREGATE_TO_VIEW.to_owned(), "true".to_owned());
    ClusterRole {
        metadata,
        rules: Some(vec![rule(names::GROUP, &[names::PLURAL], &[], READ)]),
        aggregation_rule: None,
    }
}

/// The Lease by which replicas elect the writer of status. `create` cannot be narrowed by name.
pub fn role(settings: &Settings) -> Role {
    let lease =
        |names: &[&str], verbs: &[&str]| rule("coordination.k8s.io", &["leases"], names, verbs);
    Role {
        metadata: own_meta(names::WEBHOOK, settings),
        rules: Some(vec![
            lease(&[], &["create"]),
            lease(&[names::LEASE], &["get", "patch", "update"]),
        ]),
    }
}

/// Gives [`cluster_role`] to the webhook's account.
pub(crate) fn cluster_role_binding(settings: &Settings) -> ClusterRoleBinding {
    ClusterRoleBinding {
        metadata: cluster_meta(names::WEBHOOK),
        role_ref: role_ref("ClusterRole", names::WEBHOOK),
        subjects: Some(vec![subject(settings)]),
    }
}

/// Gives [`role`] to the webhook's account.
pub(crate) fn role_binding(settings: &Settings) -> RoleBinding {
    RoleBinding {
        metadata: own_meta(names::WEBHOOK, settings),
        role_ref: role_ref("Role", names::WEBHOOK),
        subjects: Some(vec![subject(settings)]),
    }
}

pub(crate) fn rule(group: &str, resources: &[&str], names: &[&str], verbs: &[&str]) -> PolicyRule {
    let owned = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(owned(resources)),
        resource_names: (!names.is_empty()).then(|| owned(names)),
        verbs: owned(verbs),
        non_resource_urls: None,
    }
}

pub(crate) fn role_ref(kind: &str, name: &str) -> RoleRef {
    RoleRef {
        api_group: "rbac.authorization.k8s.io".to_owned(),
        kind: kind.to_owned(),
        name: name.to_owned(),
    }
}

pub(crate) fn subject(settings: &Settings) -> Subject {
    Subject {
        kind: "ServiceAccount".to_owned(),
        name: names::WEBHOOK.to_owned(),
        namespace: Some(settings.namespace.as_str().to_owned()),
        api_group: None,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn show(rules: Option<Vec<PolicyRule>>) -> Vec<String> {
        let line = |r: PolicyRule| {
            let groups = r.api_groups.unwrap_or_default().join("+");
            let resources = r.resources.unwrap_or_default().join("+");
            let names = r.resource_names.unwrap_or_default().join("+");
            format!("{groups}/{resources}[{names}] {}", r.verbs.join(","))
        };
        rules.unwrap_or_default().into_iter().map(line).collect()
    }

    #[test]
    fn the_rights_are_exactly_these() {
        let settings = Settings::default();
        assert_eq!(
            show(cluster_role(&settings).rules),
            [
                "/namespaces[] get,list,watch",
                "/secrets[dockerhub] get,list,watch",
                "/serviceaccounts[builder] get,list,watch",
                "extreg.io/registrypolicies[] get,list,watch",
                "extreg.io/registrypolicies/status[] get,patch,update",
                "image.openshift.io/imagestreams[] get",
                "config.openshift.io/images[cluster] get,list,watch",
                "admissionregistration.k8s.io/mutatingwebhookconfigurations[extreg-webhook] get",
                "openreports.io/clusterreports[extreg-audit] get",
            ]
        );
        assert_eq!(
            show(role(&settings).rules),
            [
                "coordination.k8s.io/leases[] create",
                "coordination.k8s.io/leases[extreg-webhook] get,patch,update",
            ]
        );
    }

    #[test]
    fn viewers_of_the_cluster_can_read_policies_only() {
        let role = policy_reader();
        assert_eq!(
            show(role.rules),
            ["extreg.io/registrypolicies[] get,list,watch"]
        );
        let labels = role.metadata.labels.unwrap();
        assert_eq!(
            labels["rbac.authorization.k8s.io/aggregate-to-view"],
            "true"
        );
        assert_eq!(labels[names::MANAGED_BY_LABEL], names::MANAGER);
    }

    #[test]
    fn no_secret_is_readable_without_its_name() {
        let mut settings = Settings::default();
        settings.secrets.clear();
        let rules = show(cluster_role(&settings).rules).join("\n");
        assert!(!rules.contains("secrets"), "{rules}");
        settings
            .secrets
            .extend(["b".parse().unwrap(), "a".parse().unwrap()]);
        let rules = show(cluster_role(&settings).rules).join("\n");
        assert!(rules.contains("/secrets[a+b] "), "{rules}");
    }

    #[test]
    fn role_has_no_wildcards_and_cannot_write_webhook_configurations() {
        let settings = Settings::default();
        let all = [cluster_role(&settings).rules, role(&settings).rules];
        let all = serde_json::to_string(&all).unwrap();
        for word in ["*", "escalate", "bind", "impersonate", "delete"] {
            assert!(!all.contains(word), "{word}");
        }
        for rule in cluster_role(&settings).rules.unwrap() {
            let groups = rule.api_groups.unwrap_or_default();
            if groups.iter().any(|group| group.starts_with("admission")) {
                assert_eq!(rule.verbs, ["get"]);
            }
        }
    }
}
