//! EXR003: ImageStreams can import from every registry.
//!
//! OpenShift checks `spec.allowedRegistriesForImport` of `image.config.openshift.io/cluster` when an ordinary
//! user writes a tag of an ImageStream or an ImageStreamImport. An empty list allows every registry, and so
//! does a host of stars only (openshift-apiserver `pkg/image/apis/image/validation/whitelist`). The list is
//! separate: the importer ignores `registrySources.allowedRegistries`. ComplianceAsCode
//! requires it in rule `ocp_allowed_registries_for_import`.

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
/// The sources of OpenShift's own streams; the samples operator refuses to run without them.
const PLATFORM: [&str; 2] = ["quay.io", "registry.redhat.io"];

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let draft = |rule, message: &str, fix| Draft {
        check: CheckId::Exr003,
        rule,
        message: message.to_owned(),
        why:
            "Any user of a project can import an image from any registry, and workloads and builds \
              that name the stream follow it."
                .to_owned(),
        fix,
    };
    let sources = match &snapshot.cluster.registries {
        Known::Known(Some(sources)) => sources,
        Known::Known(None) => return,
        Known::Unknown => {
            let draft = draft(
                "absent",
                "inconclusive: the import allow-list in image.config.openshift.io/cluster could not be read",
                remedy::inspect_image_config(),
            );
            findings.push(draft.at(configuration(snapshot, "", FIELD)).unknown());
            return;
        }
    };
    let place = configuration(snapshot, "", FIELD);
    if sources.allowed_for_import.is_empty() {
        let message = "imports can come from every registry: the cluster has no \
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
            "imports can come from every registry: allowedRegistriesForImport has {}",
            entry.domain
        );
        let place = configuration(snapshot, &entry.domain, &field);
        let fix = Remedy::instruct_after(
            format!(
                "replace {} in {FIELD} with the registries that are approved for imports",
                entry.domain
            ),
            Inspection::Inventory,
        );
        findings.push(draft("admits-all", &message, fix).at(place));
    }
}

/// Whether a `domainName` admits every host: only stars, on any port.
fn is_any_host(domain: &str) -> bool {
    let host = domain.split_once(':').map_or(domain, |(host, _)| host);
    host.contains('*') && host.chars().all(|c| c == '*')
}

/// The user's list, if it has all registries that images are imported from.
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
                "decide from which registries users can import, and write them to {FIELD}; a registry \
                 in use is not necessarily approved"
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
    fn an_imported_registry_is_not_approved_by_that() {
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
    fn a_list_is_enough_unless_it_allows_every_registry() {
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
    fn without_openshift_no_findings_and_unreadable_is_inconclusive() {
        let mut other = Snapshot::default();
        other.cluster.registries = Known::Known(None);
        assert_eq!(found(&other), []);
        let [finding] = found(&Snapshot::default()).try_into().unwrap();
        assert_eq!(finding.outcome, Outcome::Unknown);
    }
}
