//! What changed in an object, as lines of a diff.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::{DataFormat, Kind, Object, to_data};
use crate::printer::Text;

/// Lines of context around a change.
const CONTEXT: usize = 1;

/// The lines that differ, with a little around them; empty if nothing does that a user decides.
/// Of a secret only names are shown.
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

fn yaml(object: &Object) -> Option<String> {
    let mut body = object.body.clone();
    body.as_object_mut()?.remove("status");
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
    }
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
    fn changes_show_with_a_little_around() {
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

    #[test]
    fn what_a_secret_holds_does_not_show() {
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
