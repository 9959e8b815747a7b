//! EXR015: an image comes from another registry than its name shows, or through a deprecated mirror object.
//!
//! ImageDigestMirrorSets and ImageTagMirrorSets (openshift/api `config/v1/types_image_digest_mirror_set.go`
//! and `types_image_tag_mirror_set.go`) send nodes, builds and imports to a mirror first. Disconnected
//! clusters depend on that, so this informs readers of the report, who would otherwise take the name for
//! the source. ImageContentSourcePolicy is the older form of the first and will be removed; `oc adm
//! migrate icsp` converts it.

use std::collections::{BTreeMap, BTreeSet};

use extreg_core::facts::Known;
use extreg_remedy::{Inspection, Remedy};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Place;
use extreg_snapshot::{ImageUse, Meaning, MirrorKind, MirrorRule, Snapshot, UseRole};

use super::support::{Draft, judged, mirrored, whole};
use crate::approval::targets;
use crate::check::CheckId;
use crate::finding::Finding;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let is_pulled =
        |used: &&ImageUse| used.meaning == Meaning::External && used.role != UseRole::Push;
    let rules = match &snapshot.cluster.mirrors {
        Known::Known(rules) => rules,
        Known::Unknown => {
            if judged(snapshot).any(|used| is_pulled(&used)) {
                findings.push(unread());
            }
            return;
        }
    };
    let legacy: BTreeMap<_, _> = rules
        .iter()
        .filter(|rule| rule.kind == MirrorKind::LegacyDigest)
        .map(|rule| (&rule.object, rule))
        .collect();
    findings.extend(legacy.into_values().map(is_legacy));

    let mut hidden: BTreeMap<&MirrorRule, BTreeSet<String>> = BTreeMap::new();
    for used in judged(snapshot).filter(is_pulled) {
        for target in targets(used, &snapshot.cluster).known().unwrap_or_default() {
            for rule in mirrored(rules, &target)
                .map(|found| found.rules)
                .unwrap_or_default()
            {
                hidden.entry(rule).or_default().insert(target.name());
            }
        }
    }
    findings.extend(hidden.iter().map(|(rule, names)| hides(rule, names)));
}

fn is_legacy(rule: &MirrorRule) -> Finding {
    let name = &rule.object.name;
    let draft = Draft {
        check: CheckId::Exr015,
        rule: "legacy",
        message: format!(
            "ImageContentSourcePolicy {name} is the older form of ImageDigestMirrorSet"
        ),
        why: "It is deprecated and will be removed.".to_owned(),
        fix: Remedy::instruct_after(
            format!(
                "convert {name} with oc adm migrate icsp, apply the result, wait for the nodes, then \
                 delete it"
            ),
            Inspection::Get(rule.object.clone()),
        ),
    };
    draft.at(Place {
        object: rule.object.clone(),
        part: "".into(),
        field: "".into(),
        origin: rule.origin.clone(),
    })
}

fn hides(rule: &MirrorRule, names: &BTreeSet<String>) -> Finding {
    let (field, by) = match rule.kind {
        MirrorKind::Digest => ("spec.imageDigestMirrors", "digest"),
        MirrorKind::LegacyDigest => ("spec.repositoryDigestMirrors", "digest"),
        MirrorKind::Tag => ("spec.imageTagMirrors", "tag"),
    };
    let draft = Draft {
        check: CheckId::Exr015,
        rule: "hidden-source",
        message: format!(
            "images of {} that are pulled by {by} come from {}{}: {}",
            rule.source,
            rule.mirrors.join(", "),
            if rule.never_source { "" } else { " first" },
            some_of(names)
        ),
        why: "The name shows one registry and another one serves the image: the content of the mirror \
              runs, and its credentials and limits apply."
            .to_owned(),
        fix: Remedy::Inspect(Inspection::Get(rule.object.clone())),
    };
    draft.at(Place {
        object: rule.object.clone(),
        part: rule.source.clone(),
        field: field.into(),
        origin: rule.origin.clone(),
    })
}

