//! `ratelimit`: how much a registry lets be pulled, and what the cluster's scheduled imports take of
//! it.

mod advice;
mod document;
mod login;
mod settings;
mod show;

use std::path::PathBuf;

use extreg_cluster::collect::Told;
use extreg_registry::Login;
use extreg_terminal::Exit;

use self::{
    document::RateLimits,
    settings::{Settings, Wanted},
};
use crate::{
    args::{EndpointArgs, OutputArgs},
    context::Context,
    error::Error,
    installation::following::{Following, following},
    print::DataFormat,
    pulls::{
        budget::{self, Coverage, Known},
        image_list,
        measure::{self, Measured, Measurement},
    },
};

/// Show what a registry lets you pull, and what scheduled imports take of it
///
/// Asks the registry for the headers of an image (HEAD), which costs no pull, as nobody and with a
/// login if one is named. With --budget it counts what the scheduled tags of the cluster pull in the
/// registry's window of time, for each account and for the cluster's address, and says which tags
/// are too many. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # What docker.io lets this machine pull, as nobody and with the login of podman
  oc extreg ratelimit --auth-file ~/.config/containers/auth.json

  # Whether the scheduled tags of all namespaces stay within it
  oc extreg ratelimit --budget -A

  # The same for one namespace, with the limit of the account that its imports use
  oc extreg ratelimit --budget -n snow --secret dockerhub

The exit code is 3 if a budget is exceeded, 6 if the login is refused or nothing may be read, 4 if \
the cluster has no ImageStreams.")]
pub struct Args {
    /// The registry [default: docker.io, or that of --image]
    #[arg(long, value_name = "HOST")]
    registry: Option<String>,
    /// Ask for the headers of this image [default: ratelimitpreview/test at docker.io]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Ask as this auth file of docker or podman logs in, too
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    auth_file: Option<PathBuf>,
    /// Ask as this secret of the namespace logs in, too
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// Count what the scheduled tags of the namespace take of it
    #[arg(long)]
    budget: bool,
    /// Count those of all namespaces
    #[arg(short = 'A', long, requires = "budget")]
    all_namespaces: bool,
    /// Take what this machine is told as nobody for the cluster's limit: both go out by one address
    #[arg(long, requires = "budget")]
    same_address: bool,
    /// Ask no registry: count by the limits that it publishes
    #[arg(long, requires = "budget", conflicts_with_all = ["auth_file", "secret", "same_address", "image"])]
    no_measure: bool,
    #[command(flatten)]
    output: OutputArgs<Format>,
    #[command(flatten)]
    endpoints: EndpointArgs,
}

/// `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Table,
    Json,
    Yaml,
}

impl Format {
    const fn data(self) -> Option<DataFormat> {
        match self {
            Self::Table => None,
            Self::Json => Some(DataFormat::Json),
            Self::Yaml => Some(DataFormat::Yaml),
        }
    }
}

/// Measures, and counts.
///
/// # Errors
/// If a flag, an auth file or a secret is at fault, the cluster does not answer, or nothing that was
/// asked could be told.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args)?;
    let cluster = if settings.needs_cluster() {
        Some(context.cluster().await?)
    } else {
        None
    };
    let login = login::find(&settings, cluster.as_ref()).await?;
    let client = context.registries(&settings.endpoints)?;
    let mut measured = Vec::new();
    if let Wanted::Image(probe) = &settings.measure {
        for login in [Some(&Login::Anonymous), login.as_ref()]
            .into_iter()
            .flatten()
        {
            measured
                .push(measure::measure(&client, &settings.registry, probe, login, context).await);
        }
    }
    let mut exit = exit_of(&measured, settings.budget.is_some());
    let mut limits = RateLimits::new(&settings, &measured);
    if let (Some(all), Some(cluster)) = (settings.budget, &cluster) {
        let namespace = (!all).then(|| cluster.namespace().to_owned());
        let mut snapshot = budget::read(
            cluster,
            namespace.as_deref(),
            Told::Everywhere,
            &context.printer,
        )
        .await?;
        if !matches!(settings.measure, Wanted::Nothing) {
            let login = login.as_ref().unwrap_or(&Login::Anonymous);
            let asker = image_list::Asker {
                client: &client,
                registry: &settings.registry,
                login,
            };
            asker.narrow(&mut snapshot, context).await;
        }
        let known = Known::of(&settings.registry, &measured, settings.same_address);
        let loads = budget::weigh(&snapshot, &known);
        let coverage = Coverage::of(&snapshot, namespace.as_deref());
        let follows = if loads.iter().any(|load| !load.over.is_empty()) {
            following(cluster, namespace.as_deref()).await?
        } else {
            Following::Yes
        };
        exit = exit.and(coverage.exit()).and(budget::exit(&loads));
        limits = limits.with_budget(namespace, loads, coverage, &follows, &context.invocation());
    }
    match settings.format.data() {
        Some(format) => context
            .printer
            .raw(&crate::print::to_data(&limits, format)?),
        None => show::table(&limits, &context.printer),
    }
    show::notes(&limits, &settings, context);
    Ok(exit)
}

/// A login that is refused is one. A registry that cannot be asked is no obstacle to counting.
fn exit_of(measured: &[Measurement], counts: bool) -> Exit {
    measured.iter().fold(Exit::Done, |exit, one| {
        exit.and(match &one.result {
            Measured::Refused(_) => Exit::NotPermitted,
            Measured::Failed(_) if !counts => Exit::Failed,
            Measured::Failed(_) | Measured::Limited(_) | Measured::Untold => Exit::Done,
        })
    })
}
