//! EXR013: nobody asks for signatures of what an approved registry serves.
//!
//! A list of approved registries says where an image may come from, a ClusterImagePolicy or, for one
//! namespace, an ImagePolicy says whose it must be (openshift/api `config/v1/types_image_policy.go`).
//! Nodes write their scopes into policy.json, so they match as `allowedRegistries` do: whole names, a
//! host, `*.` and a domain; never a short name. The policy of the cluster wins over that of a namespace,
//! but either asks for a signature.
//!
//! One finding a registry. Without a list nothing is approved, and where the cluster does not serve
//! ClusterImagePolicy there is nothing to write; neither is a finding here.

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
                message: "whether signatures are asked for cannot be told: the signature policies \
                          could not be read"
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

/// What is pulled of approved registries, with the namespace that asks for it, by registry.
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
            "no signature policy covers {} of the {} repositories of {registry} that are used, such \
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
    "Whoever can push to the registry, or answer in its place, decides what runs. A policy refuses \
     what is not signed by your key, so sign what you run before you write one."
        .to_owned()
}

/// A policy refuses whatever is not signed, on every node: a person signs first.
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
        "sign what is used, then write a ClusterImagePolicy with your public key and the scopes \
         {scopes}: nodes refuse what is not signed from then on"
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
    fn a_registry_is_told_once_and_only_if_it_is_approved() {
        let [finding] = found(&snapshot(Vec::new())).try_into().unwrap();
        assert_eq!(
            finding.message,
            "no signature policy covers 2 of the 2 repositories of quay.io that are used, such as \
             quay.io/acme/a"
        );
        assert_eq!(&*finding.place.part, "quay.io");
        assert_eq!(
            finding.fix_text(),
            "sign what is used, then write a ClusterImagePolicy with your public key and the scopes \
             quay.io/acme/a, quay.io/acme/b: nodes refuse what is not signed from then on"
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
            let told = findings.first().map_or("0 of", |finding| &finding.message);
            assert!(
                told.contains(&format!("{missing} of")),
                "{policies:?}: {told}"
            );
        }
    }

    #[test]
    fn many_repositories_become_the_registry() {
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
    fn without_a_list_or_the_kind_nothing_is_told() {
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
    fn policies_that_could_not_be_read_leave_it_open() {
        let mut unread = snapshot(Vec::new());
        unread.cluster.signatures = Known::Unknown;
        let [finding] = found(&unread).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
        unread.uses.clear();
        assert_eq!(found(&unread), []);
    }
}
