//! SPDX 2.3: the images as packages.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::image_group::{self, ImageGroup};
use super::percent::encoded;
use super::{json_text, phrases};
use crate::report::Report;

const DOCUMENT: &str = "SPDXRef-DOCUMENT";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "SPDX's own names")]
struct Document {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    document_namespace: String,
    creation_info: CreationInfo,
    packages: Vec<Package>,
    relationships: Vec<Relationship>,
    annotations: Vec<Annotation>,
}

#[derive(Serialize)]
struct CreationInfo {
    created: String,
    creators: [String; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version_info: String,
    download_location: &'static str,
    files_analyzed: bool,
    primary_package_purpose: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
    comment: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "SPDX's own names")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "SPDX's own names")]
struct Relationship {
    spdx_element_id: &'static str,
    relationship_type: &'static str,
    related_spdx_element: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "SPDX's own names")]
struct Annotation {
    annotation_date: String,
    annotation_type: &'static str,
    annotator: String,
    comment: String,
}

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    // The specification wants whole seconds; a report that does not say when it was made is of the
    // time that says nothing.
    let made = phrases::timestamp(report).map_or(0, Timestamp::as_second);
    let created = Timestamp::from_second(made)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .to_string();
    let creator = format!("Tool: oc-extreg-{}", report.version);
    let sources: Vec<_> = report.sections.iter().map(|of| &*of.source).collect();
    let name = format!("Images of {}", sources.join(", "));
    let packages: Vec<_> = image_group::of(report)
        .iter()
        .enumerate()
        .map(|(at, group)| package(report, at, group))
        .collect();
    let remarks = image_group::remarks(report).into_iter();
    let document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        document_namespace: format!(
            "https://extreg.io/spdx/{}/{}",
            encoded(&sources.join(","), ""),
            encoded(&created, "")
        ),
        name,
        relationships: relationships(&packages),
        packages,
        annotations: remarks
            .map(|(name, text)| Annotation {
                annotation_date: created.clone(),
                annotation_type: "OTHER",
                annotator: creator.clone(),
                comment: format!("{name}: {text}"),
            })
            .collect(),
        creation_info: CreationInfo {
            created,
            creators: [creator],
        },
    };
    json_text::write(&document, out)
}

/// A document describes something, be it nothing.
fn relationships(packages: &[Package]) -> Vec<Relationship> {
    let describes = |element: &str| Relationship {
        spdx_element_id: DOCUMENT,
        relationship_type: "DESCRIBES",
        related_spdx_element: element.to_owned(),
    };
    match packages {
        [] => vec![describes("NONE")],
        packages => packages
            .iter()
            .map(|package| describes(&package.id))
            .collect(),
    }
}

fn package(report: &Report, at: usize, group: &ImageGroup<'_>) -> Package {
    let digest = group.digest_source();
    let digest = digest.map_or(String::new(), |source| format!("digest {source}; "));
    Package {
        id: format!("SPDXRef-image-{}", at + 1),
        name: group.repository(),
        version_info: match &*group.tag {
            "" => group.image.digest.to_string(),
            tag => tag.to_owned(),
        },
        download_location: "NOASSERTION",
        files_analyzed: false,
        primary_package_purpose: "CONTAINER",
        checksums: group
            .sha256()
            .map(|value| Checksum {
                algorithm: "SHA256",
                checksum_value: value.to_owned(),
            })
            .into_iter()
            .collect(),
        external_refs: group
            .purl()
            .map(|locator| ExternalRef {
                reference_category: "PACKAGE-MANAGER",
                reference_type: "purl",
                reference_locator: locator,
            })
            .into_iter()
            .collect(),
        comment: format!(
            "{}; {digest}used by {}",
            group.meaning(),
            group.used_by(report).join("; ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::format::sample;

    fn document(report: &Report) -> Value {
        let mut out = Vec::new();
        render(report, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn every_image_is_described() {
        for (name, report) in sample::all() {
            let document = document(&report);
            let packages = document["packages"].as_array().unwrap();
            let relationships = document["relationships"].as_array().unwrap();
            assert!(!relationships.is_empty(), "{name}");
            for (package, relationship) in packages.iter().zip(relationships) {
                assert_eq!(relationship["relatedSpdxElement"], package["SPDXID"]);
                assert_eq!(relationship["spdxElementId"], document["SPDXID"]);
            }
            assert_eq!(document["creationInfo"]["created"], "2026-11-24T10:00:00Z");
        }
    }

    #[test]
    fn an_image_has_its_name_and_checksum() {
        let document = document(&sample::clean());
        let cart = &document["packages"][0];
        assert_eq!(cart["name"], "docker.io/acme/cart");
        assert_eq!(cart["checksums"][0]["algorithm"], "SHA256");
        assert_eq!(cart["externalRefs"][0]["referenceType"], "purl");
        assert_eq!(
            cart["comment"],
            "external; digest named; used by prod: run, pod/cart-1 in shop, web"
        );
    }
}
