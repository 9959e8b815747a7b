//! `promote`: what one tag of an ImageStream shows, on another tag.

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
/// The image that FROM shows now stays on TO until it is moved again, whatever becomes of FROM. TO is
/// made where there is none. What it was moved from and to is said, and the command that moves it
/// back.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # What v1 shows now, on the tag that production follows
  oc extreg promote python-lyapp:v1 prod -n snow

  # The same as a digest of the registry, which can be imported again
  oc extreg promote python-lyapp:v1 prod -n snow --digest

  # An image that a tag once showed
  oc extreg promote python-lyapp@sha256:8b0d… prod -n snow

  # Let a tag follow another one from now on
  oc extreg promote python-lyapp:v1 stable -n snow --alias

Only tags that follow an image of a registry are imported: one that is promoted to is moved by hand, \
and with it what it triggers.")]
pub struct Args {
    /// Tag whose image it is, as STREAM:TAG, or the image itself, as STREAM@DIGEST
    #[arg(value_name = "STREAM:FROM")]
    from: String,
    /// Tag that gets it: of the same stream, or STREAM:TAG
    #[arg(value_name = "TO")]
    to: String,
    /// Pin the digest in the registry, which can be imported again, not the image in the stream
    #[arg(long)]
    digest: bool,
    /// Let TO show whatever FROM shows, from now on
    #[arg(long, conflicts_with = "digest")]
    alias: bool,
    #[command(flatten)]
    dry_run: DryRunArgs,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// Promotes, or tries to.
///
/// # Errors
/// If the arguments make no sense, there is no such image, or the cluster refuses.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args)?;
    execute::run(&settings, context).await
}
