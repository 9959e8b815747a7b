//! EXR002: the cluster has no list of allowed registries.
//!
//! `registrySources.allowedRegistries` of `image.config.openshift.io/cluster` is what nodes and build
//! pods may pull from. An empty list allows every registry, and a list of blocked registries allows every
//! registry that it does not name (openshift/api `config/v1/types_image.go`; the two exclude each
//! other). ComplianceAsCode requires the list in rule `ocp_allowed_registries`.
//!
//! A registry that is in use is not approved by that. So a command is suggested only from the user's
//! list, after the whole cluster was read, and if the list has all registries in use. OpenShift's own
//! registries are added: without them nodes cannot pull the platform.

use std::collections::BTreeSet;

use extreg_core::facts::Known;
use extreg_remedy::{Action, ClusterList, Inspection, Remedy};
use extreg_snapshot::{Meaning, Snapshot, UseRole};

use super::remedy;
use super::support::{Draft, configuration, is_external, judged, registries_in_use};
use crate::approval::{Allowance, List, targets};
use crate::check::CheckId;
use crate::finding::Finding;

const FIELD: &str = "spec.registrySources.allowedRegistries";
/// The registries that the platform is pulled from.
const PLATFORM: [&str; 3] = [
    "image-registry.openshift-image-registry.svc:5000",
    "quay.io",
    "registry.redhat.io",
];
const ROLES: [UseRole; 6] = [
    UseRole::Import,
    UseRole::Push,
    UseRole::Base,
    UseRole::Source,
    UseRole::Run,
    UseRole::Volume,
];

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let place = configuration(snapshot, "", FIELD);
    let draft = |rule, message: String, fix| Draft {
        check: CheckId::Exr002,
        rule,
        message,
        why: why(snapshot),
        fix,
    };
    match &snapshot.cluster.registries {
        Known::Unknown => {
            let draft = draft(
                "absent",
                "inconclusive: the list of allowed registries in \
                 image.config.openshift.io/cluster could not be read"
                    .to_owned(),
                remedy::inspect_image_config(),
            );
            findings.push(draft.at(place).unknown());
        }
        Known::Known(Some(sources)) if sources.allowed.is_empty() => {
            let (rule, message, fix) = if sources.blocked.is_empty() {
                (
                    "absent",
                    "the cluster allows every registry: it has no allowedRegistries".to_owned(),
                    fix(snapshot),
                )
            } else {
                (
                    "only-blocked",
                    format!(
                        "the cluster allows every registry except those in blockedRegistries: {}",
                        sources.blocked.join(", ")
                    ),
                    Remedy::instruct_after(
                        format!(
                            "decide which registries are approved and write them to {FIELD}; it \
                             replaces blockedRegistries, so omit blocked registries"
                        ),
                        Inspection::Inventory,
                    ),
                )
            };
            findings.push(draft(rule, message, fix).at(place));
        }
        Known::Known(_) => {}
    }
}

/// The user's list, if it has all registries in use.
fn fix(snapshot: &Snapshot) -> Remedy {
    let allowance = Allowance::of(snapshot);
    let all_approved = judged(snapshot)
        .filter(|used| is_external(used))
        .all(|used| {
            let targets = targets(used, &snapshot.cluster).known().unwrap_or_default();
            !targets.is_empty() && targets.iter().all(|t| allowance.approves(t) == Some(true))
        });
    match allowance.list {
        List::Given(_) if all_approved => Remedy::run(Action::SetClusterList {
            list: ClusterList::Allowed,
            registries: allowed(snapshot).into_iter().collect(),
        }),
        List::Given(approved) => Remedy::instruct_after(
            format!(
                "first resolve the images that the list {} does not approve (EXR001, EXR011): with a list \
                 in {FIELD} nodes and builds refuse to pull them",
                approved.name()
            ),
            Inspection::Inventory,
        ),
        List::Cluster(_) | List::Absent | List::Unknown => Remedy::instruct_after(
            format!(
                "decide which registries are approved, write them to an ApprovedRegistries file and audit \
                 with --policy FILE; a registry in use is not necessarily approved. Then write the \
                 list to {FIELD}"
            ),
            Inspection::Inventory,
        ),
    }
}

