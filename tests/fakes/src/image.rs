//! OpenShift's handling of tags, imports and builds.

use std::path::Path;

use http::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, ok, status};
use crate::seen::Seen;
use crate::store::{self, Objects, refusal, touch};

/// The answer of a registry about an image: its digest, or a reason with a message.
pub(crate) type InRegistry =
    dyn Fn(&str) -> Result<&'static str, (&'static str, &'static str)> + Send + Sync;

/// The object of a recorded admission review, and the one before it.
pub fn recorded(file: &str) -> (Value, Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/recorded");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let mut review: Value = serde_json::from_str(&text).unwrap();
    let request = &mut review["request"];
    (request["object"].take(), request["oldObject"].take())
}

/// A tag or an image to import with the defaults that the API server fills in before admission
/// (openshift-apiserver `pkg/image/apis/image/v1/defaults.go`).
pub fn defaulted(mut value: Value) -> Value {
    for (policy, field, default) in [
        ("importPolicy", "importMode", "Legacy"),
        ("referencePolicy", "type", "Source"),
    ] {
        if value[policy][field].is_null() {
            value[policy][field] = json!(default);
        }
    }
    value
}

/// The answer to a write of an object that is not stored under its own path.
pub(crate) fn write(seen: &Seen, objects: &mut Objects, registry: &InRegistry) -> Option<Answer> {
    let (folder, last) = seen.path.rsplit_once('/')?;
    if seen.method == Method::POST {
        match last {
            "imagestreamtags" => return Some(put_tag(seen, folder, objects)),
            "imagestreamimports" => return Some(import(seen, folder, objects, registry)),
            "instantiate" => {
                return Some(build(seen, "43-start-build-builds-create.json", objects));
            }
            "clone" => return Some(build(seen, "49-clone-builds-create.json", objects)),
            _ => return None,
        }
    }
    let root = folder.strip_suffix("/imagestreamtags")?;
    match seen.method {
        Method::PUT => Some(put_tag(seen, root, objects)),
        Method::DELETE => Some(delete_tag(seen, root, last, objects)),
        _ => None,
    }
}

fn put_tag(seen: &Seen, root: &str, objects: &mut Objects) -> Answer {
    let body = seen.json();
    let (name, tag) = body["metadata"]["name"]
        .as_str()
        .unwrap()
        .split_once(':')
        .unwrap();
    let path = format!("{root}/imagestreams/{name}");
    let namespace = root.rsplit('/').next().unwrap();
    let mut stream = objects.get(&path).cloned().unwrap_or_else(|| {
        json!({
            "kind": "ImageStream", "apiVersion": "image.openshift.io/v1",
            "metadata": {"name": name, "namespace": namespace, "resourceVersion": "1", "uid": "u"},
            "spec": {"lookupPolicy": {"local": false}, "tags": []}, "status": {"tags": []},
        })
    });
    if stream["spec"]["tags"].is_null() {
        stream["spec"]["tags"] = json!([]);
    }
    let tags = stream["spec"]["tags"].as_array_mut().unwrap();
    let before = tags.len();
    tags.retain(|kept| kept["name"] != tag);
    if seen.method == Method::POST && tags.len() < before {
        return status(409, "AlreadyExists", "it exists");
    }
    tags.push(defaulted(body["tag"].clone()));
    if !seen.query.contains("dryRun=All") {
        objects.insert(path.clone(), stream);
        touch(objects, &path, |_| ());
    }
    ok(&body)
}

fn delete_tag(seen: &Seen, root: &str, name: &str, objects: &mut Objects) -> Answer {
    let (name, tag) = name.split_once(':').unwrap();
    let Some(stream) = objects.get_mut(&format!("{root}/imagestreams/{name}")) else {
        return refusal(404, "not found");
    };
    let mut found = false;
    for (list, key) in [("/spec/tags", "name"), ("/status/tags", "tag")] {
        let tags = stream.pointer_mut(list).unwrap().as_array_mut().unwrap();
        found |= tags.iter().any(|kept| kept[key] == tag);
        if !seen.query.contains("dryRun=All") {
            tags.retain(|kept| kept[key] != tag);
        }
    }
    if found {
        ok("{}")
    } else {
        refusal(404, "not found")
    }
}

fn import(seen: &Seen, root: &str, objects: &Objects, registry: &InRegistry) -> Answer {
    let mut body = seen.json();
    let images: Vec<Value> = body["spec"]["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| match registry(image["from"]["name"].as_str().unwrap()) {
            Ok(digest) => json!({"status": {"status": "Success"}, "image": {"metadata": {"name": digest}}}),
            Err((reason, message)) => json!({"status": {"status": "Failure", "reason": reason, "message": message}}),
        })
        .collect();
    let name = body["metadata"]["name"].as_str().unwrap();
    let stream = objects.get(&format!("{root}/imagestreams/{name}")).cloned();
    body["status"] = json!({"images": images, "import": stream});
    ok(&body)
}

/// Answers with the created Build, as OpenShift does.
fn build(seen: &Seen, file: &str, objects: &mut Objects) -> Answer {
    let (mut build, _) = recorded(file);
    let (_, namespace) = seen.path.split_once("/namespaces/").unwrap();
    build["metadata"]["namespace"] = json!(namespace.split('/').next().unwrap());
    objects.insert(store::path(&build), build.clone());
    ok(&build)
}
