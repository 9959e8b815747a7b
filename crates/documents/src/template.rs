//! The parameters of a Template and the values that OpenShift substitutes
//! (library-go `pkg/template/templateprocessing/template.go`).
//!
//! Only a fixed `value` is known before the Template is processed; a parameter that is generated or has to be
//! provided remains `${NAME}`.

use std::collections::{BTreeMap, BTreeSet};

use extreg_core::registry::before_tag_parameter;
use serde_json::{Map, Value};

/// The parameters of one Template.
#[derive(Debug, Default)]
pub(crate) struct Parameters<'a> {
    /// With their fixed value, if they have one.
    values: BTreeMap<&'a str, Option<&'a str>>,
    /// The labels that the Template gives every object.
    labels: Vec<(String, String)>,
}

impl<'a> Parameters<'a> {
    pub(crate) fn from_template(template: &'a Value) -> Self {
        let mut values = BTreeMap::new();
        let list = template.get("parameters").and_then(Value::as_array);
        for parameter in list.into_iter().flatten() {
            let text = |key| parameter.get(key).and_then(Value::as_str);
            if let Some(name) = text("name") {
                values.insert(name, text("value").filter(|value| !value.is_empty()));
            }
        }
        let mut parameters = Self {
            values,
            labels: Vec::new(),
        };
        let labels = template.get("labels").and_then(Value::as_object);
        for (key, value) in labels.into_iter().flatten() {
            if let Value::String(value) = value {
                let mut unresolved = BTreeSet::new();
                let key = parameters.substitute(key, &mut unresolved);
                let value = parameters.substitute(value, &mut unresolved);
                parameters.labels.push((key, value));
            }
        }
        parameters
    }

    /// The object from one in the Template, and its remaining parameters.
    pub(crate) fn resolve(&self, object: &Value) -> (Value, Vec<String>) {
        let mut unresolved = BTreeSet::new();
        let mut object = object.clone();
        strip_namespace(&mut object);
        let mut object = self.visit(object, &mut unresolved);
        self.add_labels(&mut object);
        (object, unresolved.into_iter().map(str::to_owned).collect())
    }

    /// The parameters in images of an object that the Template does not declare. OpenShift keeps
    /// these unchanged. In other fields `${HOME}` can be meant for a shell.
    pub(crate) fn undeclared(&self, object: &Value) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        images(object, "", &mut |image| {
            let all = image.split("${").skip(1);
            let all = all.filter_map(|rest| Some(rest.split_once('}')?.0.trim_start_matches('{')));
            names.extend(
                all.filter(|name| is_name(name) && !self.values.contains_key(name))
                    .map(str::to_owned),
            );
        });
        names
    }

    fn visit(&self, value: Value, unresolved: &mut BTreeSet<&'a str>) -> Value {
        match value {
            Value::String(text) => self.text(text, unresolved),
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.visit(item, unresolved))
                .collect(),
            Value::Object(map) => {
                let entries = map.into_iter().map(|(key, value)| {
                    let key = self.substitute(&key, unresolved);
                    (key, self.visit(value, unresolved))
                });
                Value::Object(entries.collect::<Map<_, _>>())
            }
            other => other,
        }
    }

    /// `${{NAME}}` alone stands for a value that is not a string.
    fn text(&self, text: String, unresolved: &mut BTreeSet<&'a str>) -> Value {
        let whole = text
            .strip_prefix("${{")
            .and_then(|rest| rest.strip_suffix("}}"))
            .filter(|name| is_name(name));
        if let Some(name) = whole {
            return match self.values.get_key_value(name) {
                Some((_, Some(value))) => serde_json::from_str(value)
                    .unwrap_or_else(|_| Value::String((*value).to_owned())),
                Some((name, None)) => {
                    unresolved.insert(*name);
                    Value::String(text)
                }
                None => Value::String(text),
            };
        }
        Value::String(self.substitute(&text, unresolved))
    }

    /// Every occurrence of `${NAME}`; other text is unchanged.
    fn substitute(&self, text: &str, unresolved: &mut BTreeSet<&'a str>) -> String {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            let reference = after
                .split_once('}')
                .filter(|(name, _)| is_name(name))
                .and_then(|(name, tail)| Some((self.values.get_key_value(name)?, tail)));
            match reference {
                Some(((_, Some(value)), tail)) => {
                    result.push_str(value);
                    rest = tail;
                }
                Some(((name, None), _)) => {
                    unresolved.insert(*name);
                    result.push_str("${");
                    rest = after;
                }
                None => {
                    result.push_str("${");
                    rest = after;
                }
            }
        }
        result.push_str(rest);
        result
    }

    fn add_labels(&self, object: &mut Value) {
        if self.labels.is_empty() {
            return;
        }
        let Value::Object(object) = object else {
            return;
        };
        let metadata = object
            .entry("metadata")
            .or_insert_with(|| Map::new().into());
        let Value::Object(metadata) = metadata else {
            return;
        };
        let labels = metadata.entry("labels").or_insert(Value::Null);
        if labels.is_null() {
            *labels = Map::new().into();
        }
        if let Value::Object(labels) = labels {
            for (key, value) in &self.labels {
                labels.insert(key.clone(), Value::String(value.clone()));
            }
        }
    }
}

/// Visits the fields of an object that name images: `image`, and the `name` of a `from` or a `to`.
fn images(value: &Value, key: &str, visit: &mut impl FnMut(&str)) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value {
                    Value::String(text)
                        if name == "image" || name == "name" && matches!(key, "from" | "to") =>
                    {
                        visit(text);
                    }
                    value => images(value, name, visit),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| images(item, key, visit)),
        _ => {}
    }
}

