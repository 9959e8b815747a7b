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

/// Name of the Lease, which the webhook's role speaks of.
const NAME: &str = "extreg-webhook";
const DURATION: Duration = Duration::from_secs(15);
const RENEW_EVERY: Duration = Duration::from_secs(5);
/// A holder that could not renew for this long stops writing before another takes over.
const GIVE_UP_AFTER: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// This replica's part in the election.
#[derive(Debug)]
pub struct Lease {
    api: Api<Object>,
    replica: String,
    renewed: Option<Instant>,
    seen: Option<(Option<String>, Instant)>,
}

impl Lease {
    /// Takes part as `replica`, a name that no other replica has, in the webhook's own namespace.
    pub fn new(client: Client, namespace: &str, replica: &str) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            replica: replica.to_owned(),
            renewed: None,
            seen: None,
        }
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
        self.renewed
            .is_some_and(|renewed| renewed.elapsed() < GIVE_UP_AFTER)
    }

    async fn acquire(&mut self) -> kube::Result<bool> {
        let Some(mut object) = self.api.get_opt(NAME).await? else {
            let object = Object {
                metadata: ObjectMeta {
                    name: Some(NAME.to_owned()),
                    ..ObjectMeta::default()
                },
                spec: Some(self.spec(None)),
            };
            self.api.create(&PostParams::default(), &object).await?;
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
        object.spec = Some(self.spec(object.spec.as_ref()));
        // Refused if somebody else wrote meanwhile, by its resource version.
        self.api
            .replace(NAME, &PostParams::default(), &object)
            .await?;
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
