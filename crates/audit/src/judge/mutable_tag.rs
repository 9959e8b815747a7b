//! EXR006: a container that runs a movable tag without a trigger.
//!
//! A push can move a tag to another image. A node pulls the tag when it starts a pod,
//! so pods of one workload can run different images, and a new image is not rolled out to any of
//! them. A digest identifies one image; an image trigger (library-go
//! `pkg/image/trigger/annotations.go`) writes the digest of an ImageStream tag into the container
//! and rolls out each new one. A trigger that is paused, whose tag does not exist, or that OpenShift
//! ignores does neither; a tag that a build writes will exist.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use extreg_core::image::ImageRef;
use extreg_remedy::{Action, Inspection, Outcome, Remedy, first_names, triggers};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ObjectId;
use extreg_snapshot::trigger::ImageTrigger;
use extreg_snapshot::{ImageUse, Meaning, Snapshot, UseRole};

use super::followers::Followers;
use super::following::{Following, can_follow, stream_of, tag_in};
use super::found::found;
use super::index::Index;
use super::support::by_hand;
use crate::check::{CheckId, Severity};
use crate::finding::Finding;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let index = Index::of(snapshot);
    let followers = Followers::of(snapshot);
    let runs = snapshot.uses.iter().filter(|usage| {
        matches!(usage.role, UseRole::Run | UseRole::Volume)
            && matches!(
                usage.meaning,
                Meaning::External | Meaning::Searched | Meaning::Internal
            )
            && !usage.owned
    });
    for usage in runs {
        let Ok(image) = ImageRef::parse(&usage.image.written) else {
            continue;
        };
        if !image.id().is_empty() || image.is_registry_only() {
            continue;
        }
        let workload = index.workloads.get(&usage.place.object);
        let following = match (workload, usage.role) {
            (Some(workload), UseRole::Run) => {
                Following::of(snapshot, &index, workload, &usage.place.part)
            }
            _ => Following::None,
        };
        let judge = Judge {
            index: &index,
            followers: &followers,
            usage,
            tag: image.with_defaults().tag(),
        };
        findings.extend(judge.finding(following));
    }
}

struct Judge<'a> {
    index: &'a Index<'a>,
    followers: &'a Followers<'a>,
    usage: &'a ImageUse,
    /// The tag, `latest` if the image names none.
    tag: &'a str,
}

