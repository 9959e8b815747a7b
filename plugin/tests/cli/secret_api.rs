//! An API server that keeps secrets, service accounts and what names images, and writes down what it is
//! asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::common::{FakeApi, Seen, extreg, json as answer, status};
use super::image_api::Ran;

/// Objects by their path.
pub(crate) type Objects = BTreeMap<String, Value>;

/// Keeps objects.
pub(crate) struct SecretApi {
    api: FakeApi,
    objects: Arc<Mutex<Objects>>,
}

impl SecretApi {
    /// With these objects.
    pub(crate) fn with(objects: &[Value]) -> Self {
        Self::start(objects, |_, _| None)
    }

    /// The same, where `first` may change the objects, or answer instead.
    pub(crate) fn start(
        objects: &[Value],
        first: impl Fn(&Seen, &mut Objects) -> Option<String> + Send + 'static,
    ) -> Self {
        let named = objects.iter().map(|object| (path(object), object.clone()));
        let objects: Arc<Mutex<Objects>> = Arc::new(Mutex::new(named.collect()));
        let kept = Arc::clone(&objects);
        let api = FakeApi::start(move |seen, _| {
            let mut objects = kept.lock().unwrap();
            first(seen, &mut objects).unwrap_or_else(|| serve(seen, &mut objects))
        });
        Self { api, objects }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.api.url
    }

