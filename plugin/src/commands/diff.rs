//! `diff`: what is on the cluster against what would be made of it, by the server's own dry run.

mod files;

use clap::Subcommand;
use extreg_terminal::Exit;

use crate::{
    application, context::Context, difference::Difference, error::Error, installation,
    print::unified,
};

/// Show what setup, webhook install, or applying files would change
///
/// Each object is applied as a server-side dry run, admission and the webhook included, and compared
/// with what is there. Values of Secrets are not shown, only that they differ.
#[derive(Clone, Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
    # Files against the cluster, as \"oc apply --server-side\" would change it\n  \
    oc extreg diff deploy/ -R\n\n  \
    # What a second setup would change\n  \
    oc extreg diff setup python-lyapp -n snow --image docker.io/ably77/python-lyapp --no-build\n\n  \
    # Whether somebody has changed the webhook's objects\n  \
    oc extreg diff webhook\n\n\
    The exit code is kubectl diff's: 0 if nothing differs, 1 if something does, above 1 if it could not \
    be told. A file called setup or webhook is ./setup or ./webhook."
)]
pub struct Args {
    /// Files, folders, or - for stdin
    #[arg(value_name = "FILE", required_unless_present = "filename")]
    files: Vec<String>,
    /// The same, as other commands take them
    #[arg(short, long, value_name = "FILE")]
    filename: Vec<String>,
    /// Read the folders in folders too
    #[arg(short = 'R', long)]
    recursive: bool,
    #[command(subcommand)]
    command: Option<Diff>,
}

#[derive(Clone, Debug, Subcommand)]
enum Diff {
    #[command(about = SETUP, long_about = SETUP, after_help = SAME_FLAGS, mut_args = without)]
    Setup(Box<application::args::Args>),
    #[command(about = WEBHOOK, long_about = WEBHOOK, after_help = SAME_FLAGS, mut_args = without)]
    Webhook(Box<installation::args::Args>),
}

const SETUP: &str =
    "Show what setup with the same flags would change; a secret that is there counts as it is";
const WEBHOOK: &str = "Show what webhook install with the same flags would change";
const SAME_FLAGS: &str = "The exit code is 0 if nothing differs, 1 if something does, above 1 if it \
    could not be told.";

/// Flags that say what else to do have no place on the page.
fn without(arg: clap::Arg) -> clap::Arg {
    let is_other = ["dry_run", "export", "output", "wait"].contains(&arg.get_id().as_str());
    arg.hide(is_other)
}

/// Shows it.
///
/// # Errors
/// [`Error::Uncompared`] if something could not be compared.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    differing(args, context)
        .await
        .map_err(|source| Error::Uncompared {
            source: Box::new(source),
        })
}

async fn differing(args: Args, context: &Context) -> Result<Exit, Error> {
    let printer = &context.printer;
    let (differences, failed) = match args.command {
        Some(Diff::Setup(args)) => (
            application::differences::differences(*args, context).await?,
            0,
        ),
        Some(Diff::Webhook(args)) => (
            installation::differences::differences(*args, context).await?,
            0,
        ),
        None => {
            let names = [args.files, args.filename].concat();
            files::differences(&names, args.recursive, context).await?
        }
    };
    let compared = differences.len();
    let mut differ = 0;
    for Difference {
        name,
        live,
        desired,
    } in differences
    {
        let lines = unified(&name, live.as_ref(), desired.as_ref());
        differ += usize::from(!lines.is_empty());
        for line in lines {
            printer.line(line);
        }
    }
    printer.note(format!("{compared} compared, {differ} differ"));
    if failed > 0 {
        return Err(Error::failed(format!("{failed} could not be compared")));
    }
    Ok(if differ > 0 { Exit::Failed } else { Exit::Done })
}
