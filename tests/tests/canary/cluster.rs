//! A control plane whose users have bearer tokens, and which contains credentials.

use std::path::PathBuf;
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::{ControlPlane, Options, with_input};
use serde_json::{Value, json};

use crate::leaks::Canaries;

/// Of an administrator.
pub(crate) const TOKEN: &str = "canary-token-9f21c7d0";
/// Of a user without permissions.
pub(crate) const WEAK_TOKEN: &str = "canary-weak-token-77b3";
/// Of an unknown user.
pub(crate) const WRONG_TOKEN: &str = "canary-wrong-token-e0a4";
/// In docker configs.
pub(crate) const PASSWORD: &str = "canary-password-7f3a9";
/// In invalid docker configs.
pub(crate) const BROKEN: &str = "canary-broken-2b55c1";
/// Typed in for `setup`.
pub(crate) const TYPED: &str = "canary-typed-5d8e11";
/// Typed in for the second `setup`.
pub(crate) const CHANGED: &str = "canary-changed-0c4f6";
/// In annotations, label values and sources of objects: allowed in output for users, but not in logs.
pub(crate) const WRITTEN: &str = "canary-written-31aa9e";

/// In every field of the audit's input where a user may have put one.
pub(crate) const PLANTED: &str = "canaryplanted4be8d2f1";

pub(crate) const NAMESPACE: &str = "shop";

pub(crate) struct Cluster {
    pub(crate) plane: ControlPlane,
    pub(crate) canaries: Canaries,
    folder: tempfile::TempDir,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tokens = folder.path().join("tokens.csv");
        let table = format!("{TOKEN},strong,1,\"system:masters\"\n{WEAK_TOKEN},weak,2\n");
        std::fs::write(&tokens, table).unwrap();
        let tokens = format!("--token-auth-file={}", tokens.display());
        let plane = ControlPlane::start(Options::default().api_server_arg(tokens))
            .await
            .unwrap();
        let all = [
            TOKEN,
            WEAK_TOKEN,
            WRONG_TOKEN,
            PASSWORD,
            BROKEN,
            TYPED,
            CHANGED,
            WRITTEN,
            PLANTED,
        ];
        Self {
            plane,
            canaries: Canaries::new(&all),
            folder,
        }
    }

    /// A kubeconfig with a bearer token.
    pub(crate) fn kubeconfig(&self, token: &str) -> PathBuf {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{"name": "it", "cluster": {
                "server": self.plane.server(),
                "certificate-authority-data": STANDARD.encode(self.plane.pki().ca()),
            }}],
            "users": [{"name": "it", "user": {"token": token}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it", "namespace": NAMESPACE}}],
        });
        // Suggested commands repeat the name of the file, which is not secret.
        let name: String = token.chars().rev().collect();
        self.file(&format!("{name}.kubeconfig"), &config.to_string())
    }

    /// A file beside the cluster.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Secrets of every type that a policy can name, valid and invalid ones.
    pub(crate) fn add_secrets(&self) {
        let auth = STANDARD.encode(format!("acme:{PASSWORD}"));
        let entry = json!({"username": "acme", "password": PASSWORD, "auth": auth});
        let good = json!({"https://index.docker.io/v1/": entry, "docker.io": entry});
        let config = "kubernetes.io/dockerconfigjson";
        for (name, kind, data) in [
            ("hub-good", config, json!({"auths": good}).to_string()),
            ("hub-old", "kubernetes.io/dockercfg", good.to_string()),
            (
                "hub-broken",
                config,
                json!({"auths": {"docker.io": {"username": "a", "auth": format!("!{BROKEN}!")}}})
                    .to_string(),
            ),
            (
                "hub-elsewhere",
                config,
                json!({"auths": {"quay.io": {"username": "a", "password": BROKEN}}}).to_string(),
            ),
            ("hub-opaque", "Opaque", BROKEN.to_owned()),
        ] {
            let key = if kind.ends_with("dockercfg") {
                ".dockercfg"
            } else {
                ".dockerconfigjson"
            };
            self.apply(&json!({
                "apiVersion": "v1", "kind": "Secret", "type": kind,
                "metadata": {"name": name, "namespace": NAMESPACE},
                "stringData": {key: data},
            }));
        }
    }

    pub(crate) fn apply(&self, object: &Value) {
        let args = ["apply", "--server-side", "-f", "-"];
        let output = run(self.plane.kubectl().args(args), &object.to_string());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        // The output contains the webhook's warnings.
        self.assert_none("kubectl apply", &output);
    }

    pub(crate) fn get(&self, what: &[&str]) -> Value {
        let mut kubectl = self.plane.kubectl();
        kubectl
            .args(["get", "-o", "json", "-n", NAMESPACE])
            .args(what);
        let output = run(&mut kubectl, "");
        let answer = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what:?}: {answer}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The output of a command must not contain any of them.
    pub(crate) fn assert_none(&self, who: &str, output: &Output) {
        for text in [&output.stdout, &output.stderr] {
            self.canaries
                .assert_none(who, &String::from_utf8_lossy(text));
        }
    }
}

pub(crate) fn run(command: &mut Command, stdin: &str) -> Output {
    with_input(command, stdin).unwrap()
}

/// A BuildConfig with a canary in every field that a user can set.
pub(crate) fn build_config(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "build.openshift.io/v1", "kind": "BuildConfig",
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": {"note": WRITTEN}},
        "spec": {
            "source": {"type": "Git", "git": {"uri": format!("https://u:{WRITTEN}@git.example.com/x.git")}},
            "strategy": {"type": "Docker", "dockerStrategy": {
                "from": {"kind": "DockerImage", "name": "docker.io/library/python:3.12"},
                "env": [{"name": "TOKEN", "value": WRITTEN}],
            }},
            "output": {"to": {"kind": "DockerImage", "name": image}},
        },
    })
}

/// An ImageStream with the same.
pub(crate) fn image_stream(name: &str) -> Value {
    json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": {"note": WRITTEN}},
        "spec": {"tags": [{
            "name": "latest", "annotations": {"note": WRITTEN},
            "from": {"kind": "DockerImage", "name": "docker.io/acme/app:latest"},
        }]},
    })
}
