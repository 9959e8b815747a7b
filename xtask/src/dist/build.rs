//! Compiles the programs of a target, with the list of their crates inside.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::debian::{Debian, Mounts};
use super::dependencies::Dependencies;
use super::target::{Os, Product, Target};
use super::toolchain::{self, Toolchain};
use crate::commit;
use crate::compile::{Linking, Place};
use crate::step;
use crate::tools::CargoTool;

/// The variable by which cargo gives cargo-auditable the crates of a program.
const PRECURSOR: &str = "CARGO_SBOM_PATH";

/// Builds the programs of a product, and returns the folder that they are in.
pub(super) fn build(
    target: Target,
    product: Product,
    toolchain: &Toolchain,
    dependencies: &Dependencies,
) -> Result<PathBuf> {
    let host = Place::host()?;
    let output = match toolchain {
        Toolchain::Host => host.target.clone(),
        // Another compiler has another folder, so that neither rebuilds what the other built.
        Toolchain::Debian(_) => host.target.join("debian"),
    };
    std::fs::create_dir_all(&output).with_context(|| format!("create {}", output.display()))?;
    let precursor = format!("{}.precursor.json", product.stem(target));
    std::fs::write(
        output.join(&precursor),
        dependencies.precursor().to_string(),
    )
    .with_context(|| format!("write {precursor} in {}", output.display()))?;

    let auditable = CargoTool::Auditable.install()?;
    let plugins = auditable.parent().context("a program without a folder")?;
    let mut command = match toolchain {
        Toolchain::Host => {
            let mut command = step::cargo::<&str>([])?;
            let path = std::env::var_os("PATH").unwrap_or_default();
            let folders = std::iter::once(plugins.to_owned()).chain(std::env::split_paths(&path));
            command
                .envs(variables(target, &host, &precursor))
                .env("PATH", std::env::join_paths(folders)?)
                // No program contains a time, and compilers of C would run again for each commit.
                .env_remove(commit::EPOCH);
            command
        }
        Toolchain::Debian(debian) => {
            debian.download(target)?;
            let mounts = Mounts {
                source: &host.source,
                cargo: &host.cargo,
                target: &output,
                tools: plugins,
            };
            let mut variables = variables(target, &Debian::place(), &precursor);
            variables.extend(Debian::variables(target));
            debian.command(&mounts, &variables)
        }
    };
    command
        .args(["auditable", "build", "--release", "--locked", "--bins"])
        .args(["--package", product.package(), "--target", target.triple()]);
    if let Toolchain::Debian(_) = toolchain {
        command.args(Debian::flags(target));
    }
    let what = format!("build {} for {}", product.name(), target.triple());
    step::run(&what, &mut command)?;
    Ok(output.join(target.triple()).join("release"))
}

/// The variables of a build: flags, the compiler of C and linker, and the crates.
fn variables(target: Target, place: &Place, precursor: &str) -> Vec<(String, OsString)> {
    let linking = match target.os() {
        Os::Linux | Os::Windows => Linking::Static,
        Os::Darwin => Linking::Dynamic,
    };
    let mut variables = vec![
        place.flags(linking),
        (PRECURSOR.to_owned(), place.target.join(precursor).into()),
    ];
    if let Some(linker) = toolchain::linker(target) {
        let triple = target.triple().replace('-', "_");
        let name = format!("CARGO_TARGET_{}_LINKER", triple.to_ascii_uppercase());
        variables.push((name, linker.into()));
        variables.push((format!("CC_{triple}"), linker.into()));
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_foreign_target_has_its_linker() {
        let place = Debian::place();
        let variables = variables(Target::LinuxS390x, &place, "a.json");
        let value = |name: &str| {
            let found = variables.iter().find(|(other, _)| other == name);
            found.map(|(_, value)| value.to_str().unwrap().to_owned())
        };
        for (name, wanted) in [
            (
                "CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER",
                "s390x-linux-gnu-gcc",
            ),
            ("CC_s390x_unknown_linux_gnu", "s390x-linux-gnu-gcc"),
            ("CARGO_SBOM_PATH", "/target/a.json"),
        ] {
            assert_eq!(value(name).as_deref(), Some(wanted), "{name}");
        }
        let flags = value("CARGO_ENCODED_RUSTFLAGS").unwrap();
        assert!(
            flags.contains("--remap-path-prefix=/cargo=cargo"),
            "{flags}"
        );
    }
}
