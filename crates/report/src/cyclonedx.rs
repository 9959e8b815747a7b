//! CycloneDX 1.6: the images as a bill of materials, one component each. It has no serial number, so
//! that two audits of the same input are identical.

use std::collections::BTreeMap;
use std::io::{self, Write};

use extreg_audit::report::Report;
use serde::Serialize;

use super::image_group::{self, ImageGroup};
use super::{json_text, phrases};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "CycloneDX's own names")]
struct Bom<'a> {
    bom_format: &'static str,
    spec_version: &'static str,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component>,
    dependencies: Vec<Dependency>,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<&'a str>,
    tools: Tools,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Option<Component>,
}

#[derive(Serialize)]
struct Tools {
    components: [Component; 1],
}

#[derive(Default, Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "String::is_empty")]
    reference: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    version: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    components: Vec<Self>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct Property {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency {
    #[serde(rename = "ref")]
    of: String,
    depends_on: Vec<String>,
}

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let groups = image_group::of(report);
    let remarks = image_group::remarks(report).into_iter();
    let bom = Bom {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        version: 1,
        metadata: Metadata {
            timestamp: phrases::timestamp(report).map(|_| &*report.generated),
            tools: Tools {
                components: [Component {
                    kind: "application",
                    name: "oc-extreg".to_owned(),
                    version: report.version.clone(),
                    ..Component::default()
                }],
            },
            component: sources(report),
        },
        components: groups
            .iter()
            .map(|group| component(report, group))
            .collect(),
        dependencies: dependencies(report, &groups),
        properties: remarks
            .map(|(name, value)| Property { name, value })
            .collect(),
    };
    json_text::write(&bom, out)
}

/// The source of the images: a cluster, a set of files, or several.
fn sources(report: &Report) -> Option<Component> {
    let sections = report.sections.iter().enumerate();
    let mut sources: Vec<_> = sections
        .map(|(at, section)| Component {
            kind: "platform",
            reference: source_reference(at),
            name: section.source.clone(),
            ..Component::default()
        })
        .collect();
    match sources.len() {
        0 | 1 => sources.pop(),
        number => Some(Component {
            kind: "platform",
            reference: "sources".to_owned(),
            name: format!("{number} sources"),
            components: sources,
            ..Component::default()
        }),
    }
}

fn source_reference(section: usize) -> String {
    format!("source {}", section + 1)
}

fn component(report: &Report, group: &ImageGroup<'_>) -> Component {
    let mut properties = vec![Property {
        name: "extreg:meaning",
        value: group.meaning().to_owned(),
    }];
    properties.extend(group.digest_source().map(|source| Property {
        name: "extreg:digestSource",
        value: source.to_owned(),
    }));
    let used_by = group.used_by(report).into_iter();
    properties.extend(used_by.map(|value| Property {
        name: "extreg:usedBy",
        value,
    }));
    Component {
        kind: "container",
        reference: image_reference(group),
        name: group.repository(),
        version: match &*group.tag {
            "" => group.image.digest.to_string(),
            tag => tag.to_owned(),
        },
        hashes: group
            .sha256()
            .map(|content| Hash {
                alg: "SHA-256",
                content: content.to_owned(),
            })
            .into_iter()
            .collect(),
        purl: group.purl(),
        components: Vec::new(),
        properties,
    }
}

fn image_reference(group: &ImageGroup<'_>) -> String {
    format!("image {}", group.reference())
}

fn dependencies(report: &Report, groups: &[ImageGroup<'_>]) -> Vec<Dependency> {
    let sections = report.sections.iter().enumerate();
    let mut images: BTreeMap<usize, Vec<String>> =
        sections.map(|(at, _)| (at, Vec::new())).collect();
    for group in groups {
        let mut sections: Vec<_> = group.uses.iter().map(|(section, _)| *section).collect();
        sections.dedup();
        for section in sections {
            images
                .entry(section)
                .or_default()
                .push(image_reference(group));
        }
    }
    let images = images.into_iter();
    images
        .map(|(section, depends_on)| Dependency {
            of: source_reference(section),
            depends_on,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::testing::sample;
    use crate::testing::schema::{assert_valid, json_schema};

    fn bom(report: &Report) -> Value {
        let mut out = Vec::new();
        render(report, &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn every_report_is_cyclonedx() {
        let schema = json_schema(
            "cyclonedx-1.6.json",
            &[
                (
                    "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json",
                    "cyclonedx-spdx.json",
                ),
                (
                    "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json",
                    "cyclonedx-jsf-0.82.json",
                ),
            ],
        );
        for (name, report) in sample::all() {
            assert_valid(&schema, &bom(&report), name);
        }
        for text in sample::HOSTILE {
            assert_valid(&schema, &bom(&sample::hostile(text)), text);
        }
        let broken = serde_json::json!({
            "bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "image"}]
        });
        assert!(!schema.is_valid(&broken));
    }

    #[test]
    fn an_image_has_its_name_digest_and_users() {
        let bom = bom(&sample::clean());
        let cart = &bom["components"][0];
        assert_eq!(cart["name"], "docker.io/acme/cart");
        assert_eq!(cart["version"], "1");
        let digest = cart["hashes"][0]["content"].as_str().unwrap();
        assert_eq!(
            cart["purl"],
            format!("pkg:oci/cart@sha256%3A{digest}?repository_url=docker.io/acme/cart&tag=1")
        );
        let properties = cart["properties"].as_array().unwrap();
        assert!(properties.contains(&serde_json::json!({
            "name": "extreg:usedBy", "value": "prod: run, pod/cart-1 in shop, web"
        })));
    }

    #[test]
    fn references_lead_to_components() {
        let bom = bom(&sample::everything());
        let mut references = BTreeSet::new();
        let source = &bom["metadata"]["component"];
        let nested = source["components"].as_array().unwrap().iter();
        for component in bom["components"].as_array().unwrap().iter().chain(nested) {
            let reference = component["bom-ref"].as_str().unwrap();
            assert!(references.insert(reference), "{reference} twice");
        }
        for dependency in bom["dependencies"].as_array().unwrap() {
            assert!(references.contains(dependency["ref"].as_str().unwrap()));
            for on in dependency["dependsOn"].as_array().unwrap() {
                assert!(references.contains(on.as_str().unwrap()), "{on}");
            }
        }
    }
}
