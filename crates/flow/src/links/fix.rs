//! What fixes a link: the same remedies as the audit's, from what `status` reads.

use std::sync::Arc;

use extreg_remedy::{
    Action, Inspection, Invocation, Outcome, Remedy, RolloutStep, Scene, Sight, SnapshotScene,
    SpecTag, triggers,
};
use extreg_snapshot::{
    ContainerKind, ContainerRecord, WorkloadRecord,
    kind::Kind,
    place::{ObjectId, Origin},
    trigger::Unusable,
};
use serde::{Serialize, Serializer};

use super::State;
use crate::{
    flow::{Name, Place},
    read::{BuildConfig, From, Workload, WorkloadKind},
    world::{Gap, Listed, World},
};

/// What fixes a link, as its user types it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it is.
    pub remedy: Remedy,
    /// Who is to type it.
    pub invocation: Invocation,
}

impl Fix {
    /// In one line.
    pub fn text(&self) -> String {
        self.remedy.text(&self.invocation)
    }

    /// What of it can be shown for a link of that state.
    pub(super) fn checked(self, world: &World, state: State) -> Option<Self> {
        let outcome = match state {
            State::Unknown => Outcome::Unknown,
            State::None | State::Ok | State::Waiting | State::Broken => Outcome::Fail,
        };
        let writes = !self.remedy.actions().is_empty();
        if writes && outcome == Outcome::Unknown {
            return None;
        }
        let remedy = self.remedy.checked(world, outcome, &Origin::Cluster);
        Some(Self { remedy, ..self })
    }
}

impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.remedy.rendered(&self.invocation).serialize(serializer)
    }
}

/// Accounts and secrets, as what decides whether a command can be shown.
fn of_credentials(world: &World) -> SnapshotScene<'_> {
    SnapshotScene::new(&world.credentials, &|_| false)
}

impl Scene for World {
    fn object(&self, object: &ObjectId) -> Sight {
        let key = (object.namespace.to_string(), object.name.to_string());
        let (is_read, listed) = match object.kind {
            Kind::BuildConfig => (self.configs.contains_key(&key), Listed::BuildConfigs),
            Kind::ImageStream => (self.streams.contains_key(&key), Listed::ImageStreams),
            Kind::Secret | Kind::ServiceAccount => return of_credentials(self).object(object),
            kind => match WorkloadKind::ALL.into_iter().find(|of| of.kind() == kind) {
                Some(kind) => {
                    let (namespace, name) = key;
                    let is_read = self.workloads.contains_key(&(namespace, kind, name));
                    (is_read, Listed::Workloads(kind))
                }
                None => return Sight::Unread,
            },
        };
        if is_read {
            Sight::Read
        } else if self.unseen.why(listed, &object.namespace).is_none() {
            Sight::Absent
        } else {
            Sight::Unread
        }
    }

    fn tag(&self, stream: &ObjectId, tag: &str) -> Sight {
        match self.stream(&stream.namespace, &stream.name) {
            Some(found) if found.tags.contains_key(tag) => Sight::Read,
            Some(_) => Sight::Absent,
            None => self.object(stream),
        }
    }

    fn is_whole_cluster(&self) -> bool {
        false
    }

    fn is_unapproved(&self, _image: &str) -> bool {
        false
    }

    fn is_denied(&self, object: &ObjectId) -> bool {
        let listed = match object.kind {
            Kind::BuildConfig => Listed::BuildConfigs,
            Kind::ImageStream => Listed::ImageStreams,
            Kind::Secret | Kind::ServiceAccount => return of_credentials(self).is_denied(object),
            _ => return false,
        };
        self.unseen.why(listed, &object.namespace) == Some(&Gap::Forbidden)
    }
}

/// An object by its kind, namespace and name.
pub(super) fn object(kind: Kind, namespace: &str, name: &str) -> ObjectId {
    ObjectId {
        namespace: namespace.into(),
        kind,
        name: name.into(),
    }
}

/// Starts a build.
pub(super) fn start_build(config: &BuildConfig) -> Remedy {
    Remedy::run(Action::StartBuild {
        config: object(Kind::BuildConfig, &config.namespace, &config.name),
    })
}

