//! `webhook install`: installs everything in order, the configuration last, and then tests the webhook.

mod execute;
mod export;

use extreg_cluster::DryRun;
use extreg_terminal::Exit;

use crate::{
    context::Context,
    error::Error,
    installation::{
        args::Args,
        choices::{Action, Apply, Choices},
        existing,
    },
    print::ObjectFormat,
};

/// Installs the webhook.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let (choices, action) = Choices::new(args, context.namespace.as_deref())?;
    match action {
        Action::Export(format) => export::run(&choices, format, context),
        Action::Apply(apply) => Box::pin(execute::run(&choices, &apply, context)).await,
    }
}

/// Installs the existing webhook again, with the new version; without `yes`, the server only checks
/// it.
///
/// # Errors
/// [`Error::Refused`] if it does not exist.
pub(super) async fn again(
    yes: bool,
    force: bool,
    format: Option<ObjectFormat>,
    context: &Context,
) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let choices = existing::choices(&cluster).await?;
    let apply = Apply {
        dry_run: if yes { DryRun::None } else { DryRun::Server },
        adopt: false,
        force,
        format,
        proof_namespace: None,
    };
    Box::pin(execute::run(&choices, &apply, context)).await
}
