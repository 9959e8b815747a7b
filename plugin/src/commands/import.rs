//! `import`: imports tags of ImageStreams now, without another change.

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
/// Queries the registry for the image of each tag, as OpenShift does on schedule, and changes nothing
/// else: schedule, import mode, insecure and reference policy remain. Skips aliases, reference tags and
/// tags that are pushed to.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Import the current image of the registry
  oc extreg import python-lyapp:v1 -n snow

  # Every tag of a stream
  oc extreg import python-lyapp --all -n snow

  # Wait until the image is pushed, and retry if the registry refuses temporarily
  oc extreg import python-lyapp:v2 -n snow --wait --timeout 15m

A stream without a tag means its only importable tag, or latest. The exit code is 1 if nothing could be \
imported, 5 if only some, 4 if everything was skipped.")]
pub struct Args {
    /// Tags to import
    #[arg(value_name = "STREAM[:TAG]", required = true)]
    streams: Vec<String>,
    /// Import every tag of streams that are given without a tag
    #[arg(long)]
    all: bool,
    /// Retry missing images and temporary refusals, up to --timeout [default: 10m]
    #[arg(short, long)]
    wait: bool,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// Runs the imports.
///
/// # Errors
/// If the arguments are invalid, a tag does not exist, or the cluster cannot be queried. A
/// refusal of a registry is printed, and the rest is imported.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args)?;
    execute::run(&settings, context).await
}
