//! `creates`: BuildConfigs created one after the other on each of some connections.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use futures::future::try_join_all;
use serde::Deserialize;

use crate::client::client;
use crate::spread::Spread;

/// Creates BuildConfigs that push to Docker Hub.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    kubeconfig: PathBuf,
    namespace: String,
    object: Created,
    /// Names the round: no two make objects of the same name.
    round: usize,
    #[arg(long)]
    connections: usize,
    /// Objects of each connection.
    #[arg(long)]
    count: usize,
}

/// What is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Created {
    /// It names no push secret.
    Incomplete,
    /// It names a push secret of its own: there is nothing to inject.
    Complete,
}

/// As much of what is stored as says whether it was mutated.
#[derive(Deserialize)]
struct Stored {
    spec: serde_json::Value,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(all(args))
}

async fn all(args: &Args) -> Result<()> {
    let clients = try_join_all((0..args.connections).map(|_| connected(args))).await?;
    let started = Instant::now();
    let each = clients
        .into_iter()
        .enumerate()
        .map(|(connection, client)| some(args, connection, client));
    let answers: Vec<(Duration, bool)> = try_join_all(each).await?.into_iter().flatten().collect();
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{}",
        serde_json::json!({
            "count": answers.len(),
            "mutated": answers.iter().filter(|(_, mutated)| *mutated).count(),
            "seconds": seconds,
            "spread": Spread::of(answers.iter().map(|(time, _)| *time).collect()),
        })
    );
    Ok(())
}

/// A client that is connected already.
async fn connected(args: &Args) -> Result<kube::Client> {
    let client = client(&args.kubeconfig).await?;
    client
        .request_text(http::Request::get("/readyz").body(Vec::new())?)
        .await?;
    Ok(client)
}

async fn some(
    args: &Args,
    connection: usize,
    client: kube::Client,
) -> Result<Vec<(Duration, bool)>> {
    let url = format!(
        "/apis/build.openshift.io/v1/namespaces/{}/buildconfigs",
        args.namespace
    );
    let review: serde_json::Value = serde_json::from_slice(crate::review::Sample::Mutated.body())?;
    let mut spec = review["request"]["object"]["spec"].clone();
    if args.object == Created::Complete {
        spec["output"]["pushSecret"] = serde_json::json!({"name": "own"});
    }
    let mut answers = Vec::with_capacity(args.count);
    for number in 0..args.count {
        let name = format!("bc-{}-{connection}-{number}", args.round);
        let object = serde_json::json!({
            "apiVersion": "build.openshift.io/v1",
            "kind": "BuildConfig",
            "metadata": {"name": name},
            "spec": spec,
        });
        let request = http::Request::post(&url)
            .header("content-type", "application/json")
            .body(serde_json::to_vec(&object)?)?;
        let sent = Instant::now();
        let stored: Stored = client.request(request).await?;
        let time = sent.elapsed();
        answers.push((
            time,
            stored.spec["output"]["pushSecret"]["name"] == "dockerhub",
        ));
    }
    Ok(answers)
}