    /// Runs `oc-extreg secret WORDS` against it.
    pub(crate) fn run(&self, words: &str, stdin: &str) -> Ran {
        let output = extreg()
            .arg("secret")
            .args(words.split_whitespace())
            .env("KUBECONFIG", self.api.kubeconfig())
            .write_stdin(stdin)
            .output()
            .unwrap();
        let host = self.api.url.trim_start_matches("http://");
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(host, "SERVER");
        Ran {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// The requests that could change something: method and path, and the body.
    pub(crate) fn writes(&self) -> Vec<(String, Value)> {
        let seen = self.api.seen().into_iter();
        seen.filter(|seen| !seen.line.starts_with("GET "))
            .map(|seen| {
                let line = seen.line.replace(" HTTP/1.1", "");
                (line, serde_json::from_str(&seen.body).unwrap())
            })
            .collect()
    }

    /// How often it was asked.
    pub(crate) fn count(&self) -> usize {
        self.api.seen().len()
    }

    /// An object as it is kept.
    pub(crate) fn get(&self, namespace: &str, plural: &str, name: &str) -> Value {
        let path = format!("/api/v1/namespaces/{namespace}/{plural}/{name}");
        self.objects.lock().unwrap()[&path].clone()
    }

    /// The docker config of a secret.
    pub(crate) fn config(&self, namespace: &str, name: &str) -> String {
        let secret = self.get(namespace, "secrets", name);
        let data = secret["data"].as_object().unwrap();
        let encoded = data.values().next().unwrap().as_str().unwrap();
        String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap()
    }
}

/// Changes an object, which then has another version.
pub(crate) fn touch(objects: &mut Objects, path: &str, change: impl FnOnce(&mut Value)) {
    let object = objects.get_mut(path).unwrap();
    change(object);
    let version = object["metadata"]["resourceVersion"].as_str().unwrap();
    let next = version.parse::<u64>().unwrap() + 1;
    object["metadata"]["resourceVersion"] = json!(next.to_string());
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

/// An account with what it links to pull and to mount.
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

fn path(object: &Value) -> String {
    let text = |at: &str| {
        object
            .pointer(at)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let plural = match text("/kind") {
        "Namespace" => return format!("/api/v1/namespaces/{}", text("/metadata/name")),
        "ServiceAccount" => "serviceaccounts",
        "BuildConfig" => "buildconfigs",
        "ImageStream" => "imagestreams",
        kind => {
            assert_eq!(kind, "Secret");
            "secrets"
        }
    };
    let root = match text("/apiVersion") {
        "v1" => "/api/v1".to_owned(),
        group => format!("/apis/{group}"),
    };
    let (namespace, name) = (text("/metadata/namespace"), text("/metadata/name"));
    format!("{root}/namespaces/{namespace}/{plural}/{name}")
}

fn serve(seen: &Seen, objects: &mut Objects) -> String {
    let mut words = seen.line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let is_dry = query.contains("dryRun=All");
    if method == "GET" {
        return get(path, query, objects);
    }
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    if method == "POST" {
        let mut new = body;
        new["metadata"]["resourceVersion"] = json!("1");
        let own = self::path(&new);
        if objects.contains_key(&own) {
            return status("409 Conflict", 409, "AlreadyExists", "it exists");
        }
        if !is_dry {
            objects.insert(own, new.clone());
        }
        return answer("201 Created", "", &new.to_string());
    }
    let Some(old) = objects.get(path) else {
        return status("404 Not Found", 404, "NotFound", "no such object");
    };
    let mut new = match method {
        "PUT" if body["metadata"]["resourceVersion"] == old["metadata"]["resourceVersion"] => body,
        "PUT" => {
            return status(
                "409 Conflict",
                409,
                "Conflict",
                "the object has been modified",
            );
        }
        "PATCH" => {
            let mut new = old.clone();
            let patch: json_patch::Patch = serde_json::from_value(body).unwrap();
            if json_patch::patch(&mut new, &patch).is_err() {
                let why = "the server rejected our request due to an error in our request";
                return status("422 Unprocessable Entity", 422, "Invalid", why);
            }
            new
        }
        other => return status("405 Method Not Allowed", 405, "MethodNotAllowed", other),
    };
    if old["immutable"] == true && old["data"] != new["data"] {
        return status(
            "422 Unprocessable Entity",
            422,
            "Invalid",
            "data is immutable",
        );
    }
    if !is_dry && new != *old {
        objects.insert(path.to_owned(), new.clone());
        touch(objects, path, |_| ());
        new = objects[path].clone();
    }
    answer("200 OK", "", &new.to_string())
}

fn get(path: &str, query: &str, objects: &Objects) -> String {
    let ok = |value: &Value| answer("200 OK", "", &value.to_string());
    if let Some(object) = objects.get(path) {
        return ok(object);
    }
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let (namespace, plural) = match parts.as_slice() {
        ["version"] => return ok(&json!({"major": "1", "minor": "34"})),
        ["api", _, "namespaces", name] => {
            return ok(&json!({"metadata": {"name": name}}));
        }
        ["api", _, plural] | ["apis", _, _, plural] => (None, *plural),
        ["api", _, "namespaces", namespace, plural]
        | ["apis", _, _, "namespaces", namespace, plural] => (Some(*namespace), *plural),
        ["apis", _, _] => {
            return ok(&json!({"resources": [{"name": "buildconfigs"}]}));
        }
        _ => return status("404 Not Found", 404, "NotFound", "not found"),
    };
    if plural == "namespaces" {
        let mut names: Vec<_> = objects
            .values()
            .map(|object| object["metadata"]["namespace"].clone())
            .collect();
        names.sort_by_key(ToString::to_string);
        names.dedup();
        let items: Vec<_> = names
            .into_iter()
            .filter(Value::is_string)
            .map(|name| {
                let kept = objects.get(&format!("/api/v1/namespaces/{}", name.as_str().unwrap()));
                kept.cloned()
                    .unwrap_or_else(|| json!({"metadata": {"name": name}}))
            })
            .collect();
        return ok(&json!({"items": items}));
    }
    let items: Vec<&Value> = objects
        .iter()
        .filter(|(path, object)| {
            let is_of_namespace =
                namespace.is_none_or(|namespace| object["metadata"]["namespace"] == namespace);
            let kind = object["type"].as_str().unwrap_or_default();
            let field = format!("fieldSelector=type%3D{}", kind.replace('/', "%2F"));
            path.contains(&format!("/{plural}/"))
                && is_of_namespace
                && (!query.contains("fieldSelector=") || query.ends_with(&field))
        })
        .map(|(_, object)| object)
        .collect();
    ok(&json!({ "items": items }))
}
