//! The annotation with one entry changed. The rest of it is unchanged, including members that OpenShift does not
//! read.

use serde_json::{Value, json};

/// The annotation with an additional entry, by which `container` follows `tag`; `None` if the text is not a
/// list. Without an annotation the text is empty.
pub fn appended(text: &str, tag: &str, namespace: Option<&str>, field: &str) -> Option<String> {
    let mut list = match text {
        "" => Vec::new(),
        text => list(text)?,
    };
    let mut from = json!({"kind": "ImageStreamTag", "name": tag});
    if let (Some(namespace), Some(members)) = (namespace, from.as_object_mut()) {
        members.insert("namespace".to_owned(), namespace.into());
    }
    list.push(json!({"from": from, "fieldPath": field}));
    Some(Value::Array(list).to_string())
}

/// The annotation with the entry at `index` set to another `fieldPath`.
pub fn repointed(text: &str, index: usize, field: &str) -> Option<String> {
    changed(text, index, |entry| {
        entry.insert("fieldPath".to_owned(), field.into());
    })
}

/// The annotation with the entry at `index` no longer paused.
pub fn resumed(text: &str, index: usize) -> Option<String> {
    changed(text, index, |entry| {
        entry.retain(|key, _| !key.eq_ignore_ascii_case("paused"));
    })
}

/// The annotation without the entry at `index`.
pub fn without(text: &str, index: usize) -> Option<String> {
    let mut list = list(text)?;
    (index < list.len()).then(|| {
        list.remove(index);
        Value::Array(list).to_string()
    })
}

fn changed(
    text: &str,
    index: usize,
    change: impl FnOnce(&mut serde_json::Map<String, Value>),
) -> Option<String> {
    let mut list = list(text)?;
    change(list.get_mut(index)?.as_object_mut()?);
    Some(Value::Array(list).to_string())
}

fn list(text: &str) -> Option<Vec<Value>> {
    match serde_json::from_str(text).ok()? {
        Value::Array(list) => Some(list),
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"[{"fieldPath":"a","from":{"kind":"ImageStreamTag","name":"s:t"},"note":1,"paused":true},{"fieldPath":"b"}]"#;

    #[test]
    fn one_entry_changes_and_the_rest_is_kept() {
        let one = r#"{"fieldPath":"a","from":{"kind":"ImageStreamTag","name":"s:t"},"note":1"#;
        let added =
            r#"{"fieldPath":"c","from":{"kind":"ImageStreamTag","name":"x:y","namespace":"n"}}"#;
        let short = r#"[{"fieldPath":"c","from":{"kind":"ImageStreamTag","name":"x:y"}}]"#;
        for (got, want) in [
            (
                appended(TEXT, "x:y", Some("n"), "c"),
                format!(r#"[{one},"paused":true}},{{"fieldPath":"b"}},{added}]"#),
            ),
            (appended("", "x:y", None, "c"), short.to_owned()),
            (appended("null", "x:y", None, "c"), short.to_owned()),
            (
                repointed(TEXT, 1, "c"),
                format!(r#"[{one},"paused":true}},{{"fieldPath":"c"}}]"#),
            ),
            (
                resumed(TEXT, 0),
                format!(r#"[{one}}},{{"fieldPath":"b"}}]"#),
            ),
            (without(TEXT, 1), format!(r#"[{one},"paused":true}}]"#)),
        ] {
            assert_eq!(got.as_deref(), Some(&*want));
        }
        assert_eq!(without(TEXT, 2), None);
        assert_eq!(resumed("{}", 0), None);
        assert_eq!(appended("x", "s:t", None, "c"), None);
    }
}
