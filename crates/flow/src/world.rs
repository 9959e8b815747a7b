//! An index of a snapshot.

use std::collections::BTreeMap;
use std::ops::Deref;

use extreg_snapshot::{
    BuildPhase, BuildProgress, BuildRecord, ContainerRecord, PodRun, Rollout, Snapshot,
    StreamRecord, WorkloadRecord,
    coverage::{Gap, GapReason, GapSubject},
    kind::Kind,
    place::ObjectId,
};

use crate::name::Name;

/// The kinds that flows are made of.
pub const KINDS: [Kind; 9] = [
    Kind::BuildConfig,
    Kind::Build,
    Kind::ImageStream,
    Kind::CronJob,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::DeploymentConfig,
    Kind::StatefulSet,
    Kind::Pod,
];
/// The kinds whose image a trigger can set.
pub(crate) const WORKLOADS: [Kind; 5] = [
    Kind::CronJob,
    Kind::DaemonSet,
    Kind::Deployment,
    Kind::DeploymentConfig,
    Kind::StatefulSet,
];

/// An index of a snapshot that was read with [`extreg_snapshot::read::Detail::Flows`].
#[derive(Debug)]
pub struct World<'w> {
    pub(crate) snapshot: &'w Snapshot,
    pub(crate) configs: Vec<Build<'w>>,
    pub(crate) workloads: Vec<Workload<'w>>,
    /// By the namespace and name of their BuildConfig.
    builds: BTreeMap<(&'w str, &'w str), Builds<'w>>,
    /// By workload, newest first.
    pods: BTreeMap<(&'w str, Kind, &'w str), Vec<Pod<'w>>>,
}

/// A BuildConfig or a Build.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Build<'w> {
    pub(crate) record: &'w BuildRecord,
    pub(crate) progress: &'w BuildProgress,
}

/// Where a build pushes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output<'w> {
    /// It does not push.
    None,
    /// An image, as written.
    Image(&'w str),
    /// A tag of an ImageStream.
    Tag(Name<'w>),
}

/// `status.phase` of a Build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    New,
    Pending,
    Running,
    Complete,
    Failed,
    Error,
    Cancelled,
}

/// The builds of a BuildConfig that matter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Builds<'w> {
    /// The newest.
    pub(crate) newest: Build<'w>,
    /// The newest build that pushed; can be the newest of all.
    pub(crate) pushed: Option<Build<'w>>,
}

/// A Deployment or another object that runs pods.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload<'w> {
    pub(crate) record: &'w WorkloadRecord,
    pub(crate) rollout: &'w Rollout,
}

/// A pod of a workload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pod<'w> {
    pub(crate) object: &'w ObjectId,
    pub(crate) run: &'w PodRun,
}

/// Why a list was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unread<'w> {
    /// It cannot be read: no permission.
    Forbidden,
    /// The cluster does not serve it.
    NotServed,
    /// It failed, with the message.
    Failed(&'w str),
    /// It is outside the scope.
    NotAsked,
}

impl<'w> World<'w> {
    /// Indexes a snapshot.
    pub fn of(snapshot: &'w Snapshot) -> Self {
        let mut world = World {
            snapshot,
            configs: Vec::new(),
            workloads: Vec::new(),
            builds: BTreeMap::new(),
            pods: BTreeMap::new(),
        };
        for record in &snapshot.builds {
            let Some(progress) = record.progress.as_deref() else {
                continue;
            };
            let build = Build { record, progress };
            match (&record.config, record.object.kind) {
                (_, Kind::BuildConfig) => world.configs.push(build),
                (Some(config), _) => {
                    let builds = world.builds.entry((build.namespace(), config));
                    builds
                        .and_modify(|builds| builds.add(build))
                        .or_insert_with(|| Builds::of(build));
                }
                (None, _) => {}
            }
        }
        for record in &snapshot.workloads {
            let object = &record.object;
            if let Some(rollout) = record.rollout.as_deref() {
                world.workloads.push(Workload { record, rollout });
            } else if let Some(run) = record.run.as_deref() {
                let (kind, name) = &run.of;
                let pods = world.pods.entry((&object.namespace, *kind, name));
                pods.or_default().push(Pod { object, run });
            }
        }
        for pods in world.pods.values_mut() {
            pods.sort_by_key(|pod| (std::cmp::Reverse(pod.run.created), &pod.object.name));
        }
        world
    }

