//! What following builds needs beyond the rest of the webhook: rights of its own, and only where it is
//! asked for.

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde_json::json;

use crate::manifest::{Manifest, Phase, RenderError};
use crate::names;
use crate::namespace::{cluster_meta, own_meta};
use crate::rbac::{READ, role_ref, rule, subject};
use crate::settings::Settings;

/// The rights for following builds: to see builds and the streams beside them, to ask for imports, to
/// say so in events, and the Lease that elects one replica.
///
/// Whether a namespace takes part is in its labels, which the webhook may read anyway.
pub fn rights_to_follow_builds(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let name = names::FOLLOW_BUILDS;
    let cluster_role = ClusterRole {
        metadata: cluster_meta(name),
        rules: Some(vec![
            rule("build.openshift.io", &["builds"], &[], READ),
            rule(
                "image.openshift.io",
                &["imagestreams"],
                &[],
                &["get", "list"],
            ),
            rule(
                "image.openshift.io",
                &["imagestreamimports"],
                &[],
                &["create"],
            ),
            rule("", &["events"], &[], &["create", "patch"]),
        ]),
        aggregation_rule: None,
    };
    let lease =
        |names: &[&str], verbs: &[&str]| rule("coordination.k8s.io", &["leases"], names, verbs);
    let role = Role {
        metadata: own_meta(name, settings),
        rules: Some(vec![
            lease(&[], &["create"]),
            lease(&[name], &["get", "patch", "update"]),
        ]),
    };
    let cluster_role_binding = ClusterRoleBinding {
        metadata: cluster_meta(name),
        role_ref: role_ref("ClusterRole", name),
        subjects: Some(vec![subject(settings)]),
    };
    let role_binding = RoleBinding {
        metadata: own_meta(name, settings),
        role_ref: role_ref("Role", name),
        subjects: Some(vec![subject(settings)]),
    };
    Ok(vec![
        Manifest::of(Phase::Base, &cluster_role)?,
        Manifest::of(Phase::Base, &cluster_role_binding)?,
        Manifest::of(Phase::Base, &role)?,
        Manifest::of(Phase::Base, &role_binding)?,
    ])
}

/// The selector of the namespaces in which builds are followed, as the webhook's argument has it; none
/// for all. What is never followed, such as the platform's namespaces, the webhook knows.
pub(crate) fn selected_to_follow(settings: &Settings) -> Option<String> {
    let requirements = &settings.namespace_selector;
    (!requirements.is_empty()).then(|| json!({"matchExpressions": requirements}).to_string())
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::rbac::v1::PolicyRule;

    use super::*;
    use crate::rbac::tests::show;

    #[test]
    fn the_rights_are_exactly_these() {
        let settings = Settings::default();
        let all: Vec<Vec<String>> = rights_to_follow_builds(&settings)
            .unwrap()
            .into_iter()
            .map(|manifest| {
                assert_eq!(manifest.object.name, names::FOLLOW_BUILDS);
                let rules = manifest.value["rules"].clone();
                show(serde_json::from_value::<Option<Vec<PolicyRule>>>(rules).unwrap())
            })
            .collect();
        assert_eq!(
            all,
            [
                vec![
                    "build.openshift.io/builds[] get,list,watch",
                    "image.openshift.io/imagestreams[] get,list",
                    "image.openshift.io/imagestreamimports[] create",
                    "/events[] create,patch",
                ],
                vec![],
                vec![
                    "coordination.k8s.io/leases[] create",
                    "coordination.k8s.io/leases[extreg-webhook-follow-builds] get,patch,update",
                ],
                vec![],
            ]
        );
    }

    #[test]
    fn they_are_given_to_the_webhook_and_only_where_asked_for() {
        let mut settings = Settings::default();
        let count = |settings: &Settings| {
            let all = crate::install(settings).unwrap().into_iter();
            all.filter(|manifest| manifest.object.name == names::FOLLOW_BUILDS)
                .count()
        };
        assert_eq!(count(&settings), 0);
        settings.follow_builds = true;
        assert_eq!(count(&settings), 4);
        for manifest in rights_to_follow_builds(&settings).unwrap() {
            let subject = &manifest.value["subjects"][0];
            if !subject.is_null() {
                assert_eq!(subject["name"], names::WEBHOOK);
                assert_eq!(subject["namespace"], names::NAMESPACE);
            }
        }
    }
}
