//! EXR013: no policy requires signatures for images of an approved registry.
//!
//! A list of approved registries restricts where an image comes from; a ClusterImagePolicy or, for one
//! namespace, an ImagePolicy restricts who signed it (openshift/api `config/v1/types_image_policy.go`).
//! Nodes write their scopes into policy.json, so they match as `allowedRegistries` do: whole names, a
//! host, `*.` and a domain; never a short name. The policy of the cluster wins over that of a namespace,
//! but either one requires a signature.
//!
//! One finding per registry. Without a list nothing is approved, and if the cluster does not serve
//! ClusterImagePolicy, no policy can exist; neither is a finding here.

use std::collections::{BTreeMap, BTreeSet};

use extreg_core::facts::Known;
use extreg_remedy::{Inspection, Remedy};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Place;
use extreg_snapshot::{Meaning, SignaturePolicy, Snapshot, UseRole};

use super::support::{Draft, judged, whole};
use crate::approval::{Allowance, Scope, Target, targets};
use crate::check::CheckId;
use crate::finding::Finding;

/// More repositories than these are counted.
const MANY: usize = 5;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let served = !snapshot
        .coverage
        .not_served
        .contains(&Kind::ClusterImagePolicy);
    if !served || matches!(snapshot.cluster.registries, Known::Known(None)) {
        return;
    }
    let in_use = in_use(snapshot);
    match &snapshot.cluster.signatures {
        Known::Unknown if in_use.is_empty() => {}
        Known::Unknown => {
            let draft = Draft {
                check: CheckId::Exr013,
                rule: "unsigned",
                message: "inconclusive: the signature policies could not be \
                          read"
                    .to_owned(),
                why: why(),
                fix: Remedy::Inspect(Inspection::List {
                    resources: "clusterimagepolicies.config.openshift.io,imagepolicies.config.openshift.io",
                    namespace: "".into(),
                }),
            };
            findings.push(draft.at(whole(Kind::ClusterImagePolicy)).unknown());
        }
        Known::Known(policies) => {
            for (registry, images) in in_use {
                findings.extend(uncovered(policies, &registry, &images));
            }
        }
    }
}

/// Pulls from approved registries, with their namespace, by registry.
fn in_use(snapshot: &Snapshot) -> BTreeMap<String, BTreeSet<(Target, &str)>> {
    let allowance = Allowance::of(snapshot);
    let mut all: BTreeMap<String, BTreeSet<_>> = BTreeMap::new();
    let pulled =
        judged(snapshot).filter(|u| u.meaning == Meaning::External && u.role != UseRole::Push);
    for used in pulled {
        let targets = targets(used, &snapshot.cluster).known().unwrap_or_default();
        for target in targets {
            if allowance.approves(&target) == Some(true) {
                let registry = target.registry().to_owned();
                let namespace = &*used.place.object.namespace;
                all.entry(registry).or_default().insert((target, namespace));
            }
        }
    }
    all
}

fn uncovered(
    policies: &[SignaturePolicy],
    registry: &str,
    images: &BTreeSet<(Target, &str)>,
) -> Option<Finding> {
    let is_covered = |target: &Target, namespace: &str| {
        policies
            .iter()
            .filter(|policy| {
                policy.object.namespace.is_empty() || *policy.object.namespace == *namespace
            })
            .flat_map(|policy| &policy.scopes)
            .any(|scope| Scope(scope).admits(target))
    };
    let missing: BTreeSet<_> = images
        .iter()
        .filter(|(target, namespace)| !is_covered(target, namespace))
        .map(|(target, _)| target.name())
        .collect();
    let example = missing.first()?;
    let all: BTreeSet<_> = images.iter().map(|(target, _)| target.name()).collect();
    let draft = Draft {
        check: CheckId::Exr013,
        rule: "unsigned",
        message: format!(
            "no signature policy covers {} of the {} repositories of {registry} in use, such \
             as {example}",
            missing.len(),
            all.len()
        ),
        why: why(),
        fix: fix(registry, &missing),
    };
    Some(draft.at(Place {
        part: registry.into(),
        ..whole(Kind::ClusterImagePolicy)
    }))
}

fn why() -> String {
    "Anyone who can push to the registry, or can answer in its place, controls the image. A policy refuses \
     images that your key did not sign, so sign your images before you create one."
        .to_owned()
}

