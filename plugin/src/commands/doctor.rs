//! `doctor`: why it does not work here: the programs, the login, the way to the server, the rights
//! and the webhook, each looked at without changing anything.

mod bundle;
mod login;
mod network;
mod programs;
mod redact;

use std::path::PathBuf;

use clap::ValueEnum;
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

/// Find out what is wrong between this machine, the cluster and the webhook
///
/// Looks at what is on the PATH, the kubeconfig, proxies and authorities, the API server and its clock,
/// your rights, and the webhook from its configuration to its certificate. Changes nothing; an object
/// is created as a dry run, for the proof. Without a cluster the first parts are looked at.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oc extreg doctor

  # For a report: what was found and the objects that it was found in, without secrets
  oc extreg doctor --bundle doctor.tar.gz

Each line that is not well ends with one command to go on with. Exit code 3 if something failed; \
warnings are allowed.")]
pub struct Args {
    /// Also write what was found, and the objects of the webhook, into a new .tar.gz; no secrets
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

/// Looks at everything.
///
/// # Errors
/// If the bundle cannot be written; whatever else is wrong is a finding.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    // Before anything is asked: a file that is there is not written over.
    let bundle = args.bundle.map(bundle::File::create).transpose()?;
    let mut checks = Checks::default();
    programs::look(&(context.tree)(context.caller), &mut checks).await;
    let login = login::look(context, &mut checks);
    network::look(login.as_ref(), &mut checks);
    let reached = server::look(context, &mut checks).await;
    if let Some(Reached { cluster, user }) = &reached {
        rights::setup(cluster, user, Lack::Noted, context, &mut checks).await;
        rights::judge(cluster, context, &mut checks).await;
        rights::install(cluster, context, &mut checks).await;
        Box::pin(call_path::walk(cluster, context, &mut checks)).await;
    }
    let checks = checks.said_by(context.caller);
    if let Some(bundle) = bundle {
        let cluster = reached.as_ref().map(|reached| &reached.cluster);
        let path = bundle.fill(&checks, login.as_ref(), cluster).await?;
        context.printer.note(format!(
            "written: {}; look through it before you pass it on",
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
