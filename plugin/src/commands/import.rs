//! `import`: tags of ImageStreams, imported now and otherwise left as they are.

mod execute;
mod outcome;
mod plan;
mod report;
mod request;
mod settings;

use extreg_terminal::Exit;

use self::settings::Settings;
use crate::{args::OutputArgs, context::Context, error::Error, print::ObjectFormat};

/// Import tags of ImageStreams now
///
/// Asks the registry for the image of each tag, as OpenShift does on schedule, and changes nothing
/// else: schedule, import mode, insecure and reference policy stay. An alias, a reference tag and a
/// tag that is pushed to are skipped.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # What the registry has now
  oc extreg import python-lyapp:v1 -n snow

  # Every tag of a stream
  oc extreg import python-lyapp --all -n snow

  # As soon as it is pushed, and waiting for the registry where it refuses for now
  oc extreg import python-lyapp:v2 -n snow --wait --timeout 15m

A stream without a tag means its only tag that is imported, or latest. Exit code 1 if nothing could be \
imported, 5 if only some, 4 if everything was skipped.")]
pub struct Args {
    /// Tags to import
    #[arg(value_name = "STREAM[:TAG]", required = true)]
    streams: Vec<String>,
    /// Import every tag of the streams that are given without one
    #[arg(long)]
    all: bool,
    /// Try again what the registry does not have yet or refuses for now; --timeout limits it [default: 10m]
    #[arg(short, long)]
    wait: bool,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// Imports.
///
/// # Errors
/// If the arguments make no sense, a tag is not there, or the cluster cannot be asked. What a
/// registry refuses is said, and the rest is imported.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args)?;
    execute::run(&settings, context).await
}
