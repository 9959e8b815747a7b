//! Configuration and credentials: `config.openshift.io/v1`, `operator.openshift.io/v1alpha1`,
//! `admissionregistration.k8s.io/v1`, `extreg.io/v1alpha1`, and `v1` for secrets and accounts.

use extreg_core::credential::SecretMember;
use extreg_core::object::{LocalReference, Text, nullable};
use extreg_core::policy::SelectorDocument;
use extreg_core::views;
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

views! {
    /// `status` of `images.config.openshift.io`.
    pub(in crate::read) struct ImageStatus<'a> {
        pub(in crate::read) internal_registry_hostname: Text<'a>,
        pub(in crate::read) external_registry_hostnames: List<Text<'a>>,
    }

    /// `spec` of `images.config.openshift.io`.
    pub(in crate::read) struct ImageConfig<'a> {
        pub(in crate::read) allowed_registries_for_import: List<Location<'a>>,
        pub(in crate::read) registry_sources: Sources<'a>,
    }

    /// An element of `allowedRegistriesForImport`.
    pub(in crate::read) struct Location<'a> {
        pub(in crate::read) domain_name: Text<'a>,
        pub(in crate::read) insecure: bool,
    }

    /// `registrySources`.
    #[expect(clippy::struct_field_names, reason = "the names are those of the API")]
    pub(in crate::read) struct Sources<'a> {
        pub(in crate::read) allowed_registries: List<Text<'a>>,
        pub(in crate::read) blocked_registries: List<Text<'a>>,
        pub(in crate::read) insecure_registries: List<Text<'a>>,
        pub(in crate::read) container_runtime_search_registries: List<Text<'a>>,
    }

    /// `spec` of an ImageDigestMirrorSet, an ImageTagMirrorSet or an ImageContentSourcePolicy.
    #[expect(clippy::struct_field_names, reason = "the names are those of the API")]
    pub(in crate::read) struct MirrorSet<'a> {
        pub(in crate::read) image_digest_mirrors: List<Mirror<'a>>,
        pub(in crate::read) image_tag_mirrors: List<Mirror<'a>>,
        pub(in crate::read) repository_digest_mirrors: List<Mirror<'a>>,
    }

    /// A source with its mirrors.
    #[expect(clippy::struct_field_names, reason = "the names are those of the API")]
    pub(in crate::read) struct Mirror<'a> {
        pub(in crate::read) source: Text<'a>,
        pub(in crate::read) mirrors: List<Text<'a>>,
        pub(in crate::read) mirror_source_policy: Text<'a>,
    }

    /// `spec` of an ImagePolicy or a ClusterImagePolicy.
    pub(in crate::read) struct Signatures<'a> {
        pub(in crate::read) scopes: List<Text<'a>>,
    }

    /// A MutatingWebhookConfiguration.
    pub(in crate::read) struct Webhooks<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        pub(in crate::read) webhooks: List<Webhook<'a>>,
    }

    /// An element of `webhooks`.
    pub(in crate::read) struct Webhook<'a> {
        pub(in crate::read) failure_policy: Text<'a>,
        pub(in crate::read) client_config: ClientConfig<'a>,
        pub(in crate::read) rules: List<Rule<'a>>,
        pub(in crate::read) namespace_selector: Option<SelectorDocument>,
        pub(in crate::read) object_selector: Option<SelectorDocument>,
    }

    /// `clientConfig`.
    pub(in crate::read) struct ClientConfig<'a> {
        pub(in crate::read) ca_bundle: Text<'a>,
        pub(in crate::read) service: Service<'a>,
    }

    /// `clientConfig.service`.
    pub(in crate::read) struct Service<'a> {
        pub(in crate::read) namespace: Text<'a>,
    }

    /// An element of `rules`.
    pub(in crate::read) struct Rule<'a> {
        pub(in crate::read) api_groups: List<Text<'a>>,
        pub(in crate::read) resources: List<Text<'a>>,
    }

    /// A RegistryPolicy.
    pub(in crate::read) struct PolicyView<'a> {
        pub(in crate::read) metadata: PolicyMetadata<'a>,
        pub(in crate::read) spec: Option<&'a RawValue>,
    }

    /// `metadata` of a RegistryPolicy.
    pub(in crate::read) struct PolicyMetadata<'a> {
        pub(in crate::read) name: Text<'a>,
        pub(in crate::read) uid: Text<'a>,
        pub(in crate::read) creation_timestamp: Text<'a>,
    }

    /// A Secret.
    pub(in crate::read) struct SecretView<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        #[serde(rename = "type")]
        pub(in crate::read) kind: Text<'a>,
        pub(in crate::read) data: DockerConfigs<'a>,
        pub(in crate::read) string_data: DockerConfigs<'a>,
    }
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

views! {
    /// A ServiceAccount.
    pub(in crate::read) struct AccountView<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        pub(in crate::read) secrets: List<LocalReference<'a>>,
        pub(in crate::read) image_pull_secrets: List<LocalReference<'a>>,
    }
}
