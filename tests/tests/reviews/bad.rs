//! Bodies that no API server sends, or that only a broken object leads to: each gets a clear answer, and the server
//! continues.

use std::collections::BTreeSet;

use extreg_tests::ReviewClient;
use serde_json::{Value, json};

use crate::server::{recordings, server};

/// The review of a new BuildConfig, with this object.
fn review(object: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u",
        "resource":{{"group":"build.openshift.io","version":"v1","resource":"buildconfigs"}},
        "namespace":"snow","name":"app","operation":"CREATE","userInfo":{{"username":"ann"}},
        "object":{object}}}}}"#
    )
}

const GOOD: &str = r#"{"spec":{"output":{"to":{"kind":"DockerImage","name":"docker.io/u/a"}}}}"#;

fn stream_review(tags: &str) -> String {
    review(&format!(r#"{{"spec":{{"tags":[{tags}]}}}}"#))
        .replace("build.openshift.io", "image.openshift.io")
        .replace("buildconfigs", "imagestreams")
}

#[tokio::test]
async fn invalid_review_is_a_400_with_the_reason() {
    let (server, ca) = server().await;
    let mut client = ReviewClient::connect(server.address(), &ca).await.unwrap();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let good = review(GOOD);
    for (body, why) in [
        (Vec::new(), "empty"),
        (b"not json".to_vec(), "no JSON"),
        (b"null".to_vec(), "null"),
        (b"[]".to_vec(), "a list"),
        (b"{}".to_vec(), "no version"),
        (b"\xff\xfe{}".to_vec(), "no UTF-8"),
        (
            good.replace("k8s.io/v1\"", "k8s.io/v1beta1\"").into_bytes(),
            "another version",
        ),
        (
            good.replace("AdmissionReview", "Pod").into_bytes(),
            "another kind",
        ),
        (
            good.replace("\"request\"", "\"response\"").into_bytes(),
            "a response",
        ),
        (good.replace("\"uid\":\"u\",", "").into_bytes(), "no uid"),
        (good.as_bytes()[..good.len() - 3].to_vec(), "cut off"),
        (format!("{good}{good}").into_bytes(), "two of them"),
        (deep.into_bytes(), "100,000 deep"),
    ] {
        let answer = client.post(body).await.unwrap();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 400, "{why}: {text}");
        assert!(text.len() > 10 && text.len() < 500, "{why}: {text}");
    }
    assert!(has_patch(&mut client, good).await);
}

/// Whether a valid review is answered with a patch.
async fn has_patch(client: &mut ReviewClient, body: String) -> bool {
    let answer = client.post(body).await.unwrap();
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert_eq!(answer.status, 200, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&answer["response"]["allowed"], &answer["response"]["uid"]),
        (&json!(true), &json!("u"))
    );
    answer["response"].get("patch").is_some()
}

#[tokio::test]
async fn invalid_object_passes_unchanged() {
    let (server, ca) = server().await;
    let mut client = ReviewClient::connect(server.address(), &ca).await.unwrap();
    let deep = format!("{}1{}", r#"{"a":"#.repeat(100_000), "}".repeat(100_000));
    let deep_spec = format!(r#"{{"spec":{deep}}}"#);
    for object in [
        "null",
        "7",
        "[]",
        "\"x\"",
        "{}",
        &deep,
        &deep_spec,
        r#"{"spec":null,"metadata":null}"#,
        r#"{"spec":{"output":null}}"#,
        r#"{"spec":{"output":{"to":{"kind":"DockerImage","name":null}}}}"#,
        r#"{"spec":{"output":{"to":{"kind":"DockerImage","name":1e999}}}}"#,
        r#"{"spec":{},"spec":{"output":{"to":{"kind":"DockerImage","name":"docker.io/u/a"}}}}"#,
    ] {
        let shown: String = object.chars().take(60).collect();
        assert!(!has_patch(&mut client, review(object)).await, "{shown}");
    }
    assert!(has_patch(&mut client, review(GOOD)).await);
    // A key that is deep but not ours costs nothing and hides nothing.
    let beside = GOOD.replacen('{', &format!(r#"{{"status":{deep},"#), 1);
    assert!(has_patch(&mut client, review(&beside)).await);
}

#[tokio::test]
async fn large_bodies_are_accepted_up_to_a_limit() {
    let (server, ca) = server().await;
    let mut client = ReviewClient::connect(server.address(), &ca).await.unwrap();
    let padded = |bytes: usize| {
        let object = GOOD.replacen('{', &format!(r#"{{"status":"{}","#, "x".repeat(bytes)), 1);
        review(&object)
    };
    assert!(has_patch(&mut client, padded(7 << 20)).await);
    let over = client.post(padded(8_500_000)).await.unwrap();
    assert_eq!(over.status, 413);

    let mut client = ReviewClient::connect(server.address(), &ca).await.unwrap();
    let million = stream_review(&vec!["{}"; 1_000_000].join(","));
    assert!(!has_patch(&mut client, million).await);
    let tag = r#"{"from":{"kind":"DockerImage","name":"u/a"}}"#;
    assert!(has_patch(&mut client, stream_review(&vec![tag; 50_000].join(","))).await);
    assert!(has_patch(&mut client, review(GOOD)).await);
}

#[tokio::test]
async fn trap_21_wrong_type_in_any_field_gets_an_answer() {
    let (server, ca) = server().await;
    let mut client = ReviewClient::connect(server.address(), &ca).await.unwrap();
    let wrong = [
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!(true),
        json!([{}]),
    ];
    let mut sent = 0;
    let mut seen = BTreeSet::new();
    for file in recordings() {
        let recorded: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let request = &recorded["request"];
        // The first of each kind: the fields are the same in the rest.
        if !seen.insert(format!("{} {}", request["resource"], request["operation"])) {
            continue;
        }
        let mut pointers = Vec::new();
        collect(&recorded, &mut String::new(), &mut pointers);
        for pointer in pointers {
            for value in &wrong {
                let mut changed = recorded.clone();
                *changed.pointer_mut(&pointer).unwrap() = value.clone();
                let answer = client.post(changed.to_string()).await.unwrap();
                assert!(
                    matches!(answer.status, 200 | 400),
                    "{}: {pointer} = {value}: {}",
                    file.display(),
                    answer.status
                );
                sent += 1;
            }
        }
    }
    assert!(sent > 5_000, "{sent}");
    assert!(has_patch(&mut client, review(GOOD)).await);
}

/// The pointers of all fields, except managed fields.
fn collect(value: &Value, at: &mut String, into: &mut Vec<String>) {
    if !at.is_empty() {
        into.push(at.clone());
    }
    let length = at.len();
    match value {
        Value::Object(map) => {
            for (key, child) in map.iter().filter(|(key, _)| *key != "managedFields") {
                at.push('/');
                at.push_str(&key.replace('~', "~0").replace('/', "~1"));
                collect(child, at, into);
                at.truncate(length);
            }
        }
        Value::Array(list) => {
            for (index, child) in list.iter().enumerate() {
                at.push_str(&format!("/{index}"));
                collect(child, at, into);
                at.truncate(length);
            }
        }
        _ => {}
    }
}
