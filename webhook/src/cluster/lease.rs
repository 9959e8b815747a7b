//! The replica that writes: the holder of a Lease, as client-go elects leaders.
//!
//! A holder renews it periodically. Another replica takes it over if it has not seen a renewal
//! for the whole duration, by the replica's own clock: clocks of different nodes are not compared.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease as Object, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio::time::timeout;

/// Names of the Leases, which the webhook's roles contain.
const STATUS: &str = "extreg-webhook";
const FOLLOW_BUILDS: &str = "extreg-webhook-follow-builds";
const DURATION: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// A holder that could not renew for this long stops writing before another replica takes over.
const GIVE_UP_AFTER: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// This replica's part in the election.
#[derive(Debug)]
pub struct Lease {
    api: Api<Object>,
    name: &'static str,
    replica: String,
    renewed: Option<Instant>,
    inherited: Option<Timestamp>,
    seen: Option<(Option<String>, Instant)>,
    answered: bool,
}

impl Lease {
    /// Joins the election of the writer of policy status as `replica`, a unique name
    /// of this replica, in the webhook's own namespace.
    pub fn new(client: Client, namespace: &str, replica: &str) -> Self {
        Self::named(STATUS, client, namespace, replica)
    }

    /// Joins the election of the replica that follows builds.
    pub fn of_follower(client: Client, namespace: &str, replica: &str) -> Self {
        Self::named(FOLLOW_BUILDS, client, namespace, replica)
    }

    fn named(name: &'static str, client: Client, namespace: &str, replica: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            name,
            replica: replica.to_owned(),
            renewed: None,
            inherited: None,
            seen: None,
            answered: false,
        }
    }

    /// The client that renews it.
    pub(super) fn client(&self) -> Client {
        self.api.clone().into_client()
    }

    /// When the Lease was renewed last before this replica took it: until then another replica did the
    /// work. `None` without a previous Lease.
    pub fn inherited(&self) -> Option<Timestamp> {
        self.inherited
    }

    /// Renews the Lease or tries to get it, if it is time; returns whether this replica holds it.
    /// Call it every few seconds.
    pub async fn is_held(&mut self) -> bool {
        let is_recent = |renewed: &Instant| renewed.elapsed() < RENEW_EVERY;
        if self.renewed.as_ref().is_some_and(is_recent) {
            return true;
        }
        let tried = timeout(ANSWER_WITHIN, self.acquire()).await;
        self.answered = matches!(tried, Ok(Ok(_)));
        match tried {
            Ok(Ok(true)) => self.renewed = Some(Instant::now()),
            Ok(Ok(false)) => self.renewed = None,
            // Not reached, refused, or another replica was faster: detected on the next try.
            Ok(Err(_)) | Err(_) => {}
        }
        self.is_recent()
    }

    /// Whether the API server answered the last try to get or renew the Lease, whichever replica holds it.
    pub fn was_answered(&self) -> bool {
        self.answered
    }

    /// Releases the Lease if this replica holds it, so that another can take it immediately. Call it
    /// when the replica ends; a Lease that cannot be written expires.
    pub async fn release(&mut self) {
        if self.is_recent() {
            self.renewed = None;
            let _ = timeout(ANSWER_WITHIN, self.give_up()).await;
        }
    }

    /// What client-go's `LeaderElector.release` writes.
    async fn give_up(&self) -> kube::Result<()> {
        let Some(mut object) = self.api.get_opt(self.name).await? else {
            return Ok(());
        };
        let Some(spec) = object
            .spec
            .as_mut()
            .filter(|spec| spec.holder_identity.as_ref() == Some(&self.replica))
        else {
            return Ok(());
        };
        let now = || Some(MicroTime(Timestamp::now()));
        spec.holder_identity = Some(String::new());
        spec.lease_duration_seconds = Some(1);
        spec.acquire_time = now();
        spec.renew_time = now();
        // Rejected if another replica wrote in between, by its resource version.
        self.api
            .replace(self.name, &PostParams::default(), &object)
            .await?;
        Ok(())
    }

    fn is_recent(&self) -> bool {
        self.renewed
            .is_some_and(|renewed| renewed.elapsed() < GIVE_UP_AFTER)
    }

    async fn acquire(&mut self) -> kube::Result<bool> {
        let Some(mut object) = self.api.get_opt(self.name).await? else {
            let object = Object {
                metadata: ObjectMeta {
                    name: Some(self.name.to_owned()),
                    ..ObjectMeta::default()
                },
                spec: Some(self.spec(None)),
            };
            self.api.create(&PostParams::default(), &object).await?;
            self.inherited = None;
            return Ok(true);
        };
        let holder = object
            .spec
            .as_ref()
            .and_then(|spec| spec.holder_identity.as_deref());
        let is_ours = holder == Some(self.replica.as_str());
        let is_free = holder.is_none_or(str::is_empty);
        if !is_ours && !is_free && !self.has_expired(object.metadata.resource_version.clone()) {
            return Ok(false);
        }
        let renewal = object
            .spec
            .as_ref()
            .and_then(|spec| spec.renew_time.clone());
        object.spec = Some(self.spec(object.spec.as_ref()));
        // Rejected if another client wrote in between, by its resource version.
        self.api
            .replace(self.name, &PostParams::default(), &object)
            .await?;
        if !self.is_recent() {
            self.inherited = renewal.map(|MicroTime(at)| at);
        }
        Ok(true)
    }

    fn has_expired(&mut self, version: Option<String>) -> bool {
        match &self.seen {
            Some((seen, at)) if *seen == version => at.elapsed() >= DURATION,
            _ => {
                self.seen = Some((version, Instant::now()));
                false
            }
        }
    }

    fn spec(&self, before: Option<&LeaseSpec>) -> LeaseSpec {
        let now = || Some(MicroTime(Timestamp::now()));
        let same = before.filter(|spec| spec.holder_identity.as_ref() == Some(&self.replica));
        let transitions = before.and_then(|spec| spec.lease_transitions).unwrap_or(0);
        LeaseSpec {
            acquire_time: same.map_or_else(now, |spec| spec.acquire_time.clone()),
            holder_identity: Some(self.replica.clone()),
            lease_duration_seconds: i32::try_from(DURATION.as_secs()).ok(),
            lease_transitions: Some(transitions + i32::from(same.is_none() && before.is_some())),
            renew_time: now(),
            ..LeaseSpec::default()
        }
    }
}
