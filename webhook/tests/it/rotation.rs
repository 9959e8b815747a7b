//! Certificates that change while the server runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use extreg_certs::host::Host;
use extreg_certs::issue::{Validity, issue};
use extreg_webhook::server::{Expectation, Server};
use http::StatusCode;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use tokio::time::sleep;

use crate::support::{Client, HOST, Pki, Stub, get, reserved, review, start, tls};

/// The leaf certificate of a new connection.
async fn leaf(pki: &Pki, address: std::net::SocketAddr) -> Vec<u8> {
    let stream = tls(pki.client_config("http/1.1"), address).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_while_certificates_are_swapped() {
    let mut pki = Pki::new();
    let read = |name| std::fs::read_to_string(pki.path(name)).unwrap();
    let first = (read("tls.crt"), read("tls.key"));
    // Clients trust both CAs, as during a rotation.
    let second = pki.rotate();
    pki.publish(&first.0, &first.1);
    let server = start(&pki).await;
    let address = server.address();
    let before = leaf(&pki, address).await;

    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = Vec::new();
    for number in 0..4 {
        let stop = Arc::clone(&stop);
        let config = pki.client_config("http/1.1");
        let mut client = Client::h1(&pki, address).await;
        clients.push(tokio::spawn(async move {
            let mut answered = 0_u32;
            while !stop.load(Ordering::Relaxed) {
                // Half of them keep their connection, half open a new one for each request.
                if number % 2 == 0 {
                    client = Client::try_h1(config.clone(), address).await.unwrap();
                }
                let answer = client.post(review("u", "ns")).await.unwrap();
                assert_eq!(answer.status, StatusCode::OK);
                answered += 1;
            }
            answered
        }));
    }
    for round in 0..6 {
        let (chain, key) = if round % 2 == 0 {
            (second.chain.as_str(), second.key.expose_secret())
        } else {
            (first.0.as_str(), first.1.as_str())
        };
        let old = leaf(&pki, address).await;
        pki.publish(chain, key);
        while leaf(&pki, address).await == old {
            sleep(Duration::from_millis(5)).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    assert_eq!(leaf(&pki, address).await, before);
    let metrics = get(server.health_address(), "/metrics").await.text();
    assert!(
        metrics.contains("extreg_cert_reload_failures_total 0\n"),
        "{metrics}"
    );
}

#[tokio::test]
async fn invalid_pair_is_counted_and_the_old_pair_is_served() {
    let mut pki = Pki::new();
    let server = start(&pki).await;
    let good = leaf(&pki, server.address()).await;
    let hosts = [Host::parse(HOST).unwrap()];
    let other = issue(&hosts, Validity::default(), Timestamp::now()).unwrap();
    let key = std::fs::read_to_string(pki.path("tls.key")).unwrap();
    pki.publish(&other.chain, &key);
    loop {
        let metrics = get(server.health_address(), "/metrics").await.text();
        if !metrics.contains("extreg_cert_reload_failures_total 0\n") {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(leaf(&pki, server.address()).await, good);
    assert_eq!(
        get(server.health_address(), "/readyz").await.status,
        StatusCode::OK
    );
    pki.rotate();
    while leaf(&pki, server.address()).await == good {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn is_not_ready_while_the_certificate_is_expired() {
    let mut pki = Pki::new();
    let hosts = [Host::parse(HOST).unwrap()];
    let day = Duration::from_hours(24);
    let validity = Validity::new(day, day).unwrap();
    let old = issue(&hosts, validity, Timestamp::now() - day * 10).unwrap();
    pki.publish(&old.chain, old.key.expose_secret());
    let server = start(&pki).await;
    let answer = get(server.health_address(), "/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        answer.text().contains("[-] certificate: "),
        "{}",
        answer.text()
    );
    assert_eq!(
        get(server.health_address(), "/livez").await.status,
        StatusCode::OK
    );
    pki.rotate();
    while get(server.health_address(), "/readyz").await.status != StatusCode::OK {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn is_not_ready_if_the_certificate_does_not_match_the_ca_bundle() {
    let mut pki = Pki::new();
    let config = pki.config();
    let trust = config.trust.clone();
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let health = server.health_address();
    let expect = |bundle: &str, host: &str| {
        trust.expect(Some(Expectation {
            bundle: bundle.as_bytes().to_vec(),
            host: Host::parse(host).unwrap(),
        }));
    };
    let becomes = async |ready: bool| {
        let line = format!("extreg_cert_refused {}\n", u8::from(!ready));
        loop {
            let answer = get(health, "/readyz").await;
            let shown = get(health, "/metrics").await.text().contains(&line);
            if shown && (answer.status == StatusCode::OK) == ready {
                assert!(
                    ready || answer.text().contains("caBundle"),
                    "{}",
                    answer.text()
                );
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    // An unknown caBundle does not affect readiness.
    becomes(true).await;
    let hosts = [Host::parse(HOST).unwrap()];
    let other = issue(&hosts, Validity::default(), Timestamp::now()).unwrap();
    for (bundle, host, ready) in [
        (other.ca_bundle.clone(), HOST, false),
        (pki.bundle(), HOST, true),
        // Two CAs, as during a rotation.
        (other.ca_bundle.clone() + &pki.bundle(), HOST, true),
        (pki.bundle(), "another.extreg-system.svc", false),
        ("nonsense".to_owned(), HOST, false),
    ] {
        expect(&bundle, host);
        becomes(ready).await;
    }
    // The certificate changes, but not the configuration.
    expect(&pki.bundle(), HOST);
    becomes(true).await;
    pki.rotate();
    becomes(false).await;
    expect(&pki.bundle(), HOST);
    becomes(true).await;
    trust.expect(None);
    becomes(true).await;
}
