//! `fill`: a control plane with the objects of a large cluster.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result};
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::client::client;
use crate::population::{
    Many, Population, account, image_config, namespace, namespace_name, secret,
};

/// Creates namespaces with secrets and accounts, pods, ImageStreams and BuildConfigs.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    kubeconfig: PathBuf,
    /// The part of the whole, as a fraction.
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// Many namespaces with few objects each, instead of few with many.
    #[arg(long)]
    wide: bool,
    /// Number of concurrent requests.
    #[arg(long, default_value_t = 32)]
    at_once: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(all(args))
}

async fn all(args: &Args) -> Result<()> {
    let client = &client(&args.kubeconfig).await?;
    let population = if args.wide {
        Population::wide(args.scale)
    } else {
        Population::scaled(args.scale)
    };
    let started = Instant::now();
    configure(client).await?;
    let namespaces = stream::iter(0..population.namespaces).map(|number| one(client, number));
    concurrently(args, namespaces).await?;
    for kind in Many::ALL {
        let objects = stream::iter(0..population.count(kind))
            .map(|number| object(client, kind, number, population));
        concurrently(args, objects).await?;
    }
    println!(
        "{}",
        json!({
            "namespaces": population.namespaces,
            "pods": population.pods,
            "streams": population.streams,
            "configs": population.configs,
            "seconds": started.elapsed().as_secs_f64(),
        })
    );
    Ok(())
}

async fn concurrently<F: Future<Output = Result<()>>>(
    args: &Args,
    requests: impl Stream<Item = F>,
) -> Result<()> {
    requests
        .buffer_unordered(args.at_once)
        .try_collect::<()>()
        .await
}

async fn configure(client: &kube::Client) -> Result<()> {
    let collection = "/apis/config.openshift.io/v1/images";
    let object = image_config();
    create(client, collection, &object).await?;
    set_status(client, &format!("{collection}/cluster"), &object).await
}

/// A namespace and the objects that each one has.
async fn one(client: &kube::Client, number: usize) -> Result<()> {
    let name = namespace_name(number);
    create(client, "/api/v1/namespaces", &namespace(&name)).await?;
    let path = format!("/api/v1/namespaces/{name}");
    create(client, &format!("{path}/secrets"), &secret(&name)).await?;
    for user in ["default", "builder"] {
        create(
            client,
            &format!("{path}/serviceaccounts"),
            &account(user, &name),
        )
        .await?;
    }
    Ok(())
}

async fn object(
    client: &kube::Client,
    kind: Many,
    number: usize,
    population: Population,
) -> Result<()> {
    let namespace = population.namespace_of(number);
    let object = kind.object(number, &namespace);
    let (group, resource) = kind.resource();
    let root = if group.is_empty() {
        "/api/v1".to_owned()
    } else {
        format!("/apis/{group}/v1")
    };
    let collection = format!("{root}/namespaces/{namespace}/{resource}");
    create(client, &collection, &object).await?;
    // Its history makes a stream long, and creating the stream does not write it.
    if kind == Many::Streams {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        set_status(client, &format!("{collection}/{name}"), &object).await?;
    }
    Ok(())
}

async fn create(client: &kube::Client, collection: &str, object: &Value) -> Result<()> {
    let request = http::Request::post(collection)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(object)?)?;
    client
        .request_text(request)
        .await
        .with_context(|| format!("create in {collection}"))?;
    Ok(())
}

async fn set_status(client: &kube::Client, path: &str, object: &Value) -> Result<()> {
    let patch = json!({"status": object["status"]});
    let request = http::Request::patch(format!("{path}/status"))
        .header("content-type", "application/merge-patch+json")
        .body(serde_json::to_vec(&patch)?)?;
    client
        .request_text(request)
        .await
        .with_context(|| format!("set the status of {path}"))?;
    Ok(())
}
