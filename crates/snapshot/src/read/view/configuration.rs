//! Configuration and credentials: `config.openshift.io/v1`, `operator.openshift.io/v1alpha1`,
//! `admissionregistration.k8s.io/v1`, `extreg.io/v1alpha1`, and `v1` for secrets and accounts.

use extreg_core::credential::SecretMember;
use extreg_core::object::nullable;
use extreg_core::object::{LocalReference, Text};
use extreg_core::policy::SelectorDocument;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{List, Metadata};

/// An object of a kind whose configuration is all in `spec` and `status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"))]
pub(in crate::read) struct ConfigView<'a, T> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) spec: T,
    #[serde(borrow)]
    pub(in crate::read) status: Option<ImageStatus<'a>>,
}

/// `status` of `images.config.openshift.io`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ImageStatus<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) internal_registry_hostname: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) external_registry_hostnames: List<Text<'a>>,
}

/// `spec` of `images.config.openshift.io`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ImageConfig<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) allowed_registries_for_import: List<Location<'a>>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) registry_sources: Sources<'a>,
}

/// An element of `allowedRegistriesForImport`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Location<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) domain_name: Text<'a>,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) insecure: bool,
}

/// `registrySources`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
pub(in crate::read) struct Sources<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) allowed_registries: List<Text<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) blocked_registries: List<Text<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) insecure_registries: List<Text<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) container_runtime_search_registries: List<Text<'a>>,
}

/// `spec` of an ImageDigestMirrorSet, an ImageTagMirrorSet or an ImageContentSourcePolicy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
pub(in crate::read) struct MirrorSet<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) image_digest_mirrors: List<Mirror<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) image_tag_mirrors: List<Mirror<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) repository_digest_mirrors: List<Mirror<'a>>,
}

/// A source with its mirrors.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
pub(in crate::read) struct Mirror<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) source: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) mirrors: List<Text<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) mirror_source_policy: Text<'a>,
}

/// `spec` of an ImagePolicy or a ClusterImagePolicy.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct Signatures<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) scopes: List<Text<'a>>,
}

/// A MutatingWebhookConfiguration.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct Webhooks<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) webhooks: List<Webhook<'a>>,
}

/// An element of `webhooks`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Webhook<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) failure_policy: Text<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) client_config: ClientConfig<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) rules: List<Rule<'a>>,
    #[serde(default)]
    pub(in crate::read) namespace_selector: Option<SelectorDocument>,
    #[serde(default)]
    pub(in crate::read) object_selector: Option<SelectorDocument>,
}

/// `clientConfig`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ClientConfig<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) ca_bundle: Text<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) service: Service<'a>,
}

/// `clientConfig.service`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct Service<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) namespace: Text<'a>,
}

/// An element of `rules`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Rule<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) api_groups: List<Text<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) resources: List<Text<'a>>,
}

/// A RegistryPolicy.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct PolicyView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: PolicyMetadata<'a>,
    #[serde(borrow)]
    pub(in crate::read) spec: Option<&'a RawValue>,
}

/// `metadata` of a RegistryPolicy.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct PolicyMetadata<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) name: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) uid: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) creation_timestamp: Text<'a>,
}

/// A Secret.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct SecretView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(rename = "type", borrow, default)]
    pub(in crate::read) kind: Text<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) data: DockerConfigs<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) string_data: DockerConfigs<'a>,
}

/// The members of a secret that hold a docker config.
#[derive(Clone, Default, Deserialize)]
pub(in crate::read) struct DockerConfigs<'a> {
    #[serde(rename = ".dockerconfigjson", borrow)]
    pub(in crate::read) config_json: Option<Text<'a>>,
    #[serde(rename = ".dockercfg", borrow)]
    pub(in crate::read) dockercfg: Option<Text<'a>>,
    #[serde(rename = "config.json", borrow)]
    pub(in crate::read) plain_config_json: Option<Text<'a>>,
}

impl DockerConfigs<'_> {
    /// Those that are written, by member.
    pub(in crate::read) fn members(&self) -> impl Iterator<Item = (SecretMember, &str)> {
        [
            (SecretMember::ConfigJson, &self.plain_config_json),
            (SecretMember::DockerConfigJson, &self.config_json),
            (SecretMember::Dockercfg, &self.dockercfg),
        ]
        .into_iter()
        .filter_map(|(member, value)| Some((member, value.as_ref()?.as_str())))
    }
}

/// Never its values.
impl std::fmt::Debug for DockerConfigs<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DockerConfigs")
    }
}

/// A ServiceAccount.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct AccountView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) secrets: List<LocalReference<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) image_pull_secrets: List<LocalReference<'a>>,
}
