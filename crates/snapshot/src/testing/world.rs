//! A cluster for tests, put together piece by piece.

use std::sync::Arc;

use extreg_core::facts::Known;

use crate::coverage::{Gap, GapReason, GapSubject};
use crate::kind::Kind;
use crate::place::{ObjectId, Origin};
use crate::snapshot::{
    AccountRecord, BuildRecord, ClusterRecord, Listed, SecretKeys, SecretRecord, Snapshot,
    StreamRecord, TagOrigin, UseRole, WorkloadRecord,
};

/// One key that every consumer finds for docker.io, with a credential of this user (`acme`).
pub const HUB: &str = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YWNtZTp4"}}}"#;

/// A cluster of which everything was read: an object that is not added does not exist.
#[derive(Clone, Debug)]
pub struct World(pub Snapshot);

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// An empty cluster with an integrated registry.
    pub fn new() -> Self {
        let mut snapshot = Snapshot::default();
        snapshot.cluster.pull_secret = Known::Known(None);
        snapshot.cluster.mirrors = Known::Known(Vec::new());
        snapshot.cluster.webhook = Known::Known(None);
        snapshot.cluster.integrated = Known::Known(true);
        for kind in Kind::ALL {
            snapshot.listed.add(kind, "".into());
        }
        Self(snapshot)
    }

    /// The same objects from files, where objects that they do not contain are unknown.
    #[must_use]
    pub fn in_files(mut self) -> Self {
        let file = Origin::File {
            path: "app.yaml".into(),
            line: 1,
        };
        let snapshot = &mut self.0;
        snapshot.listed = Listed::default();
        snapshot.cluster = ClusterRecord::default();
        for stream in &mut snapshot.streams {
            stream.origin = file.clone();
        }
        for usage in &mut snapshot.uses {
            usage.place.origin = file.clone();
        }
        self
    }

    /// Changes the snapshot.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Snapshot)) -> Self {
        change(&mut self.0);
        self
    }

    /// A secret with this `.dockerconfigjson`.
    #[must_use]
    pub fn secret(self, namespace: &str, name: &str, config: &str) -> Self {
        self.record(super::secret(namespace, name, config))
    }

    /// A secret whose values the source does not contain.
    #[must_use]
    pub fn elided(self, namespace: &str, name: &str) -> Self {
        let mut record = super::secret(namespace, name, "{}");
        (record.keys, record.push) = (SecretKeys::Elided, SecretKeys::Elided);
        self.record(record)
    }

    /// A secret without a docker config.
    #[must_use]
    pub fn unreadable(self, namespace: &str, name: &str) -> Self {
        let mut record = super::secret(namespace, name, "{}");
        (record.keys, record.push) = (SecretKeys::Unreadable, SecretKeys::Unreadable);
        self.record(record)
    }

    /// A secret.
    #[must_use]
    pub fn record(mut self, record: SecretRecord) -> Self {
        let object = &record.object;
        let key = (object.namespace.clone(), object.name.clone());
        self.0.secrets.insert(key, record);
        self
    }

    /// The secret that OpenShift manages for the integrated registry, without values.
    #[must_use]
    pub fn managed(self, namespace: &str, name: &str) -> Self {
        let mut record = super::secret(namespace, name, "{}");
        (record.keys, record.push) = (SecretKeys::Elided, SecretKeys::Elided);
        record.managed = true;
        self.record(record)
    }

    /// A ServiceAccount that links these pull secrets.
    #[must_use]
    pub fn account(self, namespace: &str, name: &str, pulls: &[&str]) -> Self {
        self.account_record(super::account(namespace, name, pulls))
    }

    /// A ServiceAccount.
    #[must_use]
    pub fn account_record(mut self, record: AccountRecord) -> Self {
        let object = &record.object;
        let key = (object.namespace.clone(), object.name.clone());
        self.0.accounts.insert(key, record);
        self
    }

    /// The global pull secret.
    #[must_use]
    pub fn global(mut self, config: &str) -> Self {
        let record = super::secret("openshift-config", "pull-secret", config);
        self.0.cluster.pull_secret = Known::Known(Some(record));
        self
    }

    /// A kind could not be listed in the namespace.
    #[must_use]
    pub fn gap(mut self, kind: Kind, namespace: &str) -> Self {
        self.0.coverage.gaps.insert(Gap {
            what: GapSubject::List {
                kind,
                namespace: namespace.into(),
            },
            why: GapReason::Forbidden,
            message: String::new(),
        });
        self
    }

    /// A workload, with a use for each container that names a registry.
    #[must_use]
    pub fn workload(mut self, record: WorkloadRecord) -> Self {
        for (index, container) in record.containers.iter().enumerate() {
            let field = format!("spec.template.spec.containers[{index}].image");
            self.add_use(
                &record.object,
                &container.name,
                &field,
                UseRole::Run,
                &container.image,
            );
        }
        self.0.workloads.push(record);
        self
    }

    /// A build, with a use for its output.
    #[must_use]
    pub fn build(mut self, record: BuildRecord) -> Self {
        self.add_use(
            &record.object,
            "",
            "spec.output.to",
            UseRole::Push,
            &record.pushes_to,
        );
        self.0.builds.push(record);
        self
    }

    /// A build that pulls this base image.
    #[must_use]
    pub fn build_on(mut self, record: BuildRecord, base: &str) -> Self {
        let field = "spec.strategy.dockerStrategy.from";
        self.add_use(&record.object, "", field, UseRole::Base, base);
        self.build(record)
    }

    /// A stream, with a use for each tag that follows an image.
    #[must_use]
    pub fn stream(mut self, record: StreamRecord) -> Self {
        for (index, tag) in record.tags.iter().enumerate() {
            if let TagOrigin::Image(image) = &tag.from {
                let field = format!("spec.tags[{index}].from.name");
                self.add_use(&record.object, &tag.name, &field, UseRole::Import, image);
            }
        }
        self.0.streams.push(record);
        self
    }

    fn add_use(&mut self, object: &ObjectId, part: &str, field: &str, role: UseRole, image: &str) {
        if image.contains('/') {
            let place = super::place(object, part, field);
            self.0.uses.push(super::image_use(place, role, image));
        }
    }
}

/// Names in the form of records.
pub fn names(of: &[&str]) -> Vec<Arc<str>> {
    of.iter().map(|name| (*name).into()).collect()
}
