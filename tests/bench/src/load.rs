//! `load`: reviews over TLS connections that are kept alive; each connection sends its next review after the last
//! answer. Written without a client library: it must need less CPU than any server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::review::Sample;
use crate::spread::Spread;

/// Sends reviews for some time.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    sample: Sample,
    address: SocketAddr,
    /// The CA of the server's certificate.
    ca: PathBuf,
    #[arg(long)]
    connections: usize,
    #[arg(long)]
    milliseconds: u64,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(all(args))
}

/// Uses HTTP/1.1 with servers whose certificate is from the CA in this file.
pub(crate) fn connector(ca: &Path) -> Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    let ca = std::fs::read(ca).with_context(|| format!("read {}", ca.display()))?;
    for certificate in CertificateDer::pem_slice_iter(&ca) {
        roots.add(certificate?)?;
    }
    let mut config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

async fn all(args: &Args) -> Result<()> {
    let connector = connector(&args.ca)?;
    let connecting = (0..args.connections).map(|_| Connection::open(args, &connector));
    let connections = try_join_all(connecting).await?;

    let started = Instant::now();
    let until = started + Duration::from_millis(args.milliseconds);
    let running = connections
        .into_iter()
        .map(|connection| connection.run(until));
    let times: Vec<Duration> = try_join_all(running).await?.into_iter().flatten().collect();
    println!(
        "{}",
        serde_json::json!({
            "count": times.len(),
            "seconds": started.elapsed().as_secs_f64(),
            "spread": Spread::from_times(times),
        })
    );
    Ok(())
}

struct Connection {
    stream: TlsStream<TcpStream>,
    request: Vec<u8>,
    mutated: bool,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects, and sends one review to check that the server gives the measured answer.
    async fn open(args: &Args, connector: &TlsConnector) -> Result<Self> {
        let tcp = TcpStream::connect(args.address).await?;
        tcp.set_nodelay(true)?;
        let name = ServerName::IpAddress(args.address.ip().into());
        let body = args.sample.body();
        let mut request = format!(
            "POST /mutate?timeout=3s HTTP/1.1\r\nHost: {}\r\nUser-Agent: kube-apiserver-admission\r\n\
             Content-Length: {}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n\r\n",
            args.address,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        let mut connection = Self {
            stream: connector.connect(name, tcp).await?,
            request,
            mutated: args.sample == Sample::Mutated,
            buffer: vec![0; 16 * 1024],
        };
        connection.review().await?;
        Ok(connection)
    }

    async fn run(mut self, until: Instant) -> Result<Vec<Duration>> {
        let mut times = Vec::new();
        let mut sent = Instant::now();
        while sent < until {
            self.review().await?;
            let answered = Instant::now();
            times.push(answered - sent);
            sent = answered;
        }
        Ok(times)
    }

    async fn review(&mut self) -> Result<()> {
        self.stream.write_all(&self.request).await?;
        self.stream.flush().await?;
        let mut filled = 0;
        loop {
            let room = self
                .buffer
                .get_mut(filled..)
                .filter(|room| !room.is_empty())
                .context("the answer is larger than expected")?;
            let read = self.stream.read(room).await?;
            ensure!(
                read > 0,
                "the server closed a connection that is kept alive"
            );
            filled += read;
            let answer = self.buffer.get(..filled).unwrap_or_default();
            if let Some(body) = body(answer)? {
                let patched = find(body, b"\"patch\":\"").is_some();
                ensure!(
                    patched == self.mutated,
                    "the answer is not the measured one: {}",
                    String::from_utf8_lossy(body)
                );
                return Ok(());
            }
        }
    }
}

/// The body of an answer, once it is complete.
pub(crate) fn body(answer: &[u8]) -> Result<Option<&[u8]>> {
    let Some(end) = find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, body) = answer.split_at(end);
    let head = std::str::from_utf8(head)?;
    if !head.starts_with("HTTP/1.1 200") {
        bail!("{head}");
    }
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without a length")?
        .1
        .trim()
        .parse()?;
    Ok(body.get(4..).filter(|body| body.len() >= length))
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    text.windows(word.len()).position(|window| window == word)
}

#[cfg(test)]
mod tests {
    use super::body;

    #[test]
    fn answer_is_complete_at_its_content_length() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
        for end in 0..answer.len() {
            assert_eq!(body(&answer[..end]).unwrap(), None, "{end}");
        }
        assert_eq!(body(answer).unwrap(), Some(&b"ok"[..]));
        assert!(body(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").is_err());
    }
}