impl Judge<'_> {
    fn finding(&self, following: Following<'_>) -> Option<Finding> {
        let object = &self.usage.place.object;
        let tag = |trigger| tag_in(trigger, &object.namespace);
        let but = match following {
            Following::Works => return None,
            Following::Unseen(trigger) => format!(
                "; its trigger follows {}, whose ImageStream was not read",
                tag(trigger)
            ),
            Following::Paused(trigger) => format!("; its trigger on {} is paused", tag(trigger)),
            Following::NoTag(trigger) => format!(
                "; its trigger follows {}, which does not exist{}",
                tag(trigger),
                self.tags_that_exist(trigger)
            ),
            Following::Faulty(trigger) => format!(
                "; OpenShift ignores its trigger on {}: {}",
                tag(trigger),
                trigger
                    .fault
                    .map(|fault| fault.to_string())
                    .unwrap_or_default()
            ),
            Following::Stopped(by) => format!(
                "; OpenShift ignores its triggers because the one on {} names no existing container",
                tag(by)
            ),
            Following::Unusable(reason) => {
                format!("; OpenShift ignores its trigger annotation: {reason}")
            }
            Following::None => String::new(),
        };
        let part = match (self.usage.role, &*self.usage.place.part) {
            (_, "") => object.name.to_string(),
            (UseRole::Volume, part) => format!("volume {part} of {}", object.name),
            (_, part) => format!("container {part} of {}", object.name),
        };
        let what = if self.tag == "latest" {
            "the newest image of"
        } else {
            "the tag"
        };
        let written = &self.usage.image.written;
        Some(Finding {
            severity: if self.usage.meaning == Meaning::Internal {
                Severity::Low
            } else {
                CheckId::Exr006.severity()
            },
            outcome: match following {
                Following::Unseen(_) => Outcome::Unknown,
                _ => Outcome::Fail,
            },
            image: Some(self.usage.image.clone()),
            message: format!("{part} runs {what} {written}{but}"),
            why: "A node resolves the tag when it starts a pod: pods of one \
                  workload can run different images, and a new image is not rolled out"
                .to_owned(),
            fix: self.fix(following),
            ..found(CheckId::Exr006, self.rule(), self.usage.place.clone())
        })
    }

    fn rule(&self) -> &'static str {
        if self.tag == "latest" {
            "latest"
        } else {
            "tag"
        }
    }

    fn fix(&self, following: Following<'_>) -> Remedy {
        let object = &self.usage.place.object;
        let image = &self.usage.image;
        let workload = self.index.workloads.get(object).copied();
        match (following, workload) {
            (Following::Paused(trigger), Some(workload)) => {
                return triggers::resume(workload, trigger);
            }
            (Following::Faulty(trigger) | Following::Stopped(trigger), Some(workload)) => {
                return triggers::correct(workload, trigger);
            }
            (Following::Unusable(_), Some(workload)) => {
                return triggers::unusable_annotation(workload);
            }
            (Following::Unseen(trigger), _) => {
                return Remedy::Inspect(Inspection::Get(stream_id(trigger)));
            }
            (Following::NoTag(trigger), _) => return self.missing(trigger),
            _ => {}
        }
        let container = &self.usage.place.part;
        let can_trigger = can_follow(object.kind) && self.usage.role == UseRole::Run;
        if let Some(workload) = workload.filter(|_| can_trigger) {
            let found = self.followers.find(
                &object.namespace,
                &image.registry,
                &image.repository,
                self.tag,
            );
            if let Some(follower) = found.filter(|follower| follower.follows(self.tag)) {
                return triggers::follow(
                    workload,
                    &object.namespace,
                    &follower.name(),
                    std::slice::from_ref(container),
                );
            }
        }
        let can_set = can_trigger
            || matches!(
                object.kind,
                Kind::Pod | Kind::ReplicaSet | Kind::ReplicationController
            ) && self.usage.role == UseRole::Run;
        if can_set && !image.digest.is_empty() && !image.registry.is_empty() {
            let pinned = format!("{}/{}@{}", image.registry, image.repository, image.digest);
            return Remedy::run(Action::SetImage {
                workload: object.clone(),
                container: Arc::clone(container),
                field: Arc::clone(&self.usage.place.field),
                image: pinned.into(),
            });
        }
        match (self.new_tag(), workload) {
            (Some((stream, name)), Some(workload))
                if can_trigger && self.usage.meaning == Meaning::External =>
            {
                let tag = format!("{}:{name}", stream.name);
                Remedy::run(Action::CreateTag {
                    stream,
                    tag: name.into(),
                    image: Arc::clone(&image.written),
                })
                .and(triggers::follow(
                    workload,
                    &object.namespace,
                    &tag,
                    std::slice::from_ref(container),
                ))
            }
            _ => Remedy::instruct(by_hand(&self.usage.place, "the image by its digest")),
        }
    }

    /// What is missing for a trigger that follows a nonexistent tag: another tag of its stream,
    /// or a tag that follows the image of the container.
    fn missing(&self, trigger: &ImageTrigger) -> Remedy {
        let stream = stream_id(trigger);
        let tag = trigger.stream_tag().map_or("latest", |(_, tag)| tag);
        let has_tags = stream_of(self.index, trigger).is_some_and(|of| !of.tags.is_empty());
        if has_tags || self.usage.meaning != Meaning::External {
            return Remedy::instruct(format!(
                "let the trigger of {} follow a tag that exists, or let {}:{tag} follow an image{}",
                self.usage.place.object,
                stream.name,
                self.tags_that_exist(trigger)
            ));
        }
        Remedy::run(Action::CreateTag {
            stream,
            tag: tag.into(),
            image: Arc::clone(&self.usage.image.written),
        })
    }

    /// The tags of the stream of a trigger, as text.
    fn tags_that_exist(&self, trigger: &ImageTrigger) -> String {
        let Some(stream) = stream_of(self.index, trigger) else {
            return String::new();
        };
        let names: Vec<&str> = stream.tags.iter().map(|tag| &*tag.name).collect();
        let some = first_names(&names).unwrap_or_else(|| "no tags".to_owned());
        format!("; {} has {some}", stream.object.name)
    }

    /// A tag for the image, in a stream of the namespace, that does not exist yet.
    fn new_tag(&self) -> Option<(ObjectId, String)> {
        let repository = &self.usage.image.repository;
        let short = repository.rsplit('/').next().unwrap_or_default();
        [short.to_owned(), repository.replace('/', "-")]
            .into_iter()
            .filter(|name| !name.is_empty())
            .map(|name| ObjectId {
                namespace: self.usage.place.object.namespace.clone(),
                kind: Kind::ImageStream,
                name: name.into(),
            })
            .find(|stream| {
                let tags = self.index.streams.get(stream).map(|stream| &stream.tags);
                !tags.is_some_and(|tags| tags.iter().any(|tag| *tag.name == *self.tag))
            })
            .map(|stream| (stream, self.tag.to_owned()))
    }
}

fn stream_id(trigger: &ImageTrigger) -> ObjectId {
    ObjectId {
        namespace: Arc::clone(&trigger.namespace),
        kind: Kind::ImageStream,
        name: trigger.stream().into(),
    }
}
