//! The content of `/metrics`, in the text format of `OpenMetrics`.

#[cfg(test)]
mod documentation_test;
mod follow;
mod label;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use extreg_core::object::{Operation, Resource};
use extreg_core::rule::RuleId;
use extreg_core::verdict::Reason;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

pub use follow::{FollowMetrics, ImporterMetrics};
pub use label::{
    Check, ConnectionEnd, FollowOutcome, LookupOutcome, Port, RequestEnd, Severity, Shortage,
    Source, SourceState, Task,
};
pub(crate) use label::{operation_label, resource_label};

/// From a quarter of a millisecond, which a decision takes at most, to the longest timeout that a
/// webhook configuration can have.
const BUCKETS: [f64; 15] = [
    0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.125, 0.25, 0.5, 1.0, 2.0,
    10.0,
];

/// Names and values of labels.
type Labels<const N: usize> = [(&'static str, &'static str); N];
type DurationHistograms = Family<Labels<2>, Histogram, fn() -> Histogram>;

/// The instruments. Cloning is cheap and shares them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<Labels<3>, Counter>,
    durations: DurationHistograms,
    patches: Family<Labels<1>, Counter>,
    skipped: Family<Labels<1>, Counter>,
    lookups: Family<Labels<1>, Counter>,
    shed: Family<Labels<1>, Counter>,
    connections: Family<Labels<1>, Gauge>,
    connections_ended: Family<Labels<2>, Counter>,
    in_flight: Gauge,
    certificate_reloads: Counter,
    certificate_reload_failures: Counter,
    client_ca_failures: Counter,
    certificate_not_after: Gauge,
    certificate_refused: Gauge,
    sources: Family<Labels<2>, Gauge>,
    sources_known: Family<Labels<1>, Gauge>,
    facts_age: Family<Labels<1>, Gauge>,
    panics: Family<Labels<1>, Counter>,
    policies: Gauge,
    policy_conflicts: Gauge,
    invalid_policies: Gauge,
    config_synced: Gauge,
    audit_findings: Family<[(&'static str, String); 2], Gauge>,
}

impl Metrics {
    /// Fresh instruments, all at zero.
    pub fn new() -> Self {
        let mut registry = registry();
        let durations = DurationHistograms::new_with_constructor(histogram);
        let help = "Seconds from the head of a request to its answer";
        registry.register("admission_duration_seconds", help, durations.clone());
        let to = &mut registry;
        let metrics = Self {
            requests: register(to, "admission_requests", "Requests answered"),
            patches: register(to, "patch", "Fields set by a patch"),
            skipped: register(to, "skipped", "Images skipped, by reason"),
            lookups: register(to, "lookups", "Objects read for a review, by outcome"),
            shed: register(
                to,
                "shed",
                "Requests rejected under load, by exhausted resource",
            ),
            connections: register(to, "connections", "Open connections"),
            connections_ended: register(
                to,
                "connections_ended",
                "Connections that the server ended or did not accept, by reason",
            ),
            in_flight: register(to, "in_flight", "Requests being answered now"),
            certificate_reloads: register(to, "cert_reloads", "Reloads of the serving certificate"),
            certificate_reload_failures: register(
                to,
                "cert_reload_failures",
                "Failed reloads of the serving certificate",
            ),
            client_ca_failures: register(
                to,
                "client_ca_reload_failures",
                "Failed reloads of the client CA",
            ),
            certificate_refused: register(
                to,
                "cert_refused",
                "1 if the served certificate does not match the caBundle of the webhook configuration",
            ),
            certificate_not_after: register(
                to,
                "cert_not_after_seconds",
                "Expiry of the served certificate, as Unix time",
            ),
            sources: register(
                to,
                "facts_source_state",
                "1 for the current state of a source of facts, 0 for each other state",
            ),
            sources_known: register(
                to,
                "facts_known",
                "1 if a configured source of facts answers, 0 if it does not",
            ),
            facts_age: register(
                to,
                "facts_age_seconds",
                "Seconds since the last sign of life of a watched source of facts, or since the start",
            ),
            panics: register(
                to,
                "task_panics",
                "Background tasks that panicked and were restarted",
            ),
            policies: register(to, "policies", "Policies in force"),
            policy_conflicts: register(
                to,
                "policy_conflicts",
                "Pairs of policies that tie for some image",
            ),
            invalid_policies: register(to, "policies_invalid", "Invalid policies"),
            config_synced: register(
                to,
                "config_synced",
                "1 once policies are known, or known to be unavailable",
            ),
            audit_findings: register(
                to,
                "audit_findings",
                "Open findings of the last audit that a job published",
            ),
            durations,
            registry: Arc::new(registry),
        };
        metrics.start_at_zero();
        metrics
    }

    /// Series that alerts watch exist from the start: otherwise the first event would not be an increase.
    fn start_at_zero(&self) {
        for shortage in Shortage::ALL {
            let labels = [("shortage", shortage.as_str())];
            drop(self.shed.get_or_create(&labels));
        }
        for outcome in LookupOutcome::ALL {
            let labels = [("outcome", outcome.as_str())];
            drop(self.lookups.get_or_create(&labels));
        }
        for task in Task::ALL {
            let labels = [("task", task.as_str())];
            drop(self.panics.get_or_create(&labels));
        }
        let labels = [
            ("resource", resource_label(None)),
            ("operation", operation_label(None)),
            ("decision", RequestEnd::Panic.as_str()),
        ];
        drop(self.requests.get_or_create(&labels));
    }

    /// Counts one request and its duration.
    pub fn request(
        &self,
        resource: Option<Resource>,
        operation: Option<Operation>,
        end: RequestEnd,
        duration: Duration,
    ) {
        let resource = ("resource", resource_label(resource));
        let operation = ("operation", operation_label(operation));
        let decision = ("decision", end.as_str());
        let labels = [resource, operation, decision];
        self.requests.get_or_create(&labels).inc();
        let durations = self.durations.get_or_create(&[resource, operation]);
        durations.observe(duration.as_secs_f64());
    }

    /// Counts a request that was rejected because a resource was exhausted.
    pub fn shed(&self, shortage: Shortage) {
        let labels = [("shortage", shortage.as_str())];
        self.shed.get_or_create(&labels).inc();
    }

    /// Sets the number of open connections to a port.
    pub fn connections(&self, port: Port, open: usize) {
        self.connections
            .get_or_create(&[("port", port.as_str())])
            .set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    /// Counts a connection that the server ended or did not accept.
    pub fn connection_ended(&self, port: Port, reason: ConnectionEnd) {
        let labels = [("port", port.as_str()), ("reason", reason.as_str())];
        self.connections_ended.get_or_create(&labels).inc();
    }

    /// Whether the API servers reject the served certificate.
    pub fn certificate_refused(&self, refused: bool) {
        self.certificate_refused.set(i64::from(refused));
    }

    /// Counts a failed reload of the client CA file.
    pub fn client_ca_failed(&self) {
        self.client_ca_failures.inc();
    }

    /// Counts a field that a patch sets.
    pub fn patched(&self, rule: RuleId) {
        self.patches.get_or_create(&[("field", rule.name())]).inc();
    }

    /// Counts an image that is unchanged.
    pub fn skipped(&self, reason: Reason) {
        let labels = [("reason", reason.name())];
        self.skipped.get_or_create(&labels).inc();
    }

    /// Counts a read that a review needed.
    pub fn lookup(&self, outcome: LookupOutcome) {
        let labels = [("outcome", outcome.as_str())];
        self.lookups.get_or_create(&labels).inc();
    }

    /// Counts a request as being answered until the guard is dropped.
    pub fn in_flight(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// The state of the reloader of the serving certificate: totals since the start.
    pub fn certificate(&self, reloads: u64, failures: u64, not_after: i64) {
        let grown = reloads.saturating_sub(self.certificate_reloads.get());
        self.certificate_reloads.inc_by(grown);
        let grown = failures.saturating_sub(self.certificate_reload_failures.get());
        self.certificate_reload_failures.inc_by(grown);
        self.certificate_not_after.set(not_after);
    }

    /// The current state of a source of facts.
    pub fn source(&self, source: Source, state: SourceState) {
        for other in SourceState::ALL {
            let labels = [("source", source.as_str()), ("state", other.as_str())];
            let value = i64::from(*other == state);
            self.sources.get_or_create(&labels).set(value);
        }
        let labels = [("source", source.as_str())];
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

    /// The time since a source last worked. A resource that the cluster does not serve has no age.
    pub fn facts_age(&self, source: Source, state: SourceState, age: Option<Duration>) {
        let labels = [("source", source.as_str())];
        match age {
            Some(age) if state != SourceState::Off => {
                let seconds = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
                self.facts_age.get_or_create(&labels).set(seconds);
            }
            Some(_) | None => {
                self.facts_age.remove(&labels);
            }
        }
    }

    /// Counts a background task that panicked.
    pub fn panicked(&self, task: Task) {
        self.panics.get_or_create(&[("task", task.as_str())]).inc();
    }

    /// The number of policies in force, of conflicting pairs, and of invalid policies.
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

    /// The open findings of the last published audit, in place of those of an earlier one.
    pub fn audit_findings(&self, findings: &BTreeMap<(Check, Severity), u64>) {
        self.audit_findings.clear();
        for (&(check, severity), &count) in findings {
            let labels = [
                ("check", check.to_string()),
                ("severity", severity.to_string()),
            ];
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.audit_findings.get_or_create(&labels).set(count);
        }
    }

    /// All of it as text, of the media type [`Metrics::CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        encoded(&self.registry)
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

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// A registry of metrics with the version.
fn registry() -> Registry {
    let mut registry = Registry::with_prefix("extreg");
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    registry.register("build", "Running version", Info::new(version));
    registry
}

fn encoded(registry: &Registry) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = encode(&mut text, registry);
    text
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
            Some(Resource::Builds),
            Some(Operation::Create),
            RequestEnd::Patch,
            Duration::from_micros(100),
        );
        metrics.patched(RuleId::PushSecret);
        metrics.lookup(LookupOutcome::Limited);
        metrics.source(Source::Secrets, SourceState::Forbidden);
        metrics.facts_age(
            Source::Policies,
            SourceState::Ready,
            Some(Duration::from_secs(7)),
        );
        metrics.facts_age(
            Source::ImageConfig,
            SourceState::Off,
            Some(Duration::from_secs(7)),
        );
        metrics.panicked(Task::Status);
        metrics.certificate(1, 2, 1_800_000_000);
        metrics.certificate(1, 3, 1_800_000_000);
        metrics.client_ca_failed();
        metrics.shed(Shortage::Memory);
        metrics.connections(Port::Reviews, 3);
        metrics.connection_ended(Port::Reviews, ConnectionEnd::PeerLimit);
        metrics.policies(2, 1, 0);
        metrics.config_synced(true);
        let check = |name| Check::parse(name).unwrap();
        let fixed = (check("EXR001"), Severity::High);
        let open = (check("EXR005"), Severity::Medium);
        metrics.audit_findings(&BTreeMap::from([(fixed, 1), (open, 13)]));
        metrics.audit_findings(&BTreeMap::from([(open, 12)]));
        let text = metrics.encode();
        assert!(!text.contains("EXR001"), "{text}");
        for line in [
            r#"extreg_admission_requests_total{resource="builds",operation="create",decision="patch"} 1"#,
            r#"extreg_admission_duration_seconds_bucket{le="0.00025",resource="builds",operation="create"} 1"#,
            r#"extreg_patch_total{field="push_secret"} 1"#,
            r#"extreg_lookups_total{outcome="limited"} 1"#,
            r#"extreg_facts_source_state{source="secrets",state="forbidden"} 1"#,
            r#"extreg_facts_source_state{source="secrets",state="ready"} 0"#,
            r#"extreg_facts_known{source="secrets"} 0"#,
            r#"extreg_facts_age_seconds{source="policies"} 7"#,
            r#"extreg_task_panics_total{task="status"} 1"#,
            "extreg_cert_reloads_total 1",
            "extreg_cert_reload_failures_total 3",
            "extreg_cert_not_after_seconds 1800000000",
            "extreg_policy_conflicts 1",
            "extreg_config_synced 1",
            r#"extreg_shed_total{shortage="memory"} 1"#,
            r#"extreg_connections{port="reviews"} 3"#,
            r#"extreg_connections_ended_total{port="reviews",reason="peer_limit"} 1"#,
            "extreg_client_ca_reload_failures_total 1",
            "extreg_cert_refused 0",
            r#"extreg_audit_findings{check="EXR005",severity="medium"} 12"#,
            r#"extreg_shed_total{shortage="slots"} 0"#,
            r#"extreg_task_panics_total{task="audit"} 0"#,
            "# EOF",
        ] {
            assert!(
                text.lines().any(|other| other == line),
                "{line} is not in\n{text}"
            );
        }
    }
}
