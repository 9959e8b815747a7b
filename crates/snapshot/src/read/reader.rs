//! The reader itself.

use std::sync::Arc;

use extreg_core::policy::{Mode, PolicySet};

use super::intern::Names;
use super::item::{Item, Site};
use super::{
    Unreadable, build, configuration, credential, finish, namespace, policy, progress, shipwright,
    stream, task, webhook, workload,
};
use crate::coverage::Coverage;
use crate::kind::Kind;
use crate::place::Origin;
use crate::snapshot::Snapshot;
use crate::snapshot::{Listed, SourceKind};

/// Whether a source contains the values of secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretValues {
    /// It does. Values that `oc adm inspect` replaced are recognized.
    #[default]
    Present,
    /// It does not: each is replaced by its length.
    Elided,
}

/// What a snapshot is read for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Checks: every field that names an image, and what the webhook would do.
    #[default]
    Registries,
    /// Flows: the progress of each object instead.
    Flows,
}

/// Options for the source of a reader.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The policies to apply instead of the cluster's; `None` for the cluster's.
    pub policies: Option<PolicySet>,
    /// The source.
    pub source: SourceKind,
    /// What the snapshot is read for.
    pub detail: Detail,
    /// Whether the source has the values of secrets.
    pub secrets: SecretValues,
    /// The namespace of the webhook, which it skips, if no configuration contains it.
    pub own_namespace: Option<String>,
    /// The mode of the installation: no policy does more.
    pub cap: Mode,
}

/// Reads objects and keeps the relevant content.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    pub(super) options: ReadOptions,
    pub(super) coverage: Coverage,
    pub(super) listed: Listed,
    pub(super) items: Vec<Item>,
    pub(super) names: Names,
}

impl Reader {
    /// A reader without objects.
    pub fn new(options: ReadOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Reads one object from its JSON, and counts it in the coverage. An object without a namespace is
    /// in `default_namespace`, which can be empty.
    ///
    /// # Errors
    /// If it cannot be parsed as its kind: a gap in the coverage, which the caller records with
    /// its position.
    pub fn read(
        &mut self,
        kind: Kind,
        json: &str,
        origin: Origin,
        default_namespace: &str,
    ) -> Result<(), Unreadable> {
        let site = &mut Site {
            detail: self.options.detail,
            kind,
            origin,
            default_namespace,
            names: &mut self.names,
        };
        let mut item = match kind {
            Kind::Build | Kind::BuildConfig => build::read(json, site)?,
            Kind::BuildRun | Kind::ShipwrightBuild => {
                with_kind(kind, shipwright::read(json, site))?
            }
            Kind::CronJob
            | Kind::DaemonSet
            | Kind::Deployment
            | Kind::DeploymentConfig
            | Kind::Job
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet => with_kind(kind, workload::read_controller(json, site))?,
            Kind::ClusterImagePolicy | Kind::ImagePolicy => {
                with_kind(kind, configuration::read_signatures(json, site))?
            }
            Kind::ImageConfig => with_kind(kind, configuration::read_images(json, site))?,
            Kind::ImageContentSourcePolicy
            | Kind::ImageDigestMirrorSet
            | Kind::ImageTagMirrorSet => with_kind(kind, configuration::read_mirrors(json, site))?,
            Kind::ImageStream => stream::read(json, site)?,
            Kind::MutatingWebhookConfiguration => with_kind(kind, webhook::read(json, site))?,
            Kind::Namespace => with_kind(kind, namespace::read(json, site))?,
            Kind::Pod => with_kind(kind, workload::read_pod(json, site))?,
            Kind::RegistryPolicy => with_kind(kind, policy::read(json, site))?,
            Kind::Secret => with_kind(
                kind,
                credential::read_secret(json, self.options.secrets, site),
            )?,
            Kind::ServiceAccount => with_kind(kind, credential::read_account(json, site))?,
            Kind::Task => with_kind(kind, task::read(json, site))?,
        };
        self.coverage.count(kind);
        let is_wanted = match self.options.detail {
            Detail::Registries => true,
            Detail::Flows => {
                let read = progress::add(&mut item, kind, json, &mut self.names);
                read.map_err(|error| Unreadable::json(kind.api().kind, &error))?
            }
        };
        if is_wanted {
            self.items.push(item);
        }
        Ok(())
    }

    /// All objects of a kind have been listed, in a namespace or (if empty) in all: an object
    /// that was not read does not exist. Not for a list that was filtered by labels.
    pub fn listed(&mut self, kind: Kind, namespace: &str) {
        self.coverage.read.entry(kind).or_default();
        self.listed.add(kind, self.names.get(namespace));
    }

    /// What was read, and what could not be read.
    pub fn coverage_mut(&mut self) -> &mut Coverage {
        &mut self.coverage
    }

    /// Adds the objects of another reader, as if this one had read them.
    pub fn merge(&mut self, other: Self) {
        let Self {
            options: _,
            coverage,
            listed,
            mut items,
            names: _,
        } = other;
        self.coverage.merge(coverage);
        self.listed.merge(listed);
        if self.items.is_empty() {
            self.items = items;
        } else {
            self.items.append(&mut items);
        }
    }

    /// Builds the snapshot.
    pub fn finish(self, cluster_name: String) -> Snapshot {
        finish::finish(self, cluster_name)
    }
}

fn with_kind(kind: Kind, read: Result<Item, serde_json::Error>) -> Result<Item, Unreadable> {
    read.map_err(|error| Unreadable::json(kind.api().kind, &error))
}

/// The one copy of each string.
pub(super) fn all<'a>(
    names: &mut Names,
    texts: impl IntoIterator<Item = &'a str>,
) -> Vec<Arc<str>> {
    texts.into_iter().map(|text| names.get(text)).collect()
}
