//! Shutdown without a lost request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use extreg_webhook::server::{Drained, Server};
use http::StatusCode;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::{Client, Pki, Stub, get, reserved, review};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_while_it_drains_under_load() {
    let pki = Pki::new();
    let mut config = pki.config();
    config.drain.wait = Duration::from_secs(1);
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let (address, health) = (server.address(), server.health_address());
    // Clients behave like a Service: they stop when the server is not ready.
    let ready = Arc::new(AtomicBool::new(true));
    let total = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::new();
    for number in 0..8 {
        let (ready, total) = (Arc::clone(&ready), Arc::clone(&total));
        let mut client = connect(&pki, address, number).await;
        let config = pki.client_config("http/1.1");
        clients.push(tokio::spawn(async move {
            let mut answered = 0;
            while ready.load(Ordering::Relaxed) {
                let uid = format!("{number}-{answered}");
                let answer = client.post(review(&uid, "ns")).await.unwrap();
                assert_eq!(answer.status, StatusCode::OK);
                assert_eq!(answer.json()["response"]["uid"], uid.as_str());
                answered += 1;
                total.fetch_add(1, Ordering::Relaxed);
                if answer.closing {
                    client = Client::try_h1(config.clone(), address).await.unwrap();
                }
            }
            answered
        }));
    }
    let more = async |number| {
        let before = total.load(Ordering::Relaxed);
        while total.load(Ordering::Relaxed) < before + number {
            sleep(Duration::from_millis(5)).await;
        }
    };
    more(80).await;
    let draining = tokio::spawn(server.drain());
    while get(health, "/readyz").await.status == StatusCode::OK {
        sleep(Duration::from_millis(5)).await;
    }
    // Still served until all endpoints are updated.
    more(40).await;
    ready.store(false, Ordering::Relaxed);
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    assert_eq!(draining.await.unwrap(), Drained::Clean);
    assert!(TcpStream::connect(address).await.is_err());
}

async fn connect(pki: &Pki, address: SocketAddr, number: usize) -> Client {
    if number.is_multiple_of(2) {
        Client::h1(pki, address).await
    } else {
        Client::h2(pki, address).await
    }
}

#[tokio::test]
async fn open_requests_are_finished() {
    let pki = Pki::new();
    let stub = Stub::new();
    let config = pki.with_limits(|limits| limits.deadline = Duration::from_mins(1));
    let server = Server::start(config, stub.clone(), reserved())
        .await
        .unwrap();
    let address = server.address();
    let mut waiting = Vec::new();
    for number in 0..4 {
        let mut client = connect(&pki, address, number).await;
        waiting.push(tokio::spawn(async move {
            client.post(review("u", "wait")).await
        }));
    }
    stub.begun(4).await;
    let draining = tokio::spawn(server.drain());
    while TcpStream::connect(address).await.is_ok() {
        sleep(Duration::from_millis(10)).await;
    }
    assert!(!draining.is_finished());
    stub.gate.add_permits(4);
    for task in waiting {
        assert_eq!(task.await.unwrap().unwrap().status, StatusCode::OK);
    }
    assert_eq!(draining.await.unwrap(), Drained::Clean);
}

#[tokio::test]
async fn endless_request_is_aborted_at_the_drain_deadline() {
    let pki = Pki::new();
    let stub = Stub::new();
    let mut config = pki.with_limits(|limits| limits.deadline = Duration::from_mins(1));
    config.drain.wait = Duration::ZERO;
    config.drain.deadline = Duration::from_millis(50);
    let server = Server::start(config, stub.clone(), reserved())
        .await
        .unwrap();
    let mut client = Client::h1(&pki, server.address()).await;
    let stuck = tokio::spawn(async move { client.post(review("u", "wait")).await });
    stub.begun(1).await;
    assert_eq!(server.drain().await, Drained::Cut);
    assert!(stuck.await.unwrap().is_err());
}
