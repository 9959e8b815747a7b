//! The objects of a fake API server by path, with reads and writes.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use json_patch::Patch;
use serde_json::{Value, json};

use crate::answer::{Answer, ok, status};
use crate::seen::Seen;

/// Stored values by path: an object; an array, which is served as a list; or a number, the code of an error.
pub type Objects = BTreeMap<String, Value>;

/// Settings of list requests.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    /// Paths below which a list without objects is empty; other lists are not found.
    pub(crate) served: Vec<String>,
    /// Every namespace exists.
    pub(crate) any_namespace: bool,
    /// The number of objects on a page, whatever the limit of the request.
    pub(crate) page: Option<usize>,
    /// How often each list expires between its pages.
    pub(crate) expiries: usize,
    /// How often each list expired so far.
    pub(crate) expired: BTreeMap<String, usize>,
}

/// The parts of a path.
struct Target<'a> {
    /// Up to the version: `/api/v1`.
    root: String,
    namespace: Option<&'a str>,
    plural: &'a str,
    is_list: bool,
}

impl<'a> Target<'a> {
    fn parse(path: &'a str) -> Option<Self> {
        let mut parts = path.trim_start_matches('/').split('/');
        let root: Vec<&str> = match parts.next()? {
            "api" => vec!["api", parts.next()?],
            "apis" => vec!["apis", parts.next()?, parts.next()?],
            _ => return None,
        };
        let rest: Vec<&str> = parts.collect();
        let (namespace, plural, is_list) = match rest[..] {
            [plural] => (None, plural, true),
            ["namespaces", _] => (None, "namespaces", false),
            ["namespaces", namespace, plural] => (Some(namespace), plural, true),
            ["namespaces", namespace, plural, ..] => (Some(namespace), plural, false),
            [plural, ..] => (None, plural, false),
            [] => return None,
        };
        Some(Self {
            root: format!("/{}", root.join("/")),
            namespace,
            plural,
            is_list,
        })
    }

    /// Whether an object of this path is in the list.
    fn holds(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix(&self.root) else {
            return false;
        };
        let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
        match (parts[..].as_ref(), self.namespace) {
            ([plural, _], None) => *plural == self.plural,
            (["namespaces", namespace, plural, _], own) => {
                *plural == self.plural && own.is_none_or(|own| own == *namespace)
            }
            _ => false,
        }
    }
}

/// The path of an object.
pub(crate) fn path(object: &Value) -> String {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let version = text("/apiVersion").unwrap();
    let root = if version.contains('/') { "apis" } else { "api" };
    let plural = match text("/kind").unwrap() {
        "RegistryPolicy" => "registrypolicies".to_owned(),
        kind => format!("{}s", kind.to_lowercase()),
    };
    let name = text("/metadata/name").unwrap();
    match text("/metadata/namespace") {
        Some(namespace) => format!("/{root}/{version}/namespaces/{namespace}/{plural}/{name}"),
        None => format!("/{root}/{version}/{plural}/{name}"),
    }
}

/// Changes an object and its resourceVersion.
pub fn touch(objects: &mut Objects, path: &str, change: impl FnOnce(&mut Value)) {
    let object = objects.get_mut(path).unwrap();
    change(object);
    let version = object["metadata"]["resourceVersion"].as_str();
    if let Some(next) = version.and_then(|version| version.parse::<u64>().ok()) {
        object["metadata"]["resourceVersion"] = json!((next + 1).to_string());
    }
}

/// The answer for a stored value.
fn kept(value: &Value) -> Answer {
    match value {
        Value::Number(code) => {
            let code = u16::try_from(code.as_u64().unwrap()).unwrap();
            refusal(code, "no")
        }
        Value::Array(items) => ok(&json!({
            "apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"}, "items": items,
        })),
        _ => ok(value),
    }
}

/// An error with the reason of its code.
pub(crate) fn refusal(code: u16, message: &str) -> Answer {
    let reason = match code {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        409 => "Conflict",
        410 => "Expired",
        422 => "Invalid",
        429 => "TooManyRequests",
        500 => "InternalError",
        _ => "Because",
    };
    status(code, reason, message)
}

pub(crate) fn read(seen: &Seen, objects: &Objects, lists: &mut Lists) -> Answer {
    let selector = seen.param("fieldSelector");
    let narrowed = selector
        .as_ref()
        .map(|selector| format!("{}?{selector}", seen.path));
    let found = narrowed.and_then(|narrowed| objects.get(&narrowed));
    if let Some(value) = found.or_else(|| objects.get(&seen.path)) {
        return kept(value);
    }
    let Some(target) = Target::parse(&seen.path) else {
        return refusal(404, "not found");
    };
    if !target.is_list {
        let name = seen.path.rsplit('/').next().unwrap();
        return match target.plural {
            "namespaces" if lists.any_namespace => ok(&json!({"metadata": {"name": name}})),
            _ => refusal(404, "not found"),
        };
    }
    let mut items: Vec<Value> = objects
        .iter()
        .filter(|(path, object)| {
            object.is_object() && target.holds(path) && is_selected(object, selector.as_deref())
        })
        .map(|(_, object)| object.clone())
        .collect();
    if target.plural == "namespaces" && lists.any_namespace {
        add_namespaces(&mut items, objects);
    }
    let is_served = |served: &String| seen.path.starts_with(served);
    if items.is_empty() && !lists.served.iter().any(is_served) {
        return refusal(404, "not found");
    }
    page(seen, &items, lists)
}

