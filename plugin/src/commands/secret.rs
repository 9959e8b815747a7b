//! `secret`: shows which consumer uses which key of which secret, links secrets to service accounts,
//! stores a credential, and replaces it everywhere.

mod check;
mod document;
mod link;
mod managed;
mod rotate;
mod set;
mod verify;
mod write;

use clap::Subcommand;
use extreg_cluster::{Cluster, collect::ProgressOutput};
use extreg_core::registry::RegistryHost;
use extreg_snapshot::{Snapshot, kind::Kind};
use extreg_terminal::Exit;

use crate::{collect::collect_kinds, context::Context, error::Error};

/// The kinds that decide who uses which credential: those that name images, secrets and their links,
/// the names of the integrated registry, and the policies, which name secrets.
const KINDS: [Kind; 16] = [
    Kind::ImageConfig,
    Kind::RegistryPolicy,
    Kind::Namespace,
    Kind::Secret,
    Kind::ServiceAccount,
    Kind::ImageStream,
    Kind::BuildConfig,
    Kind::Build,
    Kind::ShipwrightBuild,
    Kind::BuildRun,
    Kind::Task,
    Kind::DeploymentConfig,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::CronJob,
];
/// Kinds that controllers create in large numbers: read only in a single namespace.
const MADE: [Kind; 4] = [
    Kind::Job,
    Kind::ReplicaSet,
    Kind::ReplicationController,
    Kind::Pod,
];

/// Show who uses which credential; store, link and replace credentials
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Secret,
}

#[derive(Clone, Debug, Subcommand)]
enum Secret {
    Check(Box<check::Args>),
    Link(link::Args),
    Rotate(Box<rotate::Args>),
    Set(Box<set::Args>),
}

/// Runs the command.
///
/// # Errors
/// If a flag or the kubeconfig is invalid, or the cluster refuses a request.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match args.command {
        Secret::Check(args) => Box::pin(check::run(*args, context)).await,
        Secret::Link(args) => link::run(args, context).await,
        Secret::Rotate(args) => Box::pin(rotate::run(*args, context)).await,
        Secret::Set(args) => Box::pin(set::run(*args, context)).await,
    }
}

/// The objects of one namespace, or of all that the user can see; for all namespaces without pods and
/// jobs of a controller.
///
/// # Errors
/// The login has expired, the cluster does not answer, or the namespace does not exist. Everything else
/// that cannot be read is a gap.
async fn snapshot(
    cluster: &Cluster,
    namespace: Option<&str>,
    context: &Context,
) -> Result<Snapshot, Error> {
    let made = namespace.map_or(&[][..], |_| &MADE);
    let kinds = [&KINDS, made].concat();
    let snapshot = collect_kinds(
        cluster,
        namespace,
        &kinds,
        ProgressOutput::Everywhere,
        &context.printer,
    )
    .await?;
    Ok(Snapshot {
        connection: context.connection_flags(None).into(),
        ..snapshot
    })
}

/// The host of `--registry`; `docker.io` for every name of Docker Hub.
///
/// # Errors
/// [`Error::Usage`]
fn registry_host(given: &str) -> Result<String, Error> {
    let registry = given.trim().trim_end_matches('/');
    let host = registry
        .split_once("://")
        .map_or(registry, |(_, rest)| rest);
    if host.is_empty() || host.contains(['/', '@']) || host.contains(char::is_whitespace) {
        return Err(Error::usage(format!(
            "--registry {given}: specify the registry's host, e.g. docker.io"
        )));
    }
    Ok(RegistryHost::of(host).as_str().to_owned())
}
