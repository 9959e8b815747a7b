//! The tasks of Tekton, whose definitions are in no package registry: a step is run as Tekton documents it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use extreg_tests::{ControlPlane, workspace_binary};
use serde_json::Value;

use crate::documents;
use crate::files::{AUDITS, CHECKS, assert_reports, assert_shows_changes, repository};
use crate::step::{Run, run};

/// Runs the one step of a task with these parameters.
fn task(name: &str, given: &[(&str, &str)], folder: &Path, kubeconfig: Option<&Path>) -> Run {
    let tasks = documents("packaging/pipelines/tekton.yaml");
    let mut tasks = tasks.iter();
    let task = tasks.find(|task| task["metadata"]["name"] == name).unwrap();
    assert_eq!(task["apiVersion"], "tekton.dev/v1");
    let params = task["spec"]["params"].as_array().unwrap();
    for (name, _) in given {
        assert!(params.iter().any(|param| param["name"] == *name), "{name}");
    }
    let steps = task["spec"]["steps"].as_array().unwrap();
    let [step] = steps.as_slice() else {
        panic!("{name} has {} steps", steps.len());
    };
    assert_eq!(step["image"], "$(params.image)");
    assert!(step.get("script").is_none(), "the image has no shell");
    // The folder of the image, whose path is fixed.
    assert_eq!(step["command"], serde_json::json!(["/oc-extreg"]));
    let mut command = Command::new(workspace_binary("oc-extreg").unwrap());
    for argument in step["args"].as_array().unwrap() {
        command.args(substituted(argument.as_str().unwrap(), params, given));
    }
    let mut variables = BTreeMap::new();
    if let Some(kubeconfig) = kubeconfig {
        variables.insert("KUBECONFIG".to_owned(), kubeconfig.display().to_string());
    }
    run(command, folder, &variables)
}

/// An argument with its parameter: a text, or each item of a list.
fn substituted(argument: &str, params: &[Value], given: &[(&str, &str)]) -> Vec<String> {
    let Some(name) = argument.strip_prefix("$(params.") else {
        return vec![argument.to_owned()];
    };
    let name = name.trim_end_matches(')');
    let default = |name: &str| {
        let param = params.iter().find(|param| param["name"] == name);
        param.unwrap_or_else(|| panic!("{name} is not a parameter"))["default"].clone()
    };
    if let Some(name) = name.strip_suffix("[*]") {
        let items = default(name);
        let items = items.as_array().unwrap().iter();
        return items
            .map(|item| item.as_str().unwrap().to_owned())
            .collect();
    }
    let given = given.iter().find(|(other, _)| *other == name);
    vec![given.map_or_else(
        || default(name).as_str().unwrap().to_owned(),
        |(_, value)| (*value).to_owned(),
    )]
}

#[test]
fn tasks_on_files_end_with_the_documented_codes() {
    let repository = repository();
    let folder = repository.path();
    for (files, code) in CHECKS {
        let run = task("extreg-check", &[("files", files)], folder, None).ends(code);
        if files == "incomplete" {
            assert_shows_changes(&run);
        }
    }
    for (files, severity, code) in AUDITS {
        let params = [("files", files), ("fail-on", severity)];
        task("extreg-audit", &params, folder, None).ends(code);
        if files == "incomplete" {
            assert_reports(folder);
        }
    }
}

#[tokio::test]
async fn the_task_for_a_cluster_audits_it() {
    let plane = ControlPlane::shared().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let params = [("fail-on", "none")];
    let kubeconfig = Some(plane.kubeconfig());
    let run = task("extreg-audit-cluster", &params, folder.path(), kubeconfig).ends(0);
    assert!(run.out.starts_with("Audit of "), "{}{}", run.out, run.err);
}
