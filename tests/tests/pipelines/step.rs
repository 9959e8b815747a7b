//! One step of a pipeline, run as its host runs it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use extreg_tests::workspace_binary;

/// The result of a step.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        self
    }
}

/// Runs a command in a folder, with nothing of this environment but the plugin and the programs of the system.
pub(crate) fn run(
    mut command: Command,
    folder: &Path,
    variables: &BTreeMap<String, String>,
) -> Run {
    let plugin = workspace_binary("oc-extreg").unwrap();
    let path = format!("{}:/usr/bin:/bin", plugin.parent().unwrap().display());
    let output = command
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("PATH", path)
        .envs(variables)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// The shell of GitHub and GitLab: the first failing command ends the script.
pub(crate) fn shell(script: &str) -> Command {
    let mut shell = Command::new("bash");
    shell.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
    shell
}
