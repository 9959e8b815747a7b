//! What was read of a cluster, and what was not.

use std::collections::{BTreeMap, BTreeSet};

use extreg_snapshot::{Snapshot, kind::Kind};

use crate::{
    image::Image,
    read::{Build, BuildConfig, Pod, Stream, Workload, WorkloadKind},
};

/// What was read.
#[derive(Debug, Default)]
pub struct World {
    /// By namespace and name.
    pub configs: BTreeMap<(String, String), BuildConfig>,
    /// By the namespace and name of their BuildConfig.
    pub builds: BTreeMap<(String, String), Builds>,
    /// By namespace and name.
    pub streams: BTreeMap<(String, String), Stream>,
    /// By namespace, kind and name.
    pub workloads: BTreeMap<WorkloadKey, Workload>,
    /// By the workload that they are of.
    pub pods: BTreeMap<WorkloadKey, Vec<Pod>>,
    /// What was not read.
    pub unseen: Unseen,
    /// What registries say; of what was not asked there is nothing.
    pub registry: BTreeMap<Image, InRegistry>,
    /// Accounts and docker secrets, of the namespaces where they were asked for.
    pub credentials: Snapshot,
    /// Secrets of any type that BuildConfigs name and that do not exist, by namespace and name.
    pub absent_secrets: BTreeSet<(String, String)>,
}

/// Which workload: namespace, kind and name.
pub(crate) type WorkloadKey = (String, WorkloadKind, String);

/// The builds of a BuildConfig that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Builds {
    /// The newest.
    pub newest: Build,
    /// The newest that has pushed, if it is another.
    before: Option<Build>,
}

impl Builds {
    /// The newest that has pushed; may be the newest of all.
    pub fn pushed(&self) -> Option<&Build> {
        Some(&self.newest)
            .filter(|build| build.has_pushed())
            .or(self.before.as_ref())
    }

    fn add(&mut self, build: Build) {
        let rank = |build: &Build| (build.number, build.created);
        let older = if rank(&self.newest) < rank(&build) {
            std::mem::replace(&mut self.newest, build)
        } else {
            build
        };
        let is_later = |before: &Build| rank(before) < rank(&older);
        if self.newest.has_pushed() {
            self.before = None;
        } else if older.has_pushed() && self.before.as_ref().is_none_or(is_later) {
            self.before = Some(older);
        }
    }
}

/// What a registry says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InRegistry {
    /// It is there.
    Has {
        /// The digest.
        digest: String,
        /// Whether that is a list of manifests, one for each platform.
        is_list: bool,
    },
    /// It is not there.
    NotFound,
    /// It is not shown to whom asked, or not to be had: in words.
    Refused(String),
    /// There was no answer that tells: in words.
    Unknown(String),
}

/// What was not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unseen(BTreeMap<(Listed, String), Gap>);

/// Why a list was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// It may not be read.
    Forbidden,
    /// The cluster does not serve it.
    NotServed,
    /// It failed: in words.
    Failed(String),
    /// It is of another namespace than was asked for.
    NotAsked,
}

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listed {
    /// BuildConfigs.
    BuildConfigs,
    /// Builds.
    Builds,
    /// ImageStreams.
    ImageStreams,
    /// Workloads of a kind.
    Workloads(WorkloadKind),
    /// Pods.
    Pods,
}

impl Listed {
    /// Everything that is listed.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::BuildConfigs, Self::Builds, Self::ImageStreams]
            .into_iter()
            .chain(WorkloadKind::ALL.map(Self::Workloads))
            .chain([Self::Pods])
    }

    /// The kind of its objects.
    pub const fn kind(self) -> Kind {
        match self {
            Self::BuildConfigs => Kind::BuildConfig,
            Self::Builds => Kind::Build,
            Self::ImageStreams => Kind::ImageStream,
            Self::Workloads(kind) => kind.kind(),
            Self::Pods => Kind::Pod,
        }
    }
}

impl World {
    /// Reads an object of a list.
    ///
    /// # Errors
    /// If it is none of that kind.
    pub fn read(&mut self, what: Listed, json: &str) -> Result<(), serde_json::Error> {
        match what {
            Listed::BuildConfigs => {
                let config = BuildConfig::read(json)?;
                let key = (config.namespace.clone(), config.name.clone());
                self.configs.insert(key, config);
            }
            Listed::Builds => self.add_build(Build::read(json)?),
            Listed::ImageStreams => {
                let stream = Stream::read(json)?;
                let key = (stream.namespace.clone(), stream.name.clone());
                self.streams.insert(key, stream);
            }
            Listed::Workloads(kind) => {
                let workload = Workload::read(kind, json)?;
                self.workloads.insert(key_of(&workload), workload);
            }
            Listed::Pods => {
                if let Some(pod) = Pod::read(json)? {
                    let (kind, name) = pod.owner.clone();
                    let key = (pod.namespace.clone(), kind, name);
                    self.pods.entry(key).or_default().push(pod);
                }
            }
        }
        Ok(())
    }

    /// The builds of a BuildConfig.
    pub fn builds_of(&self, config: &BuildConfig) -> Option<&Builds> {
        self.builds
            .get(&(config.namespace.clone(), config.name.clone()))
    }

