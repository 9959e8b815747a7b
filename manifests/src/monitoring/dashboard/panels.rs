//! The panels. They use the series of the webhook and the importer (`extreg_…`), those of the API servers
//! (`apiserver_…`), of kube-state-metrics (`kube_…`) and of the kubelet (`container_…`).

use super::{Panel, Row, Unit};
use crate::names;

/// The rows for an installation in a namespace, which can be a variable of the dashboard.
pub(super) fn rows(namespace: &str) -> Vec<Row> {
    vec![
        Row {
            title: "Admission",
            panels: admission(namespace),
        },
        Row {
            title: "Facts and policies",
            panels: facts(namespace),
        },
        Row {
            title: "Following builds",
            panels: following(namespace),
        },
        Row {
            title: "Certificates",
            panels: certificates(namespace),
        },
        Row {
            title: "Audit and scheduled imports",
            panels: audit(namespace),
        },
        Row {
            title: "Processes",
            panels: processes(namespace),
        },
    ]
}

fn admission(namespace: &str) -> Vec<Panel> {
    let n = format!("namespace=\"{namespace}\"");
    let entry = names::WEBHOOK_ENTRY;
    let latency = |quantile: &str| {
        format!(
            "histogram_quantile({quantile}, sum by (le) (rate(extreg_admission_duration_seconds_bucket{{{n}}}[5m])))"
        )
    };
    vec![
        Panel::new(
            "Requests per second, by decision",
            Unit::Count,
            [(
                format!("sum by (decision) (rate(extreg_admission_requests_total{{{n}}}[5m]))"),
                "{{decision}}",
            )],
        )
        .stacked(),
        Panel::new(
            "Time to answer",
            Unit::Seconds,
            [(latency("0.5"), "median"), (latency("0.99"), "99%")],
        ),
        Panel::new(
            "Requests per second without a decision",
            Unit::Count,
            [
                (
                    format!("sum by (shortage) (rate(extreg_shed_total{{{n}}}[5m]))"),
                    "refused: {{shortage}}",
                ),
                (
                    format!(
                        "sum by (decision) (rate(extreg_admission_requests_total{{{n},decision=~\"bad_request|deadline|panic|slow_body|too_large\"}}[5m]))"
                    ),
                    "{{decision}}",
                ),
                (
                    format!(
                        "sum(rate(apiserver_admission_webhook_fail_open_count{{name=\"{entry}\"}}[5m]))"
                    ),
                    "webhook not reached",
                ),
            ],
        ),
        Panel::new(
            "Fields added per second",
            Unit::Count,
            [(
                format!("sum by (field) (rate(extreg_patch_total{{{n}}}[5m]))"),
                "{{field}}",
            )],
        )
        .stacked(),
        Panel::new(
            "Images left unchanged per second, by reason",
            Unit::Count,
            [(
                format!("sum by (reason) (rate(extreg_skipped_total{{{n}}}[5m]))"),
                "{{reason}}",
            )],
        )
        .stacked(),
        Panel::new(
            "Requests being answered, and connections",
            Unit::Count,
            [
                (format!("sum(extreg_in_flight{{{n}}})"), "requests"),
                (
                    format!("sum by (port) (extreg_connections{{{n}}})"),
                    "connections: {{port}}",
                ),
            ],
        ),
    ]
}

fn facts(namespace: &str) -> Vec<Panel> {
    let n = format!("namespace=\"{namespace}\"");
    vec![
        Panel::new(
            "Known sources of facts (1 if known)",
            Unit::Count,
            [(
                format!("min by (source) (extreg_facts_known{{{n}}})"),
                "{{source}}",
            )],
        ),
        Panel::new(
            "Age of the facts",
            Unit::Seconds,
            [(
                format!("max by (source) (extreg_facts_age_seconds{{{n}}})"),
                "{{source}}",
            )],
        ),
        Panel::new(
            "Policies",
            Unit::Count,
            [
                (format!("max(extreg_policies{{{n}}})"), "in force"),
                (format!("max(extreg_policies_invalid{{{n}}})"), "invalid"),
                (
                    format!("max(extreg_policy_conflicts{{{n}}})"),
                    "conflicting pairs",
                ),
            ],
        ),
        Panel::new(
            "Objects read for reviews, per second",
            Unit::Count,
            [(
                format!("sum by (outcome) (rate(extreg_lookups_total{{{n}}}[5m]))"),
                "{{outcome}}",
            )],
        ),
    ]
}

