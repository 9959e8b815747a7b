//! The fields of a ClusterServiceVersion that we use (operator-framework/api `pkg/operators/v1alpha1`).

use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;
use k8s_openapi::api::rbac::v1::PolicyRule;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde::Serialize;
use serde_json::Value;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterServiceVersion {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) metadata: ObjectMeta,
    pub(super) spec: Spec,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec {
    #[serde(rename = "customresourcedefinitions")]
    pub(super) custom_resource_definitions: Definitions,
    pub(super) description: &'static str,
    pub(super) display_name: &'static str,
    pub(super) icon: Vec<Icon>,
    pub(super) install: Install,
    pub(super) install_modes: Vec<InstallMode>,
    pub(super) keywords: [&'static str; 5],
    pub(super) links: Vec<Link>,
    pub(super) maintainers: Vec<Contact>,
    pub(super) maturity: &'static str,
    pub(super) min_kube_version: &'static str,
    pub(super) provider: Named,
    pub(super) related_images: Vec<RelatedImage>,
    pub(super) version: &'static str,
    pub(super) webhookdefinitions: Vec<WebhookDefinition>,
}

#[derive(Serialize)]
pub(super) struct Definitions {
    pub(super) owned: Vec<Definition>,
}

/// A kind that the operator owns, as the console shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    pub(super) display_name: &'static str,
    pub(super) description: String,
    pub(super) spec_descriptors: Vec<Descriptor>,
    pub(super) status_descriptors: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    pub(super) path: String,
    pub(super) display_name: String,
    pub(super) description: String,
    #[serde(rename = "x-descriptors", skip_serializing_if = "Vec::is_empty")]
    pub(super) x_descriptors: Vec<&'static str>,
}

#[derive(Serialize)]
pub(super) struct Icon {
    pub(super) base64data: String,
    pub(super) mediatype: &'static str,
}

#[derive(Serialize)]
pub(super) struct Install {
    pub(super) strategy: &'static str,
    pub(super) spec: InstallSpec,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InstallSpec {
    pub(super) cluster_permissions: Vec<Permissions>,
    pub(super) deployments: Vec<Deployment>,
    pub(super) permissions: Vec<Permissions>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Permissions {
    pub(super) service_account_name: &'static str,
    pub(super) rules: Vec<PolicyRule>,
}

#[derive(Serialize)]
pub(super) struct Deployment {
    pub(super) name: String,
    pub(super) label: Option<Value>,
    pub(super) spec: Option<Value>,
}

#[derive(Serialize)]
pub(super) struct InstallMode {
    #[serde(rename = "type")]
    pub(super) kind: InstallModeType,
    pub(super) supported: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum InstallModeType {
    OwnNamespace,
    SingleNamespace,
    MultiNamespace,
    AllNamespaces,
}

impl InstallModeType {
    pub(super) const ALL: [Self; 4] = [
        Self::OwnNamespace,
        Self::SingleNamespace,
        Self::MultiNamespace,
        Self::AllNamespaces,
    ];
}

#[derive(Serialize)]
pub(super) struct Link {
    pub(super) name: &'static str,
    pub(super) url: String,
}

#[derive(Serialize)]
pub(super) struct Contact {
    pub(super) name: &'static str,
    pub(super) email: &'static str,
}

#[derive(Serialize)]
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) url: &'static str,
}

#[derive(Serialize)]
pub(super) struct RelatedImage {
    pub(super) name: &'static str,
    pub(super) image: String,
}

/// A webhook. It has no namespace selector and no match conditions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WebhookDefinition {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) generate_name: String,
    pub(super) deployment_name: &'static str,
    pub(super) container_port: i32,
    pub(super) target_port: i32,
    pub(super) webhook_path: &'static str,
    pub(super) admission_review_versions: Vec<String>,
    pub(super) failure_policy: Option<String>,
    pub(super) match_policy: Option<String>,
    pub(super) object_selector: Option<LabelSelector>,
    pub(super) reinvocation_policy: Option<String>,
    pub(super) rules: Vec<RuleWithOperations>,
    pub(super) side_effects: String,
    pub(super) timeout_seconds: Option<i32>,
}
