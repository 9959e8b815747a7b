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

/// Whether a source has the values of secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretValues {
    /// It has. Values that `oc adm inspect` left out are known all the same.
    #[default]
    Present,
    /// It has not: each is replaced by its length.
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

/// What a reader is told of its source.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The policies to judge by, whatever the cluster has; none for the cluster's.
    pub policies: Option<PolicySet>,
    /// What is read.
    pub source: SourceKind,
    /// What the snapshot is read for.
    pub detail: Detail,
    /// Whether the source has the values of secrets.
    pub secrets: SecretValues,
    /// The namespace of the webhook, which it skips, where no configuration says which that is.
    pub own_namespace: Option<String>,
    /// The mode of the installation: no policy does more.
    pub cap: Mode,
}

/// Reads objects and keeps what matters of them.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    pub(super) options: ReadOptions,
    pub(super) coverage: Coverage,
    pub(super) listed: Listed,
    pub(super) items: Vec<Item>,
    pub(super) names: Names,
}

impl Reader {
    /// A reader that has read nothing.
    pub fn new(options: ReadOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// Reads one object from its JSON, and counts it in the coverage. One that names no namespace is
    /// in `default_namespace`, which may be empty.
    ///
    /// # Errors
    /// If it cannot be read as its kind: a gap in the coverage, which the caller records with the
    /// place that it knows.
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
            Kind::BuildRun | Kind::ShipwrightBuild => told(kind, shipwright::read(json, site))?,
            Kind::CronJob
            | Kind::DaemonSet
            | Kind::Deployment
            | Kind::DeploymentConfig
            | Kind::Job
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::StatefulSet => told(kind, workload::read_maker(json, site))?,
            Kind::ClusterImagePolicy | Kind::ImagePolicy => {
                told(kind, configuration::read_signatures(json, site))?
            }
            Kind::ImageConfig => told(kind, configuration::read_images(json, site))?,
            Kind::ImageContentSourcePolicy
            | Kind::ImageDigestMirrorSet
            | Kind::ImageTagMirrorSet => told(kind, configuration::read_mirrors(json, site))?,
            Kind::ImageStream => stream::read(json, site)?,
            Kind::MutatingWebhookConfiguration => told(kind, webhook::read(json, site))?,
            Kind::Namespace => told(kind, namespace::read(json, site))?,
            Kind::Pod => told(kind, workload::read_pod(json, site))?,
            Kind::RegistryPolicy => told(kind, policy::read(json, site))?,
            Kind::Secret => told(
                kind,
                credential::read_secret(json, self.options.secrets, site),
            )?,
            Kind::ServiceAccount => told(kind, credential::read_account(json, site))?,
            Kind::Task => told(kind, task::read(json, site))?,
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

    /// All objects of a kind have been listed, in a namespace or (where empty) everywhere: what was
    /// not read of them is not there. Not for a list that was narrowed by labels.
    pub fn listed(&mut self, kind: Kind, namespace: &str) {
        self.coverage.read.entry(kind).or_default();
        self.listed.add(kind, self.names.get(namespace));
    }

    /// What was looked at, and what could not be.
    pub fn coverage_mut(&mut self) -> &mut Coverage {
        &mut self.coverage
    }

    /// Adds what another reader has read, as if this one had.
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

    /// Puts together what was read.
    pub fn finish(self, cluster_name: String) -> Snapshot {
        finish::finish(self, cluster_name)
    }
}

fn told(kind: Kind, read: Result<Item, serde_json::Error>) -> Result<Item, Unreadable> {
    read.map_err(|error| Unreadable::json(kind.api().kind, &error))
}

/// The one copy of each.
pub(super) fn all<'a>(
    names: &mut Names,
    texts: impl IntoIterator<Item = &'a str>,
) -> Vec<Arc<str>> {
    texts.into_iter().map(|text| names.get(text)).collect()
}
