//! `setup`: everything an application needs to be built in the cluster, pushed to an external
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

/// Sets an application up, tries to, or prints what that would be.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args, context.namespace.as_deref())?;
    match settings.action {
        // Nothing of the context but the printer: an export cannot reach a cluster.
        Action::Export { format } => {
            export::run(&settings, format, context.caller, &context.printer)
        }
        Action::Apply(apply) => execute::run(&settings, apply, context).await,
    }
}
