//! `check` and `audit` report for a file what the webhook does when the object is created: for every test object, under
//! every policy file of a table, with the binaries.
#![cfg(test)]

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_core::object::Resource;
use extreg_core::verdict::MAX_WARNINGS;
use extreg_tests::fixtures::{POLICIES, objects};
use extreg_tests::{ReviewClient, WebhookServer, workspace_binary};
use serde_json::{Value, json};

const NAMESPACE: &str = "snow";

/// The kinds that an audit reads; the rest are requests, which no file and no list contains.
const AUDITED: [Resource; 3] = [
    Resource::Builds,
    Resource::BuildConfigs,
    Resource::ImageStreams,
];

#[tokio::test]
async fn check_audit_and_webhook_agree() {
    let objects = objects();
    let folder = tempfile::tempdir().unwrap();
    let manifests = folder.path().join("objects");
    std::fs::create_dir(&manifests).unwrap();
    for (index, (_, object)) in objects.iter().enumerate() {
        let file = manifests.join(format!("{index:03}.json"));
        std::fs::write(file, object.to_string()).unwrap();
    }
    for policy in POLICIES {
        let file = policy.map(|text| {
            let file = folder.path().join("policy.yaml");
            std::fs::write(&file, text).unwrap();
            format!("--policy={}", file.display())
        });
        let flags: Vec<&str> = file.iter().map(String::as_str).collect();
        let report = check(&manifests, &flags);
        let own = "--namespace=extreg-system";
        let server = WebhookServer::start_without_cluster(&[&flags[..], &[own]].concat()).unwrap();
        let mut client = server.client().await.unwrap();
        let judged = report["objects"].as_array().unwrap();
        assert_eq!(judged.len(), objects.len(), "{}", report["errors"]);
        let mut changed = 0;
        for (index, ((resource, object), judged)) in objects.iter().zip(judged).enumerate() {
            let answer = review(&mut client, *resource, object).await;
            let what = format!("{policy:?}\n{object}");
            assert_same(judged, &answer, &what);
            changed += usize::from(judged["decision"] != "Unchanged");
            if AUDITED.contains(resource) {
                let file = manifests.join(format!("{index:03}.json"));
                assert_audited(judged, &audit(&file, &flags), &what);
            }
        }
        assert!(changed > 0, "{policy:?} changes nothing at all");
    }
}

fn assert_same(judged: &Value, answer: &Value, what: &str) {
    let patch = answer.get("patch").map_or_else(
        || json!([]),
        |patch| serde_json::from_slice(&STANDARD.decode(patch.as_str().unwrap()).unwrap()).unwrap(),
    );
    assert_eq!(judged["patch"], patch, "{what}");

    // `check` does not report that ImageStreams cannot be read if it runs without a cluster.
    let (unread, warnings): (Vec<&Value>, Vec<&Value>) =
        list(&answer["warnings"]).iter().partition(|warning| {
            warning
                .as_str()
                .unwrap()
                .ends_with("could not be read in time")
        });
    let places = list(&judged["places"]);
    let kept_for_it = places.iter().any(|place| place["reason"] == "StreamUnread");
    assert_eq!(!unread.is_empty(), kept_for_it, "{what}");
    let printed: Vec<&Value> = list(&judged["warnings"]).iter().collect();
    assert_eq!(printed, warnings, "{what}");

    // The fields, and the policies for each, from the audit event.
    let mut fields: Vec<String> = Vec::new();
    for place in places.iter().filter(|place| place["decision"] != "Keep") {
        fields.push(place["field"].as_str().unwrap().to_owned());
    }
    let audited = answer["auditAnnotations"]["field"].as_str().unwrap_or("");
    let audited: Vec<String> = audited
        .split(", ")
        .filter(|pointer| !pointer.is_empty())
        .map(as_people_write_it)
        .collect();
    assert_eq!(fields, audited, "{what}");
}

/// An audit that read nothing else must report the same for each field as `check`.
fn assert_audited(judged: &Value, report: &Value, what: &str) {
    let injections = list(&report["sections"][0]["injections"]);
    let places = list(&judged["places"]);
    let of_check: Vec<Value> = places
        .iter()
        .map(|place| {
            let outcome = match place["decision"].as_str().unwrap() {
                "Set" => "sets",
                "WouldSet" => "wouldSet",
                "Keep" => "keeps",
                other => panic!("{other} is not a decision: {what}"),
            };
            json!([
                place["field"],
                place["image"],
                place["policy"],
                outcome,
                place["message"]
            ])
        })
        .collect();
    let of_audit: Vec<Value> = injections
        .iter()
        .map(|of| {
            let field = &of["place"]["field"];
            json!([
                field,
                of["image"],
                of["policy"],
                of["outcome"],
                of["message"]
            ])
        })
        .collect();
    assert_eq!(of_audit, of_check, "{what}");

    // `check` reports a warning once per object, an audit for each field.
    let mut warnings: Vec<&Value> = Vec::new();
    for warning in injections.iter().flat_map(|of| list(&of["warnings"])) {
        if !warnings.contains(&warning) && warnings.len() < MAX_WARNINGS {
            warnings.push(warning);
        }
    }
    let printed: Vec<&Value> = list(&judged["warnings"]).iter().collect();
    assert_eq!(warnings, printed, "{what}");
}

/// `/spec/tags/0/importPolicy` as `spec.tags[0].importPolicy`.
fn as_people_write_it(pointer: &str) -> String {
    let mut text = String::new();
    for part in pointer.trim_start_matches('/').split('/') {
        if part.parse::<usize>().is_ok() {
            text.push_str(&format!("[{part}]"));
        } else {
            text.push_str(if text.is_empty() { "" } else { "." });
            text.push_str(part);
        }
    }
    text
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn check(manifests: &Path, flags: &[&str]) -> Value {
    plugin(&["check", "--offline", "--exit-zero"], manifests, flags)
}

fn audit(file: &Path, flags: &[&str]) -> Value {
    plugin(&["audit"], file, flags)
}

fn plugin(command: &[&str], file: &Path, flags: &[&str]) -> Value {
    let output = Command::new(workspace_binary("oc-extreg").unwrap())
        .args(command)
        .args(["-o", "json", "-n", NAMESPACE, "-f"])
        .arg(file)
        .args(flags)
        .env_clear()
        .current_dir("/")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The webhook's answer to the creation of the object.
async fn review(client: &mut ReviewClient, resource: Resource, object: &Value) -> Value {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": "CREATE",
            "resource": {"group": resource.group(), "version": "v1", "resource": resource.name()},
            "namespace": text("/metadata/namespace").unwrap_or(NAMESPACE),
            "name": text("/metadata/name").unwrap_or_default(),
            "userInfo": {"username": "ann"},
            "object": object,
        },
    });
    let answer = client.post(review.to_string()).await.unwrap();
    assert_eq!(answer.status, 200);
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    answer["response"].clone()
}
