//! Kustomizations, built by kubectl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use extreg_tests::Binaries;
use serde_json::{Value, json};

/// A kustomization in a folder of its own, with a copy of ours beside it.
#[derive(Debug)]
pub(crate) struct Kustomization {
    content: Option<Value>,
    folder: tempfile::TempDir,
}

/// The result of a build.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) text: String,
    pub(crate) objects: Vec<Value>,
    pub(crate) warnings: String,
}

fn ours() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../manifests/yaml")
}

/// The names of all components.
pub(crate) fn components() -> Vec<String> {
    let entries = fs::read_dir(ours().join("components")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The default installation, as it is in the repository.
pub(crate) fn original() -> Kustomization {
    Kustomization::new(None)
}

impl Kustomization {
    /// The base in a namespace, with components.
    pub(crate) fn overlay(namespace: &str, components: &[impl AsRef<str>]) -> Self {
        let components = components.iter();
        let components = components.map(|name| format!("ours/components/{}", name.as_ref()));
        Self::new(Some(json!({
            "namespace": namespace,
            "resources": ["ours/base"],
            "components": components.collect::<Vec<_>>(),
        })))
    }

    /// A kustomization as a user wrote it, whose base and components are ours.
    pub(crate) fn written(content: Value) -> Self {
        Self::new(Some(content))
    }

    /// With this image of the webhook.
    pub(crate) fn image(mut self, image: &str) -> Self {
        let (name, tag) = image.rsplit_once(':').unwrap();
        let images = json!([{"name": "extreg-webhook", "newName": name, "newTag": tag}]);
        self.content.as_mut().unwrap()["images"] = images;
        self
    }

    /// With this CA of the webhook's certificate, in base64.
    pub(crate) fn ca_bundle(mut self, bundle: &str) -> Self {
        let patch =
            json!([{"op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle}]);
        let patch = json!([{
            "target": {"kind": "MutatingWebhookConfiguration", "name": "extreg-webhook"},
            "patch": patch.to_string(),
        }]);
        self.content.as_mut().unwrap()["patches"] = patch;
        self
    }

    /// Builds it.
    pub(crate) fn build(&self) -> Built {
        let folder = match &self.content {
            None => self.folder.path().join("ours"),
            Some(content) => {
                let file = self.folder.path().join("kustomization.yaml");
                fs::write(file, content.to_string()).unwrap();
                self.folder.path().to_owned()
            }
        };
        let binaries = Binaries::find_or_build(|line| eprintln!("{line}")).unwrap();
        let mut kubectl = Command::new(binaries.kubectl());
        let output = kubectl.arg("kustomize").arg(&folder).output().unwrap();
        let warnings = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{:?}: {warnings}", self.content);
        let text = String::from_utf8(output.stdout).unwrap();
        let objects = serde_saphyr::from_multiple(&text).unwrap();
        Built {
            text,
            objects,
            warnings,
        }
    }

    fn new(content: Option<Value>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&ours(), &folder.path().join("ours"));
        Self { content, folder }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
