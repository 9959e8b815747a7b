//! What can be typed, in the groups in which it is shown.

use std::path::PathBuf;

use extreg_audit::check::CheckId;

use super::output::OutputSpec;

/// What to judge by.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Judgement")]
pub(crate) struct JudgeArgs {
    /// Ask only these checks
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(super) check: Vec<CheckId>,
    /// Do not ask these checks
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    pub(super) skip: Vec<CheckId>,
    /// Ask only the checks that are evidence for this: cis-ocp, stig, nist, bsi or pci
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    pub(super) framework: Option<Framework>,
    /// Judge by the RegistryPolicies of this file, not by the cluster's
    #[arg(long, value_name = "FILE")]
    pub(super) policy: Option<PathBuf>,
    /// Findings that are all right, each with a reason and a last day
    #[arg(long, value_name = "FILE", conflicts_with = "no_exceptions")]
    pub(super) exceptions: Option<PathBuf>,
    /// Count every finding, whatever a file or an annotation says
    #[arg(long)]
    pub(super) no_exceptions: bool,
    /// Count findings that annotations of objects suppress; a file of exceptions still counts
    #[arg(long)]
    pub(super) no_annotation_exceptions: bool,
    /// Ignore exceptions that last longer than this many days from today
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(..=3660))]
    pub(super) max_exception_days: Option<u16>,
    /// Findings that are known, as --write-baseline writes them
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
}

/// What decides about the exit code.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Gate")]
pub(crate) struct GateArgs {
    /// Exit code 3 for findings that are at least this bad: none, info, low, medium, high, critical
    #[arg(long, value_enum, value_name = "SEVERITY", hide_possible_values = true)]
    pub(super) fail_on: Option<FailOn>,
    /// Exit code 3 only for findings that the baseline has not
    #[arg(long, requires = "baseline")]
    pub(super) fail_on_new: bool,
    /// Exit code 4 if less than this was looked at
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub(super) require_coverage: Option<u8>,
    /// Exit code 0 even if there was no object at all
    #[arg(long)]
    pub(super) allow_empty: bool,
    /// For pipelines: --fail-on high --require-coverage 100 --no-input --color never -o table
    /// -o sarif=extreg.sarif, each unless it is given
    #[arg(long)]
    pub(super) ci: bool,
}

/// Where the answer goes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct OutputArgs {
    /// Format, or FORMAT=FILE; can be repeated
    #[arg(short, long, value_name = "FORMAT[=FILE]", long_help = OutputSpec::help())]
    pub(super) output: Vec<OutputSpec>,
    /// Show only findings that are at least this bad; the exit code does not change
    #[arg(long, value_enum, value_name = "SEVERITY", hide_possible_values = true)]
    pub(super) min_severity: Option<ShownFrom>,
    /// Keep the findings as the baseline of later runs
    #[arg(long, value_name = "FILE")]
    pub(super) write_baseline: Option<PathBuf>,
    /// Keep the report in this folder, as JSON, named after the time
    #[arg(long, value_name = "DIR")]
    pub(super) save: Option<PathBuf>,
    /// Write the findings to the cluster as OpenReports, one Report a namespace
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
