//! How this program was installed, by where it is and by the files that package managers keep. No other program is run.

use std::{
    env, fmt, fs,
    path::{Component, Path, PathBuf},
};

use extreg_manifests::names;

/// Name of the package for Debian and Red Hat, and of the program.
const PACKAGE: &str = names::PLUGIN;
/// Name of the package of cargo.
const CRATE: &str = env!("CARGO_PKG_NAME");

/// The way in which this program was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Channel {
    /// By krew, under this name.
    Krew { plugin: String },
    /// By a package for Debian or Ubuntu.
    Deb,
    /// By a package for Red Hat Enterprise Linux, Fedora or SUSE.
    Rpm,
    /// By cargo.
    Cargo(CargoSource),
    /// In the container image.
    Image,
    /// Built in a clone of the repository.
    Build,
    /// Copied from an archive, or in another way that leaves no mark.
    Archive { program: PathBuf },
}

/// The source that cargo installed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CargoSource {
    /// A registry of crates.
    Registry,
    /// A Git repository.
    Git { url: String },
    /// A folder.
    Folder { path: String },
}

impl Channel {
    /// That of this program; `None` if its path is unknown.
    pub(crate) fn detect() -> Option<Self> {
        let program = env::current_exe().ok()?;
        Some(Self::from_program(
            &fs::canonicalize(&program).unwrap_or(program),
        ))
    }

    /// That of a program, by its real path.
    fn from_program(program: &Path) -> Self {
        Self::from_krew(program)
            .or_else(|| Self::from_cargo(program))
            .or_else(|| Self::from_package(program))
            .or_else(|| Self::from_image(program))
            .or_else(|| Self::from_build(program))
            .unwrap_or_else(|| Self::Archive {
                program: program.to_owned(),
            })
    }

    /// The instruction to get another version.
    pub(crate) fn update(&self) -> String {
        match self {
            Self::Krew { plugin } => format!("kubectl krew upgrade {plugin}"),
            Self::Deb => format!(
                "sudo apt install ./{PACKAGE}_VERSION_ARCH.deb, with the file of a release: {}",
                releases()
            ),
            Self::Rpm => format!(
                "sudo dnf upgrade ./{PACKAGE}-VERSION.ARCH.rpm, with the file of a release: {}",
                releases()
            ),
            Self::Cargo(CargoSource::Registry) => format!("cargo install --locked {CRATE}"),
            Self::Cargo(CargoSource::Git { url }) => {
                format!("cargo install --locked --git {url} {CRATE}")
            }
            Self::Cargo(CargoSource::Folder { path }) => {
                format!("cargo install --locked --path {path}")
            }
            Self::Image => "use the image of another release".to_owned(),
            Self::Build => "git pull && cargo build --release".to_owned(),
            Self::Archive { program } => format!(
                "replace {} with the program of a release: {}",
                program.display(),
                releases()
            ),
        }
    }

    /// `ROOT/store/PLUGIN/VERSION/PROGRAM`, with a receipt (krew `internal/environment/environment.go`).
    fn from_krew(program: &Path) -> Option<Self> {
        let plugin = program.parent()?.parent()?;
        let store = plugin.parent()?;
        let name = plugin.file_name()?.to_str()?;
        let receipt = store
            .parent()?
            .join("receipts")
            .join(format!("{name}.yaml"));
        (store.ends_with("store") && receipt.is_file()).then(|| Self::Krew {
            plugin: name.to_owned(),
        })
    }

    /// `ROOT/bin/PROGRAM`, with a line in `ROOT/.crates.toml`: `"NAME VERSION (SOURCE)" = ["PROGRAM"]` (cargo
    /// `src/cargo/ops/common_for_install_and_uninstall.rs`).
    fn from_cargo(program: &Path) -> Option<Self> {
        let root = program.parent()?.parent()?;
        let list = fs::read_to_string(root.join(".crates.toml")).ok()?;
        let start = format!("\"{CRATE} ");
        let line = list.lines().find(|line| line.starts_with(&start))?;
        let (_, source) = line.split_once('(')?;
        let (source, _) = source.split_once(')')?;
        Some(Self::Cargo(CargoSource::parse(source)))
    }

    /// `ROOT/usr/bin/PROGRAM`, with the list of the package for Debian, or the license where only packages of Red Hat
    /// have it.
    fn from_package(program: &Path) -> Option<Self> {
        let folder = program.parent()?;
        let root = folder.parent()?.parent()?;
        if !folder.ends_with("usr/bin") {
            return None;
        }
        let name = program.file_name()?.to_str()?;
        let list = root.join(format!("var/lib/dpkg/info/{PACKAGE}.list"));
        let is_listed = |list: String| list.lines().any(|line| line == format!("/usr/bin/{name}"));
        if fs::read_to_string(list).is_ok_and(is_listed) {
            return Some(Self::Deb);
        }
        let license = root.join("usr/share/licenses").join(PACKAGE);
        license.is_dir().then_some(Self::Rpm)
    }

