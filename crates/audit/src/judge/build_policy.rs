//! EXR011: a build whose base, source or output is outside the policy.
//!
//! The same check as [`super::outside_policy`], for builds. Build pods get the cluster's
//! registries.conf and policy.json (openshift-controller-manager
//! `pkg/build/controller/build/build_controller.go`), so they refuse the same pulls as nodes. Their
//! search list for short names is different. Builds of a BuildConfig are judged in the
//! BuildConfig.

use extreg_snapshot::{Snapshot, UseRole};

use super::support::{Objection, check_outside};
use crate::check::CheckId;
use crate::finding::Finding;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    check_outside(
        snapshot,
        CheckId::Exr011,
        rule,
        "base-not-allowed",
        findings,
    );
}

const fn rule(role: UseRole, objection: Objection) -> Option<&'static str> {
    use Objection::{Blocked, MirrorNotAllowed, NotAllowed};

    match (role, objection) {
        (UseRole::Base, NotAllowed) => Some("base-not-allowed"),
        (UseRole::Base, Blocked) => Some("base-blocked"),
        (UseRole::Base, MirrorNotAllowed) => Some("base-mirror-not-allowed"),
        (UseRole::Source, NotAllowed) => Some("source-not-allowed"),
        (UseRole::Source, Blocked) => Some("source-blocked"),
        (UseRole::Source, MirrorNotAllowed) => Some("source-mirror-not-allowed"),
        (UseRole::Push, NotAllowed | MirrorNotAllowed) => Some("output-not-allowed"),
        (UseRole::Push, Blocked) => Some("output-blocked"),
        (UseRole::Run | UseRole::Volume | UseRole::Import, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use extreg_core::facts::Known;

    use super::*;
    use extreg_remedy::Outcome;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{approved, image_use, mirror, object, openshift, place};
    use extreg_snapshot::{ImageUse, Meaning};

    fn used(role: UseRole, written: &str) -> ImageUse {
        let field = match role {
            UseRole::Push => "spec.output.to.name",
            UseRole::Source => "spec.source.images[0].from.name",
            _ => "spec.strategy.dockerStrategy.from.name",
        };
        image_use(
            place(&object(Kind::BuildConfig, "shop", "cart"), "", field),
            role,
            written,
        )
    }

    fn found(mut snapshot: Snapshot, uses: &[ImageUse]) -> Vec<Finding> {
        snapshot.uses = uses.to_vec();
        let mut findings = Vec::new();
        check(&snapshot, &mut findings);
        findings
    }

    #[test]
    fn each_part_of_a_build_has_its_own_rule() {
        let all = |allowed: &[&str], blocked: &[&str]| {
            let uses = [
                used(UseRole::Base, "docker.io/a/base:1"),
                used(UseRole::Source, "docker.io/a/source:1"),
                used(UseRole::Push, "docker.io/a/out:1"),
                used(UseRole::Run, "docker.io/a/run:1"),
            ];
            found(openshift(allowed, blocked), &uses)
                .iter()
                .map(|finding| finding.rule)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            all(&["quay.io"], &[]),
            [
                "base-not-allowed",
                "source-not-allowed",
                "output-not-allowed"
            ]
        );
        assert_eq!(
            all(&[], &["docker.io"]),
            ["base-blocked", "source-blocked", "output-blocked"]
        );
        assert!(all(&["docker.io"], &[]).is_empty());
        assert!(all(&[], &[]).is_empty());
    }

    #[test]
    fn the_search_list_of_builds_is_known_without_the_cluster() {
        let mut base = used(UseRole::Base, "docker.io/x");
        base.image.written = "python:3".into();
        base.meaning = Meaning::Searched;
        let snapshot = Snapshot {
            approved: Some(approved(&["docker.io", "quay.io", "registry.redhat.io"])),
            ..Snapshot::default()
        };
        let [finding] = found(snapshot, &[base]).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Fail);
        assert_eq!(
            finding.message,
            "python:3 can come from registry.access.redhat.com/python, which the list acme does not \
             approve"
        );
    }

    #[test]
    fn a_push_bypasses_every_mirror() {
        let mut rule = mirror(Kind::ImageTagMirrorSet, "m", "quay.io", &["m.corp/quay"]);
        rule.never_source = true;
        let mut snapshot = openshift(&["quay.io"], &[]);
        snapshot.cluster.mirrors = Known::Known(vec![rule]);
        let uses = [
            used(UseRole::Base, "quay.io/a/base:1"),
            used(UseRole::Push, "quay.io/a/out:1"),
        ];
        let [finding] = found(snapshot, &uses).try_into().unwrap();
        assert_eq!(finding.rule, "base-mirror-not-allowed");
    }

    #[test]
    fn without_the_clusters_configuration_builds_have_no_findings() {
        let [finding] = found(Snapshot::default(), &[used(UseRole::Push, "quay.io/a/b:1")])
            .try_into()
            .unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
        assert_eq!(
            found(Snapshot::default(), &[used(UseRole::Run, "quay.io/a/b:1")]),
            []
        );
    }
}
