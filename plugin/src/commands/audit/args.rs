//! The arguments, in the groups of the help.

use std::path::PathBuf;

use extreg_audit::check::CheckId;

use super::output::OutputSpec;

/// Checks, policies and exceptions.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Checks")]
pub(crate) struct JudgeArgs {
    /// Run only these checks
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(super) check: Vec<CheckId>,
    /// Skip these checks
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(super) skip: Vec<CheckId>,
    /// Run only checks that are evidence for this: cis-ocp, stig, nist, bsi or pci
    #[arg(long, value_enum, value_name = "NAME")]
    pub(super) framework: Option<Framework>,
    /// RegistryPolicies to use instead of the cluster's
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Exceptions, each with a reason and an expiry date
    #[arg(long, value_name = "FILE", conflicts_with = "no_exceptions")]
    pub(super) exceptions: Option<PathBuf>,
    /// Count every finding; ignore exceptions in files and annotations
    #[arg(long)]
    pub(super) no_exceptions: bool,
    /// Ignore exceptions in annotations of objects; those in a file still apply
    #[arg(long)]
    pub(super) no_annotation_exceptions: bool,
    /// Ignore exceptions that last longer than this many days from today
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(..=3660))]
    pub(super) max_exception_days: Option<u16>,
    /// Known findings, as written by --write-baseline
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
}

/// The flags that decide the exit code.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Gate")]
pub(crate) struct GateArgs {
    /// Exit with code 3 for findings of at least this severity: none, info, low, medium, high or critical
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,
    /// Exit with code 3 only for findings that the baseline does not have
    #[arg(long, requires = "baseline")]
    pub(super) fail_on_new: bool,
    /// Exit with code 4 if a lower percentage could be read
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) require_coverage: Option<u8>,
    /// Exit with code 0 even if no object is found
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// Defaults for pipelines: --fail-on high --require-coverage 100 --no-input --color never
    /// -o table -o sarif=extreg.sarif
    #[arg(long)]
    pub(super) ci: bool,
}

/// The destination of the report.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Format, or FORMAT=FILE; repeatable
    #[arg(short, long, value_name = "FORMAT[=FILE]", long_help = OutputSpec::help())]
    pub(super) output: Vec<OutputSpec>,
    /// Show the reason and the fix of each finding, grouped by image
    #[arg(long)]
    pub(super) details: bool,
    /// Show only findings of at least this severity; the exit code does not change
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) min_severity: Option<ShownFrom>,
    /// Write the findings to a file, as the baseline of later runs
    #[arg(long, value_name = "FILE")]
    pub(super) write_baseline: Option<PathBuf>,
    /// Save the report in this folder, as JSON, with the time in its name
    #[arg(long, value_name = "DIR")]
    pub(super) save: Option<PathBuf>,
    /// Write the findings to the cluster as OpenReports, one Report for each namespace
    #[arg(long)]
    pub(super) publish: bool,
}

/// `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum FailOn {
    None,
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// `--min-severity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ShownFrom {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// `--framework`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Framework {
    CisOcp,
    Stig,
    Nist,
    Bsi,
    Pci,
}
