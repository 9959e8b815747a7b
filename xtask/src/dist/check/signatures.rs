//! Signatures as the release workflow makes them and users verify them, with a key of this run instead of the
//! workflow's identity.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use extreg_tests::GoTool;

use super::registry::Registry;
use super::{output, passed, tool};
use crate::dist::folder::{Folder, SUMS};
use crate::dist::target::{Product, Target};

/// Nothing but the registry on loopback is contacted.
const SIGN: [&str; 4] = [
    "--yes",
    "--tlog-upload=false",
    "--use-signing-config=false",
    "--allow-http-registry",
];
const VERIFY: [&str; 2] = ["--insecure-ignore-tlog", "--allow-http-registry"];

/// Signs the image, its bill of materials and the checksums, verifies them, and fails if anything that was changed is
/// verified too.
pub(in crate::dist) fn check(folder: &Folder) -> Result<()> {
    let registry = Registry::start()?;
    let image = format!("{}@{}", registry.image(), registry.push(folder)?);
    let cosign = Cosign::new()?;

    cosign.run("sign", &SIGN, "cosign.key", &[&image])?;
    cosign.run("verify", &VERIFY, "cosign.pub", &[&image])?;
    let host = Target::host().context("releases are not built for this system")?;
    let bom = folder
        .path(&Product::Webhook.sbom(host))
        .display()
        .to_string();
    let about = ["--type", "cyclonedx", "--predicate", &bom, &image];
    cosign.run("attest", &SIGN, "cosign.key", &about)?;
    let about = ["--type", "cyclonedx", &image];
    cosign.run("verify-attestation", &VERIFY, "cosign.pub", &about)?;

    let changed = format!("{}:changed", registry.image());
    registry.crane(&[
        "mutate",
        "--label",
        "changed=true",
        "--tag",
        &changed,
        &image,
    ])?;
    let digest = registry.crane(&["digest", &changed])?;
    let other = format!("{}@{}", registry.image(), digest.trim());
    ensure!(
        cosign
            .run("verify", &VERIFY, "cosign.pub", &[&other])
            .is_err(),
        "a changed image is verified"
    );
    passed("signature and bill of materials of the image; a changed image is refused");

    let sums = folder.path(SUMS);
    let bundle = cosign.path("sums.sigstore.json").display().to_string();
    let bundled = format!("--bundle={bundle}");
    let sums = sums.to_str().context("a folder that is not UTF-8")?;
    let [yes, log, config, _] = SIGN;
    cosign.run(
        "sign-blob",
        &[yes, log, config],
        "cosign.key",
        &[&bundled, sums],
    )?;
    let [log, _] = VERIFY;
    cosign.run("verify-blob", &[log], "cosign.pub", &[&bundled, sums])?;
    let changed = cosign.path("changed");
    std::fs::write(&changed, "changed")?;
    let changed = changed.display().to_string();
    ensure!(
        cosign
            .run("verify-blob", &[log], "cosign.pub", &[&bundled, &changed])
            .is_err(),
        "changed checksums are verified"
    );
    passed("signature of the checksums; changed checksums are refused");
    Ok(())
}

/// cosign with a new pair of keys.
struct Cosign {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl Cosign {
    fn new() -> Result<Self> {
        let cosign = Self {
            program: tool(GoTool::Cosign)?,
            folder: tempfile::tempdir().context("make a folder for keys")?,
        };
        output(&mut cosign.command("generate-key-pair"))?;
        Ok(cosign)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, verb: &str, flags: &[&str], key: &str, args: &[&str]) -> Result<String> {
        let mut command = self.command(verb);
        command
            .args(flags)
            .arg("--key")
            .arg(Path::new(key))
            .args(args);
        output(&mut command).with_context(|| format!("cosign {verb}"))
    }

    /// In the folder of the keys, which have no password.
    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(verb)
            .current_dir(self.folder.path())
            .env("COSIGN_PASSWORD", "");
        command
    }
}
