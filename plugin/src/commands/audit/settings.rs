//! Validates the arguments.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use extreg_audit::{
    baseline::Baseline,
    check::{CheckId, Severity},
    control::Benchmark,
    exceptions::Exceptions,
    verdict::Gate,
};

use super::{
    args::{FailOn, Framework, GateArgs, JudgeArgs, OutputArgs, ShownFrom},
    output::{Format, OutputSpec, check_specs},
};
use crate::{
    collect::{self, PolicyFile},
    error::Error,
};

/// The file that `--ci` adds.
const CI_FILE: &str = "extreg.sarif";

/// Checks, policies and exceptions.
#[derive(Clone, Debug)]
pub(crate) struct Judgment {
    pub(super) checks: BTreeSet<CheckId>,
    pub(super) policy: PolicyFile,
    /// None to count every finding.
    pub(super) exceptions: Option<Exceptions>,
    /// Whether annotations of objects suppress findings.
    pub(super) annotations: bool,
    /// The maximum number of days from today until an exception expires.
    pub(super) longest: Option<u16>,
    pub(super) baseline: Option<Baseline>,
}

/// The destination of the report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Destination {
    pub(super) specs: Vec<OutputSpec>,
    pub(super) shown_from: Option<Severity>,
    /// Whether the namespace precedes each name.
    pub(super) with_namespaces: bool,
    /// Whether a table shows reasons and fixes.
    pub(super) details: bool,
    pub(super) baseline: Option<PathBuf>,
    pub(super) folder: Option<PathBuf>,
    pub(super) publish: bool,
}

impl Judgment {
    /// # Errors
    /// [`Error::Usage`] if a file is invalid, or no check is selected.
    pub(super) fn from_args(args: JudgeArgs) -> Result<Self, Error> {
        let exceptions = match &args.exceptions {
            Some(path) => {
                let text = read("--exceptions", path)?;
                let parsed = Exceptions::parse(&path.display().to_string(), &text);
                Some(parsed.map_err(|error| Error::usage(error.to_string()))?)
            }
            None => (!args.no_exceptions).then(Exceptions::default),
        };
        let baseline = match &args.baseline {
            Some(path) => {
                let parsed = Baseline::parse(&read("--baseline", path)?);
                Some(parsed.map_err(|error| {
                    Error::usage(format!("--baseline {}: {error}", path.display()))
                })?)
            }
            None => None,
        };
        let policy = args.policy.map(collect::read_policy_file).transpose()?;
        Ok(Self {
            checks: checks(&args.check, &args.skip, args.framework)?,
            policy: policy.unwrap_or_default(),
            exceptions,
            annotations: !args.no_annotation_exceptions,
            longest: args.max_exception_days,
            baseline,
        })
    }
}

fn checks(
    only: &[CheckId],
    skip: &[CheckId],
    framework: Option<Framework>,
) -> Result<BTreeSet<CheckId>, Error> {
    let checks: BTreeSet<_> = CheckId::ALL
        .into_iter()
        .filter(|check| only.is_empty() || only.contains(check))
        .filter(|check| !skip.contains(check))
        .filter(|check| framework.is_none_or(|framework| framework.has(*check)))
        .collect();
    if checks.is_empty() {
        return Err(Error::usage(
            "--check, --skip and --framework select no check (audit list shows all checks)",
        ));
    }
    Ok(checks)
}

impl Framework {
    fn has(self, check: CheckId) -> bool {
        let is_it = |benchmark: Benchmark| match self {
            Self::CisOcp => benchmark == Benchmark::CisOpenShift,
            Self::Stig => benchmark == Benchmark::Stig,
            Self::Nist => matches!(benchmark, Benchmark::Nist80053 | Benchmark::Nist800190),
            Self::Bsi => benchmark == Benchmark::Bsi,
            Self::Pci => benchmark == Benchmark::PciDss,
        };
        check
            .controls()
            .iter()
            .any(|control| is_it(control.benchmark))
    }
}

/// The gate of the flags.
pub(super) fn gate(args: &GateArgs) -> Gate {
    let fail_on = match args.fail_on {
        Some(FailOn::None) => None,
        Some(FailOn::Info) => Some(Severity::Info),
        Some(FailOn::Low) => Some(Severity::Low),
        Some(FailOn::Medium) => Some(Severity::Medium),
        Some(FailOn::High) => Some(Severity::High),
        Some(FailOn::Critical) => Some(Severity::Critical),
        None => args.ci.then_some(Severity::High),
    };
    Gate {
        fail_on,
        fail_on_new: args.fail_on_new,
        require_coverage: args.require_coverage.or(args.ci.then_some(100)),
        allow_empty: args.allow_empty,
    }
}

impl Destination {
    /// # Errors
    /// [`Error::Usage`] if two formats have the same destination.
    pub(super) fn new(args: OutputArgs, is_ci: bool, with_namespaces: bool) -> Result<Self, Error> {
        let mut specs = args.output;
        if specs.is_empty() {
            specs.push(OutputSpec::stdout(Format::TABLE));
            if is_ci {
                specs.push(OutputSpec {
                    format: Format::SARIF,
                    file: Some(PathBuf::from(CI_FILE)),
                });
            }
        }
        check_specs(&specs)?;
        Ok(Self {
            specs,
            shown_from: args.min_severity.map(ShownFrom::severity),
            with_namespaces,
            details: args.details,
            baseline: args.write_baseline,
            folder: args.save,
            publish: args.publish,
        })
    }
}

impl ShownFrom {
    const fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Low => Severity::Low,
            Self::Medium => Severity::Medium,
            Self::High => Severity::High,
            Self::Critical => Severity::Critical,
        }
    }
}

/// The text of a file that a flag names.
pub(super) fn read(flag: &str, path: &Path) -> Result<String, Error> {
    fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("{flag} {}: {error}", path.display())))
}
