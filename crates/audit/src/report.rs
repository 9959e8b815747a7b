//! What an audit came to. Every format renders this and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use extreg_snapshot::coverage::Coverage;
use extreg_snapshot::place::ObjectId;
use extreg_snapshot::{Annotation, ImageUse, Injection, OptOut, SourceKind};

use crate::check::{CheckId, Severity};
use crate::finding::Finding;
use crate::saved::KnownFinding;

/// What an audit came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// When it was made, RFC 3339 in UTC: the one thing in it that two runs over the same differ in.
    pub generated: String,
    /// The version of the program that made it.
    pub version: String,
    /// One for each cluster or set of files, in the order in which they were named.
    pub sections: Vec<Section>,
    /// The checks that were asked, sorted.
    pub checks: Vec<CheckId>,
    /// Exceptions that suppressed nothing, each in one line.
    pub unused_exceptions: Vec<String>,
    /// What else the reader should know, each in one line: an exception that lapses soon, a policy
    /// conflict.
    pub notices: Vec<String>,
    /// What the baseline has and this report has not, sorted; nothing without a baseline.
    pub fixed: Vec<KnownFinding>,
}

/// The part of a report that is about one cluster or one set of files.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The name of the cluster, as the kubeconfig's context has it; `files` for files; the folder's
    /// or archive's name for an inspect tree.
    pub source: String,
    /// What kind of source it is.
    pub kind: SourceKind,
    /// The findings, suppressed ones too, in the order of [`sort_key`].
    pub findings: Vec<Finding>,
    /// Every field that names an image.
    pub uses: Vec<ImageUse>,
    /// What the webhook would do, where that is not simply what is there.
    pub injections: Vec<Injection>,
    /// Every opt-out.
    pub opt_outs: Vec<OptOut>,
    /// Annotations by which an object suppresses a check.
    pub annotations: BTreeMap<ObjectId, Vec<Annotation>>,
    /// Of every object that another one made, the one that stands for it: of a pod the Deployment.
    pub owners: BTreeMap<ObjectId, ObjectId>,
    /// What was looked at, and what could not be.
    pub coverage: Coverage,
    /// Checks that could not decide about some object.
    pub inconclusive: BTreeSet<CheckId>,
}

/// Counts of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Open findings by severity.
    pub open: BTreeMap<Severity, usize>,
    /// Findings that somebody said are all right.
    pub suppressed: usize,
    /// Places where what decides could not be looked at.
    pub unknown: usize,
    /// Objects read.
    pub objects: usize,
    /// Fields that name an image.
    pub uses: usize,
    /// What could not be looked at.
    pub gaps: usize,
    /// The lowest coverage of all sections, in percent.
    pub coverage: usize,
}

impl Section {
    /// How much of what was asked for was looked at, in whole percent, rounded down: lists and
    /// documents that were read against those that were not, and checks that could not decide.
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

    /// The worst severity of an open finding.
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

/// The order of findings: the worst first, then check, rule and place. No two findings of a report
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
