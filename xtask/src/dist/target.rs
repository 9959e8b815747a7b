//! The platforms of a release.

use crate::image::{Machine, PROGRAMS, WEBHOOK};

/// The plugin.
pub(super) const PLUGIN: &str = "oc-extreg";

/// A platform that programs are built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Target {
    /// Linux on x86_64.
    #[value(name = "x86_64-unknown-linux-gnu")]
    LinuxAmd64,
    /// Linux on aarch64.
    #[value(name = "aarch64-unknown-linux-gnu")]
    LinuxArm64,
    /// Linux on powerpc64le.
    #[value(name = "powerpc64le-unknown-linux-gnu")]
    LinuxPpc64le,
    /// Linux on s390x.
    #[value(name = "s390x-unknown-linux-gnu")]
    LinuxS390x,
    /// Windows on x86_64.
    #[value(name = "x86_64-pc-windows-gnu")]
    WindowsAmd64,
    /// macOS on x86_64.
    #[value(name = "x86_64-apple-darwin")]
    DarwinAmd64,
    /// macOS on aarch64.
    #[value(name = "aarch64-apple-darwin")]
    DarwinArm64,
}

/// An operating system, as Go spells it: krew, OCI and users do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Os {
    Linux,
    Windows,
    Darwin,
}

/// An archive of a release: a program that users run, and what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Product {
    /// The command line.
    Plugin,
    /// Webhook and importer.
    Webhook,
}

impl Target {
    /// Every target, the order of a release.
    pub(super) const ALL: [Self; 7] = [
        Self::LinuxAmd64,
        Self::LinuxArm64,
        Self::LinuxPpc64le,
        Self::LinuxS390x,
        Self::WindowsAmd64,
        Self::DarwinAmd64,
        Self::DarwinArm64,
    ];

    /// Those that a system of this kind can build: Apple's libraries are on Apple's system only.
    pub(super) fn buildable() -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|target| (target.os() == Os::Darwin) == cfg!(target_os = "macos"))
            .collect()
    }

    /// The platform that this program runs on, if it is one of a release.
    pub(super) fn host() -> Option<Self> {
        Self::ALL.into_iter().find(|target| {
            let os = target.os() == Os::Darwin && cfg!(target_os = "macos")
                || target.os() == Os::Linux && cfg!(target_os = "linux");
            os && target
                .triple()
                .starts_with(&format!("{}-", std::env::consts::ARCH))
        })
    }

    /// As rustc spells it.
    pub(super) const fn triple(self) -> &'static str {
        match self {
            Self::LinuxAmd64 => "x86_64-unknown-linux-gnu",
            Self::LinuxArm64 => "aarch64-unknown-linux-gnu",
            Self::LinuxPpc64le => "powerpc64le-unknown-linux-gnu",
            Self::LinuxS390x => "s390x-unknown-linux-gnu",
            Self::WindowsAmd64 => "x86_64-pc-windows-gnu",
            Self::DarwinAmd64 => "x86_64-apple-darwin",
            Self::DarwinArm64 => "aarch64-apple-darwin",
        }
    }

    /// Its operating system.
    pub(super) const fn os(self) -> Os {
        match self {
            Self::LinuxAmd64 | Self::LinuxArm64 | Self::LinuxPpc64le | Self::LinuxS390x => {
                Os::Linux
            }
            Self::WindowsAmd64 => Os::Windows,
            Self::DarwinAmd64 | Self::DarwinArm64 => Os::Darwin,
        }
    }

    /// Its processor, as Go spells it.
    pub(super) const fn arch(self) -> &'static str {
        match self {
            Self::LinuxAmd64 | Self::WindowsAmd64 | Self::DarwinAmd64 => "amd64",
            Self::LinuxArm64 | Self::DarwinArm64 => "arm64",
            Self::LinuxPpc64le => "ppc64le",
            Self::LinuxS390x => "s390x",
        }
    }

    /// Its processor in an image; images are for Linux.
    pub(super) const fn machine(self) -> Option<Machine> {
        match self {
            Self::LinuxAmd64 => Some(Machine::Amd64),
            Self::LinuxArm64 => Some(Machine::Arm64),
            Self::LinuxPpc64le => Some(Machine::Ppc64le),
            Self::LinuxS390x => Some(Machine::S390x),
            Self::WindowsAmd64 | Self::DarwinAmd64 | Self::DarwinArm64 => None,
        }
    }

    /// What a release has for it: the webhook runs in clusters, whose nodes run Linux.
    pub(super) fn products(self) -> &'static [Product] {
        match self.os() {
            Os::Linux => &[Product::Webhook, Product::Plugin],
            Os::Windows | Os::Darwin => &[Product::Plugin],
        }
    }

    /// The file name of a program.
    pub(super) fn executable(self, program: &str) -> String {
        match self.os() {
            Os::Windows => format!("{program}.exe"),
            Os::Linux | Os::Darwin => program.to_owned(),
        }
    }
}

impl Os {
    /// As Go spells it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
            Self::Darwin => "darwin",
        }
    }
}

impl Product {
    /// The name of the archive, and of the program that users run first.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Plugin => PLUGIN,
            Self::Webhook => WEBHOOK,
        }
    }

    /// The package of cargo.
    pub(super) const fn package(self) -> &'static str {
        match self {
            Self::Plugin => "extreg-plugin",
            Self::Webhook => WEBHOOK,
        }
    }

    /// The programs in it.
    pub(super) fn programs(self) -> Vec<&'static str> {
        let is_plugin = self == Self::Plugin;
        PROGRAMS
            .into_iter()
            .filter(|program| (*program == PLUGIN) == is_plugin)
            .collect()
    }

    /// `NAME-VERSION-OS-ARCH`, the start of the names of all files for a target.
    pub(super) fn stem(self, target: Target) -> String {
        format!(
            "{}-{}-{}-{}",
            self.name(),
            env!("CARGO_PKG_VERSION"),
            target.os().as_str(),
            target.arch()
        )
    }

    /// The file name of the archive.
    pub(super) fn archive(self, target: Target) -> String {
        let end = match target.os() {
            Os::Windows => "zip",
            Os::Linux | Os::Darwin => "tar.gz",
        };
        format!("{}.{end}", self.stem(target))
    }

    /// The file name of the bill of materials.
    pub(super) fn sbom(self, target: Target) -> String {
        format!("{}.cdx.json", self.stem(target))
    }
}
