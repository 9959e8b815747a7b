//! EXR001: an image that runs, or is imported, from a registry outside the policy.
//!
//! The list of approved registries ([`crate::approval`]) decides: the user's, or
//! `registrySources.allowedRegistries`; and `registrySources.blockedRegistries`, which nodes and builds
//! obey (machine-config-operator `pkg/controller/container-runtime-config`, openshift-controller-manager
//! `build_controller.go`), and the importer by exact host only (openshift-apiserver
//! `pkg/image/apiserver/importer/importer.go`, `blockedRegistry`). A short name is judged for every
//! registry that is tried for it. If mirrors serve an image whose source is never contacted, the mirrors
//! are judged too.

use extreg_snapshot::{Snapshot, UseRole};

use super::support::{Objection, check_outside};
use crate::check::CheckId;
use crate::finding::Finding;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    check_outside(snapshot, CheckId::Exr001, rule, "not-allowed", findings);
}

const fn rule(role: UseRole, objection: Objection) -> Option<&'static str> {
    match role {
        UseRole::Run | UseRole::Volume | UseRole::Import => Some(match objection {
            Objection::NotAllowed => "not-allowed",
            Objection::Blocked => "blocked",
            Objection::MirrorNotAllowed => "mirror-not-allowed",
        }),
        UseRole::Base | UseRole::Source | UseRole::Push => None,
    }
}

#[cfg(test)]
mod tests {
    use extreg_core::facts::Known;

    use super::*;
    use extreg_remedy::Outcome;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{
        approved, image_use, mirror, object, openshift, place, stream, tag, workload,
    };
    use extreg_snapshot::{ImageUse, Meaning, MirrorRule};

    fn run(written: &str) -> ImageUse {
        let at = place(
            &object(Kind::Deployment, "shop", "cart"),
            "web",
            "spec.template.spec.containers[0].image",
        );
        image_use(at, UseRole::Run, written)
    }

    fn short(written: &str) -> ImageUse {
        let mut used = run("docker.io/x");
        used.image.written = written.into();
        used.image.registry = "".into();
        used.image.repository = "".into();
        used.meaning = Meaning::Searched;
        used
    }

    fn import(written: &str) -> ImageUse {
        let at = place(
            &object(Kind::ImageStream, "shop", "cart"),
            "v1",
            "spec.tags[0].from.name",
        );
        image_use(at, UseRole::Import, written)
    }

    fn found(snapshot: &Snapshot) -> Vec<Finding> {
        let mut findings = Vec::new();
        check(snapshot, &mut findings);
        findings
    }

    fn messages(snapshot: &Snapshot) -> Vec<(&'static str, String)> {
        found(snapshot)
            .into_iter()
            .map(|finding| (finding.rule, finding.message))
            .collect()
    }

    fn with(mut snapshot: Snapshot, uses: &[ImageUse]) -> Snapshot {
        snapshot.uses = uses.to_vec();
        snapshot
    }

    #[test]
    fn an_unapproved_image_is_found_and_no_replacement_is_invented() {
        let mut snapshot = with(
            openshift(&[], &[]),
            &[run("docker.io/other/cart:1"), run("quay.io/acme/cart:1")],
        );
        snapshot.approved = Some(approved(&["quay.io/acme"]));
        let [finding] = found(&snapshot).try_into().unwrap();
        assert_eq!(
            finding.message,
            "docker.io/other/cart:1 comes from docker.io/other/cart, which the list acme does not approve"
        );
        assert_eq!(
            finding.fix_text(),
            "set spec.template.spec.containers[0].image of deployment.apps/cart in shop to an image of \
             an approved registry (quay.io/acme); copy it there first if it has none"
        );
        assert_eq!(finding.outcome, Outcome::Fail);
    }

    #[test]
    fn the_clusters_lists_decide_if_no_other_is_given() {
        for (allowed, blocked, used, want) in [
            (
                &["quay.io"][..],
                &[][..],
                run("docker.io/a/b"),
                Some("not-allowed"),
            ),
            (&["quay.io"], &[], run("quay.io/a/b"), None),
            (&["*.example.com"], &[], run("reg.example.com/a"), None),
            (
                &["*.example.com"],
                &[],
                run("reg.example.com.evil.com/a"),
                Some("not-allowed"),
            ),
            (
                &["quay.io"],
                &[],
                import("docker.io/a/b"),
                Some("not-allowed"),
            ),
            (&[], &["docker.io"], run("docker.io/a/b"), Some("blocked")),
            (
                &[],
                &["docker.io"],
                import("docker.io/a/b"),
                Some("blocked"),
            ),
            (&[], &["docker.io"], run("quay.io/a/b"), None),
            (&[], &["docker.io/a"], run("docker.io/ab/c"), None),
            (&[], &[], run("docker.io/a/b"), None),
        ] {
            let snapshot = with(openshift(allowed, blocked), std::slice::from_ref(&used));
            let rules: Vec<_> = found(&snapshot)
                .iter()
                .map(|finding| finding.rule)
                .collect();
            assert_eq!(
                rules,
                want.into_iter().collect::<Vec<_>>(),
                "{}",
                used.image.written
            );
        }
    }

