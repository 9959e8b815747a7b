//! The result of an audit. Every format renders only this.

use std::collections::{BTreeMap, BTreeSet};

use extreg_snapshot::coverage::Coverage;
use extreg_snapshot::place::ObjectId;
use extreg_snapshot::{Annotation, ImageUse, Injection, OptOut, SourceKind};

use crate::check::{CheckId, Severity};
use crate::finding::Finding;
use crate::saved::KnownFinding;

/// The result of an audit.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// When it was created, RFC 3339 in UTC: the only difference between two runs on the same input.
    pub generated: String,
    /// The version of the program that created it.
    pub version: String,
    /// One for each cluster or set of files, in the order in which they were named.
    pub sections: Vec<Section>,
    /// The checks that ran, sorted.
    pub checks: Vec<CheckId>,
    /// Exceptions that suppressed nothing, each in one line.
    pub unused_exceptions: Vec<String>,
    /// Other notices, each in one line: an exception that expires soon, a policy
    /// conflict.
    pub notices: Vec<String>,
    /// The findings of the baseline that this report does not have, sorted; empty without a baseline.
    pub fixed: Vec<KnownFinding>,
}

/// The part of a report that is about one cluster or one set of files.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The name of the cluster, from the kubeconfig's context; `files` for files; the name of the folder
    /// or archive for an inspect tree.
    pub source: String,
    /// The kind of source.
    pub kind: SourceKind,
    /// The findings, suppressed ones too, in the order of [`sort_key`].
    pub findings: Vec<Finding>,
    /// Every field that names an image.
    pub uses: Vec<ImageUse>,
    /// What the webhook would do, if that differs from the existing object.
    pub injections: Vec<Injection>,
    /// Every opt-out.
    pub opt_outs: Vec<OptOut>,
    /// Annotations by which an object suppresses a check.
    pub annotations: BTreeMap<ObjectId, Vec<Annotation>>,
    /// For every object that another one created, its top-level object: for a pod the Deployment.
    pub owners: BTreeMap<ObjectId, ObjectId>,
    /// What was read, and what could not be read.
    pub coverage: Coverage,
    /// Checks that were inconclusive for some object.
    pub inconclusive: BTreeSet<CheckId>,
}

/// Counts of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Open findings by severity.
    pub open: BTreeMap<Severity, usize>,
    /// Findings with an exception.
    pub suppressed: usize,
    /// Inconclusive findings.
    pub unknown: usize,
    /// Objects read.
    pub objects: usize,
    /// Fields that name an image.
    pub uses: usize,
    /// What could not be read.
    pub gaps: usize,
    /// The lowest coverage of all sections, in percent.
    pub coverage: usize,
}

impl Section {
    /// The coverage in whole percent, rounded down: lists and
    /// documents that were read against those that were not, and inconclusive checks.
    pub fn percent(&self) -> usize {
        let read = self.coverage.read.len();
        let all = read + self.coverage.gaps.len() + self.inconclusive.len();
        (read * 100).checked_div(all).unwrap_or_default()
    }
}

impl Report {
    /// All findings, section by section.
    pub fn findings(&self) -> impl Iterator<Item = (&Section, &Finding)> {
        self.sections.iter().flat_map(|section| {
            section
                .findings
                .iter()
                .map(move |finding| (section, finding))
        })
    }

    /// The highest severity of an open finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings()
            .filter(|(_, finding)| finding.is_open())
            .map(|(_, finding)| finding.severity)
            .max()
    }

    /// Its counts.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary {
            coverage: self
                .sections
                .iter()
                .map(Section::percent)
                .min()
                .unwrap_or_default(),
            ..Summary::default()
        };
        for section in &self.sections {
            summary.objects += section.coverage.objects();
            summary.uses += section.uses.len();
            summary.gaps += section.coverage.gaps.len();
            for finding in &section.findings {
                match (&finding.suppression, finding.is_open()) {
                    (Some(_), _) => summary.suppressed += 1,
                    (None, true) => *summary.open.entry(finding.severity).or_default() += 1,
                    (None, false) => summary.unknown += 1,
                }
            }
        }
        summary
    }
}

/// The order of findings: the most severe first, then check, rule and place. No two findings of a report
/// are equal in it.
pub fn sort_key(finding: &Finding) -> impl Ord + '_ {
    (
        std::cmp::Reverse(finding.severity),
        finding.check,
        finding.rule,
        &finding.place,
        &finding.message,
    )
}
