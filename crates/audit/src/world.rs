//! A cluster for tests, put together piece by piece: everything of it was read, and what is not put
//! in is not there.

use std::sync::Arc;

use extreg_core::facts::Known;

use crate::caller::Caller;
use crate::check::{CheckId, Outcome};
use crate::coverage::{Gap, GapReason, GapSubject};
use crate::finding::Finding;
use crate::judge::{Options, judge};
use crate::kind::Kind;
use crate::place::{ObjectId, Origin};
use crate::snapshot::{
    AccountRecord, BuildRecord, ClusterRecord, Listed, SecretKeys, SecretRecord, Snapshot,
    StreamRecord, TagOrigin, UseRole, WorkloadRecord,
};
use crate::testing;

/// 20 November 2026, 12:00 UTC.
pub(crate) const NOW: i64 = 1_795_176_000;

/// One key that every consumer finds for docker.io, with a credential of this user (`acme`).
pub(crate) const HUB: &str = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YWNtZTp4"}}}"#;

#[derive(Clone, Debug)]
pub(crate) struct World(pub(crate) Snapshot);

impl World {
    pub(crate) fn new() -> Self {
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

    /// The same objects from files, where nobody could be asked for what they do not hold.
    #[must_use]
    pub(crate) fn in_files(mut self) -> Self {
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

    #[must_use]
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Snapshot)) -> Self {
        change(&mut self.0);
        self
    }

    #[must_use]
    pub(crate) fn secret(self, namespace: &str, name: &str, config: &str) -> Self {
        self.record(testing::secret(namespace, name, config))
    }

    #[must_use]
    pub(crate) fn elided(self, namespace: &str, name: &str) -> Self {
        let mut record = testing::secret(namespace, name, "{}");
        (record.keys, record.push) = (SecretKeys::Elided, SecretKeys::Elided);
        self.record(record)
    }

    #[must_use]
    pub(crate) fn unreadable(self, namespace: &str, name: &str) -> Self {
        let mut record = testing::secret(namespace, name, "{}");
        (record.keys, record.push) = (SecretKeys::Unreadable, SecretKeys::Unreadable);
        self.record(record)
    }

    #[must_use]
    pub(crate) fn record(mut self, record: SecretRecord) -> Self {
        let object = &record.object;
        let key = (object.namespace.clone(), object.name.clone());
        self.0.secrets.insert(key, record);
        self
    }

    /// The secret that OpenShift manages for the integrated registry, without values.
    #[must_use]
    pub(crate) fn managed(self, namespace: &str, name: &str) -> Self {
        let mut record = testing::secret(namespace, name, "{}");
        (record.keys, record.push) = (SecretKeys::Elided, SecretKeys::Elided);
        record.managed = true;
        self.record(record)
    }

    #[must_use]
    pub(crate) fn account(self, namespace: &str, name: &str, pulls: &[&str]) -> Self {
        self.account_record(testing::account(namespace, name, pulls))
    }

    #[must_use]
    pub(crate) fn account_record(mut self, record: AccountRecord) -> Self {
        let object = &record.object;
        let key = (object.namespace.clone(), object.name.clone());
        self.0.accounts.insert(key, record);
        self
    }

    #[must_use]
    pub(crate) fn global(mut self, config: &str) -> Self {
        let record = testing::secret("openshift-config", "pull-secret", config);
        self.0.cluster.pull_secret = Known::Known(Some(record));
        self
    }

    /// A kind could not be listed there.
    #[must_use]
    pub(crate) fn gap(mut self, kind: Kind, namespace: &str) -> Self {
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
    pub(crate) fn workload(mut self, record: WorkloadRecord) -> Self {
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

    /// A build, with a use for what it pushes.
    #[must_use]
    pub(crate) fn build(mut self, record: BuildRecord) -> Self {
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
    pub(crate) fn build_on(mut self, record: BuildRecord, base: &str) -> Self {
        let field = "spec.strategy.dockerStrategy.from";
        self.add_use(&record.object, "", field, UseRole::Base, base);
        self.build(record)
    }

    /// A stream, with a use for each tag that follows an image.
    #[must_use]
    pub(crate) fn stream(mut self, record: StreamRecord) -> Self {
        for (index, tag) in record.tags.iter().enumerate() {
            if let TagOrigin::Image(image) = &tag.from {
                let field = format!("spec.tags[{index}].from.name");
                self.add_use(&record.object, &tag.name, &field, UseRole::Import, image);
            }
        }
        self.0.streams.push(record);
        self
    }

    pub(crate) fn judge(self, check: CheckId) -> Vec<Finding> {
        let options = Options {
            checks: [check].into(),
            caller: Caller::Oc,
            now: NOW,
        };
        judge(self.0, &options).findings
    }

    /// Each finding as `rule outcome place part`.
    pub(crate) fn says(self, check: CheckId) -> Vec<String> {
        self.judge(check).iter().map(line).collect()
    }

    fn add_use(&mut self, object: &ObjectId, part: &str, field: &str, role: UseRole, image: &str) {
        if image.contains('/') {
            let place = testing::place(object, part, field);
            self.0.uses.push(testing::image_use(place, role, image));
        }
    }
}

/// A finding as `rule place part`, with a `?` where it is not known to be so.
pub(crate) fn line(finding: &Finding) -> String {
    let doubt = if finding.outcome == Outcome::Unknown {
        "?"
    } else {
        ""
    };
    let place = &finding.place;
    let part = if place.part.is_empty() {
        String::new()
    } else {
        format!(" {}", place.part)
    };
    format!("{}{doubt} {}{part}", finding.rule, place.object.reference())
}

/// Names as records have them.
pub(crate) fn names(of: &[&str]) -> Vec<Arc<str>> {
    of.iter().map(|name| (*name).into()).collect()
}
