//! What the archives contain.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use extreg_tests::{PluginFolder, workspace_binary};

use super::target::{Os, PLUGIN, Product, Target};
use crate::commit::Commit;
use crate::pack::{self, DATA, Entry, PROGRAM};
use crate::step;

/// The second name of the plugin, by which kubectl finds it.
pub(super) const KUBECTL: &str = "kubectl-extreg";
/// The shells that archives have completions for, and their files.
const SHELLS: [(&str, &str, &str); 4] = [
    ("bash", "", ".bash"),
    ("fish", "", ".fish"),
    ("powershell", "", ".ps1"),
    ("zsh", "_", ""),
];
/// The scripts by which oc and kubectl complete the plugin.
pub(super) const COMPLETE: [&str; 2] = ["kubectl_complete-extreg", "oc_complete-extreg"];

/// What each archive of the plugin contains beside the program: completions, the scripts by which oc and kubectl
/// complete it, and manual pages, all from the program itself.
pub(super) fn texts() -> Result<Vec<Entry>> {
    let mut cargo = step::cargo(["build", "--package", "extreg-plugin", "--bin", PLUGIN])?;
    step::run("texts of the plugin", &mut cargo)?;
    let plugin = workspace_binary(PLUGIN)?;
    let links = PluginFolder::new()?;
    let kubectl = links.path().join(KUBECTL);
    let mut files = Vec::new();
    for (name, program) in [(PLUGIN, &plugin), (KUBECTL, &kubectl)] {
        for (shell, start, end) in SHELLS {
            let script = run(program, &["completion", shell])?;
            files.push(data(format!("completions/{start}{name}{end}"), script));
        }
    }
    let folder = tempfile::tempdir()?;
    let target = folder
        .path()
        .to_str()
        .context("a folder that is not UTF-8")?;
    run(&plugin, &["completion", "install", "--dir", target])?;
    for name in COMPLETE {
        files.push(Entry {
            path: format!("completions/{name}"),
            mode: PROGRAM,
            bytes: std::fs::read(folder.path().join(name))?,
        });
    }
    let folder = tempfile::tempdir()?;
    let target = folder
        .path()
        .to_str()
        .context("a folder that is not UTF-8")?;
    run(&plugin, &["completion", "man", "--dir", target])?;
    for page in names(folder.path())? {
        let bytes = std::fs::read(folder.path().join(&page))?;
        files.push(data(format!("man/{page}"), bytes));
    }
    Ok(files)
}

/// The files of an archive, sorted. No link is among them, since krew refuses archives with links.
pub(super) fn files(
    product: Product,
    target: Target,
    programs: &Path,
    texts: &[Entry],
) -> Result<Vec<Entry>> {
    let license = std::fs::read(step::root()?.join("LICENSE")).context("read LICENSE")?;
    let mut files = vec![data("LICENSE".to_owned(), license)];
    if product == Product::Plugin {
        // The scripts are for shells that Windows does not have.
        let texts = texts
            .iter()
            .filter(|file| file.mode != PROGRAM || target.os() != Os::Windows);
        files.extend(texts.cloned());
    }
    for program in product.programs() {
        let path = target.executable(program);
        let file = programs.join(&path);
        let bytes = std::fs::read(&file).with_context(|| format!("read {}", file.display()))?;
        files.push(Entry {
            path,
            mode: PROGRAM,
            bytes,
        });
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// The archive of these files.
pub(super) fn pack(target: Target, files: &[Entry], commit: &Commit) -> Result<Vec<u8>> {
    match target.os() {
        Os::Windows => pack::zip(files, commit.time),
        Os::Linux | Os::Darwin => {
            let files = files
                .iter()
                .map(|file| (file.path.as_str(), file.mode, file.bytes.as_slice()));
            pack::gzip(&pack::tar(files, commit.seconds()?)?)
        }
    }
}

/// The files of an archive. Fails for one of another commit.
pub(super) fn unpack(target: Target, bytes: &[u8], commit: &Commit) -> Result<Vec<Entry>> {
    let (files, is_ours) = match target.os() {
        Os::Windows => {
            let (files, time) = pack::read_zip(bytes)?;
            (files, time == pack::zip_time(commit.time)?)
        }
        Os::Linux | Os::Darwin => {
            let (files, time) = pack::read_tar_gz(bytes)?;
            (files, time == commit.seconds()?)
        }
    };
    ensure!(is_ours, "made from another commit: remove the file");
    Ok(files)
}

fn data(path: String, bytes: Vec<u8>) -> Entry {
    Entry {
        path,
        mode: DATA,
        bytes,
    }
}

/// What the plugin prints.
fn run(program: &Path, args: &[&str]) -> Result<Vec<u8>> {
    let output = Command::new(program)
        .args(args)
        .env("KUBECONFIG", "/nonexistent")
        .output()
        .with_context(|| format!("start {}", program.display()))?;
    ensure!(
        output.status.success(),
        "{} {} failed: {}",
        program.display(),
        args.join(" "),
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(output.stdout)
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(seconds: i64) -> Commit {
        Commit {
            revision: None,
            time: jiff::Timestamp::from_second(seconds).unwrap(),
        }
    }

    fn packed(target: Target) -> (Vec<Entry>, Vec<u8>) {
        let programs = tempfile::tempdir().unwrap();
        std::fs::write(programs.path().join(target.executable(PLUGIN)), "program").unwrap();
        let texts = [
            data("man/oc-extreg.1".to_owned(), b"page".to_vec()),
            Entry {
                path: "completions/oc_complete-extreg".to_owned(),
                mode: PROGRAM,
                bytes: b"script".to_vec(),
            },
        ];
        let files = files(Product::Plugin, target, programs.path(), &texts).unwrap();
        let bytes = pack(target, &files, &commit(1_700_000_000)).unwrap();
        (files, bytes)
    }

    #[test]
    fn two_builds_of_a_commit_give_the_same_archive() {
        for target in [Target::LinuxS390x, Target::WindowsAmd64] {
            let (files, bytes) = packed(target);
            assert_eq!(packed(target).1, bytes);
            assert_eq!(
                unpack(target, &bytes, &commit(1_700_000_000)).unwrap(),
                files
            );
            let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
            let wanted: &[&str] = match target.os() {
                Os::Windows => &["LICENSE", "man/oc-extreg.1", "oc-extreg.exe"],
                Os::Linux | Os::Darwin => &[
                    "LICENSE",
                    "completions/oc_complete-extreg",
                    "man/oc-extreg.1",
                    "oc-extreg",
                ],
            };
            assert_eq!(paths, wanted);
        }
    }

    #[test]
    fn an_archive_of_another_commit_is_refused() {
        for target in [Target::LinuxArm64, Target::WindowsAmd64] {
            let error = unpack(target, &packed(target).1, &commit(1_600_000_000)).unwrap_err();
            assert!(error.to_string().contains("another commit"), "{error}");
        }
    }
}
