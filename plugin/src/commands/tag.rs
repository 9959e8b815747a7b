//! `tag`: tags of ImageStreams that follow an image in an external registry.

mod arrival;
mod delete;
mod desired;
mod execute;
mod settings;

use clap::ArgGroup;
use extreg_terminal::Exit;

use self::settings::{Action, Settings};
use crate::{
    args::{DryRunArgs, OutputArgs},
    context::Context,
    error::Error,
    print::ObjectFormat,
};

/// Let tags of ImageStreams follow an image in an external registry
///
/// Creates the tag, and the ImageStream where there is none, or points an existing tag at another image.
/// What no flag names stays: its schedule, import mode, reference policy, annotations. OpenShift imports
/// the image immediately; whether that worked is shown.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group(ArgGroup::new("schedule").args(["scheduled", "no_schedule"])),
    after_help = "\
Examples:
  # Follow an image, imported again every 15 minutes
  oc extreg tag docker.io/ably77/python-lyapp:v1 python-lyapp:v1 -n snow --scheduled

  # The same without a schedule: imported once, and on demand
  oc extreg tag ably77/python-lyapp:v1 python-lyapp:v1 -n snow
  oc extreg import python-lyapp:v1 -n snow

  # What the server would make of it
  oc extreg tag quay.io/org/app:1.0 app:1.0 app:latest -n snow --dry-run=server -o yaml

  # Delete tags
  oc extreg tag -d python-lyapp:v1 -n snow

An image without a registry is one of docker.io. A name that could be a tag of an ImageStream is refused, \
because \"oc tag\" copies it: tags are copied with \"oc extreg promote\", and an image of Docker Hub is \
written docker.io/library/NAME. A second run changes nothing and says so."
)]
pub struct Args {
    /// Image to follow, e.g. docker.io/ably77/python-lyapp:v1; with --delete a tag
    #[arg(value_name = "IMAGE")]
    image: String,
    /// Tags that follow it
    #[arg(value_name = "STREAM:TAG", required_unless_present = "delete")]
    tags: Vec<String>,
    /// Delete the tags
    #[arg(
        short,
        long,
        conflicts_with_all = [
            "source", "scheduled", "no_schedule", "import_mode", "reference_policy", "insecure", "reference",
        ]
    )]
    delete: bool,
    /// Kind of IMAGE: docker, an image in a registry
    #[arg(long, value_enum, value_name = "KIND", hide_possible_values = true)]
    source: Option<Source>,
    /// Import it again every 15 minutes (--scheduled=false: no longer)
    #[arg(
        long,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_name = "BOOL",
        hide_possible_values = true
    )]
    scheduled: Option<bool>,
    /// Remove the schedule, and keep policies from adding one to a new tag
    #[arg(long)]
    no_schedule: bool,
    /// What is imported of a manifest list: Legacy (one platform) or PreserveOriginal (all)
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        value_name = "MODE",
        hide_possible_values = true
    )]
    import_mode: Option<ImportMode>,
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
    #[command(flatten)]
    dry_run: DryRunArgs,
    #[command(flatten)]
    output: OutputArgs<ObjectFormat>,
}

/// `--source`, with the values of `oc tag`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Source {
    Docker,
    #[value(alias = "istag")]
    Imagestreamtag,
    #[value(alias = "isimage")]
    Imagestreamimage,
}

/// `--import-mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "PascalCase")]
enum ImportMode {
    Legacy,
    PreserveOriginal,
}

/// `--reference-policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ReferencePolicy {
    Local,
    Source,
}

/// Tags, deletes tags, or tries to.
///
/// # Errors
/// If the arguments make no sense, a tag cannot be what is asked for, or the cluster refuses.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args, context.caller)?;
    match &settings.action {
        Action::Follow(follow) => execute::run(&settings, follow, context).await,
        Action::Delete => delete::run(&settings, context).await,
    }
}
