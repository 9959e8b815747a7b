//! Pushes to a registry and pulls from it, over plain HTTP.

use anyhow::{Context, Result, ensure};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::{Archive, digest};

/// An image as returned by a registry, each part checked against its digest.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// The manifest's digest.
    pub digest: String,
    /// The manifest.
    pub manifest: Value,
    /// The configuration.
    pub config: Value,
    /// The layers as they are stored.
    pub layers: Vec<Vec<u8>>,
}

/// Pushes the image of an archive as `repository:tag`: the blobs that the registry does not have, then the manifest.
pub async fn push(host: &str, repository: &str, tag: &str, archive: &Archive) -> Result<()> {
    for (digest, bytes) in &archive.blobs {
        let path = format!("/v2/{repository}/blobs/{digest}");
        if call(host, Method::HEAD, &path, None, Bytes::new())
            .await?
            .status
            == StatusCode::OK
        {
            continue;
        }
        let path = format!("/v2/{repository}/blobs/uploads/");
        let begun = call(host, Method::POST, &path, None, Bytes::new()).await?;
        begun.expect(StatusCode::ACCEPTED)?;
        let upload = begun.location.context("an upload without a location")?;
        let bytes = Bytes::from(bytes.clone());
        call(host, Method::PATCH, &upload, None, bytes)
            .await?
            .expect(StatusCode::ACCEPTED)?;
        let path = format!("{upload}?digest={digest}");
        call(host, Method::PUT, &path, None, Bytes::new())
            .await?
            .expect(StatusCode::CREATED)?;
    }
    let (media_type, manifest) = &archive.manifest;
    let path = format!("/v2/{repository}/manifests/{tag}");
    let manifest = Bytes::from(manifest.clone());
    call(host, Method::PUT, &path, Some(media_type), manifest)
        .await?
        .expect(StatusCode::CREATED)
}

/// Pulls `repository:tag`, or `repository@digest`.
pub async fn pull(host: &str, repository: &str, reference: &str) -> Result<Pulled> {
    let get = async |kind: &str, reference: &str| {
        let path = format!("/v2/{repository}/{kind}/{reference}");
        let reply = call(host, Method::GET, &path, None, Bytes::new()).await?;
        reply.expect(StatusCode::OK)?;
        ensure!(
            !reference.contains(':') || digest(&reply.body) == reference,
            "{path} has other content"
        );
        Ok::<_, anyhow::Error>(reply.body)
    };
    let part = |descriptor: &Value| descriptor["digest"].as_str().unwrap_or_default().to_owned();
    let bytes = get("manifests", reference).await?;
    let manifest: Value = serde_json::from_slice(&bytes)?;
    let config = get("blobs", &part(&manifest["config"])).await?;
    let mut layers = Vec::new();
    for layer in manifest["layers"]
        .as_array()
        .context("the manifest has no layers")?
    {
        layers.push(get("blobs", &part(layer)).await?.to_vec());
    }
    Ok(Pulled {
        digest: digest(&bytes),
        config: serde_json::from_slice(&config)?,
        manifest,
        layers,
    })
}

struct Reply {
    what: String,
    status: StatusCode,
    location: Option<String>,
    body: Bytes,
}

impl Reply {
    fn expect(&self, status: StatusCode) -> Result<()> {
        let body = String::from_utf8_lossy(&self.body);
        ensure!(
            self.status == status,
            "{}: {} {body}",
            self.what,
            self.status
        );
        Ok(())
    }
}

async fn call(
    host: &str,
    method: Method,
    path: &str,
    content_type: Option<&str>,
    body: Bytes,
) -> Result<Reply> {
    let what = format!("{method} {path}");
    let stream = TcpStream::connect(host)
        .await
        .with_context(|| format!("connect to {host}"))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, host)
        .header(
            header::CONTENT_TYPE,
            content_type.unwrap_or("application/octet-stream"),
        )
        .body(Full::new(body))?;
    let response = sender
        .send_request(request)
        .await
        .with_context(|| what.clone())?;
    let location = response.headers().get(header::LOCATION);
    Ok(Reply {
        what,
        status: response.status(),
        location: location
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
        body: response.into_body().collect().await?.to_bytes(),
    })
}