/// A policy refuses unsigned images on every node: a person signs them first.
fn fix(registry: &str, missing: &BTreeSet<String>) -> Remedy {
    let scopes = if missing.len() > MANY {
        registry.to_owned()
    } else {
        missing
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    };
    Remedy::instruct(format!(
        "sign the images in use, then create a ClusterImagePolicy with your public key and the scopes \
         {scopes}: from then on nodes refuse unsigned images"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_remedy::Outcome;
    use extreg_snapshot::ImageUse;
    use extreg_snapshot::testing::{approved, image_use, object, openshift, place};

    fn run(namespace: &str, written: &str) -> ImageUse {
        let at = place(
            &object(Kind::Pod, namespace, "cart"),
            "web",
            "spec.containers[0].image",
        );
        image_use(at, UseRole::Run, written)
    }

    fn policy(namespace: &str, scopes: &[&str]) -> SignaturePolicy {
        let kind = if namespace.is_empty() {
            Kind::ClusterImagePolicy
        } else {
            Kind::ImagePolicy
        };
        SignaturePolicy {
            object: object(kind, namespace, "p"),
            scopes: scopes.iter().map(|scope| (*scope).into()).collect(),
        }
    }

    fn snapshot(policies: Vec<SignaturePolicy>) -> Snapshot {
        let mut snapshot = openshift(&[], &[]);
        snapshot.approved = Some(approved(&["quay.io", "docker.io"]));
        snapshot.cluster.signatures = Known::Known(policies);
        snapshot.uses = vec![
            run("shop", "quay.io/acme/a:1"),
            run("shop", "quay.io/acme/a:2"),
            run("shop", "quay.io/acme/b:1"),
            run("shop", "ghcr.io/other/c:1"),
        ];
        snapshot
    }

    fn found(snapshot: &Snapshot) -> Vec<Finding> {
        let mut findings = Vec::new();
        check(snapshot, &mut findings);
        findings
    }

    #[test]
    fn an_approved_registry_is_reported_once() {
        let [finding] = found(&snapshot(Vec::new())).try_into().unwrap();
        assert_eq!(
            finding.message,
            "no signature policy covers 2 of the 2 repositories of quay.io in use, such as \
             quay.io/acme/a"
        );
        assert_eq!(&*finding.place.part, "quay.io");
        assert_eq!(
            finding.fix_text(),
            "sign the images in use, then create a ClusterImagePolicy with your public key and the scopes \
             quay.io/acme/a, quay.io/acme/b: from then on nodes refuse unsigned images"
        );
    }

    #[test]
    fn scopes_cover_whole_names() {
        for (policies, missing) in [
            (vec![policy("", &["quay.io"])], 0),
            (vec![policy("", &["quay.io/acme"])], 0),
            (vec![policy("", &["quay.io/ac"])], 2),
            (vec![policy("", &["quay.io/acme/a"])], 1),
            (
                vec![
                    policy("", &["quay.io/acme/a"]),
                    policy("shop", &["quay.io/acme/b"]),
                ],
                0,
            ),
            (vec![policy("other", &["quay.io"])], 2),
            (vec![policy("", &["*.io"])], 0),
            (vec![policy("", &["*.quay.io"])], 2),
        ] {
            let findings = found(&snapshot(policies.clone()));
            let message = findings.first().map_or("0 of", |finding| &finding.message);
            assert!(
                message.contains(&format!("{missing} of")),
                "{policies:?}: {message}"
            );
        }
    }

    #[test]
    fn many_repositories_are_shown_as_their_registry() {
        let mut snapshot = snapshot(Vec::new());
        snapshot.uses = (0..=MANY)
            .map(|index| run("shop", &format!("quay.io/acme/r{index}:1")))
            .collect();
        let [finding] = found(&snapshot).try_into().unwrap();
        assert!(
            finding.fix_text().contains("the scopes quay.io:"),
            "{}",
            finding.fix_text()
        );
    }

    #[test]
    fn without_a_list_or_the_kind_no_findings() {
        let mut listless = snapshot(Vec::new());
        listless.approved = None;
        assert_eq!(found(&listless), []);
        let mut old = snapshot(Vec::new());
        old.coverage.not_served.insert(Kind::ClusterImagePolicy);
        assert_eq!(found(&old), []);
        let mut other = snapshot(Vec::new());
        other.cluster.registries = Known::Known(None);
        assert_eq!(found(&other), []);
    }

    #[test]
    fn unreadable_policies_are_inconclusive() {
        let mut unread = snapshot(Vec::new());
        unread.cluster.signatures = Known::Unknown;
        let [finding] = found(&unread).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
        unread.uses.clear();
        assert_eq!(found(&unread), []);
    }
}
