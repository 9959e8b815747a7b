//! A control plane with the sample cluster, and the plugin with any kubeconfig.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use extreg_tests::{ControlPlane, with_input, workspace_binary};
use serde_json::Value;
use tokio::sync::OnceCell;

/// The accounts that OpenShift's controllers create in each namespace, and the configuration of its operators.
const AROUND: &str = include_str!("around.yaml");

/// The objects of the sample, and their surroundings.
pub(crate) fn files() -> [PathBuf; 2] {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    [
        here.join("tests/audit/around.yaml"),
        here.join("../crates/snapshot/tests/data/cluster.yaml"),
    ]
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    fn new(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// The report, from a run that ended with `code`.
    pub(crate) fn report(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{}\n{}", self.err, self.out);
        serde_json::from_str(&self.out).unwrap()
    }
}

/// The one control plane of this binary, with the sample cluster in it.
pub(crate) async fn plane() -> &'static ControlPlane {
    static APPLIED: OnceCell<()> = OnceCell::const_new();
    let plane = ControlPlane::shared().await.unwrap();
    APPLIED
        .get_or_init(|| async {
            let [_, sample] = files();
            let sample = std::fs::read_to_string(sample).unwrap();
            // The namespaces come first in the sample.
            apply(plane, &sample);
            apply(plane, AROUND);
        })
        .await;
    plane
}

/// Applies objects that must be accepted.
pub(crate) fn apply(plane: &ControlPlane, yaml: &str) {
    let run = kubectl(plane, &["apply", "--server-side", "-f", "-"], yaml);
    assert_eq!(run.code, 0, "{}", run.err);
}

pub(crate) fn kubectl(plane: &ControlPlane, args: &[&str], stdin: &str) -> Run {
    run(plane.kubectl().args(args), stdin)
}

/// The plugin, as the user of the kubeconfig.
pub(crate) fn extreg(kubeconfig: &Path, args: &[&str]) -> Run {
    let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
    plugin
        .args(args)
        .arg("--kubeconfig")
        .arg(kubeconfig)
        .env_clear()
        .current_dir("/");
    run(&mut plugin, "")
}

fn run(command: &mut Command, stdin: &str) -> Run {
    Run::new(with_input(command, stdin).unwrap())
}

/// Every finding of a report in one line: check, rule, namespace, object, part and outcome.
pub(crate) fn findings(report: &Value) -> BTreeSet<String> {
    let findings = report["sections"][0]["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let place = &finding["place"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            [
                text(&finding["check"]),
                text(&finding["rule"]),
                text(&place["namespace"]),
                format!("{}/{}", text(&place["kind"]), text(&place["name"])),
                text(&place["part"]),
                text(&finding["outcome"]),
            ]
            .join(" | ")
        })
        .collect()
}

/// The gaps of a report: resource and reason.
pub(crate) fn gaps(report: &Value) -> BTreeSet<String> {
    let gaps = report["sections"][0]["coverage"]["gaps"]
        .as_array()
        .unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    gaps.iter()
        .map(|gap| format!("{}: {}", text(&gap["what"]), text(&gap["reason"])))
        .collect()
}
