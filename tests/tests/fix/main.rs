//! Every fix that `fix` plans is applied, as `check` and `audit` confirm, and a second run changes nothing.
#![cfg(test)]

mod cluster;
mod files;
mod generated;

use std::process::Command;

use extreg_tests::workspace_binary;
use serde_json::Value;

/// Runs the plugin; returns the exit code and the report.
fn report(args: &[&str]) -> (i32, Value) {
    let output = Command::new(workspace_binary("oc-extreg").unwrap())
        .args(args)
        .args(["-o", "json"])
        .env_clear()
        .current_dir("/")
        .output()
        .unwrap();
    let answer = String::from_utf8_lossy(&output.stderr);
    let report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {args:?}\n{answer}"));
    (output.status.code().unwrap(), report)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
