//! A cluster for `fix`: its objects, and runs of `fix` against it.

use extreg_fakes::{Answer, Api, Objects, Seen};
use serde_json::{Value, json};

use super::common::{Ran, extreg};

/// An API server with these objects.
pub(crate) fn with(objects: &[Value]) -> Api {
    start(objects, |_, _| None)
}

/// The same, but `first` can answer instead and change stored objects.
pub(crate) fn start(
    objects: &[Value],
    first: impl Fn(&Seen, &mut Objects) -> Option<Answer> + Send + Sync + 'static,
) -> Api {
    Api::with(objects).listing(&["/api"]).unless(first).start()
}

/// Runs `oc-extreg fix WORDS` against a cluster.
pub(crate) trait Fix {
    fn fix(&self, words: &str) -> Ran;
}

impl Fix for Api {
    fn fix(&self, words: &str) -> Ran {
        let mut command = extreg();
        command.arg("fix").args(words.split_whitespace());
        let ran = Ran::from_command(command.args(["-n", "snow", "--server", &self.url]));
        assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
        ran
    }
}

/// A BuildConfig that pushes an image.
pub(crate) fn config(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "build.openshift.io/v1", "kind": "BuildConfig",
        "metadata": {"name": name, "namespace": "snow"},
        "spec": {
            "strategy": {"dockerStrategy": {"env": [{"name": "TOKEN", "value": "canary"}]}},
            "output": {"to": {"kind": "DockerImage", "name": image}},
        },
    })
}

/// A stream with one tag, with the API server's defaults.
pub(crate) fn stream(name: &str) -> Value {
    json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {"name": name, "namespace": "snow"},
        "spec": {"tags": [{
            "name": "v1", "annotations": null, "generation": 2,
            "from": {"kind": "DockerImage", "name": "quay.io/acme/app:v1"},
            "importPolicy": {"importMode": "Legacy"}, "referencePolicy": {"type": "Source"},
        }]},
    })
}

/// A Build in a phase, with a push secret.
pub(crate) fn build(name: &str, phase: &str, reason: &str, secret: &str) -> Value {
    let mut build = config(name, "docker.io/acme/app:v1");
    build["kind"] = json!("Build");
    build["metadata"]["uid"] = json!("u-1");
    build["metadata"]["annotations"] = json!({"openshift.io/build-config.name": "app"});
    build["metadata"]["ownerReferences"] = json!([{"kind": "BuildConfig", "name": "app"}]);
    build["spec"]["output"]["pushSecret"] = json!({"name": secret});
    build["status"] = json!({"phase": phase, "reason": reason});
    build
}

/// A docker secret with a key for a server; all values are canaries.
pub(crate) fn secret(namespace: &str, name: &str, server: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let auth = STANDARD.encode("acme:canary");
    let config =
        json!({"auths": {server: {"auth": auth, "username": "acme", "password": "canary"}}});
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": STANDARD.encode(config.to_string())},
    })
}

/// The policies of most tests: Docker Hub with the secret `hub`, and quay.io, which has no rate limit.
pub(crate) fn policies() -> [Value; 2] {
    let policy = |name: &str, spec: Value| {
        json!({
            "apiVersion": "extreg.io/v1alpha1", "kind": "RegistryPolicy",
            "metadata": {"name": name}, "spec": spec,
        })
    };
    [
        policy(
            "hub",
            json!({"registry": "docker.io", "push": {"secretName": "hub"}, "import": {"scheduled": true}}),
        ),
        policy(
            "quay",
            json!({"registry": "quay.io", "import": {"scheduled": true}}),
        ),
    ]
}

/// The namespace, the policies, the policy's secret and these objects.
pub(crate) fn snow(objects: &[Value]) -> Vec<Value> {
    let around = [
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "snow"}}),
        secret("snow", "hub", "https://index.docker.io/v1/"),
    ];
    [&around[..], &policies(), objects].concat()
}
