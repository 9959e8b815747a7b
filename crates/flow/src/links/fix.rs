//! The fixes of links: the same remedies as in the audit, from the objects that `status` reads.

use std::sync::Arc;

use extreg_remedy::{
    Action, Inspection, Invocation, Outcome, Remedy, RolloutStep, Scene, Sight, SnapshotScene,
    SpecTag, triggers,
};
use extreg_snapshot::{
    ContainerKind,
    kind::Kind,
    place::{ObjectId, Origin},
    trigger::Unusable,
};
use serde::{Serialize, Serializer};

use super::{Site, State};
use crate::{
    flow::{From, Place},
    name::Name,
    world::{Build, Workload, World},
};

/// The fix of a link, as the user types it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The remedy.
    pub remedy: Remedy,
    /// The program and flags that the user types.
    pub invocation: Invocation,
}

impl Fix {
    /// The fix in one line.
    pub fn text(&self) -> String {
        self.remedy.text(&self.invocation)
    }

    /// The part of the fix that can be shown for a link in that state.
    pub(super) fn checked(self, site: &Site<'_, '_>, state: State) -> Option<Self> {
        let outcome = match state {
            State::Unknown => Outcome::Unknown,
            State::None | State::Ok | State::Waiting | State::Broken => Outcome::Fail,
        };
        let writes = !self.remedy.actions().is_empty();
        if writes && outcome == Outcome::Unknown {
            return None;
        }
        let remedy = self
            .remedy
            .checked(&Seen::of(site), outcome, &Origin::Cluster);
        Some(Self { remedy, ..self })
    }
}

impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.remedy.rendered(&self.invocation).serialize(serializer)
    }
}

/// The objects that were read: they decide whether a command can be shown.
struct Seen<'s> {
    world: &'s World<'s>,
    objects: SnapshotScene<'s>,
    credentials: SnapshotScene<'s>,
}

impl<'s> Seen<'s> {
    fn of(site: &Site<'s, 's>) -> Self {
        let scene = |snapshot| SnapshotScene::new(snapshot, &|_| false);
        Self {
            world: site.world,
            objects: scene(site.world.snapshot),
            credentials: scene(&site.fetched.credentials),
        }
    }

    const fn scene(&self, object: &ObjectId) -> &SnapshotScene<'s> {
        match object.kind {
            Kind::Secret | Kind::ServiceAccount => &self.credentials,
            _ => &self.objects,
        }
    }
}

impl Scene for Seen<'_> {
    fn object(&self, object: &ObjectId) -> Sight {
        let sight = self.scene(object).object(object);
        // Streams of other namespaces were read by name.
        let is_stream = object.kind == Kind::ImageStream;
        if is_stream && self.world.unread(object.kind, &object.namespace).is_none() {
            return match sight {
                Sight::Unread => Sight::Absent,
                sight => sight,
            };
        }
        sight
    }

    fn tag(&self, stream: &ObjectId, tag: &str) -> Sight {
        match self.object(stream) {
            Sight::Read => self.objects.tag(stream, tag),
            sight => sight,
        }
    }

    fn is_whole_cluster(&self) -> bool {
        false
    }

    fn is_unapproved(&self, _image: &str) -> bool {
        false
    }

    fn is_denied(&self, object: &ObjectId) -> bool {
        self.scene(object).is_denied(object)
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
pub(super) fn start_build(config: Build<'_>) -> Remedy {
    Remedy::run(Action::StartBuild {
        config: config.record.object.clone(),
    })
}

/// Imports a tag.
pub(super) fn import(tag: Name<'_>, wait: bool) -> Remedy {
    Remedy::run(Action::ImportTag {
        stream: tag.of_stream(),
        tag: tag.tag.into(),
        wait,
    })
}

/// Lets a tag follow an image on schedule: a new tag, or one that follows another image.
pub(super) fn follow_image(world: &World<'_>, tag: Name<'_>, image: &str) -> Remedy {
    let found = world.stream(tag.namespace, tag.stream);
    match found.and_then(|found| found.tag(tag.tag)) {
        None => Remedy::run(Action::CreateTag {
            stream: tag.of_stream(),
            tag: tag.tag.into(),
            image: image.into(),
        }),
        Some(_) => Remedy::instruct(format!("let {tag} follow {image}")),
    }
}

/// A tag in spec.
pub(super) fn spec_tag(place: Place<'_>) -> Option<SpecTag> {
    let From::Image(from) = place.from() else {
        return None;
    };
    Some(SpecTag {
        stream: place.stream.object.clone(),
        name: place.name.tag.into(),
        index: place.tag.index?,
        has_import_policy: place.tag.has_import_policy,
        has_annotations: place.tag.has_annotations,
        from: from.into(),
    })
}

/// Shows the log of an object.
pub(super) fn logs(of: ObjectId) -> Remedy {
    Remedy::Inspect(Inspection::Logs { of, previous: None })
}

/// Describes an object and its events.
pub(super) fn describe(of: ObjectId) -> Remedy {
    Remedy::Inspect(Inspection::Describe(of))
}

/// Shows which registries the cluster allows.
pub(super) fn allowed_registries() -> Remedy {
    Remedy::Inspect(Inspection::Get(object(Kind::ImageConfig, "", "cluster")))
}

/// A step of a rollout.
pub(super) fn rollout(workload: Workload<'_>, step: RolloutStep) -> Remedy {
    Remedy::run(Action::Rollout {
        workload: workload.object.clone(),
        step,
    })
}

/// Lets containers of a workload follow a tag; if none is given, its first container.
pub(super) fn follow_tag(workload: Workload<'_>, tag: Name<'_>, containers: &[&str]) -> Remedy {
    let mut containers: Vec<Arc<str>> = containers.iter().map(|name| (*name).into()).collect();
    if containers.is_empty() {
        let mut main = workload.containers.iter();
        let main = main.find(|container| container.kind == ContainerKind::Main);
        containers.extend(main.map(|container| Arc::clone(&container.name)));
    }
    triggers::follow(
        workload.record,
        tag.namespace,
        &tag.to_string(),
        &containers,
    )
}

/// Why an annotation cannot be used, and the remedy.
pub(super) fn unusable(workload: Workload<'_>, why: &Unusable) -> (String, Remedy) {
    (
        format!(
            "the annotation of {} cannot be used: {why}",
            workload.reference()
        ),
        triggers::unusable_annotation(workload.record),
    )
}