/// Imports a tag.
pub(super) fn import(tag: Name<'_>, wait: bool) -> Remedy {
    Remedy::run(Action::ImportTag {
        stream: stream(tag),
        tag: tag.tag.into(),
        wait,
    })
}

/// Lets a tag follow an image on schedule: a new tag, or one that follows another image.
pub(super) fn follow_image(world: &World, tag: Name<'_>, image: &str) -> Remedy {
    let stream = stream(tag);
    let found = world.stream(tag.namespace, tag.stream);
    match found.and_then(|found| found.tags.get(tag.tag)) {
        None => Remedy::run(Action::CreateTag {
            stream,
            tag: tag.tag.into(),
            image: image.into(),
        }),
        Some(_) => Remedy::instruct(format!("let {tag} follow {image}")),
    }
}

/// A tag as it is written in spec.
pub(super) fn spec_tag(place: Place<'_>) -> Option<SpecTag> {
    let From::Image(from) = &place.tag.from else {
        return None;
    };
    Some(SpecTag {
        stream: stream(place.name),
        name: place.name.tag.into(),
        index: place.tag.index?,
        has_import_policy: place.tag.has_import_policy,
        has_annotations: place.tag.has_annotations,
        from: from.as_str().into(),
    })
}

/// Shows the log of an object.
pub(super) fn logs(of: ObjectId) -> Remedy {
    Remedy::Inspect(Inspection::Logs { of, previous: None })
}

/// Shows what an object and its events say.
pub(super) fn describe(of: ObjectId) -> Remedy {
    Remedy::Inspect(Inspection::Describe(of))
}

/// Shows which registries the cluster allows.
pub(super) fn allowed_registries() -> Remedy {
    Remedy::Inspect(Inspection::Get(object(Kind::ImageConfig, "", "cluster")))
}

/// A step of a rollout.
pub(super) fn rollout(workload: &Workload, step: RolloutStep) -> Remedy {
    Remedy::run(Action::Rollout {
        workload: id(workload),
        step,
    })
}

/// Lets containers of a workload follow a tag; the first of its containers where none is named.
pub(super) fn follow_tag(workload: &Workload, tag: Name<'_>, containers: &[&str]) -> Remedy {
    let record = record(workload);
    let mut containers: Vec<Arc<str>> = containers.iter().map(|name| (*name).into()).collect();
    if containers.is_empty() {
        let main = workload.containers.iter().find(|c| !c.is_init);
        containers.extend(main.map(|container| Arc::from(container.name.as_str())));
    }
    triggers::follow(&record, tag.namespace, &tag.to_string(), &containers)
}

/// The identity of a workload.
pub(super) fn id(workload: &Workload) -> ObjectId {
    object(workload.kind.kind(), &workload.namespace, &workload.name)
}

/// A workload as the audit keeps it.
pub(super) fn record(workload: &Workload) -> WorkloadRecord {
    let containers = workload.containers.iter().map(|container| ContainerRecord {
        name: container.name.as_str().into(),
        kind: if container.is_init {
            ContainerKind::Init
        } else {
            ContainerKind::Main
        },
        image: container.image.as_str().into(),
        pull_policy: Arc::default(),
        running: Arc::default(),
    });
    let secrets = workload.pull_secrets.iter();
    WorkloadRecord {
        object: id(workload),
        origin: Origin::Cluster,
        owner: None,
        account: workload.account.as_str().into(),
        pull_secrets: secrets.map(|name| name.as_str().into()).collect(),
        replicas: None,
        containers: containers.collect(),
        triggers: workload.triggers.list.clone(),
        unusable_triggers: workload.triggers.unusable.clone(),
        trigger_source: workload.trigger_source.clone(),
        resolves_names: workload.is_looked_up,
        waiting: Vec::new(),
    }
}

/// What stands in the way of an annotation that cannot be read.
pub(super) fn unusable(workload: &Workload, why: &Unusable) -> (String, Remedy) {
    (
        format!(
            "the annotation of {} cannot be used: {why}",
            workload.reference()
        ),
        triggers::unusable_annotation(&record(workload)),
    )
}

fn stream(tag: Name<'_>) -> ObjectId {
    object(Kind::ImageStream, tag.namespace, tag.stream)
}
