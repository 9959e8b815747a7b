//! EXR004: a registry is used without TLS, or without verifying its certificate.
//!
//! Three fields allow this: `registrySources.insecureRegistries`, for nodes, builds and imports;
//! `insecure: true` of an entry of `allowedRegistriesForImport`, which allows plain HTTP; and
//! `importPolicy.insecure` of one tag (openshift/api `config/v1/types_image.go` and
//! `image/v1/types.go`). ComplianceAsCode checks the first two in rules `ocp_insecure_registries` and
//! `ocp_insecure_allowed_registries_for_import`.

use extreg_core::facts::Known;
use extreg_remedy::{Action, Inspection, Remedy, SpecTag};
use extreg_snapshot::place::{ImageName, Place};
use extreg_snapshot::{RegistrySources, Snapshot, StreamRecord, TagOrigin, TagRecord};

use super::remedy;
use super::support::{Draft, configuration};
use crate::approval::{Scope, targets};
use crate::check::CheckId;
use crate::finding::Finding;

const INSECURE: &str = "spec.registrySources.insecureRegistries";
const FOR_IMPORT: &str = "spec.allowedRegistriesForImport";

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    match &snapshot.cluster.registries {
        Known::Known(Some(sources)) => configured(snapshot, sources, findings),
        Known::Known(None) => {}
        Known::Unknown => {
            let draft = draft(
                "cluster-insecure",
                "inconclusive: insecure registries in image.config.openshift.io/cluster could not be \
                 read"
                    .to_owned(),
                remedy::inspect_image_config(),
            );
            findings.push(draft.at(configuration(snapshot, "", INSECURE)).unknown());
        }
    }
    for stream in &snapshot.streams {
        for tag in stream.tags.iter().filter(|tag| tag.insecure) {
            findings.push(insecure_tag(snapshot, stream, tag));
        }
    }
}

fn draft(rule: &'static str, message: String, fix: Remedy) -> Draft {
    Draft {
        check: CheckId::Exr004,
        rule,
        message,
        why: "Anyone on the network path can read the credentials and serve another image."
            .to_owned(),
        fix,
    }
}

fn configured(snapshot: &Snapshot, sources: &RegistrySources, findings: &mut Vec<Finding>) {
    for (index, entry) in sources.insecure.iter().enumerate() {
        let place = configuration(snapshot, entry, &format!("{INSECURE}[{index}]"));
        let uses = count_uses(snapshot, entry);
        // A registry in use may be reachable in no other way.
        let fix = if uses == 0 {
            Remedy::run(Action::VerifyRegistry {
                index,
                registry: entry.clone(),
            })
        } else {
            Remedy::instruct_after(
                format!(
                    "give {entry} a certificate that the cluster trusts (spec.additionalTrustedCA of \
                     {}), then remove it from {INSECURE}",
                    place.object
                ),
                Inspection::Inventory,
            )
        };
        let used_by = match uses {
            0 => "no image that was read uses it".to_owned(),
            1 => "1 image uses it".to_owned(),
            uses => format!("{uses} images use it"),
        };
        let message = format!("the cluster does not verify the certificate of {entry}; {used_by}");
        findings.push(draft("cluster-insecure", message, fix).at(place));
    }
    let entries = sources.allowed_for_import.iter().enumerate();
    for (index, entry) in entries.filter(|(_, entry)| entry.insecure) {
        let field = format!("{FOR_IMPORT}[{index}].insecure");
        let place = configuration(snapshot, &entry.domain, &field);
        let fix = Remedy::run(Action::VerifyImports {
            index,
            registry: entry.domain.clone(),
        });
        let message = format!("imports from {} may be insecure", entry.domain);
        findings.push(draft("import-insecure", message, fix).at(place));
    }
}

/// How many fields name an image that an entry of registries.conf applies to.
fn count_uses(snapshot: &Snapshot, entry: &str) -> usize {
    snapshot
        .uses
        .iter()
        .filter(|used| !used.owned)
        .filter_map(|used| targets(used, &snapshot.cluster).known())
        .filter(|targets| {
            targets
                .iter()
                .any(|target| Scope(entry).prefix_of(target).is_some())
        })
        .count()
}

fn insecure_tag(snapshot: &Snapshot, stream: &StreamRecord, tag: &TagRecord) -> Finding {
    let index = tag.index.unwrap_or_default();
    let place = Place {
        object: stream.object.clone(),
        part: tag.name.clone(),
        field: format!("spec.tags[{index}].importPolicy.insecure").into(),
        origin: stream.origin.clone(),
    };
    let fix = match SpecTag::new(&stream.object, tag) {
        Some(tag) => Remedy::run(Action::Secure { tag }),
        None => Remedy::instruct(format!("remove {} of {}", place.field, place.object)),
    };
    let from = match &tag.from {
        TagOrigin::Image(image) => image.to_string(),
        TagOrigin::Stream { name, .. } => name.to_string(),
        TagOrigin::Pushed => "its registry".to_owned(),
    };
    let message = format!("tag {} is imported from {from} insecurely", tag.name);
    Finding {
        image: image_of(snapshot, &place, tag),
        ..draft("tag-insecure", message, fix).at(place)
    }
}

