//! The kind RegistryPolicy in the console, from its schema.

use extreg_manifests::{custom_resource_definition, names};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;

use super::model::{Definition, Descriptor};

/// How the console shows conditions.
const CONDITIONS: &str = "urn:alm:descriptor:io.kubernetes.conditions";

/// The description of the kind; its fields are those of the schema.
pub(super) fn description() -> Definition {
    let mut versions = custom_resource_definition().spec.versions.into_iter();
    let schema = versions.find_map(|version| version.schema);
    let schema = schema.and_then(|schema| schema.open_api_v3_schema);
    let schema = schema.unwrap_or_default();
    Definition {
        name: names::CRD,
        version: names::VERSION,
        kind: names::KIND,
        display_name: "Registry Policy",
        description: schema.description.clone().unwrap_or_default(),
        spec_descriptors: descriptors(&schema, "spec"),
        status_descriptors: descriptors(&schema, "status"),
    }
}

fn descriptors(schema: &JSONSchemaProps, part: &str) -> Vec<Descriptor> {
    let part = schema.properties.as_ref().and_then(|all| all.get(part));
    let fields = part.and_then(|part| part.properties.as_ref());
    fields
        .into_iter()
        .flatten()
        .map(|(name, schema)| Descriptor {
            path: name.clone(),
            display_name: title(name),
            description: schema.description.clone().unwrap_or_default(),
            x_descriptors: if name == "conditions" {
                vec![CONDITIONS]
            } else {
                Vec::new()
            },
        })
        .collect()
}

/// `namespaceSelector` as `Namespace Selector`.
fn title(name: &str) -> String {
    let mut title = String::new();
    for letter in name.chars() {
        if title.is_empty() {
            title.push(letter.to_ascii_uppercase());
            continue;
        }
        if letter.is_ascii_uppercase() {
            title.push(' ');
        }
        title.push(letter);
    }
    title
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_of_a_policy_is_described() {
        let shown = description();
        let paths = |list: &[Descriptor]| -> Vec<String> {
            list.iter().map(|field| field.path.clone()).collect()
        };
        assert_eq!(
            paths(&shown.spec_descriptors),
            [
                "import",
                "mode",
                "namespaceSelector",
                "pull",
                "push",
                "registry",
                "repositories"
            ]
        );
        assert!(paths(&shown.status_descriptors).contains(&"conditions".to_owned()));
        for field in shown
            .spec_descriptors
            .iter()
            .chain(&shown.status_descriptors)
        {
            assert!(field.description.len() > 10, "{}", field.path);
        }
        assert_eq!(title("namespaceSelector"), "Namespace Selector");
    }
}
