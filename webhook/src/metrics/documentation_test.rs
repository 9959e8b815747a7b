//! `docs/api.md` lists every metric and every value of a label.

use std::collections::BTreeSet;
use std::time::Duration;

use extreg_core::rule::RuleId;
use extreg_core::verdict::Reason;

use super::{
    Check, ConnectionEnd, FollowOutcome, ImporterMetrics, LookupOutcome, Metrics, Port, RequestEnd,
    Severity, Shortage, Source, SourceState, Task,
};

const PAGE: &str = include_str!("../../../docs/api.md");

/// The metrics of an exposition, with the suffix that their type adds.
fn names(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .map(|line| match line.split_once(' ').unwrap() {
            (name, "counter") => format!("{name}_total"),
            (name, "info") => format!("{name}_info"),
            (name, _) => name.to_owned(),
        })
        .collect()
}

/// What the page has in backticks.
fn terms() -> BTreeSet<&'static str> {
    let prose = PAGE.lines().filter(|line| !line.starts_with("```"));
    prose
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}

#[test]
fn every_metric_is_listed_and_no_other() {
    // A family without a series is not in the text.
    let metrics = Metrics::new();
    metrics.request(None, None, RequestEnd::Patch, Duration::ZERO);
    metrics.patched(RuleId::PushSecret);
    metrics.skipped(Reason::Digest);
    metrics.lookup(LookupOutcome::Answered);
    metrics.shed(Shortage::Slots);
    metrics.connections(Port::Reviews, 1);
    metrics.connection_ended(Port::Reviews, ConnectionEnd::Idle);
    metrics.source(Source::Secrets, SourceState::Ready);
    metrics.facts_age(Source::Secrets, SourceState::Ready, Some(Duration::ZERO));
    metrics.panicked(Task::Report);
    let open = (Check::parse("EXR005").unwrap(), Severity::Medium);
    metrics.audit_findings(&[(open, 1)].into());
    let importer = ImporterMetrics::new();
    importer.follow().outcome(FollowOutcome::Imported);
    let mut names: BTreeSet<String> = names(&metrics.encode());
    names.extend(self::names(&importer.encode()));
    let listed = terms()
        .into_iter()
        .filter(|term| term.starts_with("extreg_"));
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    assert_eq!(listed, names);
}

#[test]
fn every_value_of_a_label_is_listed() {
    let terms = terms();
    let values = [
        ConnectionEnd::ALL
            .iter()
            .map(|value| value.as_str())
            .collect::<Vec<_>>(),
        FollowOutcome::ALL
            .iter()
            .map(|value| value.as_str())
            .collect(),
        LookupOutcome::ALL
            .iter()
            .map(|value| value.as_str())
            .collect(),
        Port::ALL.iter().map(|value| value.as_str()).collect(),
        RequestEnd::ALL.iter().map(|value| value.as_str()).collect(),
        Severity::ALL.iter().map(|value| value.as_str()).collect(),
        Shortage::ALL.iter().map(|value| value.as_str()).collect(),
        Source::ALL.iter().map(|value| value.as_str()).collect(),
        SourceState::ALL
            .iter()
            .map(|value| value.as_str())
            .collect(),
        Task::ALL.iter().map(|value| value.as_str()).collect(),
    ];
    for value in values.into_iter().flatten() {
        assert!(terms.contains(value), "{value}");
    }
}
