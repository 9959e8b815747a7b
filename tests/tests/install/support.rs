//! Runs the plugin, and inspects the result.

use std::process::{Command, Output};

use extreg_tests::{ControlPlane, Options, WebhookServer, workspace_binary};
use serde_json::{Value, json};

/// A separate control plane: an installation affects the whole cluster.
pub(crate) struct Cluster {
    pub(crate) plane: ControlPlane,
}

/// An ImageStream with one tag of Docker Hub.
pub(crate) fn stream(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"tags": [{"name": "latest", "from": {"kind": "DockerImage", "name": "docker.io/acme/app:latest"}}]},
    })
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let plane = ControlPlane::start(options).await.unwrap();
        Self { plane }
    }

    /// The plugin, to be run as the administrator.
    pub(crate) fn plugin(&self) -> Command {
        let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
        plugin
            .env("KUBECONFIG", self.plane.kubeconfig())
            .env("XDG_CONFIG_HOME", self.plane.folder())
            .current_dir(self.plane.folder());
        plugin
    }

    /// Runs `oc extreg webhook ARGS`, the arguments separated by spaces.
    pub(crate) async fn webhook(&self, args: &str) -> Run {
        let mut plugin = self.plugin();
        plugin.arg("webhook").args(args.split_whitespace());
        tokio::task::spawn_blocking(move || Run::new(&plugin.output().unwrap()))
            .await
            .unwrap()
    }

    /// Installs an external webhook.
    pub(crate) async fn install(&self, server: &WebhookServer, more: &str) -> Run {
        let (url, ca) = (server.url(), server.ca_file());
        self.webhook(&format!(
            "install --url {url} --ca-file {} {more}",
            ca.display()
        ))
        .await
        .ends(0)
    }

    /// A namespace with labels, and the secret that the built-in policy names.
    pub(crate) fn project(&self, name: &str, labels: &Value) {
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        let config = json!({"auths": {"docker.io": {"auth": "dTpw"}}}).to_string();
        let secret = json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": "dockerhub", "namespace": name}, "stringData": {".dockerconfigjson": config},
        });
        self.kubectl("create -f -", &namespace);
        self.kubectl("create -f -", &secret);
    }

    /// Whether the webhook schedules the tag of a new ImageStream, whose creation must succeed.
    pub(crate) fn schedules(&self, stream: &Value) -> bool {
        let created = self.kubectl("create -o json -f -", stream);
        let created: Value = serde_json::from_str(&created).unwrap();
        created["spec"]["tags"][0]["importPolicy"]["scheduled"] == true
    }

    /// Runs kubectl, which must succeed, and returns its stdout.
    pub(crate) fn kubectl(&self, args: &str, stdin: &Value) -> String {
        let run = self.run_kubectl(args, stdin);
        assert_eq!(run.code, 0, "kubectl {args}: {}", run.err);
        run.out
    }

    /// Runs kubectl, which must fail, and returns its stderr.
    pub(crate) fn refused(&self, args: &str, stdin: &Value) -> String {
        let run = self.run_kubectl(args, stdin);
        assert_ne!(run.code, 0, "kubectl {args}: {}", run.out);
        run.err
    }

    pub(crate) fn run_kubectl(&self, args: &str, stdin: &Value) -> Run {
        use std::io::Write as _;
        let mut kubectl = self.plane.kubectl();
        kubectl
            .args(args.split_whitespace())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = kubectl.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        if !stdin.is_null() {
            input.write_all(stdin.to_string().as_bytes()).unwrap();
        }
        drop(input);
        Run::new(&child.wait_with_output().unwrap())
    }

    /// An object as JSON; null if it does not exist.
    pub(crate) fn get(&self, what: &str) -> Value {
        let text = self.kubectl(
            &format!("get {what} -o json --ignore-not-found"),
            &Value::Null,
        );
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Acts as the namespace controller, which does not run here.
    pub(crate) fn finish_deletions(&self) {
        let mut namespace = self.get("namespace extreg-system");
        if !namespace.is_null() {
            namespace["spec"]["finalizers"] = serde_json::json!([]);
            let path = "/api/v1/namespaces/extreg-system/finalize";
            self.kubectl(&format!("replace --raw {path} -f -"), &namespace);
        }
    }

    /// The objects with our label, without the server's changes to a namespace that is being deleted.
    pub(crate) fn ours(&self) -> Vec<String> {
        let kinds = "mutatingwebhookconfigurations,clusterroles,clusterrolebindings,namespaces,\
                     customresourcedefinitions,serviceaccounts,roles,rolebindings,services,secrets,\
                     networkpolicies,poddisruptionbudgets,deployments,cronjobs";
        let list = self.get(&format!(
            "{kinds} -A -l app.kubernetes.io/managed-by=oc-extreg"
        ));
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items
            .iter()
            .filter(|item| item["metadata"]["deletionTimestamp"].is_null())
            .map(|item| {
                let (kind, name) = (&item["kind"], &item["metadata"]["name"]);
                format!("{}/{}", kind.as_str().unwrap(), name.as_str().unwrap())
            })
            .collect()
    }
}

impl Run {
    pub(crate) fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// Checks that it ended with this code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}stderr:\n{}",
            self.out, self.err
        );
        self
    }

    /// Checks that stderr contains this.
    #[track_caller]
    pub(crate) fn prints(self, words: &str) -> Self {
        assert!(
            self.err.contains(words),
            "{words:?} is not in\n{}",
            self.err
        );
        self
    }

    /// The verbs of stdout, each once: the last word of each line.
    pub(crate) fn verbs(&self) -> Vec<&str> {
        let mut verbs: Vec<&str> = self
            .out
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(_, verb)| verb)
            .collect();
        verbs.sort_unstable();
        verbs.dedup();
        verbs
    }
}
