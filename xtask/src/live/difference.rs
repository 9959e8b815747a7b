//! The differences of two JSON values.

use std::collections::BTreeMap;

use serde_json::Value;

/// Each place where `with` differs from `without`, as a JSON pointer, with its value in `with`: `None` if it was
/// removed.
pub(super) fn difference(without: &Value, with: &Value) -> BTreeMap<String, Option<Value>> {
    let mut found = BTreeMap::new();
    compare(String::new(), Some(without), Some(with), &mut found);
    found
}

fn compare(
    at: String,
    without: Option<&Value>,
    with: Option<&Value>,
    found: &mut BTreeMap<String, Option<Value>>,
) {
    match (without, with) {
        (Some(Value::Object(left)), Some(Value::Object(right))) => {
            let mut keys: Vec<&String> = left.keys().chain(right.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let step = key.replace('~', "~0").replace('/', "~1");
                compare(format!("{at}/{step}"), left.get(key), right.get(key), found);
            }
        }
        (Some(Value::Array(left)), Some(Value::Array(right))) => {
            for index in 0..left.len().max(right.len()) {
                let at = format!("{at}/{index}");
                compare(at, left.get(index), right.get(index), found);
            }
        }
        (left, right) if left == right => {}
        (_, right) => {
            found.insert(at, right.cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_difference_is_listed_once() {
        let without = json!({"a": {"b": 1, "c/d": [1, 2]}, "same": [{}], "gone": true});
        let with = json!({"a": {"b": 2, "c/d": [1, 3, 4]}, "same": [{}], "new": {"x": null}});
        let found: Vec<String> = difference(&without, &with)
            .into_iter()
            .map(|(at, value)| format!("{at} {}", value.unwrap_or_else(|| json!("gone"))))
            .collect();
        assert_eq!(
            found,
            [
                "/a/b 2",
                "/a/c~1d/1 3",
                "/a/c~1d/2 4",
                "/gone \"gone\"",
                "/new {\"x\":null}"
            ]
        );
        assert!(difference(&with, &with).is_empty());
    }
}
