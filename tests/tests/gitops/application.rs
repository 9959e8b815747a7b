//! An application on a control plane whose API server calls the webhook.

use std::process::Command;

use extreg_tests::{ControlPlane, Options, WebhookServer, with_input, workspace_binary};
use serde_json::{Value, json};

/// A control plane with the webhook, and namespaces with the push secret.
pub(crate) struct Cluster {
    pub(crate) plane: ControlPlane,
    server: WebhookServer,
}

/// The files of an application.
pub(crate) fn files(namespace: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": [
        {
            "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {"tags": [
                {"name": "v1", "from": {"kind": "DockerImage", "name": "docker.io/acme/app:v1"}},
                {"name": "v2", "from": {"kind": "DockerImage", "name": "docker.io/acme/app:v2"}},
            ]},
        },
        {
            "apiVersion": "build.openshift.io/v1", "kind": "BuildConfig",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {
                "source": {"git": {"uri": "https://git.example/acme/app.git"}},
                "strategy": {"dockerStrategy": {}},
                "output": {"to": {"kind": "DockerImage", "name": "docker.io/acme/app:v1"}},
            },
        },
    ]})
}

impl Cluster {
    pub(crate) async fn start(namespaces: &[&str]) -> Self {
        let plane = ControlPlane::start(Options::default()).await.unwrap();
        let server = WebhookServer::start(plane.kubeconfig(), &[]).unwrap();
        let cluster = Self { plane, server };
        for namespace in namespaces {
            let config = json!({"auths": {"docker.io": {"auth": "dTpw"}}}).to_string();
            cluster.create(&json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace},
            }));
            cluster.create(&json!({
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
                "metadata": {"name": "dockerhub", "namespace": namespace},
                "stringData": {".dockerconfigjson": config},
            }));
        }
        cluster.install();
        cluster
    }

    /// Creates an object, and returns the stored one.
    pub(crate) fn create(&self, object: &Value) -> Value {
        let mut kubectl = self.plane.kubectl();
        kubectl.args(["create", "-o", "json", "-f", "-"]);
        let output = with_input(&mut kubectl, &object.to_string()).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Applies the files of the application with these flags; returns the warnings.
    pub(crate) fn apply(&self, namespace: &str, flags: &[&str]) -> String {
        let mut kubectl = self.plane.kubectl();
        kubectl.arg("apply").args(flags).args(["-f", "-"]);
        let output = with_input(&mut kubectl, &files(namespace).to_string()).unwrap();
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{printed}");
        printed
    }

    /// The stored objects of the application.
    pub(crate) fn live(&self, namespace: &str) -> Vec<Value> {
        ["imagestream", "buildconfig"]
            .map(|what| {
                let mut kubectl = self.plane.kubectl();
                kubectl.args(["get", what, "app", "-n", namespace, "-o", "json"]);
                let output = kubectl.output().unwrap();
                serde_json::from_slice(&output.stdout).unwrap()
            })
            .to_vec()
    }

    /// Each object as its file has it, and as it is stored.
    pub(crate) fn desired_and_live(&self, namespace: &str) -> Vec<(Value, Value)> {
        let files = files(namespace);
        let desired = files["items"].as_array().unwrap().iter().cloned();
        desired.zip(self.live(namespace)).collect()
    }

    fn install(&self) {
        let install = Command::new(workspace_binary("oc-extreg").unwrap())
            .env("KUBECONFIG", self.plane.kubeconfig())
            .env("XDG_CONFIG_HOME", self.plane.folder())
            .current_dir(self.plane.folder())
            .args(["webhook", "install", "--mode", "enforce"])
            .args(["--url", &self.server.url()])
            .arg("--ca-file")
            .arg(self.server.ca_file())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&install.stderr);
        assert!(install.status.success(), "{errors}");
    }
}

/// The number of writes, and the fields that the webhook sets.
fn state(cluster: &Cluster, namespace: &str) -> (String, Value) {
    let live = cluster.live(namespace);
    let (stream, build) = (&live[0], &live[1]);
    let version = |object: &Value| {
        let version = &object["metadata"]["resourceVersion"];
        version.as_str().unwrap().to_owned()
    };
    let scheduled =
        |index: usize| stream["spec"]["tags"][index]["importPolicy"]["scheduled"].clone();
    (
        format!("{} {}", version(stream), version(build)),
        json!({
            "scheduled": [scheduled(0), scheduled(1)],
            "pushSecret": build["spec"]["output"]["pushSecret"]["name"],
        }),
    )
}

#[tokio::test]
async fn applying_the_same_files_again_writes_nothing() {
    let cluster = Cluster::start(&["server-side", "client-side"]).await;
    let made = json!({"scheduled": [true, true], "pushSecret": "dockerhub"});
    // For a custom resource, which ImageStreams are here, a client-side apply sends whole lists, as `oc replace` does
    // for any object. OpenShift merges its own by tag name, which `cargo xtask live` tests.
    let replaced = json!({"scheduled": [null, null], "pushSecret": "dockerhub"});
    for (namespace, flags, want) in [
        (
            "server-side",
            &["--server-side", "--field-manager=argocd-controller"][..],
            &made,
        ),
        ("client-side", &[], &replaced),
    ] {
        cluster.apply(namespace, flags);
        assert_eq!(state(&cluster, namespace).1, made, "{namespace}");
        // The API server writes an object again after a server-side apply created it, with the same content.
        let printed = cluster.apply(namespace, flags);
        assert_eq!(
            printed.matches("this update removes spec.tags[").count(),
            if want == &made { 0 } else { 2 },
            "{printed}"
        );
        let settled = state(&cluster, namespace);
        assert_eq!(settled.1, *want, "{namespace}");
        for round in 3..=6 {
            cluster.apply(namespace, flags);
            let now = state(&cluster, namespace);
            assert_eq!(now, settled, "{namespace}, round {round}");
        }
    }
}
