//! `namespaces`: many, as large clusters have them.

use std::path::PathBuf;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::client::client;
use crate::population::{namespace, namespace_name};

/// Creates namespaces with the labels that OpenShift gives them.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    kubeconfig: PathBuf,
    count: usize,
}

const AT_ONCE: usize = 8;

pub(crate) fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(all(args))
}

async fn all(args: &Args) -> Result<()> {
    let client = client(&args.kubeconfig).await?;
    stream::iter(0..args.count)
        .map(|number| one(&client, number))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    println!("{}", serde_json::json!({"count": args.count}));
    Ok(())
}

async fn one(client: &kube::Client, number: usize) -> Result<()> {
    let object = namespace(&namespace_name(number));
    let request = http::Request::post("/api/v1/namespaces")
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&object)?)?;
    client.request::<serde_json::Value>(request).await?;
    Ok(())
}
