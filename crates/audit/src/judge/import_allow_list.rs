//! EXR003: ImageStreams may import from every registry.
//!
//! `spec.allowedRegistriesForImport` of `image.config.openshift.io/cluster` is asked when an ordinary
//! user writes a tag of an ImageStream or an ImageStreamImport; empty admits every registry, and so does
//! a host that is only stars (openshift-apiserver `pkg/image/apis/image/validation/whitelist`). It is a
//! list of its own: `registrySources.allowedRegistries` is not asked by the importer. ComplianceAsCode
//! asks for it in rule `ocp_allowed_registries_for_import`.

use std::collections::BTreeSet;

use extreg_core::facts::Known;
use extreg_remedy::{Action, ClusterList, Inspection, Remedy};
use extreg_snapshot::{Meaning, Snapshot, UseRole};

use super::remedy;
use super::support::{Draft, configuration, judged, registries_in_use};
use crate::approval::{Allowance, List, targets};
use crate::check::CheckId;
use crate::finding::Finding;

const FIELD: &str = "spec.allowedRegistriesForImport";
/// What OpenShift's own streams are imported from; the samples operator refuses to run without.
const PLATFORM: [&str; 2] = ["quay.io", "registry.redhat.io"];

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let draft = |rule, message: &str, fix| {
        Draft {
        check: CheckId::Exr003,
        rule,
        message: message.to_owned(),
        why: "Any user of a project may import an image from anywhere, and workloads and builds that \
              name the stream follow it."
            .to_owned(),
        fix,
    }
    };
    let sources = match &snapshot.cluster.registries {
        Known::Known(Some(sources)) => sources,
        Known::Known(None) => return,
        Known::Unknown => {
            let draft = draft(
                "absent",
                "inconclusive: image.config.openshift.io/cluster, which limits imports, could not be read",
                remedy::look_at_image_config(),
            );
            findings.push(draft.at(configuration(snapshot, "", FIELD)).unknown());
            return;
        }
    };
    let place = configuration(snapshot, "", FIELD);
    if sources.allowed_for_import.is_empty() {
        let message = "imports may come from every registry: the cluster has no \
                       allowedRegistriesForImport";
        findings.push(draft("absent", message, fix(snapshot)).at(place));
        return;
    }
    let admits_all = sources
        .allowed_for_import
        .iter()
        .enumerate()
        .find(|(_, entry)| is_any_host(&entry.domain));
    if let Some((index, entry)) = admits_all {
        let field = format!("{FIELD}[{index}].domainName");
        let message = format!(
            "imports may come from every registry: allowedRegistriesForImport has {}",
            entry.domain
        );
        let place = configuration(snapshot, &entry.domain, &field);
        let fix = Remedy::instruct_after(
            format!(
                "replace {} in {FIELD} by the registries that are approved for imports",
                entry.domain
            ),
            Inspection::Inventory,
        );
        findings.push(draft("admits-all", &message, fix).at(place));
    }
}

/// Whether a `domainName` admits every host: only stars, on whatever port.
fn is_any_host(domain: &str) -> bool {
    let host = domain.split_once(':').map_or(domain, |(host, _)| host);
    host.contains('*') && host.chars().all(|c| c == '*')
}

/// The user's list, where everything that is imported is on it.
fn fix(snapshot: &Snapshot) -> Remedy {
    let allowance = Allowance::of(snapshot);
    let mut imports = judged(snapshot)
        .filter(|used| used.role == UseRole::Import && used.meaning == Meaning::External);
    let all_approved = imports.all(|used| {
        let targets = targets(used, &snapshot.cluster).known().unwrap_or_default();
        targets
            .iter()
            .all(|target| allowance.approves(target) == Some(true))
    });
    match allowance.list {
        List::Given(_) if all_approved => Remedy::run(Action::SetClusterList {
            list: ClusterList::AllowedForImport,
            registries: allowed(snapshot).into_iter().collect(),
        }),
        _ => Remedy::instruct_after(
            format!(
                "decide from which registries users can import, and write them to {FIELD}; what is in \
                 use is not what is approved"
            ),
            Inspection::Inventory,
        ),
    }
}

fn allowed(snapshot: &Snapshot) -> BTreeSet<String> {
    let mut allowed = registries_in_use(snapshot, &[UseRole::Import]);
    allowed.extend(PLATFORM.map(str::to_owned));
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_remedy::Outcome;
    use extreg_snapshot::AllowedRegistry;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{approved, image_use, object, openshift, place};

    fn found(snapshot: &Snapshot) -> Vec<Finding> {
        let mut findings = Vec::new();
        check(snapshot, &mut findings);
        findings
    }

    fn with(domains: &[&str]) -> Snapshot {
        let mut snapshot = openshift(&["quay.io"], &[]);
        if let Known::Known(Some(sources)) = &mut snapshot.cluster.registries {
            sources.allowed_for_import = domains
                .iter()
                .map(|domain| AllowedRegistry {
                    domain: (*domain).into(),
                    insecure: false,
                })
                .collect();
        }
        let tag = place(
            &object(Kind::ImageStream, "shop", "a"),
            "v1",
            "spec.tags[0].from.name",
        );
        let pod = place(
            &object(Kind::Pod, "shop", "a"),
            "c",
            "spec.containers[0].image",
        );
        snapshot.uses = vec![
            image_use(tag, UseRole::Import, "reg.example.com:5000/acme/a"),
            image_use(pod, UseRole::Run, "ghcr.io/acme/a"),
        ];
        snapshot
    }

    #[test]
    fn what_is_imported_approves_nothing() {
        let [finding] = found(&with(&[])).try_into().unwrap();
        assert_eq!(finding.rule, "absent");
        assert!(finding.fix.actions().is_empty(), "{finding:?}");
        let mut snapshot = with(&[]);
        snapshot.approved = Some(approved(&["reg.example.com:5000"]));
        let [finding] = found(&snapshot).try_into().unwrap();
        assert_eq!(
            finding.fix_text(),
            r#"oc patch image.config.openshift.io/cluster --type=merge -p '{"spec":{"allowedRegistriesForImport":[{"domainName":"quay.io","insecure":false},{"domainName":"reg.example.com:5000","insecure":false},{"domainName":"registry.redhat.io","insecure":false}]}}'"#
        );
    }

    #[test]
    fn a_list_is_enough_unless_it_admits_everything() {
        for (domains, want) in [
            (&["docker.io"][..], None),
            (&["*.example.com", "quay.io:*"], None),
            (&["docker.io", "*"], Some("admits-all")),
            (&["*:5000"], Some("admits-all")),
        ] {
            let rules: Vec<_> = found(&with(domains)).iter().map(|f| f.rule).collect();
            assert_eq!(rules, want.into_iter().collect::<Vec<_>>(), "{domains:?}");
        }
    }

    #[test]
    fn without_openshift_there_is_nothing_and_unread_is_unknown() {
        let mut other = Snapshot::default();
        other.cluster.registries = Known::Known(None);
        assert_eq!(found(&other), []);
        let [finding] = found(&Snapshot::default()).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
    }
}
