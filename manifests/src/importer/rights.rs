//! The permissions of the importer.
//!
//! RBAC has no label selectors. If the installation selects namespaces, the permissions to read image
//! streams, to import and to write events are therefore bound in each of them by a RoleBinding: a
//! namespace that is labeled later is included by the next upgrade. One watch of builds covers
//! the whole cluster in either case, and only reads.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, Subject,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::manifest::{Manifest, Phase, RenderError};
use crate::names;
use crate::namespace::{importer_meta, labels_of};
use crate::rbac::{role_ref, rule};
use crate::settings::{DnsLabel, FollowBuilds, Settings};

/// A permission that earlier versions gave the webhook's account, when it followed builds itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormerRight {
    /// Its kind.
    pub kind: &'static str,
    /// Whether it is in the webhook's namespace.
    pub namespaced: bool,
}

/// All of these, named [`names::FOLLOW_BUILDS`], in the order in which they are removed.
pub const FORMER_RIGHTS: [FormerRight; 4] = [
    FormerRight {
        kind: "RoleBinding",
        namespaced: true,
    },
    FormerRight {
        kind: "Role",
        namespaced: true,
    },
    FormerRight {
        kind: "ClusterRoleBinding",
        namespaced: false,
    },
    FormerRight {
        kind: "ClusterRole",
        namespaced: false,
    },
];

pub(super) fn rights(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let mut all = vec![
        Manifest::of(Phase::Base, &cluster_role(names::IMPORTER, everywhere()))?,
        Manifest::of(Phase::Base, &bound_everywhere(names::IMPORTER, settings))?,
        Manifest::of(
            Phase::Base,
            &cluster_role(names::IMPORTER_NAMESPACE, where_followed()),
        )?,
    ];
    match &settings.follow_builds {
        FollowBuilds::No | FollowBuilds::Everywhere => {
            let binding = bound_everywhere(names::IMPORTER_NAMESPACE, settings);
            all.push(Manifest::of(Phase::Base, &binding)?);
        }
        FollowBuilds::In(namespaces) => all.extend(bound_in(namespaces, settings)?),
    }
    all.extend([
        Manifest::of(Phase::Base, &lease(settings))?,
        Manifest::of(Phase::Base, &lease_binding(settings))?,
    ]);
    Ok(all)
}

/// Builds of all namespaces, in one watch, and the labels that opt a namespace out.
fn everywhere() -> Vec<PolicyRule> {
    vec![
        rule("build.openshift.io", &["builds"], &[], &["list", "watch"]),
        rule("", &["namespaces"], &[], &["get"]),
    ]
}

/// The objects read and written in a namespace whose builds are followed.
fn where_followed() -> Vec<PolicyRule> {
    vec![
        rule("image.openshift.io", &["imagestreams"], &[], &["list"]),
        rule(
            "image.openshift.io",
            &["imagestreamimports"],
            &[],
            &["create"],
        ),
        rule("", &["events"], &[], &["create", "patch"]),
    ]
}

fn cluster_role(name: &str, rules: Vec<PolicyRule>) -> ClusterRole {
    ClusterRole {
        metadata: named(name),
        rules: Some(rules),
        aggregation_rule: None,
    }
}

fn bound_everywhere(role: &str, settings: &Settings) -> ClusterRoleBinding {
    ClusterRoleBinding {
        metadata: named(role),
        role_ref: role_ref("ClusterRole", role),
        subjects: Some(vec![subject(settings)]),
    }
}

fn bound_in(
    namespaces: &BTreeSet<DnsLabel>,
    settings: &Settings,
) -> Result<Vec<Manifest>, RenderError> {
    let bind = |namespace: &DnsLabel| {
        let binding = RoleBinding {
            metadata: ObjectMeta {
                namespace: Some(namespace.as_str().to_owned()),
                ..named(names::IMPORTER_NAMESPACE)
            },
            role_ref: role_ref("ClusterRole", names::IMPORTER_NAMESPACE),
            subjects: Some(vec![subject(settings)]),
        };
        Manifest::of(Phase::Base, &binding)
    };
    namespaces.iter().map(bind).collect()
}

/// The Lease that elects the replica which follows builds. `create` cannot be narrowed by name.
fn lease(settings: &Settings) -> Role {
    let lease =
        |names: &[&str], verbs: &[&str]| rule("coordination.k8s.io", &["leases"], names, verbs);
    Role {
        metadata: importer_meta(settings),
        rules: Some(vec![
            lease(&[], &["create"]),
            lease(&[names::FOLLOW_BUILDS], &["get", "update"]),
        ]),
    }
}

fn lease_binding(settings: &Settings) -> RoleBinding {
    RoleBinding {
        metadata: importer_meta(settings),
        role_ref: role_ref("Role", names::IMPORTER),
        subjects: Some(vec![subject(settings)]),
    }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(labels_of(names::IMPORTER)),
        ..ObjectMeta::default()
    }
}

fn subject(settings: &Settings) -> Subject {
    Subject {
        name: names::IMPORTER.to_owned(),
        ..crate::rbac::subject(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rbac::tests::show;

    fn shown(follow_builds: FollowBuilds) -> Vec<String> {
        let settings = Settings {
            follow_builds,
            ..Settings::default()
        };
        let mut lines = Vec::new();
        for Manifest { object, value, .. } in rights(&settings).unwrap() {
            let rules = serde_json::from_value(value["rules"].clone()).unwrap();
            lines.push(format!("{object}: {}", show(rules).join("; ")));
            let subject = &value["subjects"][0];
            if !subject.is_null() {
                assert_eq!(subject["name"], names::IMPORTER);
                assert_eq!(subject["namespace"], names::NAMESPACE);
            }
        }
        lines
    }

    #[test]
    fn the_rights_are_exactly_these() {
        assert_eq!(
            shown(FollowBuilds::Everywhere),
            [
                "clusterrole/extreg-importer: build.openshift.io/builds[] list,watch; /namespaces[] get",
                "clusterrolebinding/extreg-importer: ",
                "clusterrole/extreg-importer-namespace: image.openshift.io/imagestreams[] list; \
                 image.openshift.io/imagestreamimports[] create; /events[] create,patch",
                "clusterrolebinding/extreg-importer-namespace: ",
                "role/extreg-system/extreg-importer: coordination.k8s.io/leases[] create; \
                 coordination.k8s.io/leases[extreg-webhook-follow-builds] get,update",
                "rolebinding/extreg-system/extreg-importer: ",
            ]
        );
    }

    #[test]
    fn permissions_are_limited_to_selected_namespaces() {
        let namespaces = ["shop", "bank"].map(|name| name.parse().unwrap());
        let lines = shown(FollowBuilds::In(namespaces.into()));
        let bindings: Vec<&str> = lines
            .iter()
            .filter(|line| line.contains("binding/"))
            .map(|line| line.trim_end_matches(": "))
            .collect();
        assert_eq!(
            bindings,
            [
                "clusterrolebinding/extreg-importer",
                "rolebinding/bank/extreg-importer-namespace",
                "rolebinding/shop/extreg-importer-namespace",
                "rolebinding/extreg-system/extreg-importer",
            ]
        );
    }

    #[test]
    fn role_has_no_wildcards_secrets_or_webhook_configurations() {
        let all = shown(FollowBuilds::Everywhere).join("\n");
        for word in [
            "*",
            "secrets",
            "admissionregistration",
            "escalate",
            "bind ",
            "impersonate",
            "delete",
        ] {
            assert!(!all.contains(word), "{word}");
        }
    }
}
