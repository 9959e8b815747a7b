//! The plugin that the pipelines download, from a release on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use extreg_tests::workspace_binary;

use crate::github::Action;
use crate::gitlab;
use crate::step::shell;

/// A release with one archive and its checksum; returns its URL.
fn release(folder: &Path, is_changed: bool) -> String {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let version = env!("CARGO_PKG_VERSION");
    let archive = format!("oc-extreg-{version}-linux-{arch}.tar.gz");
    let files = folder.join(format!("v{version}"));
    fs::create_dir_all(&files).unwrap();
    let plugin = workspace_binary("oc-extreg").unwrap();
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(plugin.parent().unwrap());
    tar.arg("-czf").arg(files.join(&archive)).arg("oc-extreg");
    assert!(tar.status().unwrap().success());
    let sums = Command::new("sha256sum")
        .arg(&archive)
        .current_dir(&files)
        .output()
        .unwrap();
    fs::write(files.join("SHA256SUMS"), sums.stdout).unwrap();
    if is_changed {
        fs::write(files.join(&archive), "something else").unwrap();
    }
    format!("file://{}", folder.display())
}

/// Runs a script without the plugin on the PATH; returns whether it succeeded, and its output.
fn install(script: &str, mut variables: BTreeMap<String, String>, url: String) -> (bool, String) {
    assert!(variables.insert("RELEASES".to_owned(), url).is_some());
    let output = shell(script)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(variables)
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.success(), text)
}

#[test]
fn the_action_installs_a_verified_release() {
    let folder = tempfile::tempdir().unwrap();
    let (script, mut variables) = Action::with(&[]).step("Install");
    let path = folder.path().join("path");
    fs::write(&path, "").unwrap();
    variables.insert("GITHUB_PATH".to_owned(), path.display().to_string());
    let url = release(folder.path(), true);
    let (is_installed, text) = install(&script, variables.clone(), url);
    assert!(!is_installed && text.contains("FAILED"), "{text}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "");

    let (is_installed, text) = install(&script, variables, release(folder.path(), false));
    assert!(is_installed, "{text}");
    let installed = fs::read_to_string(&path).unwrap();
    let plugin = Path::new(installed.trim()).join("oc-extreg");
    let version = Command::new(plugin).args(["version", "--client"]).output();
    assert!(version.unwrap().status.success());
}

#[test]
fn the_jobs_of_gitlab_install_a_verified_release() {
    let folder = tempfile::tempdir().unwrap();
    let script = gitlab::script("extreg-check")
        .replace("oc-extreg check \"$@\"", "oc-extreg version --client");
    let variables = gitlab::variables(&[]);
    let url = release(folder.path(), true);
    let (is_installed, text) = install(&script, variables.clone(), url);
    assert!(!is_installed && text.contains("FAILED"), "{text}");
    let (is_installed, text) = install(&script, variables, release(folder.path(), false));
    assert!(is_installed && text.contains("Client Version"), "{text}");
}
