//! An API server that keeps ImageStreams, as far as tags are concerned, and writes down what it is
//! asked.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use super::common::{FakeApi, Seen, extreg, json as answer, status};

const ROOT: &str = "/apis/image.openshift.io/v1/namespaces/snow";

/// What a registry answers about an image: its digest, or a reason and its words.
pub(crate) type InRegistry = Result<&'static str, (&'static str, &'static str)>;

/// Keeps the ImageStreams of namespace snow.
pub(crate) struct ImageApi {
    api: FakeApi,
    streams: Arc<Mutex<BTreeMap<String, Value>>>,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl ImageApi {
    /// With these streams.
    pub(crate) fn with(streams: &[Value]) -> Self {
        Self::start(streams, |_, _| None)
    }

    /// The same, where `first` may answer instead; it gets the request and its number.
    pub(crate) fn start(
        streams: &[Value],
        first: impl Fn(&Seen, usize) -> Option<String> + Send + 'static,
    ) -> Self {
        Self::importing(streams, |_| Ok("sha256:new"), first)
    }

    /// The same, with a registry.
    pub(crate) fn importing(
        streams: &[Value],
        registry: impl Fn(&str) -> InRegistry + Send + 'static,
        first: impl Fn(&Seen, usize) -> Option<String> + Send + 'static,
    ) -> Self {
        let named = streams.iter().map(|stream| (name(stream), stream.clone()));
        let streams = Arc::new(Mutex::new(named.collect()));
        let kept = Arc::clone(&streams);
        let api = FakeApi::start(move |seen, number| {
            first(seen, number).unwrap_or_else(|| serve(seen, &mut kept.lock().unwrap(), &registry))
        });
        Self { api, streams }
    }

    /// Runs `oc-extreg WORDS` against it.
    pub(crate) fn run(&self, words: &str) -> Ran {
        let output = extreg()
            .args(words.split_whitespace())
            .args(["-n", "snow"])
            .env("KUBECONFIG", self.api.kubeconfig())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.api.url
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        self.api.kubeconfig()
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.api.seen()
    }

    /// The requests that could change something: method and path after the namespace, and the body.
    pub(crate) fn writes(&self) -> Vec<(String, Value)> {
        self.seen()
            .into_iter()
            .filter(|seen| !seen.line.starts_with("GET "))
            .map(|seen| {
                let line = seen.line.replace(ROOT, "").replace(" HTTP/1.1", "");
                (line, serde_json::from_str(&seen.body).unwrap_or_default())
            })
            .collect()
    }

    /// A stream as it is kept.
    pub(crate) fn stream(&self, name: &str) -> Value {
        self.streams.lock().unwrap()[name].clone()
    }

    /// A tag of `spec` as it is kept.
    pub(crate) fn tag(&self, stream: &str, tag: &str) -> Value {
        let streams = self.streams.lock().unwrap();
        let tags = streams[stream]["spec"]["tags"].as_array().unwrap();
        tags.iter()
            .find(|kept| kept["name"] == tag)
            .unwrap()
            .clone()
    }
}

/// A stream with these tags of `spec` and these of `status`.
pub(crate) fn stream(name: &str, spec: &Value, status: &Value) -> Value {
    json!({
        "kind": "ImageStream", "apiVersion": "image.openshift.io/v1",
        "metadata": {"name": name, "namespace": "snow", "resourceVersion": "458", "uid": "u"},
        "spec": {"lookupPolicy": {"local": false}, "tags": spec},
        "status": {"tags": status},
    })
}

/// The object of a recorded admission review, and the one before it.
pub(crate) fn recorded(file: &str) -> (Value, Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tests/data/recorded");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let mut review: Value = serde_json::from_str(&text).unwrap();
    let request = &mut review["request"];
    (request["object"].take(), request["oldObject"].take())
}

/// A tag or an image to import with the defaults that the API server fills in before admission
/// (openshift-apiserver `pkg/image/apis/image/v1/defaults.go`).
pub(crate) fn defaulted(mut value: Value) -> Value {
    let object = value.as_object_mut().unwrap();
    for (policy, field, default) in [
        ("importPolicy", "importMode", "Legacy"),
        ("referencePolicy", "type", "Source"),
    ] {
        let policy = object.entry(policy).or_insert_with(|| json!({}));
        policy
            .as_object_mut()
            .unwrap()
            .entry(field)
            .or_insert_with(|| json!(default));
    }
    value
}

fn serve(
    seen: &Seen,
    streams: &mut BTreeMap<String, Value>,
    registry: &dyn Fn(&str) -> InRegistry,
) -> String {
    let (method, rest) = seen.line.split_once(' ').unwrap();
    let path = rest.split([' ', '?']).next().unwrap();
    let is_dry = rest.contains("dryRun=All");
    let body: Value = serde_json::from_str(&seen.body).unwrap_or_default();
    let Some(path) = path.strip_prefix(ROOT) else {
        let resources =
            json!({"resources": [{"name": "imagestreams"}, {"name": "imagestreamtags"}]});
        return ok(&resources);
    };
    let (resource, object) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    match (method, resource) {
        ("GET", "imagestreams") => match streams.get(object) {
            Some(stream) => ok(stream),
            None => not_found(),
        },
        ("POST" | "PUT", "imagestreams") => {
            streams.insert(name(&body), body.clone());
            ok(&body)
        }
        ("PUT" | "POST", "imagestreamtags") => {
            let (stream_name, tag) = {
                let name = body["metadata"]["name"].as_str().unwrap();
                let (stream, tag) = name.split_once(':').unwrap();
                (stream.to_owned(), tag.to_owned())
            };
            let mut kept = streams
                .get(&stream_name)
                .cloned()
                .unwrap_or_else(|| stream(&stream_name, &json!([]), &json!([])));
            let tags = kept["spec"]["tags"].as_array_mut().unwrap();
            let others: Vec<Value> = tags.iter().filter(|t| t["name"] != tag).cloned().collect();
            if method == "POST" && others.len() < tags.len() {
                return status("409 Conflict", 409, "AlreadyExists", "it is there");
            }
            *tags = others;
            tags.push(defaulted(body["tag"].clone()));
            if !is_dry {
                streams.insert(stream_name, kept);
            }
            ok(&body)
        }
        ("DELETE", "imagestreamtags") => {
            let (stream, tag) = object.split_once(':').unwrap();
            let Some(kept) = streams.get_mut(stream) else {
                return not_found();
            };
            let mut found = false;
            for (list, key) in [("/spec/tags", "name"), ("/status/tags", "tag")] {
                let tags = kept.pointer_mut(list).unwrap().as_array_mut().unwrap();
                found |= tags.iter().any(|kept| kept[key] == tag);
                if !is_dry {
                    tags.retain(|kept| kept[key] != tag);
                }
            }
            if found { ok(&json!({})) } else { not_found() }
        }
        ("POST", "imagestreamimports") => imported(body, streams, registry),
        _ => status("405 Method Not Allowed", 405, "MethodNotAllowed", "no"),
    }
}

fn imported(
    mut body: Value,
    streams: &BTreeMap<String, Value>,
    registry: &dyn Fn(&str) -> InRegistry,
) -> String {
    let images: Vec<Value> = body["spec"]["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| match registry(image["from"]["name"].as_str().unwrap()) {
            Ok(digest) => json!({"status": {"status": "Success"}, "image": {"metadata": {"name": digest}}}),
            Err((reason, message)) => json!({"status": {"status": "Failure", "reason": reason, "message": message}}),
        })
        .collect();
    body["status"] = json!({"images": images, "import": streams[&name(&body)]});
    ok(&body)
}

fn name(object: &Value) -> String {
    object["metadata"]["name"].as_str().unwrap().to_owned()
}

fn ok(body: &Value) -> String {
    answer("200 OK", "", &body.to_string())
}

/// The answer 404.
pub(crate) fn not_found() -> String {
    status("404 Not Found", 404, "NotFound", "not found")
}

/// The answer 403.
pub(crate) fn forbidden(what: &str) -> String {
    let message = format!("user cannot {what}");
    status("403 Forbidden", 403, "Forbidden", &message)
}

/// The answer 405.
pub(crate) fn not_allowed() -> String {
    status(
        "405 Method Not Allowed",
        405,
        "MethodNotAllowed",
        "no such verb",
    )
}

/// The answer 409.
pub(crate) fn conflict() -> String {
    status("409 Conflict", 409, "Conflict", "it was changed")
}
