//! Repositories that the pipelines run on, and the results that are documented for them.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::step::Run;

/// What the webhook would complete.
const INCOMPLETE: &str = "\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: app
  namespace: shop
spec:
  tags:
  - name: v1
    from:
      kind: DockerImage
      name: docker.io/acme/app:v1
---
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata:
  name: app
  namespace: shop
spec:
  source:
    git:
      uri: https://git.example/acme/app.git
  strategy:
    dockerStrategy: {}
  output:
    to:
      kind: DockerImage
      name: docker.io/acme/app:v1
";
/// What it would not change.
const COMPLETE: &str = "\
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: app
spec:
  tags:
  - name: v1
    from:
      kind: DockerImage
      name: docker.io/acme/app:v1
    importPolicy:
      scheduled: true
";

/// What is not YAML.
const BROKEN: &str = "apiVersion: image.openshift.io/v1\nkind: ImageStream\nspec: [\n";

/// A repository with three folders of manifests, and one without.
pub(crate) fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("incomplete/app.yaml", INCOMPLETE),
        ("complete/deep/app.yaml", COMPLETE),
        ("broken/app.yaml", BROKEN),
        ("empty/README.md", "No manifests.\n"),
    ] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

/// The exit code of a check of each folder, as `docs/commands.md` has it.
pub(crate) const CHECKS: [(&str, i32); 4] = [
    ("incomplete", 3),
    ("complete", 0),
    ("broken", 1),
    ("empty", 0),
];

/// The exit code of an audit of a folder, by the severity that fails it. The finding is EXR005, of medium severity.
pub(crate) const AUDITS: [(&str, &str, i32); 5] = [
    ("incomplete", "high", 0),
    ("incomplete", "medium", 3),
    ("complete", "medium", 0),
    ("broken", "high", 1),
    ("empty", "high", 0),
];

/// Both reports of an audit have its finding.
pub(crate) fn assert_reports(folder: &Path) {
    let sarif = fs::read_to_string(folder.join("extreg.sarif")).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let result = results.iter().find(|result| result["ruleId"] == "EXR005");
    let location = &result.unwrap()["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(location, "incomplete/app.yaml", "{sarif}");
    let junit = fs::read_to_string(folder.join("extreg.xml")).unwrap();
    assert!(
        junit.contains("<testsuites") && junit.contains("EXR005"),
        "{junit}"
    );
}

/// The output of a check of the incomplete folder shows what is missing.
pub(crate) fn assert_shows_changes(run: &Run) {
    for line in ["+      scheduled: true", "+      name: dockerhub"] {
        assert!(run.out.contains(line), "{line}\n{}{}", run.out, run.err);
    }
}
