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
/// Creates the tag, and the ImageStream if it does not exist, or points an existing tag at another image.
/// Settings without a flag are unchanged: schedule, import mode, reference policy, annotations. OpenShift imports
/// the image immediately; the result is shown.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group(ArgGroup::new("schedule").args(["scheduled", "no_schedule"])),
    after_help = "\
Examples:
  # Follow an image, imported again every 15 minutes
  oc extreg tag docker.io/ably77/python-lyapp:v1 python-lyapp:v1 -n snow --scheduled

  # Follow an image without a schedule: imported once, and on demand
  oc extreg tag ably77/python-lyapp:v1 python-lyapp:v1 -n snow
  oc extreg import python-lyapp:v1 -n snow

  # Show the result of a server dry run
  oc extreg tag quay.io/org/app:1.0 app:1.0 app:latest -n snow --dry-run=server -o yaml

  # Delete tags
  oc extreg tag -d python-lyapp:v1 -n snow

An image without a registry is on docker.io. A name that could be a tag of an ImageStream is refused, \
because \"oc tag\" copies it: tags are copied with \"oc extreg promote\", and an image of Docker Hub is \
written docker.io/library/NAME. A second run changes nothing and reports the tag as unchanged."
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
    #[arg(long, value_enum, value_name = "KIND")]
    source: Option<Source>,
    /// Import the image again every 15 minutes (disable: --scheduled=false)
    #[arg(long, value_name = "BOOL")]
    scheduled: Option<bool>,
    /// Remove the schedule, and prevent policies from scheduling a new tag
    #[arg(long)]
    no_schedule: bool,
    /// Import mode of a manifest list: Legacy (one platform) or PreserveOriginal (all)
    #[arg(long, value_enum, ignore_case = true, value_name = "MODE")]
    import_mode: Option<ImportMode>,
    /// Where pods pull from: source (the registry) or local (the integrated registry)
    #[arg(long, value_enum, value_name = "POLICY")]
    reference_policy: Option<ReferencePolicy>,
    /// Allow plain HTTP and any certificate (disable: --insecure=false)
    #[arg(long, value_name = "BOOL")]
    insecure: Option<bool>,
    /// Never import the image, only reference it (disable: --reference=false)
    #[arg(long, value_name = "BOOL")]
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

/// Creates, changes or deletes tags, or runs a dry run.
///
/// # Errors
/// If the arguments are invalid, a tag cannot have the requested settings, or the cluster refuses.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args, context.caller)?;
    match &settings.action {
        Action::Follow(follow) => execute::run(&settings, follow, context).await,
        Action::Delete => delete::run(&settings, context).await,
    }
}
