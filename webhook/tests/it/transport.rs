//! Requests, limits and failures.

use std::time::Duration;

use extreg_webhook::server::Server;
use http::{Method, StatusCode};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Client, Pki, Stub, get, reserved, review, review_of, start, tls};

const MIB: usize = 1 << 20;

#[tokio::test]
async fn an_answer_repeats_the_uid_on_both_protocols() {
    let pki = Pki::new();
    let server = start(&pki).await;
    for mut client in [
        Client::h1(&pki, server.address()).await,
        Client::h2(&pki, server.address()).await,
    ] {
        for uid in ["705ab4f5-6393-11e8-b7cc-42010a800002", "another"] {
            let answer = client.post(review(uid, "ns")).await.unwrap();
            assert_eq!(answer.status, StatusCode::OK);
            let expected = json!({
                "apiVersion": "admission.k8s.io/v1",
                "kind": "AdmissionReview",
                "response": {"uid": uid, "allowed": true},
            });
            assert_eq!(answer.json(), expected);
        }
        let answer = client.post(review("u", "patch")).await.unwrap();
        let expected = json!({
            "uid": "u",
            "allowed": true,
            "patchType": "JSONPatch",
            "patch": "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2EiLCJ2YWx1ZSI6MX1d",
            "warnings": ["a warning"],
            "auditAnnotations": {"policy": "hub"},
        });
        assert_eq!(answer.json()["response"], expected);
    }
}

