//! `promote`: gives a tag of an ImageStream the image of another tag.

mod execute;
mod image;
mod plan;
mod rollback;
mod settings;

use extreg_terminal::Exit;

use self::settings::Settings;
use crate::{
    args::{DryRunArgs, OutputArgs},
    context::Context,
    error::Error,
    print::ObjectFormat,
};

/// Give a tag of an ImageStream the image that another tag shows
///
/// TO keeps the image that FROM shows now until TO is moved again, independently of FROM. If TO does not
/// exist, it is created. Shows the old and the new image, and the command that moves the tag
/// back.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Give prod the image that v1 shows now
  oc extreg promote python-lyapp:v1 prod -n snow

  # Use the digest in the registry, which can be imported again
  oc extreg promote python-lyapp:v1 prod -n snow --digest

  # Use an image that a tag showed before
  oc extreg promote python-lyapp@sha256:8b0d… prod -n snow

  # Let a tag follow another one from now on
  oc extreg promote python-lyapp:v1 stable -n snow --alias

OpenShift imports only tags that follow an image of a registry. A promoted tag moves only by command, \
and so do its triggers.")]
pub struct Args {
    /// Tag with the image, as STREAM:TAG, or the image, as STREAM@DIGEST
    #[arg(value_name = "STREAM:FROM")]
    from: String,
    /// Tag that gets the image: of the same stream, or STREAM:TAG
    #[arg(value_name = "TO")]
    to: String,
    /// Use the image's digest in its registry instead of the image in the stream
    #[arg(long)]
    digest: bool,
    /// Let TO follow FROM, with every later image
    #[arg(long, conflicts_with = "digest")]
    alias: bool,
    #[command(flatten)]
    dry_run: DryRunArgs,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// Promotes the image, or runs a dry run.
///
/// # Errors
/// If the arguments are invalid, the image does not exist, or the cluster refuses the change.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args)?;
    execute::run(&settings, context).await
}
