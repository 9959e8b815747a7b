//! An API server that keeps objects of any kind as far as `fix` asks for them, and writes down what it
//! is asked.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use json_patch::Patch;
use serde_json::{Value, json};

use super::{
    common::{FakeApi, Seen, extreg, json as answer, status},
    image_api::{Ran, not_found, recorded},
};

/// By path.
pub(crate) type Objects = BTreeMap<String, Value>;

/// Keeps objects.
pub(crate) struct FixApi {
    api: FakeApi,
    objects: Arc<Mutex<Objects>>,
}

impl FixApi {
    /// With these objects.
    pub(crate) fn with(objects: &[Value]) -> Self {
        Self::start(objects, |_, _| None)
    }

    /// The same, where `first` may answer instead, and may change what is kept.
    pub(crate) fn start(
        objects: &[Value],
        first: impl Fn(&Seen, &mut Objects) -> Option<String> + Send + 'static,
    ) -> Self {
        let objects = objects.iter().map(|object| (path(object), object.clone()));
        let objects = Arc::new(Mutex::new(objects.collect::<Objects>()));
        let kept = Arc::clone(&objects);
        let api = FakeApi::start(move |seen, _| {
            let mut kept = kept.lock().unwrap();
            first(seen, &mut kept).unwrap_or_else(|| serve(seen, &mut kept))
        });
        Self { api, objects }
    }

    /// Runs `oc-extreg fix WORDS` against it.
    pub(crate) fn fix(&self, words: &str) -> Ran {
        let output = extreg()
            .arg("fix")
            .args(words.split_whitespace())
            .args(["-n", "snow", "--server", &self.api.url])
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
        ran
    }

    pub(crate) fn url(&self) -> &str {
        &self.api.url
    }

    /// What the cluster is called: its address without the scheme.
    pub(crate) fn host(&self) -> &str {
        self.api.url.trim_start_matches("http://")
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.api.seen()
    }

    /// The requests that could change something: method and path, and the body.
    pub(crate) fn writes(&self) -> Vec<(String, Value)> {
        let seen = self.seen().into_iter();
        seen.filter(|seen| !seen.line.starts_with("GET "))
            .map(|seen| {
                let line = seen.line.replace(" HTTP/1.1", "");
                (line, serde_json::from_str(&seen.body).unwrap())
            })
            .collect()
    }

    /// An object as it is kept.
    pub(crate) fn object(&self, path: &str) -> Value {
        self.objects.lock().unwrap()[path].clone()
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

/// A stream with one tag, as the API server defaults it.
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

/// A docker secret with a key for a server, all of whose values are planted.
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

/// The policies of most tests: Docker Hub with the secret `hub`, and quay.io, which meters nobody.
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

fn path(object: &Value) -> String {
    let version = object["apiVersion"].as_str().unwrap();
    let root = if version.contains('/') { "apis" } else { "api" };
    let plural = match object["kind"].as_str().unwrap() {
        "RegistryPolicy" => "registrypolicies".to_owned(),
        kind => format!("{}s", kind.to_lowercase()),
    };
    let name = object["metadata"]["name"].as_str().unwrap();
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => format!("/{root}/{version}/namespaces/{namespace}/{plural}/{name}"),
        None => format!("/{root}/{version}/{plural}/{name}"),
    }
}

fn serve(seen: &Seen, objects: &mut Objects) -> String {
    let (method, rest) = seen.line.split_once(' ').unwrap();
    let path = rest.split([' ', '?']).next().unwrap().to_owned();
    let is_dry = rest.contains("dryRun=All");
    let body: Value = serde_json::from_str(&seen.body).unwrap_or_default();
    match method {
        "GET" => get(&path, objects),
        "PATCH" => {
            let Some(object) = objects.get(&path) else {
                return not_found();
            };
            let mut patched = object.clone();
            let patch: Patch = serde_json::from_value(body).unwrap();
            if let Err(error) = json_patch::patch(&mut patched, &patch) {
                let message = error.to_string().replace('"', "'");
                return status("422 Unprocessable Entity", 422, "Invalid", &message);
            }
            let answer = ok(&patched);
            if !is_dry {
                objects.insert(path, patched);
            }
            answer
        }
        "POST" if path.ends_with("/instantiate") || path.ends_with("/clone") => {
            // What OpenShift answers is the Build that it makes.
            let file = if path.ends_with("/clone") {
                "49-clone-builds-create.json"
            } else {
                "43-start-build-builds-create.json"
            };
            let (mut build, _) = recorded(file);
            build["metadata"]["namespace"] = json!("snow");
            objects.insert(self::path(&build), build.clone());
            ok(&build)
        }
        "POST" => {
            let own = self::path(&body);
            if objects.contains_key(&own) {
                return status("409 Conflict", 409, "AlreadyExists", "it is there");
            }
            if !is_dry {
                objects.insert(own, body.clone());
            }
            ok(&body)
        }
        _ => status("405 Method Not Allowed", 405, "MethodNotAllowed", "no"),
    }
}

/// An object, or the list of a kind in a namespace or everywhere.
fn get(path: &str, objects: &Objects) -> String {
    if let Some(object) = objects.get(path) {
        return ok(object);
    }
    let plural = path.rsplit('/').next().unwrap();
    if !plural.ends_with('s') || path.contains("/images/") {
        return not_found();
    }
    let is_in = |own: &str| {
        let (list, _) = own.rsplit_once('/').unwrap();
        let (root, _) = list.split_once("/namespaces/").unwrap_or((list, ""));
        list == path || list.ends_with(plural) && path == format!("{root}/{plural}")
    };
    let items: Vec<&Value> = objects
        .iter()
        .filter(|(own, _)| is_in(own))
        .map(|(_, object)| object)
        .collect();
    ok(&json!({"kind": "List", "metadata": {}, "items": items}))
}

fn ok(body: &Value) -> String {
    answer("200 OK", "", &body.to_string())
}
