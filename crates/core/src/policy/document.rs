//! The policy document as it is written: the `spec` of a `RegistryPolicy`.

use serde::{Deserialize, Serialize};

use super::selector::SelectorDocument;

/// The API group of the custom resource.
pub const GROUP: &str = "extreg.io";
/// The version of the custom resource.
pub const VERSION: &str = "v1alpha1";
/// The kind of the custom resource.
pub const KIND: &str = "RegistryPolicy";

/// The reason of the condition `Ready` of a policy whose secrets the webhook cannot read.
pub const SECRETS_UNKNOWN: &str = "SecretsUnknown";

/// `spec` of a `RegistryPolicy`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicySpec {
    /// The registry's host, `docker.io` standing for its three spellings.
    pub registry: String,
    /// Globs over repositories; none means all of the registry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
    /// The namespaces that the policy is for; none means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<SelectorDocument>,
    /// The mode.
    #[serde(default)]
    pub mode: Mode,
    /// The secret that builds push with; none means that none is injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushSpec>,
    /// The secret that builds pull base images with; none means that none is injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<PullSpec>,
    /// How ImageStream tags are imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportSpec>,
}

/// `spec.push`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PushSpec {
    /// The secret's name, in the namespace of the build.
    pub secret_name: String,
    /// Which objects are changed.
    #[serde(default)]
    pub target: PushTarget,
}

/// `spec.pull`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PullSpec {
    /// The secret's name, in the namespace of the build.
    pub secret_name: String,
}

/// `spec.import`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportSpec {
    /// Whether new tags are imported on OpenShift's schedule.
    #[serde(default)]
    pub scheduled: bool,
}

/// What a policy does with matching objects.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Mode {
    /// Nothing at all.
    Off,
    /// Count, and annotate the audit event.
    Audit,
    /// Show in an admission warning what `Enforce` would do.
    Warn,
    /// Change the object.
    #[default]
    Enforce,
}

/// Which objects get the push secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PushTarget {
    /// Both BuildConfigs and Builds.
    #[default]
    Both,
    /// Builds only, so that BuildConfigs in Git never differ from the cluster.
    Build,
    /// BuildConfigs only.
    BuildConfig,
}
