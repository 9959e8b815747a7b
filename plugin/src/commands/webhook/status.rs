//! `webhook status`: shows the installation and its problems, without changing anything.

mod gather;
mod show;

use extreg_cluster::show_if_slow;
use extreg_terminal::Exit;
use serde::Serialize;

use crate::{
    args::OutputArgs,
    context::Context,
    error::Error,
    installation::{audit_job, importer, owner::Owner},
    print::{DataFormat, to_report},
};

/// Show the webhook: configuration, pods, certificate, importer, audit, policies and facts
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  oc extreg webhook status
  oc extreg webhook status -o json

The exit code is 3 if there are problems. To test whether the webhook responds, run \"webhook check\".")]
pub(super) struct Args {
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
}

/// The state of an installation.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    healthy: bool,
    /// The problems, as text.
    problems: Vec<String>,
    /// The tool that manages the installation, if it exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_by: Option<Owner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<Configuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<Deployment>,
    /// Whether builds are followed.
    follow_builds: FollowsBuilds,
    #[serde(skip_serializing_if = "Option::is_none")]
    importer: Option<importer::Report>,
    /// The job that audits the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<audit_job::Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Certificate>,
    policies: Vec<Policy>,
    facts: Vec<Fact>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    /// `service NAMESPACE/NAME` or a URL.
    target: String,
    failure_policy: String,
    timeout_seconds: i64,
    /// The selector of `--namespace-selector`; empty for all namespaces except the platform's.
    namespace_selector: String,
    /// When the last CA of the bundle expires.
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_not_after: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    image: String,
    replicas: i64,
    available: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
}

/// Whether builds are followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum FollowsBuilds {
    #[default]
    Unknown,
    Off,
    On,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    /// `service-ca`, `own`, `cert-manager`, `unknown issuer` or `external`.
    issuer: &'static str,
    not_after: String,
    /// Whether the API servers trust it.
    trusted: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    name: String,
    registry: String,
    mode: String,
    /// `True`, `False` or `Unknown`.
    ready: String,
    conflicts_with: Vec<String>,
}

/// One source of the webhook's facts, from the policies' status.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Fact {
    source: String,
    state: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
}

/// Shows the state.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let status = show_if_slow(&context.printer, "the webhook", gather::gather(&cluster)).await?;
    match args.output.format {
        Some(format) => context
            .printer
            .raw(&to_report("WebhookStatus", &status, format)?),
        None => show::show(&status, &context.printer),
    }
    Ok(if status.healthy { Exit::Done } else { Exit::No })
}
