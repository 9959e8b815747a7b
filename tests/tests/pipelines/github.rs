//! The GitHub action.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use extreg_tests::{ControlPlane, GoTool};
use serde_json::Value;

use crate::files::{AUDITS, CHECKS, assert_reports, assert_shows_changes, repository};
use crate::step::{Run, run, shell};
use crate::{documents, root};

/// The action with inputs that a workflow sets.
pub(crate) struct Action {
    document: Value,
    inputs: BTreeMap<String, String>,
}

impl Action {
    pub(crate) fn with(inputs: &[(&str, &str)]) -> Self {
        let document = documents("action.yml").remove(0);
        let declared = document["inputs"].as_object().unwrap();
        let mut values: BTreeMap<String, String> = declared
            .iter()
            .map(|(name, input)| (name.clone(), input["default"].as_str().unwrap().to_owned()))
            .collect();
        for (name, value) in inputs {
            let old = values.insert((*name).to_owned(), (*value).to_owned());
            assert!(old.is_some(), "{name} is not an input");
        }
        Self {
            document,
            inputs: values,
        }
    }

    /// The script and the variables of a step.
    pub(crate) fn step(&self, name: &str) -> (String, BTreeMap<String, String>) {
        let steps = self.document["runs"]["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["name"] == name).unwrap();
        let script = step["run"].as_str().unwrap().to_owned();
        // A value in a script would be run as a part of it.
        assert!(!script.contains("${{"), "{script}");
        let variables = step["env"].as_object().unwrap().iter();
        let variables = variables.map(|(name, value)| {
            let value = value.as_str().unwrap();
            let input = value
                .strip_prefix("${{ inputs.")
                .and_then(|rest| rest.strip_suffix(" }}"));
            let value = input.map_or(value, |input| &self.inputs[input]);
            (name.clone(), value.to_owned())
        });
        (script, variables.collect())
    }

    fn run(&self, step: &str, folder: &Path, kubeconfig: Option<&Path>) -> Run {
        let (script, mut variables) = self.step(step);
        if let Some(kubeconfig) = kubeconfig {
            variables.insert("KUBECONFIG".to_owned(), kubeconfig.display().to_string());
        }
        run(shell(&script), folder, &variables)
    }
}

#[test]
fn a_check_of_files_ends_with_the_documented_codes() {
    let repository = repository();
    for (files, code) in CHECKS {
        let run = Action::with(&[("files", files)])
            .run("Check", repository.path(), None)
            .ends(code);
        if files == "incomplete" {
            assert_shows_changes(&run);
        }
    }
}

#[test]
fn an_audit_of_files_ends_with_the_documented_codes_and_writes_its_reports() {
    let repository = repository();
    for (files, severity, code) in AUDITS {
        let action = Action::with(&[("files", files), ("fail-on", severity)]);
        action.run("Audit", repository.path(), None).ends(code);
        if files == "incomplete" {
            assert_reports(repository.path());
        }
    }
    // A known finding does not fail.
    let known = [
        "audit",
        "-R",
        "-f",
        "incomplete",
        "--write-baseline",
        "known.json",
    ];
    let mut plugin = Command::new("oc-extreg");
    plugin.args(known);
    run(plugin, repository.path(), &BTreeMap::new());
    let inputs = [
        ("files", "incomplete"),
        ("fail-on", "medium"),
        ("baseline", "known.json"),
    ];
    let action = Action::with(&inputs);
    action.run("Audit", repository.path(), None).ends(0);
}

#[tokio::test]
async fn a_check_decides_with_the_cluster_if_requested() {
    let plane = ControlPlane::shared().await.unwrap();
    let mut kubectl = plane.kubectl();
    let created = kubectl.args(["create", "namespace", "shop"]).status();
    assert!(created.unwrap().success());
    let repository = repository();
    for (cluster, is_offline) in [("false", true), ("true", false)] {
        let action = Action::with(&[("files", "incomplete"), ("cluster", cluster)]);
        let run = action
            .run("Check", repository.path(), Some(plane.kubeconfig()))
            .ends(3);
        let note = "the cluster was not queried";
        assert_eq!(run.err.contains(note), is_offline, "{}", run.err);
    }
}

/// What actionlint reports for a workflow in a repository that has the action in its root.
fn lint(workflow: &str) -> (bool, String) {
    let actionlint = GoTool::Actionlint
        .build(|line| eprintln!("{line}"))
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let workflows = folder.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::copy(root().join("action.yml"), folder.path().join("action.yml")).unwrap();
    fs::write(workflows.join("extreg.yml"), workflow).unwrap();
    let output = Command::new(actionlint)
        .args(["-no-color", "-shellcheck=", "-pyflakes="])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.success(), text)
}

#[test]
fn the_workflow_uses_the_action_as_actionlint_expects() {
    let path = root().join("packaging/pipelines/github.yml");
    let workflow = fs::read_to_string(path).unwrap();
    let uses = concat!("extreg/oc-extreg@v", env!("CARGO_PKG_VERSION"));
    let workflow = workflow.replace(uses, "./");
    assert!(workflow.contains("uses: ./\n"), "{workflow}");
    let (is_clean, text) = lint(&workflow);
    assert!(is_clean && text.is_empty(), "{text}");
    let (is_clean, text) = lint(&workflow.replace("fail-on:", "fail-onn:"));
    assert!(!is_clean && text.contains("fail-onn"), "{text}");
}