/// The first names and the number of the rest.
fn some_of(names: &BTreeSet<String>) -> String {
    let shown: Vec<_> = names.iter().take(3).map(String::as_str).collect();
    let text = shown.join(", ");
    match names.len().saturating_sub(shown.len()) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn unread() -> Finding {
    let draft = Draft {
        check: CheckId::Exr015,
        rule: "hidden-source",
        message: "inconclusive: the mirror sets could not be read".to_owned(),
        why: "A mirror can serve an image instead of the registry in its name.".to_owned(),
        fix: Remedy::Inspect(Inspection::List {
            resources: "imagedigestmirrorsets.config.openshift.io,imagetagmirrorsets.config.openshift.io",
            namespace: "".into(),
        }),
    };
    draft.at(whole(Kind::ImageDigestMirrorSet)).unknown()
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_remedy::Outcome;
    use extreg_snapshot::testing::{image_use, mirror, object, openshift, place};

    fn snapshot(rules: Vec<MirrorRule>, written: &[&str]) -> Snapshot {
        let at = place(
            &object(Kind::Pod, "shop", "cart"),
            "web",
            "spec.containers[0].image",
        );
        let mut snapshot = openshift(&[], &[]);
        snapshot.cluster.mirrors = Known::Known(rules);
        snapshot.uses = written
            .iter()
            .map(|written| image_use(at.clone(), UseRole::Run, written))
            .collect();
        snapshot
    }

    fn found(snapshot: &Snapshot) -> Vec<Finding> {
        let mut findings = Vec::new();
        check(snapshot, &mut findings);
        findings
    }

    #[test]
    fn a_rule_is_reported_once_with_the_images_it_affects() {
        let used = [
            "quay.io/a/1:1",
            "quay.io/a/2:1",
            "quay.io/a/3:1",
            "quay.io/a/4:1",
            "quay.io/a/4:2",
        ];
        let rules = vec![
            mirror(Kind::ImageTagMirrorSet, "tags", "quay.io/a", &["m.corp/a"]),
            mirror(Kind::ImageTagMirrorSet, "tags", "ghcr.io", &["m.corp/g"]),
            mirror(
                Kind::ImageDigestMirrorSet,
                "digests",
                "quay.io/a",
                &["d.corp/a"],
            ),
        ];
        let [finding] = found(&snapshot(rules, &used)).try_into().unwrap();
        assert_eq!(
            finding.message,
            "images of quay.io/a that are pulled by tag come from m.corp/a first: quay.io/a/1, \
             quay.io/a/2, quay.io/a/3 and 1 more"
        );
        assert_eq!(finding.rule, "hidden-source");
        assert_eq!(&*finding.place.part, "quay.io/a");
        assert_eq!(
            finding.fix_text(),
            "oc get imagetagmirrorset.config.openshift.io/tags -o yaml"
        );
    }

    #[test]
    fn the_older_form_is_reported_once_per_object_used_or_not() {
        let icsp = |source| mirror(Kind::ImageContentSourcePolicy, "old", source, &["m.corp"]);
        let [finding] = found(&snapshot(vec![icsp("quay.io"), icsp("ghcr.io")], &[]))
            .try_into()
            .unwrap();
        assert_eq!(finding.rule, "legacy");
        assert_eq!(
            finding.fix_text(),
            "convert old with oc adm migrate icsp, apply the result, wait for the nodes, then delete it; \
             see: oc get imagecontentsourcepolicy.operator.openshift.io/old -o yaml"
        );
    }

    #[test]
    fn unused_mirrors_are_not_a_finding() {
        let rules = vec![mirror(
            Kind::ImageTagMirrorSet,
            "tags",
            "quay.io",
            &["m.corp"],
        )];
        assert_eq!(found(&snapshot(rules, &["docker.io/a/b:1"])), []);
        assert_eq!(found(&snapshot(Vec::new(), &["docker.io/a/b:1"])), []);
    }

    #[test]
    fn unreadable_mirror_sets_are_inconclusive() {
        let mut unread = snapshot(Vec::new(), &["docker.io/a/b:1"]);
        unread.cluster.mirrors = Known::Unknown;
        let [finding] = found(&unread).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
        unread.uses.clear();
        assert_eq!(found(&unread), []);
    }
}
