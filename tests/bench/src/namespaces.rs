//! `namespaces`: many namespaces, as in large clusters.

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
    /// Also a secret `dockerhub` in each, with a docker config of this many KiB.
    #[arg(long, value_name = "KIB", default_value_t = 0)]
    docker_config: usize,
}

const CONCURRENCY: usize = 8;

pub(crate) fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(all(args))
}

async fn all(args: &Args) -> Result<()> {
    let client = client(&args.kubeconfig).await?;
    stream::iter(0..args.count)
        .map(|number| one(&client, number, args.docker_config))
        .buffer_unordered(CONCURRENCY)
        .try_collect::<()>()
        .await?;
    println!("{}", serde_json::json!({"count": args.count}));
    Ok(())
}

async fn one(client: &kube::Client, number: usize, kibibytes: usize) -> Result<()> {
    let name = namespace_name(number);
    create(client, "/api/v1/namespaces", &namespace(&name)).await?;
    if kibibytes > 0 {
        let secret = serde_json::json!({
            "metadata": {"name": "dockerhub"},
            "type": "kubernetes.io/dockerconfigjson",
            "stringData": {".dockerconfigjson": docker_config(kibibytes * 1024)},
        });
        create(
            client,
            &format!("/api/v1/namespaces/{name}/secrets"),
            &secret,
        )
        .await?;
    }
    Ok(())
}

async fn create(client: &kube::Client, path: &str, object: &serde_json::Value) -> Result<()> {
    let request = http::Request::post(path)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(object)?)?;
    client.request::<serde_json::Value>(request).await?;
    Ok(())
}

/// The maximum number of registries.
fn docker_config(bytes: usize) -> String {
    let mut config = String::from(r#"{"auths":{"#);
    for number in 0.. {
        if config.len() + 64 > bytes {
            break;
        }
        if number > 0 {
            config.push(',');
        }
        config.push_str(&format!(r#""r{number}.example.com":{{"auth":"dTpw"}}"#));
    }
    config + "}}"
}
