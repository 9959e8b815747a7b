//! What the caller knows about the cluster. Each item is either known or explicitly unknown.

mod reach;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::credential::{Consumer, DockerConfig, SecretConfigs};
use crate::note::SecretFault;
use crate::object::{ImageStreamView, Metadata, ObjectReference, TagReference};
use crate::policy::{Labels, PolicySet};
use crate::registry::InternalRegistry;

pub use reach::{Called, Reach};

/// The annotation by which a ServiceAccount names the pull secret that OpenShift manages for it
/// (openshift-controller-manager `pkg/internalregistry/controllers/service_account_controller.go`).
pub const MANAGED_SECRET_ANNOTATION: &str = "openshift.io/internal-registry-pull-secret-ref";

/// A value that is known, or that no source could provide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Known<T> {
    /// The value.
    Known(T),
    /// No source could provide it: forbidden, down, too late, or offline.
    #[default]
    Unknown,
}

impl<T> Known<T> {
    /// Borrows what is known.
    pub fn as_ref(&self) -> Known<&T> {
        match self {
            Self::Known(value) => Known::Known(value),
            Self::Unknown => Known::Unknown,
        }
    }

    /// What is known, if anything.
    pub fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

/// A fact about a namespace, as a rule sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// The value.
    Known(T),
    /// Its source was queried, or will be queried, and did not answer: forbidden, down or too late.
    Unknown,
    /// No source was to be queried: the policy is trusted.
    Assumed,
}

/// The state of a fact that is not listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unlisted {
    /// [`Fact::Unknown`].
    #[default]
    Unknown,
    /// [`Fact::Assumed`].
    Assumed,
}

impl Unlisted {
    fn fact<T>(self) -> Fact<T> {
        match self {
            Self::Unknown => Fact::Unknown,
            Self::Assumed => Fact::Assumed,
        }
    }
}

/// A secret, reduced to what its readers other than its owner can know: the registries that it has keys for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretFact {
    configs: SecretConfigs,
}

/// Whether a secret has a credential for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It has one.
    Fits,
    /// It has no usable credential, for this reason.
    Fault(SecretFault),
    /// Its content is not known.
    Unknown,
}

impl SecretFact {
    /// The fact of a secret with these docker configs.
    pub fn new(configs: SecretConfigs) -> Self {
        Self { configs }
    }

    /// Whether a build that pushes `image` (as its output writes it) finds a credential.
    pub fn push(&self, image: &str) -> Fit {
        fit(self.configs.push.as_ref(), Consumer::BuildPush, image)
    }

    /// Whether a build that pulls `image` finds a credential.
    pub fn pull(&self, image: &str) -> Fit {
        fit(self.configs.typed.as_ref(), Consumer::BuildPull, image)
    }

    /// The docker configs.
    pub fn configs(&self) -> &SecretConfigs {
        &self.configs
    }

    /// The steps that [`Self::pull`] takes, whatever the image.
    pub(crate) fn pull_steps(&self) -> u32 {
        let keys = self.configs.typed.as_ref().and_then(DockerConfig::keys);
        keys.map_or(0, |keys| u32::try_from(keys.compared()).unwrap_or(u32::MAX))
    }
}

/// Larger docker configs count as unusable, so that every caller of the engine gets the same answer as
/// the webhook, which stores no more.
fn fit(config: Option<&DockerConfig>, consumer: Consumer, image: &str) -> Fit {
    match config {
        Some(DockerConfig::TooLarge) => Fit::Fault(SecretFault::TooLarge),
        Some(DockerConfig::Unknown) => Fit::Unknown,
        Some(DockerConfig::Keys(keys)) if !keys.is_small() => Fit::Fault(SecretFault::TooLarge),
        Some(DockerConfig::Keys(keys)) if keys.matching(consumer, image).is_matched() => Fit::Fits,
        None | Some(DockerConfig::Unreadable | DockerConfig::Keys(_)) => {
            Fit::Fault(SecretFault::NoKey)
        }
    }
}

/// The fields of a ServiceAccount that builds use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountFact {
    /// The names of `imagePullSecrets`, in their order.
    pub pull_secrets: Vec<String>,
    /// The secret that OpenShift manages for the account, from [`MANAGED_SECRET_ANNOTATION`].
    pub managed: Option<String>,
}

impl AccountFact {
    /// The first secret that a user linked, other than `secret`. Without the
    /// annotation (OpenShift before 4.16) the managed secret is recognized by its name.
    pub fn other_link(&self, account: &str, secret: &str) -> Option<&str> {
        self.pull_secrets.iter().map(String::as_str).find(|link| {
            *link != secret
                && match &self.managed {
                    Some(managed) => link != managed,
                    None => !link
                        .strip_prefix(account)
                        .is_some_and(|rest| rest.starts_with("-dockercfg-")),
                }
        })
    }
}

/// The fields of an ImageStream that an import or a build output depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamFact {
    /// Whether it carries the opt-out label.
    pub opts_out: bool,
    /// `status.dockerImageRepository`; empty if builds cannot output to it.
    pub repository: String,
    /// Its spec tags that follow something, by name.
    pub tags: BTreeMap<String, StreamTag>,
}

/// A spec tag of an ImageStream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamTag {
    /// `from.kind`.
    pub kind: String,
    /// `from.name`.
    pub name: String,
    /// `reference: true`.
    pub reference: bool,
    /// `importPolicy.scheduled`.
    pub scheduled: bool,
    /// Whether it carries the opt-out annotation.
    pub opts_out: bool,
}