fn following(namespace: &str) -> Vec<Panel> {
    let n = format!("namespace=\"{namespace}\"");
    let lag = |quantile: &str| {
        format!(
            "histogram_quantile({quantile}, sum by (le) (rate(extreg_follow_lag_seconds_bucket{{{n}}}[30m])))"
        )
    };
    vec![
        Panel::new(
            "Builds in the queue",
            Unit::Count,
            [(format!("sum(extreg_follow_queue_depth{{{n}}})"), "builds")],
        ),
        Panel::new(
            "Imports and failures in 30 minutes",
            Unit::Count,
            [(
                format!("sum by (outcome) (increase(extreg_follow_outcomes_total{{{n}}}[30m]))"),
                "{{outcome}}",
            )],
        )
        .stacked(),
        Panel::new(
            "Time from the end of a build to the import",
            Unit::Seconds,
            [(lag("0.5"), "median"), (lag("0.99"), "99%")],
        ),
        Panel::new(
            "Replicas that follow builds",
            Unit::Count,
            [(format!("sum(extreg_follow_leader{{{n}}})"), "leaders")],
        ),
    ]
}

fn certificates(namespace: &str) -> Vec<Panel> {
    let n = format!("namespace=\"{namespace}\"");
    vec![
        Panel::new(
            "Time until the certificate expires",
            Unit::Seconds,
            [(
                format!("min(extreg_cert_not_after_seconds{{{n}}}) - time()"),
                "remaining",
            )],
        ),
        Panel::new(
            "Certificate files in one hour",
            Unit::Count,
            [
                (
                    format!("sum(increase(extreg_cert_reloads_total{{{n}}}[1h]))"),
                    "loaded",
                ),
                (
                    format!("sum(increase(extreg_cert_reload_failures_total{{{n}}}[1h]))"),
                    "not loaded",
                ),
                (
                    format!("sum(increase(extreg_client_ca_reload_failures_total{{{n}}}[1h]))"),
                    "client CA not loaded",
                ),
                (format!("max(extreg_cert_refused{{{n}}})"), "refused"),
            ],
        ),
    ]
}

fn audit(namespace: &str) -> Vec<Panel> {
    let n = format!("namespace=\"{namespace}\"");
    let job = format!("{n},cronjob=\"{}\"", names::AUDIT_JOB);
    // Each replica of the webhook reports the same numbers.
    let findings =
        |labels: &str| format!("max by (check, severity) (extreg_audit_findings{{{n}{labels}}})");
    vec![
        Panel::new(
            "Open findings, by severity",
            Unit::Count,
            [(
                format!("sum by (severity) ({})", findings("")),
                "{{severity}}",
            )],
        )
        .stacked(),
        Panel::new(
            "Open findings, by check",
            Unit::Count,
            [(format!("sum by (check) ({})", findings("")), "{{check}}")],
        )
        .stacked(),
        Panel::new(
            "Registries whose limit scheduled imports exceed",
            Unit::Count,
            [(
                format!("sum({})", findings(",check=\"EXR008\"")),
                "findings",
            )],
        ),
        Panel::new(
            "Time since the last complete audit",
            Unit::Seconds,
            [(
                format!("time() - max(kube_cronjob_status_last_successful_time{{{job}}})"),
                "age",
            )],
        ),
    ]
}

fn processes(namespace: &str) -> Vec<Panel> {
    let ours = format!("namespace=\"{namespace}\",container=~\"webhook|importer|audit\"");
    vec![
        Panel::new(
            "Memory",
            Unit::Bytes,
            [(
                format!("sum by (pod) (container_memory_working_set_bytes{{{ours}}})"),
                "{{pod}}",
            )],
        ),
        Panel::new(
            "CPU time per second",
            Unit::Seconds,
            [(
                format!("sum by (pod) (rate(container_cpu_usage_seconds_total{{{ours}}}[5m]))"),
                "{{pod}}",
            )],
        ),
        Panel::new(
            "Restarts of tasks after a panic, in one hour",
            Unit::Count,
            [
                (
                    format!(
                        "sum by (task) (increase(extreg_task_panics_total{{namespace=\"{namespace}\"}}[1h]))"
                    ),
                    "webhook: {{task}}",
                ),
                (
                    format!(
                        "sum(increase(extreg_follow_panics_total{{namespace=\"{namespace}\"}}[1h]))"
                    ),
                    "importer",
                ),
            ],
        ),
        Panel::new(
            "Versions",
            Unit::Count,
            [(
                format!("count by (version) (extreg_build_info{{namespace=\"{namespace}\"}})"),
                "{{version}}",
            )],
        ),
    ]
}
