//! The changes of an object, as lines of a diff.

use extreg_cluster::{Kind, Object};
use extreg_terminal::Text;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{DataFormat, to_data};

/// Lines of context around a change.
const CONTEXT: usize = 1;
/// The same for a unified diff.
const UNIFIED_CONTEXT: usize = 3;
/// kubectl's copy of the last applied object, with a secret's values.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The lines that differ, with some context; empty if only server-managed fields differ. For a secret only names are
/// shown.
pub(crate) fn diff(before: &Object, after: &Object) -> Vec<Text> {
    let (Some(before), Some(after)) = (yaml(before), yaml(after)) else {
        return Vec::new();
    };
    let diff = TextDiff::from_lines(&before, &after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(Text::new().dim("  ..."));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Delete => Text::new().red(format!("- {line}")),
                ChangeTag::Insert => Text::new().green(format!("+ {line}")),
                ChangeTag::Equal => Text::new().dim(format!("  {line}")),
            });
        }
    }
    lines
}

/// Two states of an object as a unified diff; empty if only server-managed fields differ. `None` is an object that does
/// not exist. For a secret no value is shown, only whether two values differ, in kubectl's form.
pub(crate) fn unified(name: &str, live: Option<&Value>, desired: Option<&Value>) -> Vec<Text> {
    let mut states = [live, desired].map(|state| state.cloned().unwrap_or_default());
    for state in &mut states {
        clean(state);
    }
    let [live, desired] = &mut states;
    mask(live, desired);
    let text = |state: &Value| match state {
        Value::Null => Some(String::new()),
        state => to_data(state, DataFormat::Yaml).ok(),
    };
    let (Some(before), Some(after)) = (text(live), text(desired)) else {
        return Vec::new();
    };
    let diff = TextDiff::from_lines(&before, &after);
    let mut lines = Vec::new();
    for hunk in diff
        .unified_diff()
        .context_radius(UNIFIED_CONTEXT)
        .iter_hunks()
    {
        lines.push(Text::new().dim(hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let line = change.value().trim_end_matches('\n');
            lines.push(match change.tag() {
                ChangeTag::Delete => Text::new().red(format!("-{line}")),
                ChangeTag::Insert => Text::new().green(format!("+{line}")),
                ChangeTag::Equal => Text::new().plain(format!(" {line}")),
            });
        }
    }
    if !lines.is_empty() {
        let title = |side: &str| Text::new().bold(format!("{side}/{name}"));
        lines.splice(0..0, [title("--- live"), title("+++ desired")]);
    }
    lines
}

/// Replaces the values of a secret, and marks those that differ.
fn mask(live: &mut Value, desired: &mut Value) {
    let is_secret = |state: &Value| state.get("kind").is_some_and(|kind| kind == "Secret");
    if !is_secret(live) && !is_secret(desired) {
        return;
    }
    for field in ["data", "stringData"] {
        let values = |state: &Value| state.get(field).cloned().unwrap_or_default();
        let (before, after) = (values(live), values(desired));
        let cover = |state: &mut Value, other: &Value, word: &str| {
            let Some(data) = state.get_mut(field).and_then(Value::as_object_mut) else {
                return;
            };
            for (key, value) in data.iter_mut() {
                let differs = other.get(key).is_some_and(|other| other != value);
                *value = if differs { word } else { "***" }.into();
            }
        };
        cover(live, &after, "*** (before)");
        cover(desired, &before, "*** (after)");
    }
}

/// Removes server-managed fields, and kubectl's copy of the whole object.
fn clean(body: &mut Value) {
    if let Some(body) = body.as_object_mut() {
        body.remove("status");
    }
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        for field in [
            "creationTimestamp",
            "generation",
            "managedFields",
            "resourceVersion",
            "uid",
        ] {
            metadata.remove(field);
        }
        let annotations = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut);
        if let Some(annotations) = annotations {
            annotations.remove(LAST_APPLIED);
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
}

fn yaml(object: &Object) -> Option<String> {
    let mut body = object.body.clone();
    clean(&mut body);
    if object.kind == Kind::SECRET {
        for field in ["data", "stringData"] {
            let Some(data) = body.get_mut(field).and_then(Value::as_object_mut) else {
                continue;
            };
            for value in data.values_mut() {
                *value = Value::from("(not shown)");
            }
        }
    }
    to_data(&body, DataFormat::Yaml).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(before: &Object, after: &Object) -> Vec<String> {
        diff(before, after)
            .iter()
            .map(|line| line.render(false))
            .collect()
    }

    #[test]
    fn changes_are_shown_with_context() {
        let stream = |from: &str, version: &str| {
            let mut object = Object::new(
                Kind::IMAGE_STREAM,
                "n",
                "app",
                json!({
                "spec": {"tags": [{"from": {"name": from}, "name": "latest"}]}, "status": {"x": version}}),
            );
            object.body["metadata"]["resourceVersion"] = json!(version);
            object
        };
        assert_eq!(
            lines(&stream("a", "1"), &stream("b", "2")),
            [
                "    - from:",
                "-       name: a",
                "+       name: b",
                "      name: latest"
            ]
        );
        assert!(lines(&stream("a", "1"), &stream("a", "2")).is_empty());
    }

    fn unified_text(live: Option<&Value>, desired: Option<&Value>) -> Vec<String> {
        let lines = unified("snow/x", live, desired);
        lines.iter().map(|line| line.render(false)).collect()
    }

    #[test]
    fn unified_diff_shows_an_absent_object() {
        let object = json!({"kind": "A", "metadata": {"uid": "u", "name": "x"}, "status": 1});
        assert_eq!(
            unified_text(None, Some(&object)),
            [
                "--- live/snow/x",
                "+++ desired/snow/x",
                "@@ -0,0 +1,3 @@",
                "+kind: A",
                "+metadata:",
                "+  name: x"
            ]
        );
        let mut other = object.clone();
        other["metadata"]["uid"] = json!("v");
        other["status"] = json!(2);
        assert!(unified_text(Some(&object), Some(&other)).is_empty());
    }

    #[test]
    fn unified_diff_shows_only_that_a_secret_differs() {
        let secret = |value: &str| {
            let annotations = json!({LAST_APPLIED: value});
            json!({"kind": "Secret", "metadata": {"annotations": annotations}, "data": {"a": value, "b": "c2FtZQ=="}})
        };
        let shown = unified_text(Some(&secret("geheim")), Some(&secret("anders"))).join("\n");
        assert!(
            shown.contains("-  a: \"*** (before)\"\n+  a: \"*** (after)\""),
            "{shown}"
        );
        let fresh = unified_text(None, Some(&secret("geheim"))).join("\n");
        assert!(fresh.contains("+  a: \"***\""), "{fresh}");
        for text in [shown, fresh] {
            for secret in ["geheim", "anders", "c2FtZQ"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
        assert!(unified_text(Some(&secret("x")), Some(&secret("x"))).is_empty());
    }

    #[test]
    fn secret_data_is_never_shown() {
        let secret = |key: &str, value: &str| {
            Object::new(Kind::SECRET, "n", "s", json!({"data": {key: value}}))
        };
        assert!(lines(&secret("k", "geheim"), &secret("k", "anders")).is_empty());
        let shown = lines(&secret("k", "geheim"), &secret("l", "anders")).concat();
        assert!(
            shown.contains("+   l: (not shown)") && !shown.contains("anders"),
            "{shown}"
        );
    }
}
