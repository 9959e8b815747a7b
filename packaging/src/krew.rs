//! The manifest by which krew installs the plugin. It names archives by their checksums, so it is not a file of this
//! repository: `cargo xtask dist` writes it for the archives that it made.

use extreg_manifests::{Manifest, ObjectName, Phase, RenderError, names, to_yaml};
use serde_json::{Value, json};

/// Name of the plugin in krew, and of the file without `.yaml`.
pub const NAME: &str = "extreg";

/// An archive that krew installs from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Operating system, as Go spells it.
    pub os: &'static str,
    /// Processor, as Go spells it.
    pub arch: &'static str,
    /// Where the archive can be downloaded.
    pub uri: String,
    /// Its SHA-256, in hex.
    pub sha256: String,
    /// The program in the archive.
    pub bin: String,
}

/// The manifest of this version.
///
/// # Errors
///
/// The object cannot be rendered as YAML.
pub fn manifest(platforms: &[Platform]) -> Result<String, RenderError> {
    let platforms: Vec<Value> = platforms.iter().map(Platform::render).collect();
    let object = ObjectName {
        api_version: "krew.googlecontainertools.github.com/v1alpha2".to_owned(),
        kind: "Plugin".to_owned(),
        namespace: None,
        name: NAME.to_owned(),
    };
    let value = json!({
        "apiVersion": object.api_version,
        "kind": object.kind,
        "metadata": { "name": NAME },
        "spec": {
            "version": concat!("v", env!("CARGO_PKG_VERSION")),
            "homepage": names::HOME,
            "shortDescription": "Set up and audit images in external registries",
            "description": DESCRIPTION,
            "caveats": CAVEATS,
            "platforms": platforms,
        },
    });
    to_yaml(&[Manifest {
        phase: Phase::Base,
        object,
        value,
    }])
}

const DESCRIPTION: &str = "\
Sets up, enforces and audits OpenShift builds that push to an external registry
such as docker.io: push secrets, scheduled imports, triggers and pull secrets.
Shows why a new image does not run, and completes manifests.
";

const CAVEATS: &str = "\
Complete the commands and names from the cluster with:
  kubectl extreg completion install
For \"oc extreg\", link oc-extreg on the PATH to kubectl-extreg:
  ln -s kubectl-extreg ~/.krew/bin/oc-extreg
";

impl Platform {
    fn render(&self) -> Value {
        json!({
            "selector": { "matchLabels": { "os": self.os, "arch": self.arch } },
            "uri": self.uri,
            "sha256": self.sha256,
            "files": [{ "from": self.bin, "to": "." }, { "from": "LICENSE", "to": "." }],
            "bin": self.bin,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_archive_is_a_platform() {
        let platform = |os, bin: &str| Platform {
            os,
            arch: "amd64",
            uri: format!("https://example.com/{os}"),
            sha256: "ab".repeat(32),
            bin: bin.to_owned(),
        };
        let text = manifest(&[
            platform("linux", "oc-extreg"),
            platform("windows", "oc-extreg.exe"),
        ])
        .unwrap();
        for part in [
            "kind: Plugin",
            "version: v0.1.0",
            "uri: https://example.com/windows",
            "bin: oc-extreg.exe",
            "os: linux",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}
