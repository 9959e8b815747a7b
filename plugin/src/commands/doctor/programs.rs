//! Which program "oc extreg" really runs: programs on the PATH with our name or a longer one.

use std::{
    env,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use extreg_remedy::Caller;

use super::shell::Shell;
use crate::{
    checklist::{Checks, Group},
    diagnosis::{channel::Channel, host},
};

const GROUP: Group = Group::Programs;

/// A file on the PATH.
#[derive(Clone, Debug, PartialEq, Eq)]
struct File {
    path: PathBuf,
    /// Its name without `.exe`.
    name: String,
    executable: bool,
}

/// Runs the checks.
pub(super) async fn look(tree: &clap::Command, checks: &mut Checks) {
    let search = env::var_os("PATH").unwrap_or_default();
    let files = files(env::split_paths(&search));
    checks.ok(
        GROUP,
        "program",
        format!("version {}, {}", env!("CARGO_PKG_VERSION"), program()),
    );
    if let Some(channel) = Channel::detect() {
        let message = format!("{channel}; to update: {}", channel.update());
        checks.ok(GROUP, "channel", message);
    }
    ours(&files, checks);
    strays(&files, tree, checks);
    completion(&files, checks);
    for caller in [Caller::Oc, Caller::Kubectl] {
        host(caller, checks).await;
    }
}

async fn host(caller: Caller, checks: &mut Checks) {
    let (program, name) = match caller {
        Caller::Oc => ("oc", "oc"),
        Caller::Kubectl => ("kubectl", "kubectl"),
    };
    match host::version(caller).await {
        Some(version) => checks.ok(GROUP, name, version),
        None => checks.skip(
            GROUP,
            name,
            format!("{program} is not on the PATH, or does not report its version"),
            None,
        ),
    }
}

/// Whether the first program of our name is this program.
fn ours(files: &[File], checks: &mut Checks) {
    let named = |caller: Caller| format!("{}-extreg", caller.program());
    let mut found = false;
    for caller in [Caller::Oc, Caller::Kubectl] {
        let name = named(caller);
        let mut all = files.iter().filter(|file| file.name == name);
        for file in files.iter().filter(|file| file.name == name) {
            if !file.executable {
                let path = file.path.display();
                checks.warn(
                    GROUP,
                    "path",
                    format!("{path} is not executable, so it is skipped"),
                    format!("chmod +x {path}"),
                );
            }
        }
        let Some(first) = all.find(|file| file.executable) else {
            continue;
        };
        found = true;
        let path = first.path.display();
        if is_this(&first.path) {
            checks.ok(GROUP, "path", format!("{path} is this program"));
        } else {
            checks.warn(
                GROUP,
                "path",
                format!("{path} comes first on the PATH and is a different program"),
                format!("{path} version --client"),
            );
        }
        for other in all.filter(|file| file.executable && !is_this(&file.path)) {
            checks.warn(
                GROUP,
                "path",
                format!("{} is another copy after {path}", other.path.display()),
                format!("{} version --client", other.path.display()),
            );
        }
    }
    if !found {
        checks.warn(
            GROUP,
            "path",
            "neither oc-extreg nor kubectl-extreg is on the PATH, so oc and kubectl do not find this plugin",
            Shell::host().put_on_path(&program()),
        );
    }
}

/// Programs that the hosts prefer because their name is longer (kubectl `pkg/cmd/cmd.go`
/// `HandlePluginCommand`).
fn strays(files: &[File], tree: &clap::Command, checks: &mut Checks) {
    for file in files.iter().filter(|file| file.executable) {
        let words = ["oc-extreg-", "kubectl-extreg-"];
        let Some(rest) = words.iter().find_map(|word| file.name.strip_prefix(word)) else {
            continue;
        };
        let typed = rest.replace('-', " ").replace('_', "-");
        let path = file.path.display();
        let first = typed.split(' ').next().unwrap_or_default();
        let host = file.name.split('-').next().unwrap_or_default();
        if tree.find_subcommand(first).is_some() {
            checks.fail(
                GROUP,
                "stray",
                format!("{path} is run for \"{host} extreg {typed}\" instead of this plugin"),
                Shell::host().remove(&path.to_string()),
            );
        } else {
            checks.warn(
                GROUP,
                "stray",
                format!("{path} adds \"{host} extreg {typed}\", which is not part of this plugin"),
                Shell::host().list(&path.to_string()),
            );
        }
    }
}

fn completion(files: &[File], checks: &mut Checks) {
    let install = "oc extreg completion install";
    let names = ["oc_complete-extreg", "kubectl_complete-extreg"];
    let there = |name: &str| files.iter().find(|file| file.name == name);
    match names.iter().find_map(|name| there(name)) {
        Some(file) if file.executable => {
            checks.ok(GROUP, "completion", file.path.display().to_string());
        }
        Some(file) => checks.warn(
            GROUP,
            "completion",
            format!("{} is not executable", file.path.display()),
            install,
        ),
        None => checks.skip(
            GROUP,
            "completion",
            "oc and kubectl do not complete this plugin",
            Some(install.to_owned()),
        ),
    }
}

/// The programs of our name on the PATH, in order.
fn files(folders: impl Iterator<Item = PathBuf>) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    for folder in folders {
        let mut here: Vec<File> = fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| File::from_path(&entry.ok()?.path()))
            .collect();
        here.sort_by(|one, other| one.name.cmp(&other.name));
        // The PATH can contain a folder twice.
        here.retain(|file| !files.iter().any(|seen| seen.path == file.path));
        files.append(&mut here);
    }
    files
}

impl File {
    fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name().and_then(OsStr::to_str)?;
        let name = name.strip_suffix(".exe").unwrap_or(name);
        let name = name.strip_suffix(".cmd").unwrap_or(name);
        let is_ours = [
            "oc-extreg",
            "kubectl-extreg",
            "oc_complete-",
            "kubectl_complete-",
        ]
        .iter()
        .any(|start| name.starts_with(start));
        (is_ours && path.is_file()).then(|| Self {
            path: path.to_owned(),
            name: name.to_owned(),
            executable: is_executable(path),
        })
    }
}

fn program() -> String {
    env::current_exe().map_or_else(
        |error| format!("at an unknown path ({error})"),
        |path| path.display().to_string(),
    )
}

/// Whether a file is this program, or a copy with the same bytes.
fn is_this(path: &Path) -> bool {
    let Ok(program) = env::current_exe() else {
        return false;
    };
    match (fs::canonicalize(path), fs::canonicalize(&program)) {
        (Ok(one), Ok(other)) if one == other => true,
        (Ok(one), Ok(other)) => {
            let length = |path: &Path| fs::metadata(path).ok().map(|data| data.len());
            length(&one) == length(&other)
                && matches!((fs::read(&one), fs::read(&other)), (Ok(one), Ok(other)) if one == other)
        }
        _ => false,
    }
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    fs::metadata(path).is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}
