//! `ratelimit`: shows the pull limit of a registry, and how much of it the cluster's scheduled imports
//! use.

mod advice;
mod document;
mod login;
mod settings;
mod show;

use std::path::PathBuf;

use extreg_cluster::collect::ProgressOutput;
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

/// Show the pull limit of a registry, and how much of it scheduled imports use
///
/// Requests the headers of an image (HEAD), which does not count as a pull, anonymously and with a
/// login if one is given. With --budget, it counts what the scheduled tags of the cluster pull in the
/// registry's time window, for each account and for the cluster's address, and shows which tags
/// exceed the limit. Changes nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Show the docker.io limits of this machine, anonymously and with the login of podman
  oc extreg ratelimit --auth-file ~/.config/containers/auth.json

  # Check whether the scheduled tags of all namespaces are within the limit
  oc extreg ratelimit --budget -A

  # Check one namespace, with the limit of the account that its imports use
  oc extreg ratelimit --budget -n snow --secret dockerhub

The exit code is 3 if a budget is exceeded, 6 if the login is refused or permission is denied, 4 if \
the cluster has no ImageStreams.")]
pub struct Args {
    /// Registry [default: docker.io, or that of --image]
    #[arg(long, value_name = "HOST")]
    registry: Option<String>,
    /// Image whose headers are requested [default: ratelimitpreview/test at docker.io]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Also check with the login of this docker or podman auth file
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    auth_file: Option<PathBuf>,
    /// Also check with the login of this secret of the namespace
    #[arg(long, value_name = "NAME")]
    secret: Option<String>,
    /// Count the pulls of the namespace's scheduled tags
    #[arg(long)]
    budget: bool,
    /// Count the pulls of all namespaces
    #[arg(short = 'A', long, requires = "budget")]
    all_namespaces: bool,
    /// Use this machine's anonymous limit for the cluster: both use the same IP address
    #[arg(long, requires = "budget")]
    same_address: bool,
    /// Do not query the registry; use the limits that it publishes
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

/// Measures the limits, and counts the pulls.
///
/// # Errors
/// If a flag, an auth file or a secret is invalid, the cluster does not answer, or no limit could
/// be determined.
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
            ProgressOutput::Everywhere,
            &context.printer,
        )
        .await?;
        if !matches!(settings.measure, Wanted::Nothing) {
            let login = login.as_ref().unwrap_or(&Login::Anonymous);
            let query = image_list::PlatformQuery {
                client: &client,
                registry: &settings.registry,
                login,
            };
            query.narrow(&mut snapshot, context).await;
        }
        let known = Known::new(&settings.registry, &measured, settings.same_address);
        let loads = budget::weigh(&snapshot, &known);
        let coverage = Coverage::new(&snapshot, namespace.as_deref());
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

/// A refused login is an error. An unreachable registry does not prevent counting.
fn exit_of(measured: &[Measurement], counts: bool) -> Exit {
    measured.iter().fold(Exit::Done, |exit, one| {
        exit.and(match &one.result {
            Measured::Refused(_) => Exit::NotPermitted,
            Measured::Failed(_) if !counts => Exit::Failed,
            Measured::Failed(_) | Measured::Limited(_) | Measured::Untold => Exit::Done,
        })
    })
}
