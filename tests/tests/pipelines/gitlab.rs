//! The template of GitLab CI.

use std::collections::BTreeMap;
use std::path::Path;

use extreg_tests::{ControlPlane, with_input};
use serde_json::{Value, json};

use crate::documents;
use crate::files::{AUDITS, CHECKS, assert_reports, assert_shows_changes, repository};
use crate::step::{Run, run, shell};

/// The variables of the jobs, with inputs of the pipeline that includes the template.
pub(crate) fn variables(inputs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let documents = documents("packaging/pipelines/gitlab.yml");
    let declared = documents[0]["spec"]["inputs"].as_object().unwrap();
    for (name, _) in inputs {
        assert!(declared.contains_key(*name), "{name} is not an input");
    }
    let value = |name: &str| {
        let given = inputs.iter().find(|(given, _)| *given == name);
        let default = || declared[name]["default"].as_str().unwrap();
        given.map_or_else(default, |(_, value)| value).to_owned()
    };
    let variables = documents[1][".extreg"]["variables"].as_object().unwrap();
    variables
        .iter()
        .map(|(name, text)| {
            let text = text.as_str().unwrap();
            let input = text
                .strip_prefix("$[[ inputs.")
                .and_then(|rest| rest.strip_suffix(" ]]"));
            (name.clone(), input.map_or_else(|| text.to_owned(), value))
        })
        .collect()
}

/// The lines of a job: those before its script, and its script.
pub(crate) fn script(job: &str) -> String {
    let document = documents("packaging/pipelines/gitlab.yml").remove(1);
    let lines = |list: &Value| {
        let lines = list.as_array().unwrap().iter();
        let lines: Vec<&str> = lines.map(|line| line.as_str().unwrap()).collect();
        lines.join("\n")
    };
    let before = lines(&document[".extreg"]["before_script"]);
    assert_eq!(document[job]["extends"], ".extreg");
    format!("{before}\n{}", lines(&document[job]["script"]))
}

fn job(name: &str, inputs: &[(&str, &str)], folder: &Path, kubeconfig: Option<&Path>) -> Run {
    let mut variables = variables(inputs);
    if let Some(kubeconfig) = kubeconfig {
        variables.insert("KUBECONFIG".to_owned(), kubeconfig.display().to_string());
    }
    run(shell(&script(name)), folder, &variables)
}

#[test]
fn jobs_on_files_end_with_the_documented_codes() {
    let repository = repository();
    let folder = repository.path();
    for (files, code) in CHECKS {
        let run = job("extreg-check", &[("files", files)], folder, None).ends(code);
        if files == "incomplete" {
            assert_shows_changes(&run);
        }
    }
    for (files, severity, code) in AUDITS {
        let inputs = [("files", files), ("fail-on", severity)];
        job("extreg-audit", &inputs, folder, None).ends(code);
        if files == "incomplete" {
            assert_reports(folder);
        }
    }
}

#[tokio::test]
async fn the_scheduled_job_audits_the_cluster() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("gitlab").await.unwrap();
    let stream = json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {"name": "app", "namespace": namespace},
        "spec": {"tags": [{"name": "v1", "from": {"kind": "DockerImage", "name": "docker.io/acme/app:v1"}}]},
    });
    let mut kubectl = plane.kubectl();
    let created = with_input(kubectl.args(["create", "-f", "-"]), &stream.to_string()).unwrap();
    assert!(created.status.success());
    let folder = tempfile::tempdir().unwrap();
    for (severity, code) in [("none", 0), ("low", 3)] {
        let inputs = [("fail-on", severity)];
        let kubeconfig = Some(plane.kubeconfig());
        let run = job("extreg-audit-cluster", &inputs, folder.path(), kubeconfig).ends(code);
        assert!(run.out.contains("EXR005"), "{}{}", run.out, run.err);
        let page = std::fs::read_to_string(folder.path().join("extreg.html")).unwrap();
        assert!(page.contains(&namespace));
    }
}
