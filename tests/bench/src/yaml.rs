//! YAML in the style of Go's writer: keys sorted, lists in the column of their key.

use serde_json::Value;

/// The text of an object.
pub(crate) fn dump(object: &Value) -> String {
    let mut out = String::new();
    nested(object, 0, &mut out);
    out
}

/// A mapping or a list in this column; its first line starts at the end of `out`.
fn nested(value: &Value, column: usize, out: &mut String) {
    let blanks = " ".repeat(column);
    match value {
        Value::Object(map) => {
            for (at, (key, value)) in map.iter().enumerate() {
                if at > 0 {
                    out.push_str(&blanks);
                }
                out.push_str(&scalar(key));
                out.push(':');
                match value {
                    Value::Object(map) if !map.is_empty() => {
                        out.push_str(&format!("\n{blanks}  "));
                        nested(value, column + 2, out);
                    }
                    Value::Array(items) if !items.is_empty() => {
                        out.push_str(&format!("\n{blanks}"));
                        nested(value, column, out);
                    }
                    other => out.push_str(&format!(" {}\n", leaf(other))),
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(&blanks);
                }
                out.push_str("- ");
                nested(item, column + 2, out);
            }
        }
        other => out.push_str(&format!("{}\n", leaf(other))),
    }
}

fn leaf(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        other => other.to_string(),
    }
}

/// Quoted if it could be parsed as another type.
fn scalar(text: &str) -> String {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || " ./:@_-".contains(c);
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() > 5
        && text.chars().all(is_inner)
        && !text.contains(": ")
        && !text.ends_with([':', ' ']);
    let short_word = text.len() > 1
        && text.chars().all(|c| c.is_ascii_alphabetic())
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&&*text.to_lowercase());
    if plain || short_word {
        text.to_owned()
    } else {
        format!("{:?}", text)
    }
}