    /// Describes what was not read: `builds.build.openshift.io: permission denied in snow`.
    pub fn gaps(&self) -> Vec<String> {
        let coverage = &self.snapshot.coverage;
        let mut lines = Vec::new();
        for kind in KINDS {
            let name = kind.api().resource();
            if coverage.not_served.contains(&kind) {
                lines.push(format!("{name}: not served by this cluster"));
            }
            let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for gap in &coverage.gaps {
                if let GapSubject::List {
                    kind: of,
                    namespace,
                } = &gap.what
                    && *of == kind
                {
                    by_reason.entry(why(gap)).or_default().push(namespace);
                }
            }
            for (why, namespaces) in by_reason {
                lines.push(match namespaces.as_slice() {
                    [""] => format!("{name}: {why}"),
                    [one] => format!("{name}: {why} in {one}"),
                    many => format!("{name}: {why} in {} namespaces", many.len()),
                });
            }
        }
        let is_list = |gap: &&Gap| matches!(gap.what, GapSubject::List { .. });
        let rest = coverage.gaps.iter().filter(|gap| !is_list(gap));
        lines.extend(rest.map(|gap| format!("{}: {}", gap.what, why(gap))));
        lines
    }

    /// Why a list of a namespace was not read; none if it was read.
    pub(crate) fn unread(&self, kind: Kind, namespace: &str) -> Option<Unread<'w>> {
        let coverage = &self.snapshot.coverage;
        if coverage.not_served.contains(&kind) {
            return Some(Unread::NotServed);
        }
        if let Some(gap) = coverage.list_gap(kind, namespace) {
            return Some(match gap.why {
                GapReason::Forbidden => Unread::Forbidden,
                _ => Unread::Failed(&gap.message),
            });
        }
        // Streams of other namespaces are read by name.
        let is_asked = kind == Kind::ImageStream || coverage.scope.holds(namespace);
        (!is_asked).then_some(Unread::NotAsked)
    }

    /// The builds of a BuildConfig.
    pub(crate) fn builds_of(&self, config: Build<'w>) -> Option<Builds<'w>> {
        let key = (config.namespace(), config.name());
        self.builds.get(&key).copied()
    }

    /// The pods of a workload, newest first.
    pub(crate) fn pods_of(&self, workload: Workload<'w>) -> &[Pod<'w>] {
        let ObjectId {
            namespace,
            kind,
            name,
        } = &workload.record.object;
        let pods = self.pods.get(&(&**namespace, *kind, &**name));
        pods.map_or(&[], Vec::as_slice)
    }

    /// A stream by namespace and name.
    pub(crate) fn stream(&self, namespace: &str, name: &str) -> Option<&'w StreamRecord> {
        self.snapshot.stream(namespace, name)
    }
}

impl<'w> Build<'w> {
    pub(crate) fn namespace(self) -> &'w str {
        &self.record.object.namespace
    }

    pub(crate) fn name(self) -> &'w str {
        &self.record.object.name
    }

    pub(crate) fn push_secret(self) -> &'w str {
        &self.record.push_secret
    }

    pub(crate) fn output(self) -> Output<'w> {
        match &self.record.writes {
            Some((namespace, name)) => {
                let (stream, tag) = name.split_once(':').unwrap_or((name, "latest"));
                Output::Tag(Name {
                    namespace,
                    stream,
                    tag,
                })
            }
            None if self.record.pushes_to.is_empty() => Output::None,
            None => Output::Image(&self.record.pushes_to),
        }
    }

    pub(crate) fn phase(self) -> Phase {
        match self.phase_text(|phase| &phase.phase) {
            "Pending" => Phase::Pending,
            "Running" => Phase::Running,
            "Complete" => Phase::Complete,
            "Failed" => Phase::Failed,
            "Error" => Phase::Error,
            "Cancelled" => Phase::Cancelled,
            _ => Phase::New,
        }
    }

    pub(crate) fn reason(self) -> &'w str {
        self.phase_text(|phase| &phase.reason)
    }

    pub(crate) fn message(self) -> &'w str {
        self.phase_text(|phase| &phase.message)
    }

    /// The digest that it pushed; empty if it did not push, or did not report it.
    pub(crate) fn digest(self) -> &'w str {
        self.phase_text(|phase| &phase.pushed)
    }

    fn phase_text(self, of: impl Fn(&'w BuildPhase) -> &'w str) -> &'w str {
        self.record.phase.as_ref().map_or("", of)
    }

    fn has_pushed(self) -> bool {
        self.phase() == Phase::Complete && self.output() != Output::None
    }
}

