//! Events on the ImageStream, each created once and then counted.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time};
use kube::Client;
use kube::api::{Api, ObjectMeta, Patch, PatchParams, PostParams};
use serde_json::json;

use super::api::{Trouble, within};

const COMPONENT: &str = "extreg-webhook";
/// Events whose count is known.
const MOST: usize = 512;
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The API server rejects a longer message.
const LONGEST_NOTE: usize = 1000;

/// An event for a stream.
#[derive(Clone, Debug)]
pub(super) struct Note {
    pub(super) namespace: String,
    pub(super) stream: String,
    pub(super) uid: String,
    pub(super) reason: Reason,
    pub(super) text: String,
}

/// The reason of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Tags were imported because a build has pushed an image.
    FollowedBuild,
    /// Tags could not be imported.
    FollowBuildFailed,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::FollowedBuild => "FollowedBuild",
            Self::FollowBuildFailed => "FollowBuildFailed",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::FollowedBuild => "Normal",
            Self::FollowBuildFailed => "Warning",
        }
    }
}

/// Writes events.
#[derive(Clone)]
pub(super) struct Events {
    client: Client,
    replica: String,
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    by_name: BTreeMap<String, i32>,
    order: VecDeque<String>,
}

impl Counts {
    /// How often an event has occurred, including this time.
    fn count(&mut self, name: &str, at_least: i32) -> i32 {
        if let Some(count) = self.by_name.get_mut(name) {
            *count = count.saturating_add(1).max(at_least);
            return *count;
        }
        self.by_name.insert(name.to_owned(), at_least);
        self.order.push_back(name.to_owned());
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_name.remove(&oldest);
        }
        at_least
    }
}

impl Events {
    pub(super) fn new(client: Client, replica: String) -> Self {
        Self {
            client,
            replica,
            counts: Arc::default(),
        }
    }

    /// Creates the event, or increments its count if it exists. Failures are ignored: the log has the same text.
    pub(super) async fn record(&self, note: Note) {
        let name = name(&note);
        let api: Api<Event> = Api::namespaced(self.client.clone(), &note.namespace);
        let count = self.count(&name, 1);
        if count > 1 && self.again(&api, &name, count).await.is_ok() {
            return;
        }
        // Never created, or deleted by the API server.
        let event = self.event(&name, note);
        let created = within(ANSWER_WITHIN, api.create(&PostParams::default(), &event)).await;
        // Created by the previous replica.
        if created.is_err_and(|trouble| trouble == Trouble::Conflict) {
            let count = self.count(&name, 2);
            let _ = self.again(&api, &name, count).await;
        }
    }

    fn count(&self, name: &str, at_least: i32) -> i32 {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.count(name, at_least)
    }

    async fn again(&self, api: &Api<Event>, name: &str, count: i32) -> Result<(), Trouble> {
        let patch = Patch::Merge(json!({"count": count, "lastTimestamp": Time(Timestamp::now())}));
        let params = PatchParams::default();
        within(ANSWER_WITHIN, api.patch(name, &params, &patch))
            .await
            .map(drop)
    }

    fn event(&self, name: &str, note: Note) -> Event {
        let now = Timestamp::now();
        Event {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                namespace: Some(note.namespace.clone()),
                ..ObjectMeta::default()
            },
            involved_object: ObjectReference {
                api_version: Some("image.openshift.io/v1".to_owned()),
                kind: Some("ImageStream".to_owned()),
                namespace: Some(note.namespace),
                name: Some(note.stream),
                uid: Some(note.uid),
                ..ObjectReference::default()
            },
            type_: Some(note.reason.kind().to_owned()),
            reason: Some(note.reason.as_str().to_owned()),
            action: Some("Import".to_owned()),
            message: Some(shortened(note.text)),
            count: Some(1),
            event_time: Some(MicroTime(now)),
            first_timestamp: Some(Time(now)),
            last_timestamp: Some(Time(now)),
            source: Some(EventSource {
                component: Some(COMPONENT.to_owned()),
                host: None,
            }),
            reporting_component: Some(COMPONENT.to_owned()),
            reporting_instance: Some(self.replica.clone()),
            ..Event::default()
        }
    }
}

/// Equal for the same text about the same stream. A stream's own name cannot be part of it: it
/// can contain characters that an event's name cannot.
fn name(note: &Note) -> String {
    let mut hasher = DefaultHasher::new();
    (&note.uid, note.reason.as_str(), &note.text).hash(&mut hasher);
    format!("extreg-follow.{:016x}", hasher.finish())
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_NOTE {
        text.truncate(text.floor_char_boundary(LONGEST_NOTE));
        text.push('…');
    }
    text
}
