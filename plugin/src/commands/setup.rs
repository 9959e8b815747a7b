//! `setup`: creates everything to build an application in the cluster, push it to an external
//! registry, imported from there and run.

mod execute;
mod export;
mod wait;

use extreg_terminal::Exit;

pub use crate::application::args::Args;
use crate::{
    application::settings::{Action, Settings},
    context::Context,
    error::Error,
};

/// Sets up an application, runs a dry run, or prints the objects.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args, context.namespace.as_deref())?;
    match settings.action {
        // Uses only the printer of the context: an export cannot reach a cluster.
        Action::Export { format } => {
            export::run(&settings, format, context.caller, &context.printer)
        }
        Action::Apply(apply) => execute::run(&settings, apply, context).await,
    }
}