#[tokio::test]
async fn invalid_review_is_400_with_the_reason() {
    let pki = Pki::new();
    let server = start(&pki).await;
    let mut client = Client::h1(&pki, server.address()).await;
    let v1beta1 = String::from_utf8(review("u", "ns")).unwrap();
    let v1beta1 = v1beta1.replace("k8s.io/v1", "k8s.io/v1beta1");
    let table = [
        (Vec::new(), "not JSON"),
        (b"hello".to_vec(), "not JSON"),
        (review("u", "ns")[..100].to_vec(), "not JSON"),
        (b"[1,2]".to_vec(), "not an AdmissionReview"),
        (b"{}".to_vec(), "admission.k8s.io/v1"),
        (v1beta1.into_bytes(), "admission.k8s.io/v1"),
        (review("", "ns"), "no uid"),
        ("[".repeat(100_000).into_bytes(), "not JSON"),
        (vec![0xff; 1000], "not JSON"),
    ];
    for (body, reason) in table {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = client.post(body).await.unwrap();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{shown}");
        assert!(answer.text().contains(reason), "{shown}: {}", answer.text());
    }
    let answer = client.post(review("u", "ns")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn unusual_objects_are_accepted() {
    let pki = Pki::new();
    let server = start(&pki).await;
    let mut client = Client::h1(&pki, server.address()).await;
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    for object in [
        deep.as_str(),
        "null",
        "7",
        r#"{"a":1,"a":2}"#,
        r#""\ud800""#,
    ] {
        let body = String::from_utf8(review("u", "ns")).unwrap();
        let body = body.replace(r#"{"kind":"Build"}"#, object);
        let answer = client.post(body.into_bytes()).await.unwrap();
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}",
            &object[..object.len().min(40)]
        );
    }
}

#[tokio::test]
async fn only_post_to_mutate_is_served() {
    let pki = Pki::new();
    let server = start(&pki).await;
    let mut client = Client::h1(&pki, server.address()).await;
    let answer = client
        .send(Method::GET, "/mutate", Vec::new())
        .await
        .unwrap();
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    for path in ["/", "/metrics", "/readyz", "/mutate/x"] {
        let answer = client.send(Method::POST, path, Vec::new()).await.unwrap();
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn seven_mebibytes_are_accepted_and_more_than_eight_refused() {
    let pki = Pki::new();
    // Not the subject of this test: debug builds on busy machines are slow.
    let config = pki.with_limits(|limits| limits.deadline = Duration::from_mins(1));
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    for (bytes, status) in [
        (7 * MIB, StatusCode::OK),
        (8 * MIB, StatusCode::OK),
        (8 * MIB + 1, StatusCode::PAYLOAD_TOO_LARGE),
        (8 * MIB + MIB / 10, StatusCode::PAYLOAD_TOO_LARGE),
        (16 * MIB, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let mut client = Client::h1(&pki, server.address()).await;
        let answer = client.post(review_of(bytes)).await.unwrap();
        assert_eq!(answer.status, status, "HTTP/1.1, {bytes}");
        let mut client = Client::h2(&pki, server.address()).await;
        let answer = client.post(review_of(bytes)).await.unwrap();
        assert_eq!(answer.status, status, "HTTP/2, {bytes}");
    }
}

#[tokio::test]
async fn excess_concurrent_requests_are_rejected_and_the_rest_answered() {
    let pki = Pki::new();
    let stub = Stub::new();
    let config = pki.with_limits(|limits| {
        limits.in_flight = 2;
        limits.deadline = Duration::from_mins(1);
    });
    let server = Server::start(config, stub.clone(), reserved())
        .await
        .unwrap();
    let address = server.address();
    let mut served = Vec::new();
    for _ in 0..2 {
        let mut client = Client::h1(&pki, address).await;
        served.push(tokio::spawn(async move {
            client.post(review("u", "wait")).await
        }));
    }
    stub.begun(2).await;
    let mut h1 = Client::h1(&pki, address).await;
    for mut client in [
        Client::h2(&pki, address).await,
        Client::h1(&pki, address).await,
    ] {
        let answer = client.post(review("u", "ns")).await.unwrap();
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    }
    stub.gate.add_permits(2);
    for task in served {
        assert_eq!(task.await.unwrap().unwrap().status, StatusCode::OK);
    }
    let answer = h1.post(review("u", "ns")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    let metrics = get(server.health_address(), "/metrics").await.text();
    assert!(
        metrics.contains(r#"extreg_shed_total{shortage="slots"} 2"#),
        "{metrics}"
    );
}

#[tokio::test]
async fn concurrent_bodies_do_not_exceed_their_budget() {
    let pki = Pki::new();
    let stub = Stub::new();
    let config = pki.with_limits(|limits| {
        limits.memory = MIB;
        limits.deadline = Duration::from_mins(1);
    });
    let server = Server::start(config, stub.clone(), reserved())
        .await
        .unwrap();
    let mut big = Client::h2(&pki, server.address()).await;
    let answer = big.post(review_of(2 * MIB)).await.unwrap();
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..3 {
        // Twice the budget in total: each request returns its share.
        let mut client = Client::h1(&pki, server.address()).await;
        let answer = client.post(review_of(MIB * 2 / 3)).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn panic_is_500_and_the_server_survives() {
    let pki = Pki::new();
    let server = start(&pki).await;
    for mut client in [
        Client::h1(&pki, server.address()).await,
        Client::h2(&pki, server.address()).await,
    ] {
        let answer = client.post(review("u", "panic")).await.unwrap();
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!answer.text().contains("hunter2"));
        let answer = client.post(review("u", "ns")).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
    let metrics = get(server.health_address(), "/metrics").await.text();
    let line = r#"extreg_admission_requests_total{resource="builds",operation="create",decision="panic"} 2"#;
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn a_decision_that_takes_too_long_allows_with_a_warning() {
    let pki = Pki::new();
    let config = pki.with_limits(|limits| limits.deadline = Duration::from_millis(50));
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let mut client = Client::h1(&pki, server.address()).await;
    let answer = client.post(review("u", "forever")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    let response = &answer.json()["response"];
    assert_eq!(response["allowed"], json!(true));
    assert_eq!(response["patch"], json!(null));
    assert!(
        response["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("extreg: no decision in time")
    );
}

#[tokio::test]
async fn slow_clients_are_cut_off_at_each_stage() {
    let pki = Pki::new();
    let config = pki.with_limits(|limits| {
        limits.handshake = Duration::from_millis(100);
        limits.connections.first_request = Duration::from_millis(400);
        limits.deadline = Duration::from_millis(100);
    });
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();

    // Never starts the handshake.
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    assert_eq!(silent.read(&mut [0; 16]).await.unwrap_or(0), 0);

    // Never ends the headers.
    let head = "POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n";
    for head in [head, "P", ""] {
        let mut slow = tls(pki.client_config("http/1.1"), server.address())
            .await
            .unwrap();
        slow.write_all(head.as_bytes()).await.unwrap();
        let mut text = String::new();
        let _ = slow.read_to_string(&mut text).await;
        assert!(
            text.is_empty() || text.starts_with("HTTP/1.1 408"),
            "{text}"
        );
    }

    // Never ends the body.
    let mut slow = tls(pki.client_config("http/1.1"), server.address())
        .await
        .unwrap();
    slow.write_all(head.as_bytes()).await.unwrap();
    slow.write_all(b"\r\n{").await.unwrap();
    let mut text = String::new();
    let _ = slow.read_to_string(&mut text).await;
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");

    let mut client = Client::h1(&pki, server.address()).await;
    let answer = client.post(review("u", "ns")).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn probes_and_metrics_are_on_the_plain_port() {
    let pki = Pki::new();
    let server = start(&pki).await;
    let health = server.health_address();
    assert_eq!(get(health, "/livez").await.status, StatusCode::OK);
    let ready = get(health, "/readyz").await;
    assert_eq!(ready.status, StatusCode::OK);
    assert_eq!(ready.text(), "[+] certificate\n[+] policies\n[+] running\n");
    assert_eq!(get(health, "/mutate").await.status, StatusCode::NOT_FOUND);

    let mut client = Client::h1(&pki, server.address()).await;
    client.post(review("u", "patch")).await.unwrap();
    client.post(b"{}".to_vec()).await.unwrap();
    let metrics = get(health, "/metrics").await.text();
    for line in [
        r#"extreg_admission_requests_total{resource="builds",operation="create",decision="patch"} 1"#,
        r#"extreg_admission_requests_total{resource="other",operation="other",decision="bad_request"} 1"#,
        r#"extreg_admission_duration_seconds_count{resource="builds",operation="create"} 1"#,
        r#"extreg_patch_total{field="push_secret"} 1"#,
        "extreg_in_flight 0",
    ] {
        assert!(
            metrics.lines().any(|other| other == line),
            "{line} is not in\n{metrics}"
        );
    }
}
