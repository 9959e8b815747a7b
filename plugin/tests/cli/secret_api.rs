//! A cluster with secrets, service accounts and objects that name images, and runs of `secret` against it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_fakes::{Answer, Api, Objects, Seen};
use serde_json::{Value, json};

use super::common::{Ran, extreg};

/// An API server with these objects.
pub(crate) fn with(objects: &[Value]) -> Api {
    start(objects, |_, _| None)
}

/// The same, but `first` can change the objects or answer instead.
pub(crate) fn start(
    objects: &[Value],
    first: impl Fn(&Seen, &mut Objects) -> Option<Answer> + Send + Sync + 'static,
) -> Api {
    Api::with(objects)
        .listing(&["/api"])
        .with_any_namespace()
        .serving("/apis/build.openshift.io/v1", &["buildconfigs"])
        .serving("/apis/image.openshift.io/v1", &["imagestreams"])
        .and_at([("/version", json!({"major": "1", "minor": "34"}))])
        .unless(first)
        .start()
}

/// Runs `oc-extreg secret WORDS` against a cluster and reads its secrets.
pub(crate) trait Secrets {
    fn run(&self, words: &str, stdin: &str) -> Ran;

    /// A stored object.
    fn get(&self, namespace: &str, plural: &str, name: &str) -> Value;

    /// The docker config of a secret.
    fn config(&self, namespace: &str, name: &str) -> String;
}

impl Secrets for Api {
    fn run(&self, words: &str, stdin: &str) -> Ran {
        let mut command = extreg();
        command.arg("secret").args(words.split_whitespace());
        command
            .env("KUBECONFIG", self.kubeconfig())
            .write_stdin(stdin);
        let mut ran = Ran::from_command(&mut command);
        for text in [&mut ran.out, &mut ran.err] {
            *text = text.replace(self.host(), "SERVER");
        }
        ran
    }

    fn get(&self, namespace: &str, plural: &str, name: &str) -> Value {
        self.object(&format!("/api/v1/namespaces/{namespace}/{plural}/{name}"))
    }

    fn config(&self, namespace: &str, name: &str) -> String {
        let secret = self.get(namespace, "secrets", name);
        let data = secret["data"].as_object().unwrap();
        let encoded = data.values().next().unwrap().as_str().unwrap();
        String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
    }
}

/// A secret with a docker config.
pub(crate) fn secret(namespace: &str, name: &str, config: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"namespace": namespace, "name": name, "resourceVersion": "1"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": STANDARD.encode(config)},
    })
}

/// A namespace in a phase.
pub(crate) fn namespace(name: &str, phase: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name},
        "status": {"phase": phase},
    })
}

/// A docker config: keys, each with `username:password`.
pub(crate) fn config(keys: &[(&str, &str)]) -> String {
    let entries = keys
        .iter()
        .map(|(key, pair)| ((*key).to_owned(), json!({"auth": STANDARD.encode(pair)})));
    json!({"auths": entries.collect::<serde_json::Map<_, _>>()}).to_string()
}

/// An account with its pull and mount links.
pub(crate) fn account(namespace: &str, name: &str, pulls: &[&str], mounts: &[&str]) -> Value {
    let links =
        |names: &[&str]| -> Vec<Value> { names.iter().map(|name| json!({"name": name})).collect() };
    json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"namespace": namespace, "name": name, "resourceVersion": "1"},
        "imagePullSecrets": links(pulls),
        "secrets": links(mounts),
    })
}

/// A BuildConfig that pushes `image`.
pub(crate) fn build_config(namespace: &str, name: &str, image: &str, push_secret: &str) -> Value {
    let mut output = json!({"to": {"kind": "DockerImage", "name": image}});
    if !push_secret.is_empty() {
        output["pushSecret"] = json!({"name": push_secret});
    }
    json!({
        "apiVersion": "build.openshift.io/v1", "kind": "BuildConfig",
        "metadata": {"namespace": namespace, "name": name, "resourceVersion": "1"},
        "spec": {"strategy": {"type": "Docker", "dockerStrategy": {}}, "output": output},
    })
}

/// An ImageStream with a tag that follows `image`.
pub(crate) fn stream(namespace: &str, name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {"namespace": namespace, "name": name, "resourceVersion": "1"},
        "spec": {"tags": [{"name": "latest", "from": {"kind": "DockerImage", "name": image}}]},
    })
}