/// Restores a parameter if it determines the registry or repository of an image:
/// another value of the parameter could change the decision. A parameter in the tag alone does not matter.
pub(crate) fn restore_images(body: &mut Value, written: &Value) {
    restore(body, written, "");
}

fn restore(body: &mut Value, written: &Value, key: &str) {
    match (body, written) {
        (Value::Object(body), Value::Object(written)) => {
            for (name, value) in body {
                let Some(written) = written.get(name) else {
                    continue;
                };
                match (&mut *value, written) {
                    (Value::String(text), Value::String(written))
                        if name == "name" && matches!(key, "from" | "to") =>
                    {
                        let is_tag_alone = before_tag_parameter(written).is_some();
                        if has_reference(written) && !is_tag_alone {
                            text.clone_from(written);
                        }
                    }
                    (value, written) => restore(value, written, name),
                }
            }
        }
        (Value::Array(body), Value::Array(written)) => {
            for (body, written) in body.iter_mut().zip(written) {
                restore(body, written, key);
            }
        }
        _ => {}
    }
}

/// A namespace without a parameter is dropped: the object is created where the Template is processed.
fn strip_namespace(object: &mut Value) {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata")
        && !metadata
            .get("namespace")
            .and_then(Value::as_str)
            .is_some_and(has_reference)
    {
        metadata.remove("namespace");
    }
}

fn has_reference(text: &str) -> bool {
    text.split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .any(|(name, _)| is_name(name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fixed_values_are_substituted_and_the_rest_is_unchanged() {
        let template = json!({"parameters": [
            {"name": "ORG", "value": "acme"},
            {"name": "TAG", "value": "v1", "required": true},
            {"name": "REPLICAS", "value": "3"},
            {"name": "EMPTY", "value": ""},
            {"name": "SECRET", "generate": "expression", "from": "[a-z]{8}"},
            {"name": "GIVEN", "required": true},
        ]});
        let parameters = Parameters::from_template(&template);
        for (text, want, waits) in [
            (
                "docker.io/${ORG}/app:${TAG}",
                json!("docker.io/acme/app:v1"),
                &[][..],
            ),
            ("${ORG}${ORG}", json!("acmeacme"), &[]),
            ("${{REPLICAS}}", json!(3), &[]),
            ("${{ORG}}", json!("acme"), &[]),
            ("x-${{REPLICAS}}", json!("x-${{REPLICAS}}"), &[]),
            (
                "${SECRET}-${GIVEN}-${ORG}",
                json!("${SECRET}-${GIVEN}-acme"),
                &["GIVEN", "SECRET"],
            ),
            ("${EMPTY}", json!("${EMPTY}"), &["EMPTY"]),
            ("${{GIVEN}}", json!("${{GIVEN}}"), &["GIVEN"]),
            ("${HOME} $ORG ${ ORG}", json!("${HOME} $ORG ${ ORG}"), &[]),
            ("${", json!("${"), &[]),
            ("${ORG", json!("${ORG"), &[]),
            ("${${ORG}}", json!("${acme}"), &[]),
        ] {
            let (resolved, unresolved) = parameters.resolve(&json!({"spec": [text]}));
            assert_eq!(resolved, json!({"spec": [want]}), "{text}");
            assert_eq!(unresolved, waits, "{text}");
        }
    }

    #[test]
    fn an_image_that_depends_on_a_parameter_is_undecided() {
        let template = json!({"parameters": [
            {"name": "ORG", "value": "acme"}, {"name": "TAG", "value": "v1"},
        ]});
        let parameters = Parameters::from_template(&template);
        let object = |name: &str| json!({"spec": {"tags": [{"from": {"kind": "DockerImage", "name": name}}]}});
        for (name, want) in [
            ("docker.io/acme/app:${TAG}", "docker.io/acme/app:v1"),
            ("docker.io/${ORG}/app:${TAG}", "docker.io/${ORG}/app:${TAG}"),
            ("docker.io/${ORG}/app:v1", "docker.io/${ORG}/app:v1"),
            ("docker.io/acme/app:v1", "docker.io/acme/app:v1"),
        ] {
            let (mut resolved, _) = parameters.resolve(&object(name));
            restore_images(&mut resolved, &object(name));
            assert_eq!(resolved, object(want), "{name}");
        }
        let undeclared = |name: &str| {
            let names = parameters.undeclared(&object(name));
            names.into_iter().collect::<Vec<_>>().join(",")
        };
        assert_eq!(undeclared("docker.io/${ORG}/app:${TGA}"), "TGA");
        assert_eq!(undeclared("docker.io/${ORG}/app:${{TGA}}"), "TGA");
        assert_eq!(undeclared("docker.io/${ORG}/app:${TAG}"), "");
        let shell = json!({"spec": {"command": "echo ${HOME}"}});
        assert!(parameters.undeclared(&shell).is_empty());
    }

    #[test]
    fn objects_get_labels_and_no_fixed_namespace() {
        let template = json!({
            "labels": {"extreg.io/ignore": "true", "app": "${APP}"},
            "parameters": [{"name": "APP", "value": "shop"}],
        });
        let parameters = Parameters::from_template(&template);
        for (metadata, want) in [
            (json!({"name": "a", "namespace": "n"}), json!({"name": "a"})),
            (
                json!({"namespace": "${APP}-dev", "labels": {"app": "x", "b": "c"}}),
                json!({"namespace": "shop-dev", "labels": {"b": "c"}}),
            ),
        ] {
            let (resolved, _) = parameters.resolve(&json!({"metadata": metadata}));
            let mut want = want;
            want["labels"]["extreg.io/ignore"] = json!("true");
            want["labels"]["app"] = json!("shop");
            assert_eq!(resolved["metadata"], want);
        }
    }
}
