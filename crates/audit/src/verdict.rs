//! How an audit ends: one verdict for every format.

use std::collections::BTreeMap;
use std::fmt;

use extreg_core::count;

use crate::check::Severity;
use crate::finding::{BaselineState, Finding};
use crate::report::{Report, Section};

/// What an audit must fulfill to pass. By default every audit passes that read an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// `--fail-on`: the lowest severity that fails; none to only report.
    pub fail_on: Option<Severity>,
    /// `--fail-on-new`: a finding that is not in the baseline fails; of any severity, unless
    /// [`Self::fail_on`] sets the lowest one.
    pub fail_on_new: bool,
    /// `--require-coverage`: the lowest coverage of each section, in percent.
    pub require_coverage: Option<u8>,
    /// `--allow-empty`: an audit that read no object passes.
    pub allow_empty: bool,
}

impl Gate {
    /// Whether a finding fails the audit.
    pub fn fails(&self, finding: &Finding) -> bool {
        let least = match (self.fail_on, self.fail_on_new) {
            (Some(severity), _) => severity,
            (None, true) => Severity::Info,
            (None, false) => return false,
        };
        finding.is_open()
            && finding.severity >= least
            && finding.baseline != Some(BaselineState::Unchanged)
    }
}

/// How an audit ends. The exit codes are 0, 3, 4 and 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The gate passed, or was not set.
    Passed,
    /// Findings fail the audit.
    Findings,
    /// The coverage is lower than required.
    Incomplete,
    /// No object was read.
    Empty,
}

/// A verdict and its explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// The verdict.
    pub verdict: Verdict,
    /// A sentence without a full stop, for stderr; can be empty.
    pub sentence: String,
}

/// Judges a report. The gravest verdict wins: empty, incomplete,
/// findings. With a baseline, its findings pass.
pub fn verdict(report: &Report, gate: Gate) -> Ruling {
    empty(report, gate)
        .or_else(|| incomplete(report, gate))
        .unwrap_or_else(|| findings(report, gate))
}

impl Ruling {
    fn new(verdict: Verdict, sentence: impl Into<String>) -> Self {
        Self {
            verdict,
            sentence: sentence.into(),
        }
    }
}

fn empty(report: &Report, gate: Gate) -> Option<Ruling> {
    if gate.allow_empty {
        return None;
    }
    let say = |of: String| {
        let sentence = format!(
            "no objects were read{of}, so the audit proves nothing; --allow-empty accepts this"
        );
        Ruling::new(Verdict::Empty, sentence)
    };
    if report.sections.is_empty() {
        return Some(say(String::new()));
    }
    let nothing = report
        .sections
        .iter()
        .find(|section| objects(section) == 0)?;
    Some(say(format!(" in {}", nothing.source)))
}

/// The objects that were requested: for some namespaces, without the cluster's configuration, which is
/// always read.
fn objects(section: &Section) -> usize {
    let coverage = &section.coverage;
    if coverage.scope.namespaces.is_none() {
        return coverage.objects();
    }
    let read = coverage.read.iter();
    read.filter(|(kind, _)| kind.api().namespaced)
        .map(|(_, count)| count)
        .sum()
}

fn incomplete(report: &Report, gate: Gate) -> Option<Ruling> {
    let required = usize::from(gate.require_coverage?);
    let percent = |section: &Section| {
        if section.coverage.gaps.is_empty() && section.inconclusive.is_empty() {
            100
        } else {
            section.percent()
        }
    };
    let worst = report
        .sections
        .iter()
        .min_by_key(|section| percent(section))?;
    let covered = percent(worst);
    (covered < required).then(|| {
        let gaps = worst.coverage.gaps.len();
        let checks = worst.inconclusive.len();
        let sentence = format!(
            "coverage of {} is {covered} %, lower than --require-coverage {required}: it \
             has {} and {}",
            worst.source,
            count(gaps, "gap"),
            count(checks, "inconclusive check"),
        );
        Ruling::new(Verdict::Incomplete, sentence)
    })
}

fn findings(report: &Report, gate: Gate) -> Ruling {
    let open = || {
        report
            .findings()
            .map(|(_, finding)| finding)
            .filter(|finding| finding.is_open())
    };
    if gate.fail_on.is_none() && !gate.fail_on_new {
        let all = Count::of(open());
        let sentence = if all.total() == 0 {
            String::new()
        } else {
            let found = count(all.total(), "finding");
            format!("{found}; use --fail-on SEVERITY to exit with code 3")
        };
        return Ruling::new(Verdict::Passed, sentence);
    }
    let against = open().any(|finding| finding.baseline.is_some());
    let flag = match gate.fail_on {
        Some(severity) => format!("--fail-on {severity}"),
        None => "--fail-on-new".to_owned(),
    };
    let failing = Count::of(open().filter(|finding| gate.fails(finding)));
    if failing.total() == 0 {
        return Ruling::new(Verdict::Passed, "");
    }
    let new = if against { " not in the baseline" } else { "" };
    Ruling::new(
        Verdict::Findings,
        format!("{failing}{new}: not allowed by {flag}"),
    )
}

/// Findings by severity: `3 findings (1 critical, 2 high)`.
struct Count(BTreeMap<Severity, usize>);

impl Count {
    fn of<'a>(findings: impl Iterator<Item = &'a Finding>) -> Self {
        let mut count = BTreeMap::new();
        for finding in findings {
            *count.entry(finding.severity).or_default() += 1;
        }
        Self(count)
    }

    fn total(&self) -> usize {
        self.0.values().sum()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.0.iter().rev();
        let parts: Vec<_> = parts
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        let total = count(self.total(), "finding");
        write!(f, "{total} ({})", parts.join(", "))
    }
}

#[cfg(test)]
mod tests;
