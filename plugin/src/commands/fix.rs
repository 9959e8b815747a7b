//! `fix`: brings what is there to the policy, by the engine that the webhook asks; a plan first.

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

/// Bring what was there before the webhook to the policy: say what would change, then change it
///
/// Each object is judged as if it were created now, as check and audit judge it. Without --write or
/// --yes nothing is changed. What somebody opted out or excepted, what a policy only warns of, what is
/// imported by digest, and what Helm, Argo CD, Flux or an operator would change back, is left alone and said.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group(ArgGroup::new("input").multiple(true)),
    after_help = "\
Examples:
  # What would change in the current namespace, and in all of them
  oc extreg fix
  oc extreg fix -A

  # Change it, a hundred objects at a time
  oc extreg fix -A --yes --max 100

  # The files of a repository: only the lines that have to change
  oc extreg fix -f deploy/ -R --write

  # Builds that wait for a push secret which is not there: give them a copy of one that is
  oc extreg fix -n snow --check EXR009 --push-secret-from ops/dockerhub --yes

What --check can name:
  EXR005  tags of external images that are not imported on schedule
  EXR007  builds that push or pull without the policy's secret
  EXR009  builds that wait for a push secret which is not there
  EXR014  whatever the webhook missed: EXR005 and EXR007

The exit code is 3 if there is something to do, 0 if there is nothing or all of it is done, 4 if not \
all could be looked at, 5 if only a part was done, 6 if none of it is permitted.")]
pub struct Args {
    /// Files, folders, or - for stdin, instead of the cluster
    #[arg(value_name = "FILE", group = "input")]
    files: Vec<String>,
    /// The same, as other commands take them
    #[arg(short, long, value_name = "FILE", group = "input")]
    filename: Vec<String>,
    /// Read the folders in folders too
    #[arg(short = 'R', long, requires = "input")]
    recursive: bool,
    /// Skip files and folders that match, such as charts or "**/test/*"; can be repeated
    #[arg(long, value_name = "GLOB", requires = "input")]
    exclude: Vec<Exclude>,
    /// All namespaces of the cluster
    #[arg(short = 'A', long, conflicts_with = "input")]
    all_namespaces: bool,
    /// Only objects of the cluster with these labels
    #[arg(short = 'l', long, value_name = "LABELS", conflicts_with = "input")]
    selector: Option<String>,
    /// Mend only what these checks find: EXR005, EXR007, EXR009, EXR014
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    check: Vec<String>,
    /// Change the files; what came from stdin goes to stdout
    #[arg(long, requires = "input")]
    write: bool,
    /// Change the cluster
    #[arg(long, conflicts_with = "input")]
    yes: bool,
    /// Change at most so many objects of the cluster, and say how many are left [default: 100]
    #[arg(long, value_name = "N", conflicts_with = "input", value_parser = clap::value_parser!(u32).range(1..))]
    max: Option<u32>,
    /// Judge by the RegistryPolicies of this file, not by the cluster's
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// With -f: ask no cluster; judge by --policy, or else by the built-in policy
    #[arg(long, requires = "input")]
    offline: bool,
    /// Exit code 0 even if there was no object in the files at all
    #[arg(long, requires = "input")]
    allow_empty: bool,
    /// For builds in -n that wait for a policy's secret: a copy of this one
    #[arg(long, value_name = "NAMESPACE/NAME", conflicts_with_all = ["input", "auth_file", "restart_builds"])]
    push_secret_from: Option<String>,
    /// For builds in -n that wait for a policy's secret: a secret with the credential of this auth file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "restart_builds"])]
    auth_file: Option<PathBuf>,
    /// For builds that wait: cancel them and start new ones
    #[arg(long, conflicts_with = "input")]
    restart_builds: bool,
    /// Change also what Helm, Argo CD, Flux or an owner of the object may change back
    #[arg(long, conflicts_with = "input")]
    include_managed: bool,
    /// Schedule also tags whose imports go past what the registry allows
    #[arg(long, conflicts_with = "input")]
    over_budget: bool,
    /// With --yes: server has the server check everything and keep nothing
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        hide_possible_values = true,
        requires = "yes"
    )]
    dry_run: Option<DryRunAt>,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

/// `--dry-run`: the plan is what a client's dry run would be.
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

/// Plans, and does it if it was told to.
///
/// # Errors
/// If a flag, a policy or the kubeconfig is at fault, the login has expired, or nothing could be
/// read. What is wrong with one file or object is said, and the rest is mended.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args, context)?;
    match &settings.action {
        Action::Files(files) => files::run(&settings, files, context).await,
        Action::Cluster(cluster) => Box::pin(live::run(&settings, cluster, context)).await,
    }
}
