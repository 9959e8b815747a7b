//! The definition of the policy resource.

mod faults;
mod rules;
mod schema;
mod spec;
mod status;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceColumnDefinition, CustomResourceDefinition, CustomResourceDefinitionNames,
    CustomResourceDefinitionSpec, CustomResourceDefinitionVersion, CustomResourceSubresourceStatus,
    CustomResourceSubresources, CustomResourceValidation,
};
use serde_json::json;

pub use self::faults::{PolicyFault, policy_faults};
use crate::names;
use crate::namespace::cluster_meta;

/// The definition of `RegistryPolicy`: cluster-scoped, with a structural schema, validation rules in CEL,
/// and a status subresource.
pub fn custom_resource_definition() -> CustomResourceDefinition {
    CustomResourceDefinition {
        metadata: cluster_meta(names::CRD),
        spec: CustomResourceDefinitionSpec {
            group: names::GROUP.to_owned(),
            names: CustomResourceDefinitionNames {
                kind: names::KIND.to_owned(),
                list_kind: Some(format!("{}List", names::KIND)),
                plural: names::PLURAL.to_owned(),
                singular: Some("registrypolicy".to_owned()),
                short_names: Some(vec!["rp".to_owned()]),
                categories: None,
            },
            scope: "Cluster".to_owned(),
            versions: vec![version()],
            ..CustomResourceDefinitionSpec::default()
        },
        status: None,
    }
}

fn version() -> CustomResourceDefinitionVersion {
    let root = schema::object(
        "What is done to objects that name images on one registry.",
        [
            ("apiVersion", schema::string("Group and version.")),
            ("kind", schema::string("RegistryPolicy.")),
            ("metadata", schema::any_object()),
            ("spec", spec::schema()),
            ("status", status::schema()),
        ],
    );
    CustomResourceDefinitionVersion {
        name: names::VERSION.to_owned(),
        served: true,
        storage: true,
        schema: Some(CustomResourceValidation {
            open_api_v3_schema: Some(schema::required(root, &["spec"])),
        }),
        subresources: Some(CustomResourceSubresources {
            status: Some(CustomResourceSubresourceStatus(json!({}))),
            scale: None,
        }),
        additional_printer_columns: Some(vec![
            column("Registry", "string", ".spec.registry"),
            column("Mode", "string", ".spec.mode"),
            column(
                "Ready",
                "string",
                ".status.conditions[?(@.type==\"Ready\")].status",
            ),
            column("Age", "date", ".metadata.creationTimestamp"),
        ]),
        ..CustomResourceDefinitionVersion::default()
    }
}

fn column(name: &str, type_: &str, json_path: &str) -> CustomResourceColumnDefinition {
    CustomResourceColumnDefinition {
        name: name.to_owned(),
        type_: type_.to_owned(),
        json_path: json_path.to_owned(),
        ..CustomResourceColumnDefinition::default()
    }
}
