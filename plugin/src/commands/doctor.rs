//! `doctor`: finds out why something does not work: checks the programs, the login, the connection to
//! the server, the permissions and the webhook, without changing anything.

mod bundle;
mod login;
mod network;
mod programs;
mod redact;
mod shell;

use std::path::PathBuf;

use clap::ValueEnum;
use extreg_cluster::show_if_slow;
use extreg_terminal::Exit;

use crate::{
    args::OutputArgs,
    checklist::{Checks, Style},
    context::Context,
    diagnosis::{
        rights::{self, Lack},
        server::{self, Reached},
    },
    error::Error,
    installation::call_path,
};

/// Find problems between this machine, the cluster and the webhook
///
/// Checks the programs on the PATH, the kubeconfig, proxies and certificate authorities, the API server and
/// its clock, your permissions, and the webhook from its configuration to its certificate. Changes nothing; to
/// test the webhook, it creates an object as a dry run. Without a cluster, only the local checks run.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oc extreg doctor

  # For a bug report: the findings and the objects that they are about, without secrets
  oc extreg doctor --bundle doctor.tar.gz

Each failure or warning ends with one command to run next. Exit code 3 if something failed; \
0 if there are only warnings.")]
pub struct Args {
    /// Also write findings and webhook objects, without secrets, to a new .tar.gz file
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    #[command(flatten)]
    output: OutputArgs<Format>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    #[default]
    Table,
}

/// The `kind` of the report.
const REPORT: &str = "DoctorReport";

/// Runs all checks.
///
/// # Errors
/// If the bundle cannot be written; every other problem is a finding.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    // Before any request: an existing file is not overwritten.
    let bundle = args.bundle.map(bundle::File::create).transpose()?;
    let mut checks = Checks::default();
    let printer = &context.printer;
    let tree = (context.tree)(context.caller);
    let programs = programs::look(&tree, &mut checks);
    show_if_slow(printer, "the versions of oc and kubectl", programs).await;
    let login = login::look(context, &mut checks);
    network::look(login.as_ref(), &mut checks);
    let reached = server::look(context, &mut checks).await;
    if let Some(Reached { cluster, user }) = &reached {
        rights::setup(cluster, user, Lack::Noted, context, &mut checks).await;
        rights::judge(cluster, context, &mut checks).await;
        rights::install(cluster, context, &mut checks).await;
        let walk = Box::pin(call_path::walk(cluster, context, &mut checks));
        show_if_slow(printer, "the webhook", walk).await;
    }
    let checks = checks.for_caller(context.caller);
    if let Some(bundle) = bundle {
        let cluster = reached.as_ref().map(|reached| &reached.cluster);
        let path = bundle.fill(&checks, login.as_ref(), cluster).await?;
        context.printer.note(format!(
            "written: {}; review it before you share it",
            path.display()
        ));
    }
    let style = match args.output.format.unwrap_or_default() {
        Format::Json => Style::Json(REPORT),
        Format::Table => Style::Table,
    };
    checks.show(style, &context.printer)?;
    Ok(checks.exit())
}
