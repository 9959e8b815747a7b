//! Objects before and after the webhook.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::WebhookServer;
use serde_json::Value;

/// An object as it was sent, and as the webhook changed it.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) before: Value,
    pub(crate) after: Value,
}

/// Every ImageStream and BuildConfig that a real OpenShift sent for review and that the webhook changes.
pub(crate) async fn pairs() -> Vec<Pair> {
    let server = WebhookServer::start_without_cluster(&[]).unwrap();
    let mut client = server.client().await.unwrap();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorded");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect();
    paths.sort();
    let mut pairs = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let review: Value = serde_json::from_str(&text).unwrap();
        let before = review["request"]["object"].clone();
        if !["ImageStream", "BuildConfig"].contains(&before["kind"].as_str().unwrap_or_default()) {
            continue;
        }
        let answer = client.post(text).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let Some(patch) = answer["response"]["patch"].as_str() else {
            continue;
        };
        let patch = STANDARD.decode(patch).unwrap();
        let patch: json_patch::Patch = serde_json::from_slice(&patch).unwrap();
        let mut after = before.clone();
        json_patch::patch(&mut after, &patch).unwrap();
        assert_ne!(before, after, "{}", path.display());
        let name = path.display().to_string();
        pairs.push(Pair {
            name,
            before,
            after,
        });
    }
    for kind in ["ImageStream", "BuildConfig"] {
        assert!(
            pairs.iter().any(|pair| pair.after["kind"] == kind),
            "{kind}"
        );
    }
    pairs
}
