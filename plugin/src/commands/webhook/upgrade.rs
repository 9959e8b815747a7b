//! `webhook upgrade`: what `webhook install` does, with everything as it is but the version. It says
//! what that changes first, and does it with `--yes`.

use extreg_terminal::Exit;

use super::install;
use crate::{args::OutputArgs, context::Context, error::Error, print::ObjectFormat};

/// Bring an installed webhook to the version of this program; everything else stays as it is
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # What would change, as the server sees it
  oc extreg upgrade

  # Do it, prove that it works, and take it back if it does not
  oc extreg upgrade --yes

Mode, namespaces, failure policy, time limit, image, replicas, the source of the certificate, \
monitoring and following builds stay as they are on the cluster. The importer gets its rights in namespaces that match \
the namespace selector since then; where the webhook itself followed builds, the importer takes over and the webhook \
loses the rights for it. An image of the usual place is replaced by that of this \
version; for another one give it to \"webhook install --image\".")]
pub struct Args {
    /// Do it; without this it is only said what would be done
    #[arg(long)]
    yes: bool,
    /// Take over fields that another tool has set
    #[arg(long)]
    force_conflicts: bool,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// Upgrades, or says what that would change.
///
/// # Errors
/// [`Error::Refused`] if the webhook is not installed, or does not work afterwards.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let Args {
        yes,
        force_conflicts,
        output,
    } = args;
    let exit = install::again(yes, force_conflicts, output.format, context).await?;
    if !yes {
        context
            .printer
            .note("Nothing was changed. Add --yes to do it.");
    }
    Ok(exit)
}
