//! The metadata of a bundle: annotations, the same as labels of its image, and its scorecard tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use extreg_manifests::{File, Manifest, NOTE, ObjectName, Phase, RenderError};
use serde::Serialize;
use serde_json::json;

use super::{CHANNEL, PACKAGE};

/// The oldest OpenShift: that of Kubernetes [`super::csv::MIN_KUBERNETES`].
const OPENSHIFT: &str = "v4.20";
/// Of operator-sdk.
const SCORECARD_IMAGE: &str = "quay.io/operator-framework/scorecard-test:v1.41.1";
const SCORECARD: &str = "tests/scorecard/";

pub(super) fn metadata() -> Result<Vec<File>, RenderError> {
    let unnamed = |kind: &str, value: &serde_json::Value| {
        let object = ObjectName {
            api_version: String::new(),
            kind: kind.to_owned(),
            namespace: None,
            name: String::new(),
        };
        Manifest::named(Phase::Base, object, value)
    };
    let annotations = json!({ "annotations": annotations() });
    let scorecard = json!(Configuration::default());
    Ok(vec![
        File {
            name: "olm/bundle.Containerfile".to_owned(),
            content: containerfile(),
        },
        File::new(
            "olm/bundle/metadata/annotations.yaml".to_owned(),
            &unnamed("annotations", &annotations)?,
        )?,
        File::new(
            format!("olm/bundle/{SCORECARD}config.yaml"),
            &unnamed("Configuration", &scorecard)?,
        )?,
    ])
}

fn annotations() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([
        (
            "operators.operatorframework.io.bundle.mediatype.v1",
            "registry+v1",
        ),
        (
            "operators.operatorframework.io.bundle.manifests.v1",
            "manifests/",
        ),
        (
            "operators.operatorframework.io.bundle.metadata.v1",
            "metadata/",
        ),
        ("operators.operatorframework.io.bundle.package.v1", PACKAGE),
        ("operators.operatorframework.io.bundle.channels.v1", CHANNEL),
        (
            "operators.operatorframework.io.bundle.channel.default.v1",
            CHANNEL,
        ),
        (
            "operators.operatorframework.io.test.mediatype.v1",
            "scorecard+v1",
        ),
        ("operators.operatorframework.io.test.config.v1", SCORECARD),
        ("com.redhat.openshift.versions", OPENSHIFT),
    ])
}

/// Its folder is the folder `packaging/olm`.
fn containerfile() -> String {
    let mut text = format!("{NOTE}FROM scratch\n");
    for (key, value) in annotations() {
        // A write to a String cannot fail.
        let _ = writeln!(text, "LABEL {key}={value}");
    }
    for folder in ["manifests", "metadata", "tests"] {
        let _ = writeln!(text, "COPY bundle/{folder} /{folder}/");
    }
    text
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    api_version: &'static str,
    kind: &'static str,
    metadata: BTreeMap<&'static str, &'static str>,
    stages: Vec<Stage>,
}

#[derive(Serialize)]
struct Stage {
    parallel: bool,
    tests: Vec<Test>,
}

#[derive(Serialize)]
struct Test {
    entrypoint: [&'static str; 2],
    image: &'static str,
    labels: BTreeMap<&'static str, &'static str>,
}

impl Default for Configuration {
    fn default() -> Self {
        let test = |suite, name| Test {
            entrypoint: ["scorecard-test", name],
            image: SCORECARD_IMAGE,
            labels: BTreeMap::from([("suite", suite), ("test", name)]),
        };
        Self {
            api_version: "scorecard.operatorframework.io/v1alpha3",
            kind: "Configuration",
            metadata: BTreeMap::from([("name", "config")]),
            stages: vec![Stage {
                parallel: true,
                // Not olm-crds-have-resources: a policy creates no objects.
                tests: vec![
                    test("basic", "basic-check-spec"),
                    test("olm", "olm-bundle-validation"),
                    test("olm", "olm-crds-have-validation"),
                    test("olm", "olm-spec-descriptors"),
                    test("olm", "olm-status-descriptors"),
                ],
            }],
        }
    }
}
