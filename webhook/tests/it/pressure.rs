//! Clients that hold resources: other requests are still answered.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use extreg_webhook::server::Server;
use http::StatusCode;
use hyper::body::{Body, Bytes, Frame};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::client::TlsStream;

use crate::support::{Client, Pki, Stub, get, reserved, review, tls, tls_over};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
/// Longer than the server's limit for silent clients.
const SILENT: Duration = Duration::from_millis(300);

/// A body that never sends data.
struct Silent;

impl Body for Silent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Pending
    }
}

/// The value of a series.
async fn series(server: &Server, name: &str) -> u64 {
    let metrics = get(server.health_address(), "/metrics").await.text();
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |value| value.trim().parse().unwrap())
}

async fn until(server: &Server, name: &str, is_so: impl Fn(u64) -> bool) {
    for _ in 0..6000 {
        if is_so(series(server, name).await) {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("{name} never became that");
}

const UNREAD: &str = r#"extreg_connections_ended_total{port="reviews",reason="unread_answer"}"#;
const OPEN: &str = r#"extreg_connections{port="reviews"}"#;

/// A connection from another address of this host, with a small receive buffer.
async fn from(last: u8, address: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4096)?;
    socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
    socket.connect(address).await
}

fn head(length: usize) -> Vec<u8> {
    format!("POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n").into_bytes()
}

/// Requests a large answer over HTTP/1.1 and never reads it.
async fn unread_h1(pki: &Pki, address: SocketAddr) -> TlsStream<TcpStream> {
    let stream = from(1, address).await.unwrap();
    let mut stream = tls_over(pki.client_config("http/1.1"), stream)
        .await
        .unwrap();
    let body = review("u", "large");
    stream.write_all(&head(body.len())).await.unwrap();
    stream.write_all(&body).await.unwrap();
    stream.flush().await.unwrap();
    stream
}

/// The same over HTTP/2, with a window of zero.
async fn unread_h2(pki: &Pki, address: SocketAddr, tasks: &mut JoinSet<()>) {
    let stream = tls(pki.client_config("h2"), address).await.unwrap();
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(0)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tasks.spawn(async move {
        let _ = connection.await;
    });
    let request = http::Request::post("https://webhook/mutate")
        .body(http_body_util::Full::new(Bytes::from(review("u", "large"))))
        .unwrap();
    tasks.spawn(async move {
        let answer = sender.send_request(request).await;
        // Held, not read.
        std::future::pending::<()>().await;
        drop(answer);
    });
}

async fn expect_good(client: &mut Client, count: usize) {
    for _ in 0..count {
        let answer = client.post(review("u", "ns")).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
}

#[tokio::test]
async fn unread_answers_do_not_exceed_the_budget_or_block_other_requests() {
    let pki = Pki::new();
    let config = pki.with_limits(|limits| {
        limits.deadline = Duration::from_mins(1);
        limits.connections.unread = Duration::from_mins(10);
    });
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let address = server.address();
    let mut good = Client::h1(&pki, address).await;
    let mut held = Vec::new();
    let mut tasks = JoinSet::new();
    for _ in 0..10 {
        held.push(unread_h1(&pki, address).await);
        unread_h2(&pki, address, &mut tasks).await;
        expect_good(&mut good, 5).await;
    }
    until(&server, "extreg_in_flight", |count| count == 0).await;
    // The budget holds three answers of 8 MiB.
    let refused = series(&server, r#"extreg_shed_total{shortage="memory"}"#).await;
    let cut = series(&server, UNREAD).await;
    assert!(refused + cut >= 17, "{refused} were refused, {cut} cut");
    expect_good(&mut good, 50).await;
    expect_good(&mut Client::h2(&pki, address).await, 50).await;
}

#[tokio::test]
async fn an_answer_that_is_not_read_in_time_ends_its_connection() {
    let pki = Pki::new();
    let config = pki.with_limits(|limits| {
        limits.deadline = Duration::from_mins(1);
        limits.connections.unread = Duration::from_millis(300);
    });
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let mut h1 = unread_h1(&pki, server.address()).await;
    until(&server, UNREAD, |count| count == 1).await;
    // Buffered data arrives, then the end of the connection.
    let mut read = Vec::new();
    let _ = h1.read_to_end(&mut read).await;
    assert!(read.len() < 8 * MIB, "{}", read.len());
    let mut tasks = JoinSet::new();
    unread_h2(&pki, server.address(), &mut tasks).await;
    until(&server, UNREAD, |count| count == 2).await;
    until(&server, OPEN, |open| open == 0).await;
}

#[tokio::test]
async fn silent_bodies_hold_no_slots_and_are_evicted() {
    let pki = Pki::new();
    let config = pki.with_limits(|limits| {
        limits.deadline = Duration::from_mins(1);
        limits.stall = Duration::from_mins(1);
        limits.arriving = 24;
        limits.in_flight = 2;
    });
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let address = server.address();
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        let stream = tls(pki.client_config("h2"), address).await.unwrap();
        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
        tasks.spawn(async move {
            let _ = connection.await;
        });
        for _ in 0..50 {
            let mut sender = sender.clone();
            // Refused requests are sent again.
            tasks.spawn(async move {
                loop {
                    let request = http::Request::post("https://webhook/mutate").body(Silent);
                    let _ = sender.send_request(request.unwrap()).await;
                    sleep(SILENT).await;
                    if sender.ready().await.is_err() {
                        return;
                    }
                }
            });
        }
    }
    until(&server, "extreg_in_flight", |count| count >= 24).await;
    expect_good(&mut Client::h1(&pki, address).await, 20).await;
    expect_good(&mut Client::h2(&pki, address).await, 20).await;
    let arrivals = r#"extreg_shed_total{shortage="arrivals"}"#;
    assert!(series(&server, arrivals).await > 0);
    assert_eq!(
        series(&server, r#"extreg_shed_total{shortage="slots"}"#).await,
        0
    );
}

#[tokio::test]
async fn stalled_body_is_aborted() {
    let pki = Pki::new();
    let config = pki.with_limits(|limits| {
        limits.deadline = Duration::from_mins(1);
        limits.stall = Duration::from_millis(100);
    });
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let mut stream = tls(pki.client_config("http/1.1"), server.address())
        .await
        .unwrap();
    stream.write_all(&head(1000)).await.unwrap();
    stream.write_all(b"{").await.unwrap();
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text).await;
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
}

#[tokio::test]
async fn idle_and_slow_connections_make_room_for_good_ones() {
    let pki = Pki::new();
    let config = pki.with_limits(|limits| {
        limits.deadline = Duration::from_mins(1);
        limits.stall = Duration::from_mins(1);
        limits.connections.total = 20;
        limits.connections.per_peer = 20;
        limits.connections.first_request = Duration::from_mins(1);
    });
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let address = server.address();
    let mut old = Client::h2(&pki, address).await;
    expect_good(&mut old, 1).await;
    let mut held = Vec::new();
    // Never a handshake, never a head, half a head, half a body.
    for kind in 0..60 {
        let stream = TcpStream::connect(address).await.unwrap();
        if kind % 4 == 0 {
            held.push((Some(stream), None));
            continue;
        }
        let Ok(mut stream) = tls_over(pki.client_config("http/1.1"), stream).await else {
            continue;
        };
        let begun: &[u8] = match kind % 4 {
            1 => b"",
            2 => b"POST /mutate HTTP/1.1\r\nhost: x\r\nx-slow: ",
            _ => b"POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{",
        };
        let _ = stream.write_all(begun).await;
        held.push((None, Some(stream)));
    }
    sleep(SILENT).await;
    for _ in 0..10 {
        expect_good(&mut Client::h1(&pki, address).await, 3).await;
        expect_good(&mut Client::h2(&pki, address).await, 3).await;
    }
    // A connection that was served is among the last to be closed.
    expect_good(&mut old, 1).await;
    assert!(series(&server, OPEN).await <= 20);
    let evicted = r#"extreg_connections_ended_total{port="reviews",reason="evicted"}"#;
    assert!(series(&server, evicted).await >= 40);
}

#[tokio::test]
async fn connections_are_capped_in_total_and_from_one_address() {
    let pki = Pki::new();
    let stub = Stub::new();
    let config = pki.with_limits(|limits| {
        limits.deadline = Duration::from_mins(1);
        limits.connections.total = 6;
        limits.connections.per_peer = 4;
    });
    let server = Server::start(config, stub.clone(), reserved())
        .await
        .unwrap();
    let mut busy = JoinSet::new();
    for last in [1, 1, 1, 1, 2, 2] {
        let stream = from(last, server.address()).await.unwrap();
        let stream = tls_over(pki.client_config("http/1.1"), stream)
            .await
            .unwrap();
        let mut client = Client::over(stream).await;
        busy.spawn(async move { client.post(review("u", "wait")).await });
    }
    stub.begun(6).await;
    for last in [1, 3] {
        // Accepted by the system, then closed.
        let mut stream = from(last, server.address()).await.unwrap();
        assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
    }
    for reason in ["peer_limit", "total_limit"] {
        let name = format!(r#"extreg_connections_ended_total{{port="reviews",reason="{reason}"}}"#);
        assert_eq!(series(&server, &name).await, 1, "{reason}");
    }
    assert_eq!(series(&server, OPEN).await, 6);
    stub.gate.add_permits(6);
    while let Some(answer) = busy.join_next().await {
        assert_eq!(answer.unwrap().unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn aborted_connections_free_their_resources() {
    let pki = Pki::new();
    let config = pki.with_limits(|limits| limits.deadline = Duration::from_mins(1));
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let mut good = Client::h2(&pki, server.address()).await;
    for _ in 0..20 {
        let mut stream = tls(pki.client_config("http/1.1"), server.address())
            .await
            .unwrap();
        stream.write_all(&head(4 * MIB)).await.unwrap();
        stream.write_all(&vec![b' '; 100 * KIB]).await.unwrap();
        stream.flush().await.unwrap();
        // Closed with unread bytes of the answer, or immediately: a reset.
        stream.get_ref().0.set_zero_linger().unwrap();
        drop(stream);
        expect_good(&mut good, 1).await;
    }
    until(&server, "extreg_in_flight", |count| count == 0).await;
    until(&server, OPEN, |open| open == 1).await;
    // The whole budget is free again.
    let mut large = Client::h1(&pki, server.address()).await;
    let answer = large
        .post(crate::support::review_of(8 * MIB))
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::OK);
}

#[test]
fn probes_answer_while_every_worker_is_busy() {
    let pki = Pki::new();
    let stub = Stub::new();
    // With several workers, one can wait for a task in the queue of a busy worker.
    let workers = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let config = pki.with_limits(|limits| limits.deadline = Duration::from_mins(1));
    let server = workers
        .block_on(Server::start(config, stub.clone(), reserved()))
        .unwrap();
    let client = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    client.block_on(async {
        let mut client = Client::h1(&pki, server.address()).await;
        let busy = tokio::spawn(async move { client.post(review("u", "spin")).await });
        stub.begun(1).await;
        for path in ["/livez", "/readyz", "/metrics"] {
            let answer = get(server.health_address(), path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
        }
        stub.stop_spinning();
        assert_eq!(busy.await.unwrap().unwrap().status, StatusCode::OK);
    });
    workers.block_on(server.drain());
}
