//! Removes secrets from texts and objects.

use serde_json::{Map, Value};

/// Replaces a removed value.
const GONE: &str = "(not shown)";
/// An annotation that repeats the whole object, secrets and all.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Removes the user part of URLs and everything that looks like a token.
pub(super) fn text(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| !is_word(c)) {
        let (word, tail) = rest.split_at(at);
        out.push_str(token(word));
        let end = tail.chars().next().map_or(0, char::len_utf8);
        let (between, tail) = tail.split_at(end);
        out.push_str(between);
        rest = tail;
    }
    out.push_str(token(rest));
    without_users(&out)
}

/// Removes the values of a Secret, of containers' environment, and the annotation that repeats
/// the whole object. For a Secret, the sizes remain.
pub(super) fn object(mut object: Value) -> Value {
    let is_secret = object.get("kind").is_some_and(|kind| kind == "Secret");
    if let Some(body) = object.as_object_mut().filter(|_| is_secret) {
        for field in ["data", "stringData"] {
            if let Some(Value::Object(data)) = body.get_mut(field) {
                sizes(data);
            }
        }
    }
    clean(&mut object);
    object
}

fn clean(value: &mut Value) {
    match value {
        Value::String(string) => *string = text(string),
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(map) => {
            map.remove("managedFields");
            map.remove(LAST_APPLIED);
            for (key, value) in map.iter_mut() {
                match (key.as_str(), value) {
                    ("env", Value::Array(variables)) => variables.iter_mut().for_each(variable),
                    ("env", Value::Object(variables)) => variables
                        .values_mut()
                        .for_each(|value| *value = GONE.into()),
                    (_, value) => clean(value),
                }
            }
        }
        _ => {}
    }
}

fn variable(variable: &mut Value) {
    if let Some(value) = variable.get_mut("value") {
        *value = GONE.into();
    }
    clean(variable);
}

fn sizes(data: &mut Map<String, Value>) {
    for value in data.values_mut() {
        let length = value.as_str().map_or(0, str::len);
        *value = format!("({length} characters)").into();
    }
}

const fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '~' | '.' | '_' | '-' | '+' | '=')
}

/// The word, unless it looks like a token: OpenShift's, a JWT, Docker Hub's.
fn token(word: &str) -> &str {
    let starts = ["sha256~", "eyJ", "dckr_pat_", "dckr_oat_", "ghp_"];
    if starts.iter().any(|start| word.starts_with(start)) {
        GONE
    } else {
        word
    }
}

/// `https://user:password@host` becomes `https://(not shown)@host`.
fn without_users(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after
            .find(|c: char| c == '/' || c == '"' || c.is_whitespace())
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str(GONE);
                out.push('@');
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_removed_from_texts() {
        let table = [
            ("http://proxy:3128", "http://proxy:3128"),
            (
                "http://ann:s3cret@proxy:3128/x",
                "http://(not shown)@proxy:3128/x",
            ),
            (
                "a http://u@h b http://v:w@i",
                "a http://(not shown)@h b http://(not shown)@i",
            ),
            ("token sha256~abc-def.", "token (not shown)"),
            (
                "Bearer eyJhbGciOi.J9-x.y_z, then",
                "Bearer (not shown), then",
            ),
            ("dckr_pat_x", "(not shown)"),
            ("image@sha256:0123", "image@sha256:0123"),
            ("", ""),
        ];
        for (before, after) in table {
            assert_eq!(text(before), after);
        }
    }

    #[test]
    fn secrets_are_removed_from_objects_at_any_depth() {
        let before = json!({
            "kind": "Secret",
            "metadata": {
                "name": "s",
                "annotations": {LAST_APPLIED: "geheim", "note": "http://a:geheim@b"},
                "managedFields": [{"x": 1}],
            },
            "data": {"tls.key": "Z2VoZWlt"},
            "stringData": {"k": "geheim"},
            "spec": {"containers": [{"env": [{"name": "A", "value": "geheim"}, {"name": "B", "valueFrom": {}}]}]},
        });
        let after = object(before);
        let printed = after.to_string();
        for secret in ["geheim", "Z2VoZWlt", "managedFields"] {
            assert!(!printed.contains(secret), "{printed}");
        }
        assert_eq!(after["data"]["tls.key"], "(8 characters)");
        assert_eq!(after["spec"]["containers"][0]["env"][0]["name"], "A");
    }
}
