//! `fix`: makes existing objects compliant, with the engine of the webhook; shows a plan first.

mod builds;
mod exception;
mod files;
mod live;
mod plan;
mod report;
mod settings;

use std::path::PathBuf;

use clap::ArgGroup;
use extreg_documents::Exclude;
use extreg_terminal::Exit;

pub(crate) use self::settings::MENDABLE;
use self::settings::{Action, Settings};
use crate::{args::OutputArgs, context::Context, error::Error};

/// Fix existing objects that do not comply with the policy
///
/// Evaluates each object as if it were created now, like check and audit. Without --write or --yes,
/// nothing is changed. Skips, with the reason, what is opted out or excepted, what a policy only warns about,
/// what is imported by digest, and what Helm, Argo CD, Flux or an operator would change back.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group(ArgGroup::new("input").multiple(true)),
    after_help = "\
Examples:
  # Show what would change in the current namespace, and in all namespaces
  oc extreg fix
  oc extreg fix -A

  # Apply the changes, to at most 100 objects per run
  oc extreg fix -A --yes --max 100

  # Fix the files of a repository: only the lines that must change
  oc extreg fix -f deploy/ -R --write

  # Copy a secret for builds that wait for a push secret that does not exist
  oc extreg fix -n snow --check EXR009 --push-secret-from ops/dockerhub --yes

Checks for --check:
  EXR005  tags of external images that are not imported on schedule
  EXR007  builds that push or pull without the policy's secret
  EXR009  builds that wait for a push secret that does not exist
  EXR014  EXR005 and EXR007 that the webhook missed

The exit code is 3 if something needs a change, 0 if nothing does or all changes are made, 4 if some \
objects could not be read, 5 if only some changes were made, 6 if permission is denied for all of them.")]
pub struct Args {
    /// Files, folders, or - for stdin, instead of the cluster
    #[arg(value_name = "FILE", group = "input")]
    files: Vec<String>,
    /// Files, folders, or - for stdin (same as FILE)
    #[arg(short, long, value_name = "FILE", group = "input")]
    filename: Vec<String>,
    /// Read subfolders too
    #[arg(short = 'R', long, requires = "input")]
    recursive: bool,
    /// Skip files and folders that match, such as charts or "**/test/*"; repeatable
    #[arg(long, value_name = "GLOB", requires = "input")]
    exclude: Vec<Exclude>,
    /// All namespaces of the cluster
    #[arg(short = 'A', long, conflicts_with = "input")]
    all_namespaces: bool,
    /// Only objects of the cluster with these labels
    #[arg(short = 'l', long, value_name = "LABELS", conflicts_with = "input")]
    selector: Option<String>,
    /// Fix only what these checks find: EXR005, EXR007, EXR009, EXR014
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    check: Vec<String>,
    /// Write the changes to the files; for stdin, to stdout
    #[arg(long, requires = "input")]
    write: bool,
    /// Apply the changes (default: show the plan only)
    #[arg(long, conflicts_with = "input")]
    yes: bool,
    /// Change at most N objects of the cluster, and show how many remain [default: 100]
    #[arg(long, value_name = "N", conflicts_with = "input", value_parser = clap::value_parser!(u32).range(1..))]
    max: Option<u32>,
    /// RegistryPolicies to use instead of the cluster's
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Do not query the cluster; use --policy or the built-in policy
    #[arg(long, requires = "input")]
    offline: bool,
    /// Exit with code 0 even if no object is found
    #[arg(long, requires = "input")]
    allow_empty: bool,
    /// Create the secret that builds in -n wait for, as a copy of this secret
    #[arg(long, value_name = "NAMESPACE/NAME", conflicts_with_all = ["input", "auth_file", "restart_builds"])]
    push_secret_from: Option<String>,
    /// Create the secret that builds in -n wait for, from the login in this auth file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "restart_builds"])]
    auth_file: Option<PathBuf>,
    /// Cancel builds that wait for a secret, and start new ones
    #[arg(long, conflicts_with = "input")]
    restart_builds: bool,
    /// Also change objects that Helm, Argo CD, Flux or an owner can change back
    #[arg(long, conflicts_with = "input")]
    include_managed: bool,
    /// Also schedule tags whose imports exceed the limit of the registry
    #[arg(long, conflicts_with = "input")]
    over_budget: bool,
    /// With --yes: "server" submits the changes without persisting
    #[arg(long, value_enum, value_name = "WHERE", requires = "yes")]
    dry_run: Option<DryRunAt>,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

/// `--dry-run`: without --yes, the plan is what a client-side dry run would show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum DryRunAt {
    None,
    Server,
}

/// `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Json,
    Name,
    #[default]
    Table,
    Yaml,
}

/// Makes a plan, and applies it if requested.
///
/// # Errors
/// If a flag, a policy or the kubeconfig is invalid, the login has expired, or nothing could be
/// read. An error about one file or object is printed, and the rest is fixed.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args, context)?;
    match &settings.action {
        Action::Files(files) => files::run(&settings, files, context).await,
        Action::Cluster(cluster) => Box::pin(live::run(&settings, cluster, context)).await,
    }
}
