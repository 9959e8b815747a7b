//! What `/metrics` says, in the text format of `OpenMetrics`.

mod follow;
mod label;

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use follow::FollowMetrics;
pub use label::{
    Decision, Field, FollowOutcome, Operation, Resource, SkipReason, Source, SourceState,
};

/// From a quarter of a millisecond, which a decision takes at most, to the longest timeout that a
/// webhook configuration can have.
const BUCKETS: [f64; 15] = [
    0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0, 2.0,
    10.0,
];

type DurationHistograms = Family<ResourceLabels, Histogram, fn() -> Histogram>;

/// The instruments. Cloning is cheap and shares them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    durations: DurationHistograms,
    patches: Family<FieldLabels, Counter>,
    skipped: Family<ReasonLabels, Counter>,
    shed: Counter,
    in_flight: Gauge,
    certificate_reloads: Counter,
    certificate_reload_failures: Counter,
    certificate_not_after: Gauge,
    sources: Family<SourceLabels, Gauge>,
    sources_known: Family<KnownLabels, Gauge>,
    policies: Gauge,
    policy_conflicts: Gauge,
    invalid_policies: Gauge,
    config_synced: Gauge,
    follow: FollowMetrics,
}

impl Metrics {
    /// Fresh instruments, all at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("extreg");
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        registry.register("build", "Version that is running", Info::new(version));
        let durations = DurationHistograms::new_with_constructor(histogram);
        let help = "Seconds from the head of a request to its answer";
        registry.register("admission_duration_seconds", help, durations.clone());
        let to = &mut registry;
        Self {
            requests: register(to, "admission_requests", "Requests answered"),
            patches: register(to, "patch", "Fields set by a patch"),
            skipped: register(to, "skipped", "Images left alone, by reason"),
            shed: register(to, "shed", "Requests refused because of too many at once"),
            in_flight: register(to, "in_flight", "Requests being answered now"),
            certificate_reloads: register(to, "cert_reloads", "Serving pairs swapped"),
            certificate_reload_failures: register(
                to,
                "cert_reload_failures",
                "Looks at the certificate files that found no pair to serve",
            ),
            certificate_not_after: register(
                to,
                "cert_not_after_seconds",
                "Last second of the served certificate's validity, as Unix time",
            ),
            sources: register(
                to,
                "facts_source_state",
                "1 for the state that a source of facts is in, 0 for the others",
            ),
            sources_known: register(
                to,
                "facts_known",
                "1 if a source of facts that is asked for answers, 0 if it does not",
            ),
            policies: register(to, "policies", "Policies in force"),
            policy_conflicts: register(
                to,
                "policy_conflicts",
                "Pairs of policies that tie for some image",
            ),
            invalid_policies: register(to, "policies_invalid", "Policies that cannot be used"),
            config_synced: register(
                to,
                "config_synced",
                "1 once policies are known, or known to be unavailable",
            ),
            follow: FollowMetrics::new(to),
            durations,
            registry: Arc::new(registry),
        }
    }

    /// Counts one request and its duration.
    pub fn request(
        &self,
        resource: Resource,
        operation: Operation,
        decision: Decision,
        duration: Duration,
    ) {
        let labels = RequestLabels {
            resource,
            operation,
            decision,
        };
        self.requests.get_or_create(&labels).inc();
        let labels = ResourceLabels {
            resource,
            operation,
        };
        self.durations
            .get_or_create(&labels)
            .observe(duration.as_secs_f64());
        if decision == Decision::Shed {
            self.shed.inc();
        }
    }

    /// Counts a field that a patch sets.
    pub fn patched(&self, field: Field) {
        self.patches.get_or_create(&FieldLabels { field }).inc();
    }

    /// Counts an image that was left alone.
    pub fn skipped(&self, reason: SkipReason) {
        self.skipped.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Counts a request as being answered until the guard is dropped.
    pub fn in_flight(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// What the reloader of the serving certificate says: totals since the start.
    pub fn certificate(&self, reloads: u64, failures: u64, not_after: i64) {
        let grown = reloads.saturating_sub(self.certificate_reloads.get());
        self.certificate_reloads.inc_by(grown);
        let grown = failures.saturating_sub(self.certificate_reload_failures.get());
        self.certificate_reload_failures.inc_by(grown);
        self.certificate_not_after.set(not_after);
    }

    /// The state that a source of facts is in.
    pub fn source(&self, source: Source, state: SourceState) {
        for other in SourceState::ALL {
            let labels = SourceLabels {
                source,
                state: *other,
            };
            let value = i64::from(*other == state);
            self.sources.get_or_create(&labels).set(value);
        }
        let labels = KnownLabels { source };
        match state {
            SourceState::Ready => self.sources_known.get_or_create(&labels).set(1),
            SourceState::Down | SourceState::Forbidden => {
                self.sources_known.get_or_create(&labels).set(0)
            }
            SourceState::Off | SourceState::Starting => {
                self.sources_known.remove(&labels);
                0
            }
        };
    }

    /// How many policies are in force, how many pairs of them tie, and how many cannot be used.
    pub fn policies(&self, in_force: usize, conflicts: usize, invalid: usize) {
        let gauge = |count| i64::try_from(count).unwrap_or(i64::MAX);
        self.policies.set(gauge(in_force));
        self.policy_conflicts.set(gauge(conflicts));
        self.invalid_policies.set(gauge(invalid));
    }

    /// Whether policies are known, or known to be unavailable.
    pub fn config_synced(&self, synced: bool) {
        self.config_synced.set(i64::from(synced));
    }

    /// The instruments of following builds.
    pub fn follow(&self) -> &FollowMetrics {
        &self.follow
    }

    /// All of it as text, of the media type [`Metrics::CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// The media type of [`Metrics::encode`].
    pub const CONTENT_TYPE: &'static str =
        "application/openmetrics-text; version=1.0.0; charset=utf-8";
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    resource: Resource,
    operation: Operation,
    decision: Decision,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResourceLabels {
    resource: Resource,
    operation: Operation,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FieldLabels {
    field: Field,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: SkipReason,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KnownLabels {
    source: Source,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    source: Source,
    state: SourceState,
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

fn register<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Clone + Default,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_has_its_documented_name() {
        let metrics = Metrics::new();
        metrics.request(
            Resource::Builds,
            Operation::Create,
            Decision::Patch,
            Duration::from_micros(100),
        );
        metrics.patched(Field::PushSecret);
        metrics.source(Source::Secrets, SourceState::Forbidden);
        metrics.certificate(1, 2, 1_800_000_000);
        metrics.certificate(1, 3, 1_800_000_000);
        metrics.policies(2, 1, 0);
        metrics.config_synced(true);
        metrics.follow().outcome(FollowOutcome::UpToDate);
        metrics.follow().lag(Duration::from_secs(3));
        metrics.follow().state(SourceState::Forbidden);
        metrics.follow().queue(7);
        let text = metrics.encode();
        for line in [
            r#"extreg_admission_requests_total{resource="builds",operation="create",decision="patch"} 1"#,
            r#"extreg_admission_duration_seconds_bucket{le="0.00025",resource="builds",operation="create"} 1"#,
            r#"extreg_patch_total{field="push_secret"} 1"#,
            r#"extreg_facts_source_state{source="secrets",state="forbidden"} 1"#,
            r#"extreg_facts_source_state{source="secrets",state="ready"} 0"#,
            r#"extreg_facts_known{source="secrets"} 0"#,
            "extreg_cert_reloads_total 1",
            "extreg_cert_reload_failures_total 3",
            "extreg_cert_not_after_seconds 1800000000",
            "extreg_policy_conflicts 1",
            "extreg_config_synced 1",
            "extreg_shed_total 0",
            r#"extreg_follow_outcomes_total{outcome="up_to_date"} 1"#,
            r#"extreg_follow_lag_seconds_bucket{le="5.0"} 1"#,
            r#"extreg_follow_state{state="forbidden"} 1"#,
            "extreg_follow_queue_depth 7",
            "extreg_follow_leader 0",
            "extreg_follow_panics_total 0",
            "# EOF",
        ] {
            assert!(
                text.lines().any(|other| other == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