    #[test]
    fn every_candidate_of_a_short_name_is_judged() {
        let mut snapshot = with(openshift(&[], &[]), &[short("nginx:1")]);
        snapshot.approved = Some(approved(&["docker.io"]));
        assert_eq!(
            messages(&snapshot),
            [(
                "not-allowed",
                "nginx:1 can come from registry.access.redhat.com/nginx, which the list acme does \
                 not approve"
                    .to_owned()
            )]
        );
        // The node's own restrictions leave the candidates that it can pull.
        let snapshot = with(openshift(&["docker.io"], &[]), &[short("nginx:1")]);
        assert_eq!(messages(&snapshot), []);
        let snapshot = with(openshift(&["quay.io"], &[]), &[short("nginx:1")]);
        assert_eq!(messages(&snapshot).len(), 1);
        let snapshot = with(openshift(&[], &["docker.io"]), &[short("nginx:1")]);
        assert_eq!(messages(&snapshot), []);
    }

    #[test]
    fn unreadable_configuration_is_inconclusive() {
        let mut snapshot = with(Snapshot::default(), &[run("docker.io/a/b"), short("nginx")]);
        let [finding] = found(&snapshot).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
        assert_eq!(finding.place.object.kind, Kind::ImageConfig);

        snapshot.approved = Some(approved(&["docker.io"]));
        let [finding] = found(&snapshot).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
        assert_eq!(&*finding.image.unwrap().written, "nginx");
        assert_eq!(found(&Snapshot::default()), []);
    }

    #[test]
    fn copies_placeholders_and_streams_of_operators_are_skipped() {
        let mut copy = run("docker.io/a/b");
        copy.owned = true;
        let mut unset = run("docker.io/a/b");
        unset.meaning = Meaning::Unset;
        let mut internal = run("image-registry.openshift-image-registry.svc:5000/shop/b");
        internal.meaning = Meaning::Internal;
        let mut snapshot = with(
            openshift(&["quay.io"], &[]),
            &[copy, unset, internal, import("docker.io/a/b"), short("web")],
        );
        let mut samples = stream("shop", "cart", vec![tag("v1", "docker.io/a/b")]);
        samples.managed = true;
        snapshot.streams.push(samples);
        let mut cart = workload(object(Kind::Deployment, "shop", "cart"), &[("web", "web")]);
        cart.triggers.push(extreg_snapshot::testing::trigger(
            "shop",
            "cart:v1",
            &["web"],
        ));
        snapshot.workloads.push(cart);
        assert_eq!(messages(&snapshot), []);
    }

    #[test]
    fn mirrors_of_a_source_that_is_never_contacted_are_judged() {
        let never = |rule: MirrorRule| MirrorRule {
            never_source: true,
            ..rule
        };
        let rule = mirror(Kind::ImageTagMirrorSet, "m", "quay.io", &["m.corp/quay"]);
        let mut snapshot = with(openshift(&["quay.io"], &[]), &[run("quay.io/a/b:1")]);
        snapshot.cluster.mirrors = Known::Known(vec![rule.clone()]);
        assert_eq!(messages(&snapshot), []);
        snapshot.cluster.mirrors = Known::Known(vec![never(rule.clone())]);
        assert_eq!(
            messages(&snapshot),
            [(
                "mirror-not-allowed",
                "quay.io/a/b:1 comes from its mirror m.corp/quay/a/b, which allowedRegistries of \
                 the cluster does not have"
                    .to_owned()
            )]
        );

        // A blocked source with a mirror is served by the mirror.
        let mut snapshot = with(openshift(&[], &["quay.io"]), &[run("quay.io/a/b:1")]);
        snapshot.cluster.mirrors = Known::Known(vec![rule]);
        assert_eq!(messages(&snapshot), []);
    }
}
