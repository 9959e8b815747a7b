//! EXR005: a tag of an external image that is not imported on schedule, or whose import failed.
//!
//! Without `importPolicy.scheduled` OpenShift imports a tag once, and updates of the image never
//! arrive. A failed import sets a condition `ImportSuccess: False`; a successful one
//! sets none, and the time of the condition is that of the first of equal failures
//! (openshift-apiserver `pkg/image/apiserver/registry/imagestreamimport/rest.go`,
//! `setFailureCondition`), so this check measures nothing from it.
//!
//! Skipped, as in ComplianceAsCode's rule `imagestream_sets_schedule`: streams of the samples
//! operator and the ClusterVersion, and tags that only follow another tag. Also skipped: digests,
//! which cannot change; `reference: true`, which is never imported (openshift-controller-manager
//! `imagestream_controller.go`, `tagImportable`); the integrated registry; and objects that opted out.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use extreg_core::policy::{Mode, Selection};
use extreg_core::registry::RefRole;
use extreg_remedy::{Action, Inspection, Remedy, SpecTag};
use extreg_snapshot::credentials::{Credential, Credentials};
use extreg_snapshot::place::{ObjectId, Place};
use extreg_snapshot::{FailedImport, Snapshot, StreamRecord, TagOrigin, TagRecord};

use super::found::found;
use super::images::{External, policy};
use super::opt_outs::OptOuts;
use super::remedy;
use super::support::is_on_cluster;
use crate::check::{CheckId, Severity};
use crate::finding::Finding;

/// Longer messages of a registry are cut.
const MAX_WORDS: usize = 200;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let opt_outs = OptOuts::of(snapshot);
    for stream in snapshot.streams.iter().filter(|stream| !stream.managed) {
        let judge = Judge { snapshot, stream };
        let images = stream
            .tags
            .iter()
            .filter(|tag| matches!(tag.from, TagOrigin::Image(_)))
            .count();
        if images == 0 && !opt_outs.cover(&stream.object, "") {
            findings.extend(judge.repository());
        }
        for tag in &stream.tags {
            findings.extend(judge.failed(tag));
            let TagOrigin::Image(written) = &tag.from else {
                continue;
            };
            let Some(image) = External::of(written, RefRole::Import, snapshot) else {
                continue;
            };
            findings.extend(judge.never_imported(tag, image));
            if !tag.opts_out && !opt_outs.cover(&stream.object, &tag.name) {
                findings.extend(judge.schedule(tag, image));
            }
        }
    }
}

struct Judge<'a> {
    snapshot: &'a Snapshot,
    stream: &'a StreamRecord,
}

