//! `creates`: BuildConfigs created in sequence on several connections.

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
    /// The name of the round, which makes object names unique.
    round: usize,
    #[arg(long)]
    connections: usize,
    /// Objects per connection.
    #[arg(long)]
    count: usize,
}

/// The kind of object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Created {
    /// It names no push secret.
    Incomplete,
    /// It names a push secret: nothing is injected.
    Complete,
}

/// The fields of the stored object that show whether it was mutated.
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
            "spread": Spread::from_times(answers.iter().map(|(time, _)| *time).collect()),
        })
    );
    Ok(())
}

/// A connected client.
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
