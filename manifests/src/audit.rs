//! The permissions for every check of an audit.

use std::collections::BTreeMap;

use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::manifest::{Manifest, Phase, RenderError};
use crate::names;

/// A resource that an audit lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuditedResource {
    /// Its API group, empty for the core group.
    pub group: String,
    /// Its name, as in a URL.
    pub plural: String,
}

/// The ClusterRole with permission to list these resources only.
///
/// Permission to list secrets is permission to read them: RBAC has no narrower permission for two types.
///
/// # Errors
/// If it could not be written as JSON.
pub fn audit_cluster_role(resources: &[AuditedResource]) -> Result<Manifest, RenderError> {
    let mut groups: BTreeMap<(&str, bool), Vec<&str>> = BTreeMap::new();
    for resource in resources {
        let by_name = resource.group.is_empty() && resource.plural == "namespaces";
        let plurals = groups.entry((&resource.group, by_name)).or_default();
        plurals.push(&resource.plural);
    }
    let rules = groups.into_iter().map(|((group, by_name), mut plurals)| {
        plurals.sort_unstable();
        plurals.dedup();
        let verbs: &[&str] = if by_name { &["get", "list"] } else { &["list"] };
        PolicyRule {
            api_groups: Some(vec![group.to_owned()]),
            resources: Some(plurals.into_iter().map(str::to_owned).collect()),
            verbs: verbs.iter().map(|&verb| verb.to_owned()).collect(),
            ..PolicyRule::default()
        }
    });
    let labels = [(
        names::MANAGED_BY_LABEL.to_owned(),
        names::MANAGER.to_owned(),
    )];
    let role = ClusterRole {
        metadata: ObjectMeta {
            name: Some(names::AUDIT_ROLE.to_owned()),
            labels: Some(labels.into()),
            ..ObjectMeta::default()
        },
        rules: Some(rules.collect()),
        aggregation_rule: None,
    };
    Manifest::of(Phase::Base, &role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rights_are_exactly_these() {
        let resource = |group: &str, plural: &str| AuditedResource {
            group: group.to_owned(),
            plural: plural.to_owned(),
        };
        let role = audit_cluster_role(&[
            resource("", "pods"),
            resource("", "namespaces"),
            resource("apps", "deployments"),
            resource("", "secrets"),
            resource("", "pods"),
        ]);
        let rules = role.unwrap().value["rules"].clone();
        assert_eq!(
            rules,
            serde_json::json!([
                {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
                {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list"]},
                {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]},
            ])
        );
    }
}