fn why(snapshot: &Snapshot) -> String {
    let mut why = "Any user who can create a pod or a build can run an image from any registry. A list takes \
                   effect on every node."
        .to_owned();
    let is_searched = |meaning| meaning == Meaning::Searched;
    if snapshot.uses.iter().any(|used| is_searched(used.meaning)) {
        why.push_str(
            " The list does not cover short names: replace them with full names first (EXR010).",
        );
    }
    why
}

fn allowed(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut allowed = registries_in_use(snapshot, &ROLES);
    allowed.extend(PLATFORM.map(str::to_owned));
    if let Known::Known(rules) = &snapshot.cluster.mirrors {
        let mirrors = rules.iter().flat_map(|rule| &rule.mirrors);
        allowed.extend(mirrors.filter_map(|mirror| Some(mirror.split('/').next()?.to_owned())));
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_remedy::Outcome;
    use extreg_remedy::SnapshotScene;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{approved, image_use, mirror, object, openshift, place};

    fn found(snapshot: &Snapshot) -> Vec<Finding> {
        let mut findings = Vec::new();
        check(snapshot, &mut findings);
        findings
    }

    fn in_use(mut snapshot: Snapshot) -> Snapshot {
        let at = place(
            &object(Kind::Pod, "shop", "a"),
            "c",
            "spec.containers[0].image",
        );
        snapshot.uses = vec![
            image_use(at.clone(), UseRole::Run, "index.docker.io/acme/a"),
            image_use(at, UseRole::Run, "ghcr.io/other/b"),
        ];
        snapshot.cluster.mirrors = Known::Known(vec![mirror(
            Kind::ImageTagMirrorSet,
            "m",
            "quay.io",
            &["m.corp/q"],
        )]);
        snapshot
    }

    #[test]
    fn a_registry_in_use_is_not_approved_by_that() {
        let [finding] = found(&in_use(openshift(&[], &[]))).try_into().unwrap();
        assert_eq!(finding.rule, "absent");
        assert!(finding.fix.actions().is_empty(), "{finding:?}");
        // Nor is a list that lacks a registry in use: nodes would refuse its images.
        let mut snapshot = in_use(openshift(&[], &[]));
        snapshot.approved = Some(approved(&["docker.io/acme"]));
        let [finding] = found(&snapshot).try_into().unwrap();
        assert!(finding.fix.actions().is_empty(), "{finding:?}");
    }

    #[test]
    fn the_users_list_is_written_after_the_whole_cluster_was_read() {
        let mut snapshot = in_use(openshift(&[], &[]));
        snapshot.approved = Some(approved(&["docker.io/acme", "ghcr.io"]));
        let [finding] = found(&snapshot).try_into().unwrap();
        assert_eq!(
            finding.fix_text(),
            r#"oc patch image.config.openshift.io/cluster --type=merge -p '{"spec":{"registrySources":{"allowedRegistries":["docker.io","ghcr.io","image-registry.openshift-image-registry.svc:5000","m.corp","quay.io","registry.redhat.io"]}}}'"#
        );
        let shown = |snapshot: &Snapshot| {
            let origin = extreg_snapshot::place::Origin::Cluster;
            let fix = finding.fix.clone().checked(
                &SnapshotScene::new(snapshot, &|_| false),
                Outcome::Fail,
                &origin,
            );
            !fix.actions().is_empty()
        };
        assert!(!shown(&snapshot), "one namespace is not the cluster");
        for kind in Kind::ALL {
            snapshot.listed.add(kind, "".into());
        }
        assert!(shown(&snapshot));
        snapshot.coverage.scope.namespaces = Some(["shop".into()].into());
        assert!(!shown(&snapshot));
    }

    #[test]
    fn a_block_list_is_not_an_allow_list() {
        let [finding] = found(&openshift(&[], &["evil.example.com"]))
            .try_into()
            .unwrap();
        assert_eq!(finding.rule, "only-blocked");
        assert!(finding.fix.actions().is_empty(), "{finding:?}");
    }

    #[test]
    fn a_list_is_enough_and_only_openshift_needs_one() {
        assert_eq!(found(&openshift(&["quay.io"], &[])), []);
        let mut other = Snapshot::default();
        other.cluster.registries = Known::Known(None);
        assert_eq!(found(&other), []);
    }

    #[test]
    fn unreadable_configuration_is_inconclusive() {
        let [finding] = found(&Snapshot::default()).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
        assert_eq!(
            finding.place.object.reference(),
            "image.config.openshift.io/cluster"
        );
    }
}
