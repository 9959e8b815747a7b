//! Packages of the plugin for Debian's and Red Hat's systems, made from its archive by nfpm.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use extreg_manifests::names;
use extreg_tests::GoTool;
use serde_json::{Value, json};

use super::contents::{COMPLETE, KUBECTL};
use super::folder::{Archive, Folder};
use super::target::{Os, PLUGIN, Product, Target};
use crate::commit::{self, Commit};
use crate::pack::{self, Entry};
use crate::{console, step};

/// A format of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Debian, Ubuntu.
    Deb,
    /// Red Hat Enterprise Linux, Fedora, SUSE.
    Rpm,
}

impl Format {
    /// Every format.
    pub(super) const ALL: [Self; 2] = [Self::Deb, Self::Rpm];

    /// As nfpm spells it, and the end of file names.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
        }
    }

    /// The file name of a package, as users of its systems expect it.
    pub(super) fn file(self, target: Target) -> String {
        let version = env!("CARGO_PKG_VERSION");
        match self {
            Self::Deb => format!("{PLUGIN}_{version}-1_{}.deb", self.arch(target)),
            Self::Rpm => format!("{PLUGIN}-{version}-1.{}.rpm", self.arch(target)),
        }
    }

    /// A processor, as the format spells it.
    pub(super) fn arch(self, target: Target) -> &'static str {
        match (self, target.arch()) {
            (Self::Deb, "ppc64le") => "ppc64el",
            (Self::Rpm, "amd64") => "x86_64",
            (Self::Rpm, "arm64") => "aarch64",
            (_, arch) => arch,
        }
    }

    /// Where completions of zsh are.
    const fn zsh(self) -> &'static str {
        match self {
            Self::Deb => "/usr/share/zsh/vendor-completions",
            Self::Rpm => "/usr/share/zsh/site-functions",
        }
    }

    /// Where the license is.
    const fn license(self) -> &'static str {
        match self {
            Self::Deb => "/usr/share/doc/oc-extreg/copyright",
            Self::Rpm => "/usr/share/licenses/oc-extreg/LICENSE",
        }
    }
}

/// Makes the packages of the archives that are for Linux, and returns their names.
pub(super) fn write(folder: &Folder, archives: &[Archive], commit: &Commit) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let plugins = archives
        .iter()
        .filter(|archive| archive.product == Product::Plugin && archive.target.os() == Os::Linux);
    for archive in plugins {
        for format in Format::ALL {
            let name = format.file(archive.target);
            folder.write(&name, &package(archive, format, commit)?)?;
            names.push(name);
        }
    }
    Ok(names)
}

/// One package.
fn package(archive: &Archive, format: Format, commit: &Commit) -> Result<Vec<u8>> {
    let staged = tempfile::tempdir().context("make a folder for a package")?;
    let mut contents = Vec::new();
    for file in installed(archive, format)? {
        let source = staged.path().join(format!("{}", contents.len()));
        std::fs::write(&source, &file.bytes)?;
        contents.push(json!({
            "src": source,
            "dst": file.path,
            "file_info": { "mode": file.mode, "mtime": commit.time.to_string() },
        }));
    }
    for (link, name) in [
        (format!("/usr/bin/{KUBECTL}"), PLUGIN.to_owned()),
        (
            format!("/usr/share/man/man1/{KUBECTL}.1.gz"),
            format!("{PLUGIN}.1.gz"),
        ),
    ] {
        contents.push(json!({
            "src": name,
            "dst": link,
            "type": "symlink",
            "file_info": { "mtime": commit.time.to_string() },
        }));
    }
    let settings = staged.path().join("nfpm.yaml");
    std::fs::write(
        &settings,
        settings_of(archive, &contents, commit).to_string(),
    )?;
    let output = staged.path().join(format.file(archive.target));
    nfpm(&settings, format, &output, commit)?;
    std::fs::read(&output).with_context(|| format!("read {}", output.display()))
}

