//! `except`: adds, lists and prunes exceptions, which accept findings of the audit.

mod add;
mod draft;
mod file;
mod gather;
mod list;
mod object;
mod prune;
mod row;
mod statement;
mod unused;

use clap::Subcommand;
use extreg_audit::exceptions::day;
use extreg_terminal::Exit;
use jiff::{Timestamp, civil::Date};

use crate::{context::Context, error::Error};

/// The default file.
const FILE: &str = "exceptions.yaml";

/// Manage audit exceptions, each with a reason and an expiry date
///
/// Exceptions are in a file that "oc extreg audit --exceptions" reads, or in an annotation of the object.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # In a file, for one container of a Deployment\n  \
    oc extreg except add EXR007 deployment/cart -n shop --part web \\\n    \
    --reason 'the mirror comes in January' --expires 2027-01-31\n\n  \
    # On the object itself\n  \
    oc extreg except add EXR005 imagestream/app -n shop --annotate --reason ours --expires 2027-01-31\n\n  \
    # List the exceptions, and remove the expired ones\n  \
    oc extreg except list -A\n  \
    oc extreg except prune --yes")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    Add(add::Args),
    List(list::Args),
    Prune(prune::Args),
}

/// Runs the command.
///
/// # Errors
/// If a flag, a file or the kubeconfig is invalid, or the cluster refuses a request.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match args.what {
        What::Add(args) => Box::pin(add::run(args, context)).await,
        What::List(args) => Box::pin(list::run(args, context)).await,
        What::Prune(args) => Box::pin(prune::run(args, context)).await,
    }
}

/// Today, in UTC: exceptions expire by day.
fn today() -> Date {
    day(Timestamp::now().as_second())
}
