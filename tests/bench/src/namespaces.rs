//! `namespaces`: many, as large clusters have them.

use std::path::PathBuf;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::client::client;

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
    let object = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": format!("team-{number:05}"),
            "annotations": {
                "openshift.io/description": "",
                "openshift.io/display-name": "",
                "openshift.io/requester": "developer",
                "openshift.io/sa.scc.mcs": "s0:c26,c20",
                "openshift.io/sa.scc.supplemental-groups": "1000680000/10000",
                "openshift.io/sa.scc.uid-range": "1000680000/10000",
            },
            "labels": {
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/audit-version": "latest",
                "pod-security.kubernetes.io/warn": "restricted",
                "pod-security.kubernetes.io/warn-version": "latest",
                "team": format!("team-{}", number % 100),
            },
        },
    });
    let request = http::Request::post("/api/v1/namespaces")
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&object)?)?;
    client.request::<serde_json::Value>(request).await?;
    Ok(())
}