fn page(seen: &Seen, items: &[Value], lists: &mut Lists) -> Answer {
    let start: usize = seen
        .param("continue")
        .map_or(0, |token| token.parse().unwrap());
    if start > 0 {
        let expired = lists.expired.entry(seen.path.clone()).or_default();
        if *expired < lists.expiries {
            *expired += 1;
            return refusal(410, "too old");
        }
    }
    let end = lists
        .page
        .map_or(items.len(), |page| items.len().min(start + page));
    let mut metadata = json!({"resourceVersion": "1"});
    if end < items.len() {
        metadata["continue"] = json!(end.to_string());
        metadata["remainingItemCount"] = json!(items.len() - end);
    }
    let page = &items[start.min(end)..end];
    ok(&json!({"apiVersion": "v1", "kind": "List", "metadata": metadata, "items": page}))
}

/// Adds the namespaces of the stored objects.
fn add_namespaces(items: &mut Vec<Value>, objects: &Objects) {
    let names: BTreeSet<&str> = objects
        .values()
        .filter_map(|object| object.pointer("/metadata/namespace")?.as_str())
        .collect();
    for name in names {
        if !items.iter().any(|item| item["metadata"]["name"] == name) {
            items.push(json!({"metadata": {"name": name}}));
        }
    }
}

/// Evaluates the field selectors that the product uses.
fn is_selected(object: &Value, selector: Option<&str>) -> bool {
    selector.is_none_or(|selector| {
        selector.split(',').all(|one| {
            let (field, value) = one.split_once('=').unwrap();
            let pointer = match (field, object["kind"].as_str()) {
                ("status", Some("Build")) => "/status/phase".to_owned(),
                _ => format!("/{}", field.replace('.', "/")),
            };
            object.pointer(&pointer).is_some_and(|found| found == value)
        })
    })
}

pub(crate) fn write(seen: &Seen, objects: &mut Objects) -> Answer {
    let is_dry = seen.query.contains("dryRun=All");
    let mut body = seen.json();
    if let Some(Value::Number(code)) = objects.get(&seen.path) {
        return refusal(u16::try_from(code.as_u64().unwrap()).unwrap(), "no");
    }
    if seen.method == Method::POST {
        let path = format!(
            "{}/{}",
            seen.path,
            body["metadata"]["name"].as_str().unwrap()
        );
        if objects.contains_key(&path) {
            return status(409, "AlreadyExists", "it exists");
        }
        body["metadata"]["resourceVersion"] = json!("1");
        if !is_dry {
            objects.insert(path, body.clone());
        }
        return Answer::json(201, &body);
    }
    let is_apply = seen.header("content-type").concat().contains("apply-patch");
    let Some(old) = objects.get(&seen.path).cloned() else {
        return match seen.method {
            // The status of an object that only a list contains; an applied object.
            Method::PATCH if is_apply && !is_dry => {
                objects.insert(seen.path.clone(), body.clone());
                Answer::json(201, &body)
            }
            Method::PATCH if is_apply => Answer::json(201, &body),
            Method::PATCH if seen.path.ends_with("/status") => {
                ok(&json!({"metadata": {"name": "p"}}))
            }
            _ => refusal(404, "not found"),
        };
    };
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    let new = match seen.method {
        Method::PUT if version(&body) == version(&old) => body,
        Method::PUT => return refusal(409, "the object has been modified"),
        Method::DELETE => {
            if !is_dry {
                objects.remove(&seen.path);
            }
            return ok(&old);
        }
        Method::PATCH => match patched(old.clone(), body) {
            Ok(new) => new,
            Err(why) => return refusal(422, &why),
        },
        _ => return refusal(405, "no such verb"),
    };
    if old["immutable"] == true && old["data"] != new["data"] {
        return refusal(422, "data is immutable");
    }
    if is_dry || new == old {
        return ok(&new);
    }
    objects.insert(seen.path.clone(), new);
    touch(objects, &seen.path, |_| ());
    ok(&objects[&seen.path])
}

/// Applies a JSON patch, if it is a list, or a merge patch.
fn patched(mut object: Value, patch: Value) -> Result<Value, String> {
    if patch.is_array() {
        let patch: Patch = serde_json::from_value(patch).unwrap();
        json_patch::patch(&mut object, &patch).map_err(|error| error.to_string())?;
    } else {
        json_patch::merge(&mut object, &patch);
    }
    Ok(object)
}
