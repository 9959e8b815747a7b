//! Which replica writes: the holder of a Lease, as client-go elects leaders.
//!
//! A holder renews it again and again. Another replica takes it over when it has not seen it renewed
//! for its whole duration, by the replica's own clock: clocks of different nodes are not compared.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease as Object, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::Client;
use kube::api::{Api, ObjectMeta, PostParams};
use tokio::time::timeout;

/// Names of the Leases, which the webhook's roles speak of.
const STATUS: &str = "extreg-webhook";
const FOLLOW_BUILDS: &str = "extreg-webhook-follow-builds";
const DURATION: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// A holder that could not renew for this long stops writing before another takes over.
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
}

impl Lease {
    /// Takes part in electing who writes the status of policies as `replica`, a name that no other
    /// replica has, in the webhook's own namespace.
    pub fn new(client: Client, namespace: &str, replica: &str) -> Self {
        Self::named(STATUS, client, namespace, replica)
    }

    /// The same for who follows builds.
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
        }
    }

    /// When the Lease was renewed last before this replica took it: until then somebody did the
    /// work. None if there was no Lease.
    pub fn inherited(&self) -> Option<Timestamp> {
        self.inherited
    }

    /// Renews the Lease or tries to get it, if it is time; answers whether this replica holds it.
    /// Call it every few seconds.
    pub async fn is_held(&mut self) -> bool {
        let is_recent = |renewed: &Instant| renewed.elapsed() < RENEW_EVERY;
        if self.renewed.as_ref().is_some_and(is_recent) {
            return true;
        }
        match timeout(ANSWER_WITHIN, self.acquire()).await {
            Ok(Ok(true)) => self.renewed = Some(Instant::now()),
            Ok(Ok(false)) => self.renewed = None,
            // Not reached, refused, or another replica was faster: seen at the next try.
            Ok(Err(_)) | Err(_) => {}
        }
        self.is_recent()
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
        // Refused if somebody else wrote meanwhile, by its resource version.
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
