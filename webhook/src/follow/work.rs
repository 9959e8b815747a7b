//! One build: the streams of its namespace, the engine's decision for each, and an import for each.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use extreg_core::follow::{Import, follow, may_follow};
use extreg_core::policy::Selector;
use jiff::Timestamp;
use kube::Client;
use tokio::time::Instant;

use super::answer::Imported;
use super::api::{self, Trouble};
use super::event::{Events, Note, Reason};
use super::limit::Limiter;
use super::memory::Memory;
use super::queue::Item;
use crate::metrics::{FollowMetrics, FollowOutcome};

/// The worker for builds.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) client: Client,
    pub(super) memory: Memory,
    pub(super) metrics: FollowMetrics,
    events: Events,
    selected: Option<Selector>,
    imports: Arc<Mutex<Limiter>>,
}

/// The result of processing a build.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) item: Item,
    pub(super) next: Next,
    /// Whether the last import was answered, if one was sent.
    pub(super) answered: Option<bool>,
    /// It used a place for slow namespaces.
    pub(super) is_slow: bool,
}

/// What to do next with a processed build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Next {
    /// Nothing: everything is done.
    Through,
    /// The namespace has used up its rate of imports; the rest follows after this time.
    Later(Duration),
    /// It has to be retried after this time.
    Again(Duration),
}

impl Worker {
    pub(super) fn new(
        client: Client,
        events: Events,
        memory: Memory,
        metrics: FollowMetrics,
        selected: Option<Selector>,
    ) -> Self {
        Self {
            client,
            memory,
            metrics,
            events,
            selected,
            imports: Arc::new(Mutex::new(Limiter::of_imports())),
        }
    }

    /// Does everything for a build that can be done now.
    pub(super) async fn work(self, item: Item) -> Done {
        let mut done = Done {
            item,
            next: Next::Through,
            answered: None,
            is_slow: false,
        };
        let wanted = match self.wanted(&done.item).await {
            Ok(wanted) => wanted,
            Err(trouble) => {
                self.trouble(&mut done, trouble, None);
                return done;
            }
        };
        for import in wanted {
            if let Err(pause) = self.charge(&done.item.namespace) {
                self.metrics.outcome(FollowOutcome::Postponed);
                done.next = done.next.max(Next::Later(pause));
                break;
            }
            match api::import(&self.client, &done.item.namespace, &import.body).await {
                Ok(answer) => {
                    done.answered = Some(true);
                    let imported = answer.sort(&import.tags);
                    self.imported(&mut done, &import, &imported).await;
                }
                Err(trouble) => {
                    let is_answered = trouble != Trouble::Unreachable;
                    done.answered = Some(is_answered);
                    self.trouble(&mut done, trouble, Some(&import.stream));
                    // The remaining imports would most likely wait for the same registry.
                    if !is_answered {
                        break;
                    }
                }
            }
        }
        done
    }

    /// Charges an import to a namespace before it is sent, or returns how long it has to wait.
    fn charge(&self, namespace: &str) -> Result<(), Duration> {
        let now = Instant::now();
        let mut imports = self.imports.lock().unwrap_or_else(PoisonError::into_inner);
        imports
            .take(namespace, now)
            .map_err(|ready| ready.duration_since(now))
    }

    /// The imports for a build.
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
            let text = imported_text(item, imported);
            tracing::info!(namespace, build, stream, lag_ms = lag.as_millis(), "{text}");
            self.record(item, import, Reason::FollowedBuild, text).await;
        }
        if let Some(text) = failed_text(item, imported) {
            self.metrics.outcome(FollowOutcome::Failed);
            tracing::warn!(namespace, build, stream, "{text}");
            self.record(item, import, Reason::FollowBuildFailed, text)
                .await;
            done.next = done.next.max(Next::Again(Duration::ZERO));
        }
    }

    async fn record(&self, item: &Item, import: &Import, reason: Reason, text: String) {
        let note = Note {
            namespace: item.namespace.clone(),
            stream: import.stream.clone(),
            uid: import.uid.clone(),
            reason,
            text,
        };
        self.events.record(note).await;
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
            done.next = done.next.max(Next::Again(trouble.wait()));
        }
    }
}

fn imported_text(item: &Item, imported: &Imported) -> String {
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
            "; it now shows {other}: the image of one platform, or a newer image of the tag"
        );
    }
    text
}

fn failed_text(item: &Item, imported: &Imported) -> Option<String> {
    let (_, reason) = imported.failed.first()?;
    let tags = imported.failed.iter().map(|(tag, _)| tag.as_str());
    let tags: Vec<&str> = tags.collect();
    Some(format!(
        "build {} pushed {} as {}: importing {} failed ({reason}); see the condition of the tag; \
         retrying",
        item.build,
        item.pushed.name,
        item.pushed.digest,
        tags.join(", ")
    ))
}
