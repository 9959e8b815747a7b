//! EXR006: a container that runs a tag which can be moved, and that nothing keeps up with.
//!
//! A tag names another image whenever somebody pushes it. A node pulls it when a pod starts there,
//! so that pods of one workload run different images, and a new image is rolled out to none of
//! them. A digest says which image is meant; an image trigger (library-go
//! `pkg/image/trigger/annotations.go`) writes the digest of an ImageStream tag into the container
//! and rolls out each new one. A trigger that is paused, whose tag is not there, or whose
//! annotation OpenShift ignores does nothing of it.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use extreg_core::image::ImageRef;
use extreg_core::rule::is_system_namespace;

use super::followers::Followers;
use super::following::{Following, can_follow, tag_in};
use super::found::found;
use super::index::Index;
use super::remedy;
use super::support::oc;
use crate::check::{CheckId, Severity};
use crate::finding::{Finding, Outcome};
use crate::kind::Kind;
use crate::place::ObjectId;
use crate::snapshot::{ImageUse, Meaning, Snapshot, UseRole};

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
    /// The tag, `latest` where none is written.
    tag: &'a str,
}

impl Judge<'_> {
    fn finding(&self, following: Following<'_>) -> Option<Finding> {
        let object = &self.usage.place.object;
        let but = match following {
            Following::Works => return None,
            Following::Unseen(trigger) => format!(
                "; whether {}, which its trigger follows, is there was not read",
                tag_in(trigger, &object.namespace)
            ),
            Following::Paused(trigger) => format!(
                "; its trigger on {} is paused",
                tag_in(trigger, &object.namespace)
            ),
            Following::NoTag(trigger) => format!(
                "; its trigger follows {}, which is not there",
                tag_in(trigger, &object.namespace)
            ),
            Following::Broken(reason) => {
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
            "whatever is newest of"
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
            why: "A node takes the image that the tag names when a pod starts there: pods of one \
                  workload may run different images, and no new image is rolled out"
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

    fn fix(&self, following: Following<'_>) -> String {
        let object = &self.usage.place.object;
        let image = &self.usage.image;
        match following {
            Following::Paused(_) => return remedy::resume_triggers(object),
            // What was not read is not written, nor a stream of the platform, nor a short name that
            // may mean any registry.
            Following::Unseen(trigger) => {
                let stream = trigger.tag.split(':').next().unwrap_or_default();
                return oc(
                    &["get", "imagestream", stream, "-o", "yaml"],
                    &trigger.namespace,
                );
            }
            Following::NoTag(trigger) => {
                let is_named =
                    ImageRef::parse(&image.written).is_ok_and(|image| !image.registry().is_empty());
                if !is_named || is_system_namespace(&trigger.namespace) {
                    return format!(
                        "let the trigger follow a tag that exists, in place of {}",
                        tag_in(trigger, &object.namespace)
                    );
                }
                return remedy::schedule(&trigger.namespace, &trigger.tag, &image.written);
            }
            Following::Broken(_) => return remedy::remove_triggers(object),
            Following::Works | Following::None => {}
        }
        let container = &self.usage.place.part;
        let can_trigger = can_follow(object.kind) && self.usage.role == UseRole::Run;
        if can_trigger {
            let found = self.followers.find(
                &object.namespace,
                &image.registry,
                &image.repository,
                self.tag,
            );
            if let Some(follower) = found.filter(|follower| follower.follows(self.tag)) {
                return remedy::trigger(object, &follower.name(), container);
            }
        }
        let can_set = can_trigger
            || matches!(
                object.kind,
                Kind::Pod | Kind::ReplicaSet | Kind::ReplicationController
            ) && self.usage.role == UseRole::Run;
        if can_set && !image.digest.is_empty() && !image.registry.is_empty() {
            let pinned = format!("{}/{}@{}", image.registry, image.repository, image.digest);
            return remedy::set_image(object, container, &pinned);
        }
        match self.new_tag() {
            Some(target) if can_trigger && self.usage.meaning == Meaning::External => format!(
                "{} && {}",
                remedy::schedule(&object.namespace, &target, &image.written),
                remedy::trigger(object, &target, container)
            ),
            _ => format!("name the image by its digest in {}", self.usage.place.field),
        }
    }

    /// A tag for the image, of a stream of the namespace, that nobody has yet.
    fn new_tag(&self) -> Option<String> {
        let repository = &self.usage.image.repository;
        let short = repository.rsplit('/').next().unwrap_or_default();
        [short.to_owned(), repository.replace('/', "-")]
            .into_iter()
            .filter(|name| !name.is_empty())
            .find(|name| {
                let stream = ObjectId {
                    namespace: self.usage.place.object.namespace.clone(),
                    kind: Kind::ImageStream,
                    name: Arc::from(&**name),
                };
                let tags = self.index.streams.get(&stream).map(|stream| &stream.tags);
                !tags.is_some_and(|tags| tags.iter().any(|tag| *tag.name == *self.tag))
            })
            .map(|name| format!("{name}:{}", self.tag))
    }
}