impl StreamFact {
    /// Reads an ImageStream's JSON.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let view: ImageStreamView<'_> = serde_json::from_slice(json)?;
        Ok(Self::of(&view))
    }

    /// The facts of an ImageStream that has been read.
    pub fn of(view: &ImageStreamView<'_>) -> Self {
        Self {
            opts_out: Metadata::opts_out(&view.metadata),
            repository: view.status.docker_image_repository.as_str().to_owned(),
            tags: view
                .spec
                .tags
                .iter()
                .map(|(_, tag)| (tag.name.as_str().to_owned(), StreamTag::of(tag)))
                .collect(),
        }
    }
}

impl StreamTag {
    fn of(tag: &TagReference<'_>) -> Self {
        let (kind, name) = match &tag.from {
            Some(ObjectReference { kind, name, .. }) => (kind.as_str(), name.as_str()),
            None => ("", ""),
        };
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            reference: tag.reference,
            scheduled: tag.scheduled(),
            opts_out: tag.opts_out(),
        }
    }
}

/// What is known about the one ImageStream that a decision can depend on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StreamRead {
    /// It has not been read yet; a verdict that depends on it reports so.
    #[default]
    NotRead,
    /// It could not be read in time.
    Failed,
    /// It does not exist.
    Absent,
    /// The ImageStream.
    Present(Arc<StreamFact>),
}

/// What is known of the cluster as a whole.
#[derive(Clone, Debug, Default)]
pub struct ClusterFacts {
    /// The names of the integrated registry.
    pub internal: InternalRegistry,
    /// Whether an integrated registry is configured: builds that output to an ImageStream then
    /// always push there.
    pub integrated: Known<bool>,
    /// The namespace that the webhook runs in, which it never changes.
    pub own_namespace: Option<String>,
    /// The objects for which the API servers call the webhook, if its configuration was read.
    pub reach: Reach,
}

/// What is known about the namespace of the object.
#[derive(Clone, Debug, Default)]
pub struct NamespaceFacts {
    /// Its labels.
    pub labels: Known<Arc<Labels>>,
    /// Secrets that policies name.
    pub secrets: BTreeMap<String, Known<Option<Arc<SecretFact>>>>,
    /// ServiceAccounts that run builds.
    pub accounts: BTreeMap<String, Known<Option<Arc<AccountFact>>>>,
    /// The state of secrets and accounts that are not listed.
    pub unlisted: Unlisted,
}

impl NamespaceFacts {
    /// A namespace about which nothing is known because no source was to be queried.
    pub fn assumed() -> Self {
        Self {
            unlisted: Unlisted::Assumed,
            ..Self::default()
        }
    }

    /// The secret of that name; `None` if it does not exist.
    pub fn secret(&self, name: &str) -> Fact<Option<&SecretFact>> {
        self.fact(&self.secrets, name)
    }

    /// The ServiceAccount of that name; `None` if it does not exist.
    pub fn account(&self, name: &str) -> Fact<Option<&AccountFact>> {
        self.fact(&self.accounts, name)
    }

    fn fact<'a, T>(
        &self,
        listed: &'a BTreeMap<String, Known<Option<Arc<T>>>>,
        name: &str,
    ) -> Fact<Option<&'a T>> {
        match listed.get(name) {
            Some(Known::Known(fact)) => Fact::Known(fact.as_deref()),
            Some(Known::Unknown) => Fact::Unknown,
            None => self.unlisted.fact(),
        }
    }

    /// Its labels.
    pub fn labels(&self) -> Known<&Labels> {
        match &self.labels {
            Known::Known(labels) => Known::Known(labels),
            Known::Unknown => Known::Unknown,
        }
    }
}

/// Everything that a decision can depend on besides the object.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The policies in force.
    pub policies: &'a PolicySet,
    /// The cluster.
    pub cluster: &'a ClusterFacts,
    /// The object's namespace.
    pub namespace: &'a NamespaceFacts,
    /// The one ImageStream.
    pub stream: StreamRead,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_managed_secret_is_not_linked() {
        let links = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let annotated = AccountFact {
            pull_secrets: links(&["builder-dockercfg-x1", "builder-dockercfg-mine", "hub"]),
            managed: Some("builder-dockercfg-x1".to_owned()),
        };
        assert_eq!(
            annotated.other_link("builder", "hub"),
            Some("builder-dockercfg-mine")
        );
        let old = AccountFact {
            managed: None,
            ..annotated
        };
        assert_eq!(old.other_link("builder", "dockerhub"), Some("hub"));
        assert_eq!(old.other_link("builder", "hub"), None);
    }

    #[test]
    fn stream_is_reduced_to_relevant_fields() {
        let json = br#"{"metadata":{"labels":{"extreg.io/ignore":"true"}},
            "spec":{"tags":[{"name":"pushed"},{"name":"v1","from":{"kind":"DockerImage","name":"u/a:v1"},
            "importPolicy":{"scheduled":true},"annotations":{"extreg.io/scheduled":"false"}}]},
            "status":{"dockerImageRepository":"docker.io/u/a"}}"#;
        let stream = StreamFact::parse(json).unwrap();
        assert!(stream.opts_out && stream.repository == "docker.io/u/a");
        assert_eq!(stream.tags.keys().collect::<Vec<_>>(), ["v1"]);
        let tag = &stream.tags["v1"];
        assert!(tag.scheduled && tag.opts_out && !tag.reference && tag.name == "u/a:v1");
    }
}
