//! `webhook upgrade`: like `webhook install`, but changes only the version. Shows the plan, and
//! applies it with `--yes`.

use extreg_terminal::Exit;

use super::install;
use crate::{
    args::OutputArgs, context::Context, diagnosis::channel::Channel, error::Error,
    print::ObjectFormat,
};

/// Upgrade the webhook to the version of this program; keep everything else
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Show what would change, from a server dry run
  oc extreg upgrade

  # Upgrade, test the webhook, and roll back if it does not work
  oc extreg upgrade --yes

Mode, namespaces, failure policy, time limit, image, replicas, the source of the certificate, \
monitoring, following builds and the audit job are unchanged. The importer gets its permissions in namespaces that match \
the namespace selector by now; if the webhook followed builds, the importer takes over and the webhook \
loses the permissions for it. An image of the default repository is replaced by that of this \
version; for another image use \"webhook install --image\".")]
pub struct Args {
    /// Apply the changes (default: show the plan only)
    #[arg(long)]
    yes: bool,
    /// Overwrite fields that another tool has set
    #[arg(long)]
    force_conflicts: bool,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// Upgrades the webhook, or shows the plan.
///
/// # Errors
/// [`Error::Refused`] if the webhook is not installed, or does not work after the upgrade.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let Args {
        yes,
        force_conflicts,
        output,
    } = args;
    let exit = install::again(yes, force_conflicts, output.format, context).await?;
    if let Some(channel) = Channel::detect() {
        context.printer.note(format!(
            "The webhook is upgraded to the version of this program, {}. To update the program, {channel}: {}",
            env!("CARGO_PKG_VERSION"),
            channel.update()
        ));
    }
    if !yes {
        context
            .printer
            .note("Nothing was changed. Add --yes to apply.");
    }
    Ok(exit)
}
