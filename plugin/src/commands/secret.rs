//! `secret`: who uses which key of which secret, links to service accounts, a credential in a secret,
//! and a new one wherever the old one is stored.

mod check;
mod document;
mod link;
mod managed;
mod rotate;
mod set;
mod verify;
mod write;

use clap::Subcommand;
use extreg_cluster::{Cluster, collect::Told};
use extreg_core::registry::RegistryHost;
use extreg_snapshot::{Snapshot, kind::Kind};
use extreg_terminal::Exit;

use crate::{collect::collect_kinds, context::Context, error::Error};

/// What decides who uses which credential: what names images, and the secrets and their links; the
/// names of the integrated registry, and the policies, which say what a secret is called.
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
/// What is mostly made by one of those, and is the bulk of a cluster: read of one namespace only.
const MADE: [Kind; 4] = [
    Kind::Job,
    Kind::ReplicaSet,
    Kind::ReplicationController,
    Kind::Pod,
];

/// Show who uses which credential, store one, link secrets, and replace one everywhere
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

/// Does it.
///
/// # Errors
/// If a flag or the kubeconfig is at fault, or the cluster refuses.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    match args.command {
        Secret::Check(args) => Box::pin(check::run(*args, context)).await,
        Secret::Link(args) => link::run(args, context).await,
        Secret::Rotate(args) => Box::pin(rotate::run(*args, context)).await,
        Secret::Set(args) => Box::pin(set::run(*args, context)).await,
    }
}

/// What there is in one namespace, or in all that the user can see; of all without the pods and jobs
/// that nothing made.
///
/// # Errors
/// The login has expired, the cluster does not answer, or there is no such namespace. Whatever else
/// cannot be read is a gap.
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
        Told::Everywhere,
        &context.printer,
    )
    .await?;
    Ok(Snapshot {
        connection: context.connection_flags(None).into(),
        ..snapshot
    })
}

/// The host of `--registry`; `docker.io` for all names of Docker Hub.
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
            "--registry {given}: name the registry's host, e.g. docker.io"
        )));
    }
    Ok(RegistryHost::of(host).as_str().to_owned())
}