/// JSON is YAML too.
fn settings_of(archive: &Archive, contents: &[Value], commit: &Commit) -> Value {
    json!({
        "name": PLUGIN,
        "arch": archive.target.arch(),
        "platform": archive.target.os().as_str(),
        "version": env!("CARGO_PKG_VERSION"),
        "release": "1",
        "section": "admin",
        "priority": "optional",
        "maintainer": format!("The maintainers of oc extreg <{}>", names::HOME),
        "vendor": "oc extreg",
        "homepage": names::HOME,
        "license": "Apache-2.0",
        "description": "Set up and audit images in external registries\n\
            A plugin of oc and kubectl for OpenShift builds that push to an external registry.",
        "mtime": commit.time.to_string(),
        "contents": contents,
        "rpm": { "summary": "Set up and audit images in external registries", "buildhost": "localhost" },
    })
}

fn nfpm(settings: &Path, format: Format, output: &Path, commit: &Commit) -> Result<()> {
    let nfpm = GoTool::Nfpm.build(|text| console::line(&format!("== {text}")))?;
    let mut command = Command::new(nfpm);
    command
        .args(["package", "--packager", format.as_str(), "--config"])
        .arg(settings)
        .arg("--target")
        .arg(output)
        .env(commit::EPOCH, commit.seconds()?.to_string());
    step::run("package", &mut command)
}

/// The files of a package by their places on a system, sorted.
pub(super) fn installed(archive: &Archive, format: Format) -> Result<Vec<Entry>> {
    let mut files = Vec::new();
    for file in &archive.files {
        let Some(path) = place(&file.path, format) else {
            continue;
        };
        let is_page = file.path.starts_with("man/");
        files.push(Entry {
            mode: file.mode,
            bytes: if is_page {
                pack::gzip(&file.bytes)?
            } else {
                file.bytes.clone()
            },
            path,
        });
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// Where a file of the archive is installed, if it is.
fn place(path: &str, format: Format) -> Option<String> {
    if path == PLUGIN {
        return Some(format!("/usr/bin/{PLUGIN}"));
    }
    if path == "LICENSE" {
        return Some(format.license().to_owned());
    }
    if let Some(page) = path.strip_prefix("man/") {
        return Some(format!("/usr/share/man/man1/{page}.gz"));
    }
    let script = path.strip_prefix("completions/")?;
    if COMPLETE.contains(&script) {
        return Some(format!("/usr/bin/{script}"));
    }
    if let Some(program) = script.strip_suffix(".bash") {
        return Some(format!("/usr/share/bash-completion/completions/{program}"));
    }
    if script.strip_suffix(".fish").is_some() {
        return Some(format!("/usr/share/fish/vendor_completions.d/{script}"));
    }
    if script.starts_with('_') {
        return Some(format!("{}/{script}", format.zsh()));
    }
    // PowerShell reads no folder of the system.
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_where_the_system_searches_them() {
        for (path, deb, rpm) in [
            ("oc-extreg", "/usr/bin/oc-extreg", "/usr/bin/oc-extreg"),
            (
                "LICENSE",
                "/usr/share/doc/oc-extreg/copyright",
                "/usr/share/licenses/oc-extreg/LICENSE",
            ),
            (
                "man/oc-extreg-audit.1",
                "/usr/share/man/man1/oc-extreg-audit.1.gz",
                "/usr/share/man/man1/oc-extreg-audit.1.gz",
            ),
            (
                "completions/_kubectl-extreg",
                "/usr/share/zsh/vendor-completions/_kubectl-extreg",
                "/usr/share/zsh/site-functions/_kubectl-extreg",
            ),
            (
                "completions/oc-extreg.bash",
                "/usr/share/bash-completion/completions/oc-extreg",
                "/usr/share/bash-completion/completions/oc-extreg",
            ),
        ] {
            assert_eq!(place(path, Format::Deb).as_deref(), Some(deb));
            assert_eq!(place(path, Format::Rpm).as_deref(), Some(rpm));
        }
        assert_eq!(place("completions/oc-extreg.ps1", Format::Deb), None);
    }

    #[test]
    fn each_format_has_its_own_name_for_a_processor() {
        assert_eq!(
            Format::Deb.file(Target::LinuxPpc64le),
            "oc-extreg_0.1.0-1_ppc64el.deb"
        );
        assert_eq!(
            Format::Rpm.file(Target::LinuxArm64),
            "oc-extreg-0.1.0-1.aarch64.rpm"
        );
    }
}