impl Judge<'_> {
    fn schedule(&self, tag: &TagRecord, image: External<'_>) -> Option<Finding> {
        let name = self.tag_name(tag);
        let scheduled = || remedy::schedule(&self.stream.object, tag, true);
        let field = |leaf| tag.index.map(|index| format!("spec.tags[{index}].{leaf}"));
        if tag.reference {
            return tag.scheduled.then(|| Finding {
                severity: Severity::Info,
                place: self.place(tag, field("reference").as_deref()),
                message: format!("{name} is scheduled without effect: it is a reference"),
                why: "A tag with reference: true is never imported: its users pull the \
                      image by its name, and no digest is known"
                    .to_owned(),
                ..self.finding(
                    "reference",
                    image,
                    SpecTag::new(&self.stream.object, tag).map_or_else(Remedy::default, |tag| {
                        Remedy::run(Action::Unreference { tag })
                    }),
                )
            });
        }
        (!tag.scheduled && !image.has_digest()).then(|| Finding {
            place: self.place(tag, field("importPolicy.scheduled").as_deref()),
            message: format!("not imported on schedule: {name} follows {}", image.written),
            why: format!(
                "OpenShift imports it once{} and never updates it. {}",
                since(tag),
                self.policy_words(image)
            ),
            ..self.finding("not-scheduled", image, scheduled())
        })
    }

    fn never_imported(&self, tag: &TagRecord, image: External<'_>) -> Option<Finding> {
        let place = self.place(tag, from_field(tag).as_deref());
        let in_cluster = is_on_cluster(&place);
        let imported = !tag.digest.is_empty() || tag.failure.is_some() || tag.reference;
        (in_cluster && !imported).then(|| Finding {
            place,
            message: format!("{} was never imported", self.tag_name(tag)),
            why: "It has neither an image nor a failure: workloads that follow it wait".to_owned(),
            ..self.finding(
                "never-imported",
                image,
                remedy::import(&self.stream.object, tag),
            )
        })
    }

    fn failed(&self, tag: &TagRecord) -> Option<Finding> {
        let failure = tag.failure.as_ref()?;
        let followed;
        let written = match &tag.from {
            TagOrigin::Image(written) => &**written,
            TagOrigin::Stream { .. } => return None,
            TagOrigin::Pushed if self.stream.follows_repository.is_empty() => return None,
            TagOrigin::Pushed => {
                followed = format!("{}:{}", self.stream.follows_repository, tag.name);
                &*followed
            }
        };
        let image = External::of(written, RefRole::Import, self.snapshot)?;
        let again = if tag.scheduled {
            "OpenShift retries at each interval"
        } else {
            "It is not scheduled, so OpenShift does not retry"
        };
        let held = if tag.digest.is_empty() {
            "It has no image: workloads that follow it wait".to_owned()
        } else {
            format!("It still has the image of {}", day(&tag.created))
        };
        let (hint, fix) = self.refusal(tag, failure, image);
        Some(Finding {
            place: self.place(tag, from_field(tag).as_deref()),
            message: format!(
                "import fails{}: {} from {written}: {}",
                failing_since(failure),
                self.tag_name(tag),
                words(failure)
            ),
            why: format!("{held}. {again}{hint}"),
            ..self.finding("import-failed", image, fix)
        })
    }

    /// How a failure relates to credentials, and its fix.
    fn refusal(
        &self,
        tag: &TagRecord,
        failure: &FailedImport,
        image: External<'_>,
    ) -> (String, Remedy) {
        let namespace = &self.stream.object.namespace;
        let written = image.written;
        if is_throttled(failure) {
            let hint = ". The pull limit of its account or address is reached: see EXR008";
            let limit = Inspection::RateLimit {
                namespace: namespace.clone(),
                registry: image.host.as_str().into(),
            };
            return (hint.to_owned(), Remedy::Inspect(limit));
        }
        match &*failure.reason {
            "Unauthorized" => {}
            "NotFound" => {
                let text = format!("push {written}, or let the tag follow an existing image");
                return (String::new(), Remedy::instruct(text));
            }
            "Forbidden" | "Invalid" => return (String::new(), remedy::inspect_image_config()),
            _ => return (String::new(), remedy::import(&self.stream.object, tag)),
        }
        let check = |secret: Option<&ObjectId>| {
            Remedy::Inspect(Inspection::CheckSecret {
                namespace: namespace.clone(),
                secret: secret.map(|secret| secret.name.clone()),
                image: Some(written.into()),
            })
        };
        match Credentials::of(self.snapshot).import(namespace, written) {
            Credential::Found {
                secret, username, ..
            } => {
                let hint = format!(". The import used {username} from {secret}");
                (hint, check(Some(&secret)))
            }
            Credential::None => (
                format!(". {namespace} has no credential for {}", image.host),
                self.credential_for(tag, image),
            ),
            Credential::Broken { secret, .. } => {
                let hint = format!(". Imports cannot use {secret}");
                (hint, check(Some(&secret)))
            }
            Credential::Unknown(doubt) => {
                (format!(". Its credential is unknown: {doubt}"), check(None))
            }
        }
    }

    fn credential_for(&self, tag: &TagRecord, image: External<'_>) -> Remedy {
        let stream = &self.stream.object;
        let repository = image.image.repository_path();
        remedy::authenticate_import(
            self.snapshot,
            stream,
            tag,
            image.written,
            image.host,
            &repository,
        )
    }

    fn repository(&self) -> Option<Finding> {
        let repository = &self.stream.follows_repository;
        let image = External::of(repository, RefRole::Import, self.snapshot)?;
        let stream = &self.stream.object;
        let written = format!("{repository}:latest");
        Some(Finding {
            place: self.whole("spec.dockerImageRepository"),
            message: format!(
                "never imported on schedule: {} follows the repository {repository}",
                stream.name
            ),
            why: "OpenShift imports at most 50 of its tags, once; only a separate tag can be \
                  scheduled"
                .to_owned(),
            ..self.finding(
                "repository-never-scheduled",
                image,
                Remedy::run(Action::CreateTag {
                    stream: stream.clone(),
                    tag: "latest".into(),
                    image: written.into(),
                }),
            )
        })
    }

    fn policy_words(&self, image: External<'_>) -> String {
        let repository = image.image.repository_path();
        let namespace = &self.stream.object.namespace;
        match policy(self.snapshot, namespace, image.host, &repository) {
            Selection::Policy(policy) if !policy.schedules() => {
                format!("Policy {} does not require a schedule", policy.name())
            }
            Selection::Policy(policy) if policy.mode() == Mode::Enforce => format!(
                "Policy {} schedules such tags when they are created; this one is older or bypassed \
                 it",
                policy.name()
            ),
            Selection::Policy(policy) => format!(
                "Policy {} would schedule it, but its mode is {:?}",
                policy.name(),
                policy.mode()
            ),
            Selection::NamespaceUnknown(policy) => format!(
                "Policy {} applies only if the labels of {namespace} match; they are unknown",
                policy.name()
            ),
            Selection::None => format!(
                "No policy applies to {}/{repository} here",
                image.host.as_str()
            ),
        }
    }

    fn finding(&self, rule: &'static str, image: External<'_>, fix: Remedy) -> Finding {
        Finding {
            image: Some(image.name()),
            fix,
            ..found(CheckId::Exr005, rule, self.whole(""))
        }
    }

    fn whole(&self, field: &str) -> Place {
        Place {
            object: self.stream.object.clone(),
            part: Arc::default(),
            field: field.into(),
            origin: self.stream.origin.clone(),
        }
    }

    fn place(&self, tag: &TagRecord, field: Option<&str>) -> Place {
        Place {
            part: tag.name.clone(),
            ..self.whole(field.unwrap_or("status.tags"))
        }
    }

    fn tag_name(&self, tag: &TagRecord) -> String {
        format!("{}:{}", self.stream.object.name, tag.name)
    }
}

/// Whether the registry refused because of a pull limit.
fn is_throttled(failure: &FailedImport) -> bool {
    failure.message.contains("toomanyrequests") || &*failure.reason == "TooManyRequests"
}

fn from_field(tag: &TagRecord) -> Option<String> {
    tag.index
        .map(|index| format!("spec.tags[{index}].from.name"))
}

fn since(tag: &TagRecord) -> String {
    if tag.created.is_empty() {
        String::new()
    } else {
        format!(" (it has the image of {})", day(&tag.created))
    }
}

fn failing_since(failure: &FailedImport) -> String {
    if failure.since.is_empty() {
        String::new()
    } else {
        format!(" since {}", failure.since)
    }
}

/// The day of a time.
fn day(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}

/// Reason and message of a failure in one line.
fn words(failure: &FailedImport) -> String {
    let message = failure
        .message
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let text = match (&*failure.reason, &*message) {
        ("", message) => message.to_owned(),
        (reason, "") => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    };
    if text.len() <= MAX_WORDS {
        return text;
    }
    let end = text.floor_char_boundary(MAX_WORDS);
    format!("{}…", text.get(..end).unwrap_or_default())
}
