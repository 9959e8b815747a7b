//! The permissions for every check of an audit.

use std::collections::BTreeMap;

use extreg_snapshot::kind::Kind;
use k8s_openapi::api::rbac::v1::{ClusterRole, PolicyRule};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::manifest::{Manifest, Phase, RenderError};
use crate::names;

/// The ClusterRole with permission to list these kinds only.
///
/// Permission to list secrets is permission to read them: RBAC has no narrower permission for two types.
///
/// # Errors
/// If it could not be written as JSON.
pub fn audit_cluster_role(kinds: &[Kind]) -> Result<Manifest, RenderError> {
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
        rules: Some(rules(kinds)),
        aggregation_rule: None,
    };
    Manifest::of(Phase::Base, &role)
}

/// The rules to list these kinds, one for each API group.
pub(crate) fn rules(kinds: &[Kind]) -> Vec<PolicyRule> {
    let mut groups: BTreeMap<(&str, bool), Vec<&str>> = BTreeMap::new();
    for kind in kinds {
        let by_name = *kind == Kind::Namespace;
        let api = kind.api();
        let plurals = groups.entry((api.group, by_name)).or_default();
        plurals.push(api.plural);
    }
    let rules = groups.into_iter().map(|((group, by_name), mut plurals)| {
        plurals.sort_unstable();
        plurals.dedup();
        let verbs: &[&str] = if by_name { &["get", "list"] } else { &["list"] };
        crate::rbac::rule(group, &plurals, &[], verbs)
    });
    rules.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rights_are_exactly_these() {
        let role = audit_cluster_role(&[
            Kind::Pod,
            Kind::Namespace,
            Kind::Deployment,
            Kind::Secret,
            Kind::Pod,
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
