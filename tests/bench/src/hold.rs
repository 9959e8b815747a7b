//! `hold`: clients that hold resources: idle connections, and large answers that are requested and never read.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpSocket;
use tokio::time::sleep;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::load;

/// An answer that is not read is requested again after this time, which is how long the webhook waits for a reader.
const AGAIN: Duration = Duration::from_secs(5);

/// Holds them until it is killed. Prints the size of an answer once all are held.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    address: SocketAddr,
    /// The CA of the server's certificate.
    ca: PathBuf,
    #[arg(long)]
    idle: usize,
    #[arg(long)]
    unread: usize,
    /// Tags of the ImageStream in the request; each makes the answer about 100 bytes longer.
    #[arg(long)]
    tags: usize,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(hold(args))
}

async fn hold(args: &Args) -> Result<()> {
    let connector = load::connector(&args.ca)?;
    let request = request(args.tags);
    let answer = answer_size(args, &connector, &request).await?;
    let mut idle = Vec::new();
    for _ in 0..args.idle {
        // A connection that is not accepted is held too: it is as idle as the rest.
        idle.push(connect(args.address, &connector).await.ok());
    }
    for _ in 0..args.unread {
        let (address, connector, request) = (args.address, connector.clone(), request.clone());
        tokio::spawn(async move {
            loop {
                if let Ok(mut stream) = connect(address, &connector).await {
                    // Ends with an error if the server closes the connection.
                    let _ = stream.write_all(&request).await;
                    let _ = stream.flush().await;
                    sleep(AGAIN).await;
                }
                sleep(Duration::from_millis(10)).await;
            }
        });
    }
    sleep(AGAIN).await;
    println!(
        "{}",
        serde_json::json!({"idle": idle.iter().flatten().count(), "answer": answer})
    );
    std::io::stdout().flush()?;
    std::future::pending().await
}

async fn connect(
    address: SocketAddr,
    connector: &TlsConnector,
) -> Result<TlsStream<tokio::net::TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    // A small receive buffer, so that little of an answer is in transit.
    socket.set_recv_buffer_size(4096)?;
    let tcp = socket.connect(address).await?;
    let name = ServerName::IpAddress(address.ip().into());
    Ok(connector.connect(name, tcp).await?)
}

/// The size of an answer, which is read here.
async fn answer_size(args: &Args, connector: &TlsConnector, request: &[u8]) -> Result<usize> {
    let tcp = tokio::net::TcpStream::connect(args.address).await?;
    let name = ServerName::IpAddress(args.address.ip().into());
    let mut stream = connector.connect(name, tcp).await?;
    stream.write_all(request).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    let mut part = vec![0; 64 * 1024];
    loop {
        let read = stream.read(&mut part).await?;
        ensure!(read > 0, "the server closed the connection");
        answer.extend_from_slice(part.get(..read).unwrap_or_default());
        if let Some(body) = load::body(&answer)? {
            return Ok(body.len());
        }
    }
}

/// The creation of an ImageStream that follows this number of images of Docker Hub.
fn request(tags: usize) -> Vec<u8> {
    let tags: Vec<String> = (0..tags)
        .map(|tag| {
            format!(
                r#"{{"name":"{tag}","from":{{"kind":"DockerImage","name":"docker.io/a/b:{tag}"}}}}"#
            )
        })
        .collect();
    let body = format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","resource":{{"group":"image.openshift.io","version":"v1","resource":"imagestreams"}},"namespace":"snow","name":"app","operation":"CREATE","userInfo":{{"username":"ann"}},"object":{{"apiVersion":"image.openshift.io/v1","kind":"ImageStream","metadata":{{"name":"app"}},"spec":{{"tags":[{}]}}}}}}}}"#,
        tags.join(",")
    );
    let head = format!(
        "POST /mutate HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body.into_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use extreg_webhook::wire::Request;

    use super::request;
    use crate::review::{decide, engine};

    #[test]
    fn request_is_a_review_of_an_image_stream() {
        let request = request(3);
        let text = String::from_utf8(request).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        let review = decide(&engine(), &Request::parse(body.as_bytes()).unwrap()).unwrap();
        let patch = String::from_utf8(review.patch.unwrap()).unwrap();
        assert_eq!(
            patch.matches("scheduled\",\"value\":true").count(),
            3,
            "{patch}"
        );
    }
}
