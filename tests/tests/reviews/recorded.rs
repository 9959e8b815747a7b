//! Recorded reviews of a real OpenShift API server, replayed through the running server.
//!
//! Each golden file is the sent object with the one field that the design requires. They were created from the table
//! below and the recordings, not from the webhook's answers.

use std::collections::BTreeSet;

use base64::Engine as _;
use extreg_tests::ReviewClient;
use serde_json::Value;

use crate::server::{data, recordings, server};

/// The expected result of each recording, and why.
const EXPECTED: [(&str, Expect); 50] = [
    ("01", Expect::Untouched("a ProjectRequest is not ours")),
    ("02", Expect::Untouched("a Project is not ours")),
    (
        "03",
        Expect::Set(
            "/spec/output/pushSecret",
            "a new BuildConfig that pushes to docker.io",
        ),
    ),
    (
        "04",
        Expect::Set(
            "/spec/tags/0/importPolicy/scheduled",
            "a new tag from docker.io",
        ),
    ),
    (
        "05",
        Expect::Untouched("the import controller uses the tag's own policy"),
    ),
    ("06", Expect::Untouched("the tag exists with that from")),
    (
        "07",
        Expect::Set(
            "/tag/importPolicy/scheduled",
            "oc tag creates a tag: UPDATE, old tag null",
        ),
    ),
    ("08", Expect::Untouched("the import controller")),
    ("09", Expect::Untouched("scheduled already")),
    ("10", Expect::Untouched("the import controller")),
    ("11", Expect::Untouched("the import controller on schedule")),
    (
        "12",
        Expect::Removed(
            "tag.importPolicy.scheduled",
            "oc tag without --scheduled removes the schedule",
        ),
    ),
    (
        "13",
        Expect::Set("/tag/importPolicy/scheduled", "oc tag creates a stream"),
    ),
    ("14", Expect::Untouched("the import controller")),
    ("15", Expect::Untouched("from an ImageStreamImage")),
    ("16", Expect::Untouched("an alias")),
    ("17", Expect::Untouched("a digest")),
    ("18", Expect::Untouched("the import controller")),
    ("19", Expect::Untouched("reference: true")),
    (
        "20",
        Expect::Set(
            "/tag/importPolicy/scheduled",
            "a new tag, whatever its reference policy",
        ),
    ),
    ("21", Expect::Untouched("the import controller")),
    (
        "22",
        Expect::Set(
            "/spec/images/0/importPolicy/scheduled",
            "an import that creates a stream",
        ),
    ),
    ("23", Expect::Untouched("scheduled already")),
    (
        "24",
        Expect::Set(
            "/spec/repository/importPolicy/scheduled",
            "all tags of a new stream",
        ),
    ),
    ("25", Expect::Untouched("import: false")),
    (
        "26",
        Expect::Untouched("import: false, a lookup of oc new-build"),
    ),
    (
        "27",
        Expect::Set("/spec/output/pushSecret", "oc new-build --to-docker"),
    ),
    ("28", Expect::Untouched("a BuildRequest has no output")),
    ("29", Expect::Untouched("a BuildRequest has no output")),
    (
        "30",
        Expect::Untouched("the API server counts a build: it was generated before"),
    ),
    (
        "31",
        Expect::Set(
            "/spec/output/pushSecret",
            "the Build of a BuildConfig without a secret",
        ),
    ),
    ("32", Expect::Untouched("a Build's spec is immutable")),
    ("33", Expect::Untouched("a DeploymentConfig is not ours")),
    (
        "34",
        Expect::Untouched("oc set build-secret --push sets one"),
    ),
    (
        "35",
        Expect::Removed(
            "spec.output.pushSecret",
            "oc set build-secret --push --remove is not reverted",
        ),
    ),
    ("36", Expect::Untouched("set image-lookup changes no tag")),
    ("37", Expect::Untouched("annotate changes no tag")),
    ("38", Expect::Untouched("label changes no output")),
    ("39", Expect::Untouched("the patch changes no tag")),
    ("40", Expect::Untouched("the apply changes no tag")),
    ("41", Expect::Untouched("a BuildRequest has no output")),
    ("42", Expect::Untouched("the API server counts a build")),
    (
        "43",
        Expect::Set(
            "/spec/output/pushSecret",
            "oc start-build of an old BuildConfig",
        ),
    ),
    ("44", Expect::Untouched("CONNECT")),
    ("45", Expect::Untouched("the API server counts a build")),
    (
        "46",
        Expect::Set("/spec/output/pushSecret", "a binary build"),
    ),
    ("47", Expect::Untouched("a clone request has no output")),
    ("48", Expect::Untouched("the API server counts a build")),
    (
        "49",
        Expect::Set(
            "/spec/output/pushSecret",
            "the clone of a Build without a secret",
        ),
    ),
    (
        "50",
        Expect::Set(
            "/spec/output/pushSecret",
            "a dry run gives the same result as a real write",
        ),
    ),
];

