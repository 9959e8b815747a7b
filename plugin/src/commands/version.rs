//! `version`: the versions of this program and of the cluster.

use std::env::consts;

use extreg_cluster::{go_arch, go_os, openshift_version};
use extreg_terminal::Exit;
use serde::Serialize;
use serde_json::Value;

use crate::{
    args::OutputArgs,
    context::Context,
    error::Error,
    print::{DataFormat, to_report},
};

/// Show the version of this program and of the cluster
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Show only the version of this program; do not query a cluster
    #[arg(long)]
    client: bool,
    #[command(flatten)]
    output: OutputArgs<DataFormat>,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "kubectl's names")]
#[serde(rename_all = "camelCase")]
struct Versions {
    client_version: ClientVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_version: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    openshift_version: Option<String>,
}

#[derive(Debug, Serialize)]
struct ClientVersion {
    version: &'static str,
    platform: String,
}

/// Prints the versions. The client's version is also printed if the cluster cannot be reached.
pub async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let mut versions = Versions {
        client_version: ClientVersion {
            version: env!("CARGO_PKG_VERSION"),
            platform: format!("{}/{}", go_os(consts::OS), go_arch(consts::ARCH)),
        },
        server_version: None,
        openshift_version: None,
    };
    let result = if args.client {
        Ok(())
    } else {
        query_cluster(&mut versions, context).await
    };
    match args.output.format {
        Some(format) => context
            .printer
            .raw(&to_report("VersionReport", &versions, format)?),
        None => print(&versions, context),
    }
    result.map(|()| Exit::Done)
}

async fn query_cluster(versions: &mut Versions, context: &Context) -> Result<(), Error> {
    let cluster = context.cluster().await?;
    versions.server_version = Some(cluster.get_path("/version").await?);
    versions.openshift_version = openshift_version(&cluster).await;
    Ok(())
}

fn print(versions: &Versions, context: &Context) {
    let printer = &context.printer;
    let client = &versions.client_version;
    printer.line(format!(
        "Client Version: {} ({})",
        client.version, client.platform
    ));
    if let Some(server) = &versions.server_version {
        let version = server
            .get("gitVersion")
            .and_then(Value::as_str)
            .unwrap_or("unknown");
        printer.line(format!("Kubernetes Version: {version}"));
    }
    if let Some(version) = &versions.openshift_version {
        printer.line(format!("OpenShift Version: {version}"));
    }
}
