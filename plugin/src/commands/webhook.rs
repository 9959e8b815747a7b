//! `webhook`: installs, removes, shows and tests the admission webhook.

mod cert;
mod check;
mod install;
mod status;
mod undo;
mod uninstall;
pub mod upgrade;

use clap::Subcommand;
use extreg_terminal::Exit;

use crate::{context::Context, error::Error, installation};

/// Install, remove, show and test the admission webhook
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Webhook,
}

#[derive(Clone, Debug, Subcommand)]
enum Webhook {
    Cert(cert::Args),
    Check(check::Args),
    Install(Box<installation::args::Args>),
    Status(status::Args),
    Uninstall(uninstall::Args),
    Upgrade(upgrade::Args),
}

/// Runs the command.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match args.command {
        Webhook::Cert(args) => cert::run(args, context).await,
        Webhook::Check(args) => check::run(args, context).await,
        Webhook::Install(args) => install::run(*args, context).await,
        Webhook::Status(args) => status::run(args, context).await,
        Webhook::Uninstall(args) => uninstall::run(args, context).await,
        Webhook::Upgrade(args) => Box::pin(upgrade::run(args, context)).await,
    }
}