impl<'w> Builds<'w> {
    fn of(build: Build<'w>) -> Self {
        Self {
            newest: build,
            pushed: Some(build).filter(|build| build.has_pushed()),
        }
    }

    fn add(&mut self, build: Build<'w>) {
        let rank = |build: Build<'_>| (build.progress.number, build.progress.created);
        if rank(self.newest) < rank(build) {
            self.newest = build;
        }
        let is_later = self.pushed.is_none_or(|pushed| rank(pushed) < rank(build));
        if build.has_pushed() && is_later {
            self.pushed = Some(build);
        }
    }
}

impl<'w> Workload<'w> {
    pub(crate) fn namespace(self) -> &'w str {
        &self.record.object.namespace
    }

    pub(crate) fn name(self) -> &'w str {
        &self.record.object.name
    }

    /// `kind/name`, as in a command.
    pub(crate) fn reference(self) -> String {
        let ObjectId { kind, name, .. } = &self.record.object;
        format!("{}/{name}", kind.api().kind.to_lowercase())
    }

    /// A container by its name.
    pub(crate) fn container(self, name: &str) -> Option<&'w ContainerRecord> {
        let mut containers = self.record.containers.iter();
        containers.find(|container| *container.name == *name)
    }
}

fn why(gap: &Gap) -> &str {
    match gap.why {
        GapReason::Forbidden => "permission denied",
        _ => &gap.message,
    }
}

impl Deref for Workload<'_> {
    type Target = WorkloadRecord;

    fn deref(&self) -> &WorkloadRecord {
        self.record
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::Cluster;

    #[test]
    fn newest_build_and_last_pushed_build_are_indexed() {
        let builds = [
            (10, "Failed"),
            (2, "Complete"),
            (9, "Complete"),
            (8, "Running"),
        ];
        let builds = builds.map(|(number, phase)| {
            let annotations = json!({"openshift.io/build-config.name": "a",
                "openshift.io/build.number": number.to_string()});
            let metadata = json!({"name": format!("a-{number}"), "namespace": "n",
                "annotations": annotations});
            let output = json!({"to": {"kind": "DockerImage", "name": "u/a"}});
            let build = json!({"metadata": metadata, "spec": {"output": output},
                "status": {"phase": phase}});
            (Kind::Build, build)
        });
        let cluster = Cluster::of(&builds);
        let world = World::of(&cluster.snapshot);
        let builds = world.builds[&("n", "a")];
        assert_eq!(builds.newest.progress.number, 10);
        assert_eq!(builds.pushed.unwrap().progress.number, 9);
    }

    #[test]
    fn unread_objects_are_listed_by_kind() {
        let mut snapshot = Snapshot::default();
        for namespace in ["a", "b"] {
            snapshot.coverage.gaps.insert(Gap {
                what: GapSubject::List {
                    kind: Kind::Pod,
                    namespace: namespace.into(),
                },
                why: GapReason::Forbidden,
                message: String::new(),
            });
        }
        snapshot.coverage.not_served.insert(Kind::Build);
        snapshot.coverage.gaps.insert(Gap {
            what: GapSubject::Fact("an object of pods".to_owned()),
            why: GapReason::Unreadable,
            message: "not a readable Pod".to_owned(),
        });
        let world = World::of(&snapshot);
        assert_eq!(
            world.gaps(),
            [
                "builds.build.openshift.io: not served by this cluster",
                "pods: permission denied in 2 namespaces",
                "an object of pods: not a readable Pod",
            ]
        );
        assert_eq!(world.unread(Kind::Pod, "c"), None);
        assert_eq!(world.unread(Kind::Build, "c"), Some(Unread::NotServed));
    }
}