#[derive(Clone, Copy, Debug)]
enum Expect {
    /// Exactly this field is added.
    Set(&'static str, &'static str),
    /// The object is unchanged.
    Untouched(&'static str),
    /// The object is unchanged, with a warning that names this field.
    Removed(&'static str, &'static str),
}

#[tokio::test]
async fn each_recorded_review_has_the_expected_result() {
    let (server, ca) = server().await;
    let mut client = ReviewClient::connect(server.address(), &ca).await.unwrap();
    let files = recordings();
    assert_eq!(files.len(), EXPECTED.len());
    for ((number, expect), file) in EXPECTED.iter().zip(&files) {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with(number), "{name} is not {number}");
        let recorded: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let response = review(&mut client, &recorded).await;
        match expect {
            Expect::Untouched(why) => {
                assert_eq!(patch(&response), None, "{name}: {why}");
                assert_eq!(response.get("warnings"), None, "{name}: {why}");
            }
            Expect::Removed(field, why) => {
                assert_eq!(patch(&response), None, "{name}: {why}");
                let warning = format!("extreg: this update removes {field}, ");
                let first = response["warnings"][0].as_str().unwrap();
                assert!(first.starts_with(&warning), "{name}: {why}: {first}");
            }
            Expect::Set(pointer, why) => {
                let patch = patch(&response).unwrap_or_else(|| panic!("{name}: no patch: {why}"));
                assert_eq!(patch[0]["path"], *pointer, "{name}: {why}");
                let patched = apply(&recorded["request"]["object"], &patch);
                let golden: Value =
                    serde_json::from_slice(&std::fs::read(data("golden").join(name)).unwrap())
                        .unwrap();
                assert_eq!(patched, golden, "{name}: {why}");
                // The API server does this if another webhook changes the object afterwards.
                let mut again = recorded.clone();
                again["request"]["object"] = patched;
                let reinvoked = review(&mut client, &again).await;
                assert_eq!(self::patch(&reinvoked), None, "{name}: called again");
            }
        }
    }
}

#[tokio::test]
async fn every_golden_file_belongs_to_a_changed_review() {
    let changed: BTreeSet<&str> = EXPECTED
        .iter()
        .filter_map(|(number, expect)| matches!(expect, Expect::Set(..)).then_some(*number))
        .collect();
    let golden: BTreeSet<String> = std::fs::read_dir(data("golden"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap()[..2].to_owned())
        .collect();
    assert_eq!(
        golden.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        changed
    );
}

/// Sends a review, checks the invariants of every answer, and returns its `response`.
pub(crate) async fn review(client: &mut ReviewClient, review: &Value) -> Value {
    let answer = client.post(review.to_string()).await.unwrap();
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, 200, "{text}");
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let response = &answer["response"];
    assert_eq!(answer["apiVersion"], "admission.k8s.io/v1");
    assert_eq!(answer["kind"], "AdmissionReview");
    assert_eq!(response["uid"], review["request"]["uid"]);
    assert_eq!(response["allowed"], true);
    assert_eq!(
        response.get("patch").is_some(),
        response.get("patchType").is_some()
    );
    response.clone()
}

/// The decoded patch.
fn patch(response: &Value) -> Option<Value> {
    let encoded = response.get("patch")?.as_str().unwrap();
    assert_eq!(response["patchType"], "JSONPatch");
    let json = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap();
    Some(serde_json::from_slice(&json).unwrap())
}

fn apply(object: &Value, patch: &Value) -> Value {
    let patch: json_patch::Patch = serde_json::from_value(patch.clone()).unwrap();
    let mut patched = object.clone();
    json_patch::patch(&mut patched, &patch).unwrap();
    patched
}
