//! The reference of commands is generated, and the quick start of OpenShift's console has commands that exist.

use std::fs;
use std::path::Path;

use super::common::extreg;

const REFERENCE: &str = "docs/commands.md";
/// The quick start of OpenShift's console, a YAML file with texts in Markdown.
const QUICK_START: &str = "packaging/console/consolequickstart-oc-extreg.yaml";

#[test]
fn reference_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(REFERENCE);
    let page = fs::read_to_string(page).unwrap();
    let run = extreg()
        .args(["completion", "reference"])
        .assert()
        .success();
    let generated = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let differs = page.lines().zip(generated.lines()).find(|(a, b)| a != b);
    let advice = "run: oc-extreg completion reference > docs/commands.md";
    assert_eq!(differs, None, "{advice}");
    assert_eq!(page.len(), generated.len(), "{advice}");
}

/// What is between backticks in the quick start, in a line or in a block, if it is `oc extreg COMMAND …`: the words
/// after `oc extreg`. None of them is quoted.
fn quick_start() -> Vec<Vec<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(QUICK_START);
    let page = fs::read_to_string(page).unwrap();
    let code = page.split('`').skip(1).step_by(2);
    code.filter_map(|code| code.trim().split_once("oc extreg "))
        .map(|(_, rest)| rest.split_whitespace().map(str::to_owned).collect())
        .collect()
}

#[test]
fn commands_and_flags_of_the_quick_start_exist() {
    for mut arguments in quick_start() {
        // Clap prints help only after it accepted all preceding arguments.
        arguments.push("--help".to_owned());
        extreg().args(&arguments).assert().success();
    }
}

#[test]
fn the_quick_start_has_the_flow_of_the_first_hour() {
    let mut flow = vec!["check", "setup", "status", "secret", "audit", "teardown"];
    for arguments in quick_start() {
        flow.retain(|wanted| *wanted != arguments[0] || arguments.len() == 1);
    }
    assert!(flow.is_empty(), "{flow:?}");
}