    /// The image has its programs in the root.
    fn from_image(program: &Path) -> Option<Self> {
        let mut components = program.components();
        let is_root = matches!(components.next(), Some(Component::RootDir));
        (is_root && components.count() == 1).then_some(Self::Image)
    }

    /// cargo locks the folder that it builds in.
    fn from_build(program: &Path) -> Option<Self> {
        let lock = program.parent()?.join(".cargo-lock");
        lock.is_file().then_some(Self::Build)
    }
}

impl CargoSource {
    /// As cargo writes it: `registry+URL`, `git+URL?branch=…#COMMIT` or `path+file://FOLDER`.
    fn parse(source: &str) -> Self {
        let bare = |url: &str| {
            let end = url.find(['?', '#']).unwrap_or(url.len());
            url.get(..end).unwrap_or_default().to_owned()
        };
        if let Some(url) = source.strip_prefix("git+") {
            Self::Git { url: bare(url) }
        } else if let Some(path) = source.strip_prefix("path+file://") {
            Self::Folder { path: bare(path) }
        } else {
            Self::Registry
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Krew { .. } => "installed with krew",
            Self::Deb => "installed from a Debian package",
            Self::Rpm => "installed from an RPM package",
            Self::Cargo(_) => "installed with cargo",
            Self::Image => "part of the container image",
            Self::Build => "built from source",
            Self::Archive { .. } => "installed from an archive",
        })
    }
}

fn releases() -> String {
    format!("{}/releases", names::HOME)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The channel of a program in a folder that has these files as well.
    fn channel(program: &str, files: &[(&str, &str)]) -> Channel {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Channel::from_program(&folder.path().join(program))
    }

    #[test]
    fn each_way_of_installing_has_its_command() {
        let crates = |source: &str| {
            format!(
                "[v1]\n\"other 1.0.0 (registry+x)\" = [\"other\"]\n\"{CRATE} 0.1.0 ({source})\" = [\"oc-extreg\"]\n"
            )
        };
        let registry = crates("registry+https://github.com/rust-lang/crates.io-index");
        let git = crates("git+https://git.example/oc-extreg?branch=main#0123abc");
        let path = crates("path+file:///home/ann/oc-extreg/plugin");
        let cargo = |list: &str| channel(".cargo/bin/oc-extreg", &[(".cargo/.crates.toml", list)]);
        let krew = "store/extreg/v0.1.0/oc-extreg";
        let list = [(
            "var/lib/dpkg/info/oc-extreg.list",
            "/.\n/usr/bin\n/usr/bin/oc-extreg\n",
        )];
        let license = [("usr/share/licenses/oc-extreg/LICENSE", "")];
        for (channel, name, command) in [
            (
                channel(krew, &[("receipts/extreg.yaml", "")]),
                "krew",
                "kubectl krew upgrade extreg",
            ),
            (
                channel("usr/bin/oc-extreg", &list),
                "Debian",
                "sudo apt install ./oc-extreg_",
            ),
            (
                channel("usr/bin/oc-extreg", &license),
                "RPM",
                "sudo dnf upgrade ./oc-extreg-",
            ),
            (
                cargo(&registry),
                "cargo",
                "cargo install --locked extreg-plugin",
            ),
            (
                cargo(&git),
                "cargo",
                "cargo install --locked --git https://git.example/oc-extreg extreg-plugin",
            ),
            (
                cargo(&path),
                "cargo",
                "cargo install --locked --path /home/ann/oc-extreg/plugin",
            ),
            (
                Channel::from_program(Path::new("/oc-extreg")),
                "image",
                "use the image",
            ),
            (
                channel(
                    "target/debug/oc-extreg",
                    &[("target/debug/.cargo-lock", "")],
                ),
                "source",
                "cargo build --release",
            ),
            (
                channel("usr/local/bin/oc-extreg", &list),
                "archive",
                "usr/local/bin/oc-extreg",
            ),
        ] {
            assert!(
                channel.to_string().contains(name),
                "{channel} is not {name}"
            );
            let update = channel.update();
            assert!(update.contains(command), "{update} does not have {command}");
        }
    }

    #[test]
    fn a_place_without_the_mark_of_a_tool_is_not_its_installation() {
        let other = [("var/lib/dpkg/info/oc-extreg.list", "/usr/bin/other\n")];
        for (program, files) in [
            ("store/extreg/v0.1.0/oc-extreg", &[][..]),
            ("usr/bin/oc-extreg", &other),
            (".cargo/bin/oc-extreg", &[(".cargo/.crates.toml", "[v1]\n")]),
        ] {
            let channel = channel(program, files);
            assert!(
                matches!(channel, Channel::Archive { .. }),
                "{program}: {channel}"
            );
        }
    }
}
