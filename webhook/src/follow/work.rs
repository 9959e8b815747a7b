//! One build: the streams of its namespace, what the engine says of them, an import for each.

use std::fmt::Write as _;
use std::time::Duration;

use extreg_core::follow::{Import, follow, may_follow};
use extreg_core::policy::Selector;
use jiff::Timestamp;
use kube::Client;

use super::answer::Imported;
use super::api::{self, Trouble};
use super::event::{Events, Note, Reason};
use super::memory::Memory;
use super::queue::Item;
use crate::metrics::{FollowMetrics, FollowOutcome};

/// What works on builds.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) client: Client,
    pub(super) events: Events,
    pub(super) memory: Memory,
    pub(super) metrics: FollowMetrics,
    pub(super) selected: Option<Selector>,
}

/// What is left of a build that was worked on.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) item: Item,
    /// Imports that were asked for.
    pub(super) imports: u32,
    /// It has to be tried again, not before this has passed.
    pub(super) again: Option<Duration>,
}

impl Worker {
    /// Does all for a build that can be done now.
    pub(super) async fn work(self, item: Item) -> Done {
        let mut done = Done {
            item,
            imports: 0,
            again: None,
        };
        let wanted = match self.wanted(&done.item).await {
            Ok(wanted) => wanted,
            Err(trouble) => {
                self.trouble(&mut done, trouble, None);
                return done;
            }
        };
        for import in wanted {
            done.imports += 1;
            match api::import(&self.client, &done.item.namespace, &import.body).await {
                Ok(answer) => {
                    let imported = answer.sort(&import.tags);
                    self.imported(&mut done, &import, &imported).await;
                }
                Err(trouble) => self.trouble(&mut done, trouble, Some(&import.stream)),
            }
        }
        done
    }

    /// The imports that a build asks for.
    async fn wanted(&self, item: &Item) -> Result<Vec<Import>, Trouble> {
        let Item {
            namespace, pushed, ..
        } = item;
        let labels = api::labels(&self.client, namespace).await?;
        let labels = labels.ok_or(Trouble::Gone)?;
        if !may_follow(namespace, &labels, self.selected.as_ref()) {
            self.metrics.outcome(FollowOutcome::OptedOut);
            return Ok(Vec::new());
        }
        let mut wanted = Vec::new();
        let mut comes_from_it = false;
        api::streams(&self.client, namespace, |stream| {
            let followed = follow(pushed, stream, &self.memory);
            comes_from_it |= !followed.tags.is_empty();
            wanted.extend(followed.import);
        })
        .await?;
        if wanted.is_empty() {
            self.metrics.outcome(if comes_from_it {
                FollowOutcome::UpToDate
            } else {
                FollowOutcome::NoTag
            });
        }
        Ok(wanted)
    }

    async fn imported(&self, done: &mut Done, import: &Import, imported: &Imported) {
        let item = &done.item;
        let (namespace, build, stream) = (&item.namespace, &item.build, &import.stream);
        if !imported.shown.is_empty() {
            for (tag, _) in &imported.shown {
                self.memory.imported(&import.uid, tag, &item.pushed.digest);
            }
            let lag = Timestamp::now().duration_since(item.completed);
            let lag = Duration::try_from(lag).unwrap_or_default();
            self.metrics.outcome(FollowOutcome::Imported);
            self.metrics.lag(lag);
            let text = told(item, imported);
            tracing::info!(namespace, build, stream, lag_ms = lag.as_millis(), "{text}");
            self.say(item, import, Reason::FollowedBuild, text).await;
        }
        if let Some(text) = complained(item, imported) {
            self.metrics.outcome(FollowOutcome::Failed);
            tracing::warn!(namespace, build, stream, "{text}");
            self.say(item, import, Reason::FollowBuildFailed, text)
                .await;
            done.again = done.again.max(Some(Duration::ZERO));
        }
    }

    async fn say(&self, item: &Item, import: &Import, reason: Reason, text: String) {
        let note = Note {
            namespace: item.namespace.clone(),
            stream: import.stream.clone(),
            uid: import.uid.clone(),
            reason,
            text,
        };
        self.events.say(note).await;
    }

    fn trouble(&self, done: &mut Done, trouble: Trouble, stream: Option<&str>) {
        let outcome = trouble.outcome();
        self.metrics.outcome(outcome);
        let Item {
            namespace, build, ..
        } = &done.item;
        match trouble {
            Trouble::Gone | Trouble::Conflict => {
                tracing::debug!(namespace, build, stream, %outcome, "build not followed");
            }
            _ => tracing::warn!(namespace, build, stream, %outcome, "build not followed"),
        }
        if trouble.passes() {
            done.again = done.again.max(Some(trouble.wait()));
        }
    }
}

fn told(item: &Item, imported: &Imported) -> String {
    let digest = &item.pushed.digest;
    let tags = imported.shown.iter().map(|(tag, _)| tag.as_str());
    let tags: Vec<&str> = tags.collect();
    let mut text = format!(
        "build {} pushed {} as {digest}: imported {}",
        item.build,
        item.pushed.name,
        tags.join(", ")
    );
    if let Some((_, other)) = imported.shown.iter().find(|(_, shown)| shown != digest) {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "; it shows {other}, the image of one platform or what the tag has become since"
        );
    }
    text
}

fn complained(item: &Item, imported: &Imported) -> Option<String> {
    let (_, reason) = imported.failed.first()?;
    let tags = imported.failed.iter().map(|(tag, _)| tag.as_str());
    let tags: Vec<&str> = tags.collect();
    Some(format!(
        "build {} pushed {} as {}: importing {} failed ({reason}); the condition of the tag says more, \
         and it is tried again",
        item.build,
        item.pushed.name,
        item.pushed.digest,
        tags.join(", ")
    ))
}
