//! `diff`: compares the cluster with desired objects by a server-side dry run.

mod files;

use clap::Subcommand;
use extreg_terminal::Exit;

use crate::{
    application, context::Context, difference::Difference, error::Error, installation,
    print::unified,
};

/// Show what setup, webhook install, or applying files would change
///
/// Submits each object as a server-side dry run, including admission and the webhook, and compares the
/// result with the existing object. Values of Secrets are not shown, only whether they differ.
#[derive(Clone, Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
    # Files against the cluster, as \"oc apply --server-side\" would change it\n  \
    oc extreg diff deploy/ -R\n\n  \
    # Show what a second setup would change\n  \
    oc extreg diff setup python-lyapp -n snow --image docker.io/ably77/python-lyapp --no-build\n\n  \
    # Check whether the webhook's objects were changed\n  \
    oc extreg diff webhook\n\n\
    The exit code is kubectl diff's: 0 if nothing differs, 1 if something does, above 1 if the \
    comparison failed. Write ./setup or ./webhook for a file of that name."
)]
pub struct Args {
    /// Files, folders, or - for stdin
    #[arg(value_name = "FILE", required_unless_present = "filename")]
    files: Vec<String>,
    /// Files, folders, or - for stdin (same as FILE)
    #[arg(short, long, value_name = "FILE")]
    filename: Vec<String>,
    /// Read subfolders too
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
    "Show what setup would change with the same flags; an existing secret counts as unchanged";
const WEBHOOK: &str = "Show what webhook install would change with the same flags";
const SAME_FLAGS: &str = "The exit code is 0 if nothing differs, 1 if something does, above 1 if the \
    comparison failed.";

/// Flags that select another action are hidden from the help.
fn without(arg: clap::Arg) -> clap::Arg {
    let is_other = ["dry_run", "export", "output", "wait"].contains(&arg.get_id().as_str());
    arg.hide(is_other)
}

/// Prints the comparison.
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
