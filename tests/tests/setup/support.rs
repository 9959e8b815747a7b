//! The plugin in a separate namespace.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use extreg_tests::{ControlPlane, with_input, workspace_binary};
use serde_json::Value;

pub(crate) const APP: [&str; 6] = [
    "setup",
    "python-lyapp",
    "--image",
    "docker.io/ably77/python-lyapp",
    "--source",
    "https://example.com/x.git",
];

pub(crate) struct Cli<'a> {
    pub(crate) plane: &'a ControlPlane,
    pub(crate) kubeconfig: &'a Path,
    pub(crate) namespace: String,
}

impl Cli<'_> {
    pub(crate) fn run(&self, args: &[&str], stdin: &str) -> Output {
        let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
        plugin
            .args(args)
            .args(["-n", &self.namespace, "--kubeconfig"])
            .arg(self.kubeconfig)
            .env_clear()
            .current_dir("/");
        with_input(&mut plugin, stdin).unwrap()
    }

    /// Runs a command that must end with `code`, and returns stdout and stderr.
    pub(crate) fn run_to(&self, code: i32, args: &[&str], stdin: &str) -> (String, String) {
        let output = self.run(args, stdin);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}\n{err}");
        (out, err)
    }

    pub(crate) fn setup(&self, code: i32, more: &[&str]) -> (String, String) {
        // A separate account: tests share the cluster, and an account has a limit.
        let token = [
            "--username",
            &self.namespace,
            "--password-stdin",
            "--no-verify",
        ];
        self.run_to(code, &[&APP[..], &token, more].concat(), "geheim\n")
    }

    pub(crate) fn get(&self, kind: &str, name: &str) -> Option<Value> {
        let output = self.kubectl(&["get", kind, name, "-o", "json"], "");
        output
            .status
            .success()
            .then(|| serde_json::from_slice(&output.stdout).unwrap())
    }

    /// Every object that setup could have written, with its resource version.
    pub(crate) fn versions(&self) -> BTreeMap<String, String> {
        let kinds =
            "secrets,serviceaccounts,buildconfigs,imagestreams,deployments,deploymentconfigs";
        let output = self.kubectl(&["get", kinds, "-o", "json"], "");
        let list: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |object: &Value, pointer: &str| {
            object
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap()
                .to_owned()
        };
        list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|object| {
                let name = format!(
                    "{}/{}",
                    text(object, "/kind"),
                    text(object, "/metadata/name")
                );
                (name, text(object, "/metadata/resourceVersion"))
            })
            .collect()
    }

    pub(crate) fn kubectl(&self, args: &[&str], stdin: &str) -> Output {
        let mut kubectl = self.plane.kubectl();
        let kubectl = kubectl.args(["-n", &self.namespace]).args(args);
        with_input(kubectl, stdin).unwrap()
    }

    pub(crate) fn apply(&self, object: &Value) {
        let output = self.kubectl(&["apply", "-f", "-"], &object.to_string());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// A separate namespace that already exists.
pub(crate) async fn cli(name: &str) -> Cli<'static> {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace(name).await.unwrap();
    Cli {
        plane,
        kubeconfig: plane.kubeconfig(),
        namespace,
    }
}

pub(crate) fn lines(verb: &str) -> String {
    [
        "secret/dockerhub",
        "serviceaccount/builder",
        "serviceaccount/default",
        "buildconfig.build.openshift.io/python-lyapp",
        "imagestream.image.openshift.io/python-lyapp",
        "deployment.apps/python-lyapp",
    ]
    .map(|name| format!("{name} {verb}\n"))
    .concat()
}