    /// Forgets the pods of a namespace, or of all where none is given.
    pub fn forget_pods(&mut self, namespace: Option<&str>) {
        self.pods
            .retain(|(of, ..), _| namespace.is_some_and(|namespace| namespace != of));
    }

    /// The pods of a workload, newest first.
    pub fn pods_of(&self, workload: &Workload) -> Vec<&Pod> {
        let mut pods: Vec<&Pod> = self
            .pods
            .get(&key_of(workload))
            .into_iter()
            .flatten()
            .collect();
        pods.sort_by(|a, b| (b.created, &a.name).cmp(&(a.created, &b.name)));
        pods
    }

    /// A stream by namespace and name.
    pub fn stream(&self, namespace: &str, name: &str) -> Option<&Stream> {
        self.streams.get(&(namespace.to_owned(), name.to_owned()))
    }

    /// All builds of a BuildConfig but two are forgotten.
    fn add_build(&mut self, build: Build) {
        if build.config.is_empty() {
            return;
        }
        let key = (build.namespace.clone(), build.config.clone());
        if let Some(builds) = self.builds.get_mut(&key) {
            builds.add(build);
            return;
        }
        let only = Builds {
            newest: build,
            before: None,
        };
        self.builds.insert(key, only);
    }
}

impl Unseen {
    /// A list was not read, in a namespace or (where empty) everywhere.
    pub fn add(&mut self, what: Listed, namespace: &str, gap: Gap) {
        self.0.insert((what, namespace.to_owned()), gap);
    }

    /// Why a list of a namespace was not read, if it was not.
    pub fn why(&self, what: Listed, namespace: &str) -> Option<&Gap> {
        let everywhere = self.0.get(&(what, String::new()));
        everywhere.or_else(|| self.0.get(&(what, namespace.to_owned())))
    }

    /// What was not read, in words, sorted: `builds.build.openshift.io: forbidden in snow`.
    pub fn lines(&self) -> Vec<String> {
        let mut by_list: BTreeMap<(Listed, String), Vec<&str>> = BTreeMap::new();
        for ((what, namespace), gap) in &self.0 {
            let why = match gap {
                Gap::NotAsked => continue,
                Gap::Forbidden => "may not be listed".to_owned(),
                Gap::NotServed => "not served by this cluster".to_owned(),
                Gap::Failed(why) => why.clone(),
            };
            by_list.entry((*what, why)).or_default().push(namespace);
        }
        by_list
            .into_iter()
            .map(|((what, why), namespaces)| {
                let name = what.kind().api().resource();
                match namespaces.as_slice() {
                    [""] => format!("{name}: {why}"),
                    [one] => format!("{name}: {why} in {one}"),
                    many => format!("{name}: {why} in {} namespaces", many.len()),
                }
            })
            .collect()
    }

    /// Whether nothing at all was to be read, of a namespace or (where empty) of all, because it may
    /// not be.
    pub fn is_all_forbidden(&self, namespace: &str) -> bool {
        let mut any = false;
        let all = Listed::all().all(|what| match self.why(what, namespace) {
            Some(Gap::Forbidden) => {
                any = true;
                true
            }
            Some(Gap::NotServed) => true,
            _ => false,
        });
        all && any
    }
}

/// Which workload it is.
pub(crate) fn key_of(workload: &Workload) -> WorkloadKey {
    (
        workload.namespace.clone(),
        workload.kind,
        workload.name.clone(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(number: u64, phase: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"a-{number}","namespace":"n","annotations":{{
                "openshift.io/build-config.name":"a","openshift.io/build.number":"{number}"}}}},
                "spec":{{"output":{{"to":{{"kind":"DockerImage","name":"u/a"}}}}}},"status":{{"phase":"{phase}"}}}}"#
        )
    }

    #[test]
    fn of_many_builds_the_newest_and_the_last_push_are_kept() {
        let mut world = World::default();
        for (number, phase) in [
            (10, "Failed"),
            (2, "Complete"),
            (9, "Complete"),
            (8, "Running"),
        ] {
            world.read(Listed::Builds, &build(number, phase)).unwrap();
        }
        let builds = &world.builds[&("n".to_owned(), "a".to_owned())];
        assert_eq!((builds.newest.number, world.builds.len()), (10, 1));
        assert_eq!(builds.pushed().unwrap().number, 9);
    }

    #[test]
    fn what_was_not_seen_is_told_by_list() {
        let mut unseen = Unseen::default();
        unseen.add(Listed::Pods, "a", Gap::Forbidden);
        unseen.add(Listed::Pods, "b", Gap::Forbidden);
        unseen.add(Listed::Builds, "", Gap::NotServed);
        assert_eq!(
            unseen.lines(),
            [
                "builds.build.openshift.io: not served by this cluster",
                "pods: may not be listed in 2 namespaces"
            ]
        );
        assert_eq!(unseen.why(Listed::Pods, "c"), None);
        assert!(unseen.why(Listed::Builds, "c").is_some());
        assert!(!unseen.is_all_forbidden("a"));
        for what in Listed::all() {
            unseen.add(what, "a", Gap::Forbidden);
        }
        assert!(unseen.is_all_forbidden("a") && !unseen.is_all_forbidden("c"));
    }
}
