//! `tag`: tags of ImageStreams that follow an image in an external registry.

mod desired;
mod execute;
mod settings;

use clap::ArgGroup;

use self::settings::Settings;
use crate::{
    api::{DryRun, ObjectFormat},
    context::Context,
    error::Error,
    exit::Exit,
};

/// Let tags of ImageStreams follow an image in an external registry
///
/// Makes the tag, and the ImageStream where there is none, or points a tag that is there at another
/// image. Of a tag that is there everything stays that no flag names: its schedule, import mode,
/// reference policy, annotations. OpenShift imports the image at once.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group(ArgGroup::new("schedule").args(["scheduled", "no_schedule"])),
    after_help = "\
Examples:
  # Follow an image, imported again every 15 minutes
  oc extreg tag docker.io/ably77/python-lyapp:v1 python-lyapp:v1 -n snow --scheduled

  # The same without a schedule: imported once, and when you say so
  oc extreg tag ably77/python-lyapp:v1 python-lyapp:v1 -n snow
  oc extreg import python-lyapp:v1 -n snow

  # What the server would make of it
  oc extreg tag quay.io/org/app:1.0 app:1.0 app:latest -n snow --dry-run=server -o yaml

An image without a registry is one of docker.io, never a tag of a stream as with \"oc tag\"; tags are \
copied with \"oc extreg promote\". A second run changes nothing and says so."
)]
pub struct Args {
    /// Image to follow, e.g. docker.io/ably77/python-lyapp:v1
    #[arg(value_name = "IMAGE")]
    image: String,
    /// Tags that are to follow it
    #[arg(value_name = "STREAM:TAG", required = true)]
    tags: Vec<String>,
    /// Import it again every 15 minutes
    #[arg(long)]
    scheduled: bool,
    /// Take the schedule away
    #[arg(long)]
    no_schedule: bool,
    /// Where pods pull from: source (the registry itself) or local (through the integrated registry)
    #[arg(long, value_enum, value_name = "POLICY", hide_possible_values = true)]
    reference_policy: Option<ReferencePolicy>,
    /// Let the registry speak plain HTTP or show any certificate (--insecure=false: no more)
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        hide_possible_values = true
    )]
    insecure: Option<bool>,
    /// Only name the image and never import it (--reference=false: no more)
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        hide_possible_values = true
    )]
    reference: Option<bool>,
    /// Only try it: client (here) or server (with admission)
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true
    )]
    dry_run: DryRun,
    /// Format: name, json or yaml
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true
    )]
    output: Option<ObjectFormat>,
}

/// `--reference-policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ReferencePolicy {
    Local,
    Source,
}

/// Tags, or tries to.
///
/// # Errors
/// If the arguments make no sense, a tag cannot be what is asked for, or the cluster refuses.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args)?;
    execute::run(&settings, context).await
}