/// The image that the tag's own field names.
fn image_of(snapshot: &Snapshot, place: &Place, tag: &TagRecord) -> Option<ImageName> {
    let TagOrigin::Image(written) = &tag.from else {
        return None;
    };
    let first = snapshot
        .uses
        .partition_point(|used| used.place.object < place.object);
    snapshot
        .uses
        .iter()
        .skip(first)
        .take_while(|used| used.place.object == place.object)
        .find(|used| used.place.part == place.part && used.image.written == *written)
        .map(|used| used.image.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_remedy::Outcome;
    use extreg_remedy::SnapshotScene;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::place::Origin;
    use extreg_snapshot::testing::{image_use, object, openshift, place, stream, tag};
    use extreg_snapshot::{AllowedRegistry, UseRole};

    fn found(snapshot: &Snapshot) -> Vec<Finding> {
        let mut findings = Vec::new();
        check(snapshot, &mut findings);
        findings
    }

    fn configured_with(insecure: &[&str], for_import: &[(&str, bool)]) -> Snapshot {
        let mut snapshot = openshift(&["quay.io"], &[]);
        if let Known::Known(Some(sources)) = &mut snapshot.cluster.registries {
            sources.insecure = insecure.iter().map(|entry| (*entry).into()).collect();
            sources.allowed_for_import = for_import
                .iter()
                .map(|(domain, insecure)| AllowedRegistry {
                    domain: (*domain).into(),
                    insecure: *insecure,
                })
                .collect();
        }
        snapshot
    }

    fn insecure_stream() -> StreamRecord {
        let tags = vec![
            tag("v1", "reg.corp/acme/a:1"),
            TagRecord {
                index: Some(1),
                insecure: true,
                ..tag("v2", "reg.corp/acme/a:2")
            },
        ];
        stream("shop", "a", tags)
    }

    #[test]
    fn every_insecure_entry_is_found_with_a_command_that_removes_it() {
        let mut snapshot = configured_with(
            &["a.corp", "reg.corp"],
            &[("quay.io", false), ("b.corp", true)],
        );
        let at = place(
            &object(Kind::Pod, "shop", "a"),
            "c",
            "spec.containers[0].image",
        );
        snapshot.uses = vec![image_use(at, UseRole::Run, "reg.corp:5000/acme/a:2")];
        let findings = found(&snapshot);
        let told: Vec<_> = findings
            .iter()
            .map(|finding| (finding.rule, &*finding.place.part))
            .collect();
        assert_eq!(
            told,
            [
                ("cluster-insecure", "a.corp"),
                ("cluster-insecure", "reg.corp"),
                ("import-insecure", "b.corp")
            ]
        );
        assert_eq!(
            findings[0].fix_text(),
            r#"oc patch image.config.openshift.io/cluster --type=json -p '[{"op":"test","path":"/spec/registrySources/insecureRegistries/0","value":"a.corp"},{"op":"remove","path":"/spec/registrySources/insecureRegistries/0"}]'"#
        );
        // A registry in use may be reachable in no other way.
        assert!(findings[1].fix.actions().is_empty(), "{findings:?}");
        assert!(
            findings[0]
                .message
                .ends_with("no image that was read uses it"),
            "{}",
            findings[0].message
        );
        assert!(
            findings[1].message.ends_with("1 image uses it"),
            "{}",
            findings[1].message
        );
        assert_eq!(
            findings[2].fix_text(),
            r#"oc patch image.config.openshift.io/cluster --type=json -p '[{"op":"test","path":"/spec/allowedRegistriesForImport/1/domainName","value":"b.corp"},{"op":"add","path":"/spec/allowedRegistriesForImport/1/insecure","value":false}]'"#
        );
    }

    #[test]
    fn an_insecure_tag_is_found_at_its_field() {
        let mut snapshot = configured_with(&[], &[]);
        snapshot.streams = vec![insecure_stream()];
        let at = place(
            &object(Kind::ImageStream, "shop", "a"),
            "v2",
            "spec.tags[1].from.name",
        );
        snapshot.uses = vec![image_use(at, UseRole::Import, "reg.corp/acme/a:2")];
        let [finding] = found(&snapshot).try_into().unwrap();
        assert_eq!(finding.rule, "tag-insecure");
        assert_eq!(&*finding.place.part, "v2");
        assert_eq!(&*finding.image.unwrap().registry, "reg.corp");
        assert_eq!(
            finding.fix.text(&extreg_remedy::Caller::Kubectl.into()),
            r#"kubectl patch imagestream.image.openshift.io/a --type=json -p '[{"op":"test","path":"/spec/tags/1/name","value":"v2"},{"op":"add","path":"/spec/tags/1/importPolicy/insecure","value":false}]' -n shop"#
        );

        snapshot.streams[0].origin = Origin::File {
            path: "a.yaml".into(),
            line: 1,
        };
        let [finding] = found(&snapshot).try_into().unwrap();
        let fix = finding.fix.checked(
            &SnapshotScene::new(&snapshot, &|_| false),
            Outcome::Fail,
            &finding.place.origin,
        );
        assert_eq!(
            fix.text(&extreg_remedy::Caller::Oc.into()),
            "in a.yaml:1: remove spec.tags[1].importPolicy.insecure of \
             imagestream.image.openshift.io/a in shop"
        );
    }

    #[test]
    fn registries_with_verified_certificates_have_no_findings() {
        let mut snapshot = configured_with(&[], &[("quay.io", false)]);
        snapshot.streams = vec![stream("shop", "a", vec![tag("v1", "reg.corp/acme/a:1")])];
        assert_eq!(found(&snapshot), []);
    }

    #[test]
    fn tags_are_judged_even_if_the_cluster_is_unknown() {
        let snapshot = Snapshot {
            streams: vec![insecure_stream()],
            ..Snapshot::default()
        };
        let [cluster, tag] = found(&snapshot).try_into().unwrap();
        assert_eq!(
            (cluster.outcome, tag.outcome),
            (Outcome::Unknown, Outcome::Fail)
        );
        let mut other = Snapshot::default();
        other.cluster.registries = Known::Known(None);
        assert_eq!(found(&other), []);
    }
}
