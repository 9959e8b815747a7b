//! Validates a policy against the schema as the API server does, without a server. The compiler of policies checks the
//! CEL rules.
//!
//! Uses the schema of the definition, so that only one schema exists; the messages are those of the API
//! server (apiextensions-apiserver `pkg/apiserver/validation/validation.go`; apimachinery
//! `pkg/util/validation/field/errors.go`).

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::Value;

use super::spec;

/// Something that a policy is refused for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault {
    /// The field, `spec.repositories[0]`.
    pub field: String,
    /// The same as a JSON pointer into the policy, `/spec/repositories/0`.
    pub pointer: String,
    /// The problem, and the constraint.
    pub message: String,
    /// For an unknown field, the known fields in its place.
    pub known: Vec<String>,
}

/// The faults in the spec of a `RegistryPolicy`, in the order of its fields; empty if the API server would
/// accept it.
pub fn policy_faults(policy: &Value) -> Vec<PolicyFault> {
    let mut faults = Vec::new();
    let at = Place {
        field: "spec".to_owned(),
        pointer: "/spec".to_owned(),
    };
    match policy.get("spec") {
        None | Some(Value::Null) => faults.push(at.fault("Required value")),
        Some(value) => walk(&spec::schema(), value, &at, &mut faults),
    }
    faults
}

struct Place {
    field: String,
    pointer: String,
}

impl Place {
    fn member(&self, key: &str) -> Self {
        Self {
            field: format!("{}.{key}", self.field),
            pointer: format!(
                "{}/{}",
                self.pointer,
                key.replace('~', "~0").replace('/', "~1")
            ),
        }
    }

    fn item(&self, index: usize) -> Self {
        Self {
            field: format!("{}[{index}]", self.field),
            pointer: format!("{}/{index}", self.pointer),
        }
    }

    fn fault(&self, message: impl Into<String>) -> PolicyFault {
        PolicyFault {
            field: self.field.clone(),
            pointer: self.pointer.clone(),
            message: message.into(),
            known: Vec::new(),
        }
    }
}

fn walk(schema: &JSONSchemaProps, value: &Value, at: &Place, faults: &mut Vec<PolicyFault>) {
    let wanted = schema.type_.as_deref().unwrap_or_default();
    if wanted != type_of(value) {
        let hint = match (wanted, value) {
            ("string", Value::Bool(_)) => {
                "; Off, on, yes and the like are booleans to YAML: quote it"
            }
            ("string", Value::Number(_)) => "; quote it",
            _ => "",
        };
        faults.push(at.fault(format!(
            "Invalid value: {}: must be of type {wanted}{hint}",
            shown(value)
        )));
        return;
    }
    match value {
        Value::Object(_) => members(schema, value, at, faults),
        Value::Array(items) => list(schema, items, at, faults),
        Value::String(text) => string(schema, text, at, faults),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn members(schema: &JSONSchemaProps, value: &Value, at: &Place, faults: &mut Vec<PolicyFault>) {
    let Value::Object(map) = value else { return };
    for name in schema.required.iter().flatten() {
        if !map.contains_key(name) {
            faults.push(at.member(name).fault("Required value"));
        }
    }
    let fields = schema.properties.as_ref();
    for (key, value) in map {
        let place = at.member(key);
        match (
            fields.map(|fields| fields.get(key)),
            &schema.additional_properties,
        ) {
            // A default takes the place of a null.
            (Some(Some(field)), _) if value.is_null() && field.default.is_some() => {}
            (Some(Some(field)), _) => walk(field, value, &place, faults),
            (Some(None), _) => faults.push(PolicyFault {
                known: fields
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name.clone())
                    .collect(),
                ..place.fault(format!("unknown field \"{}\"", place.field))
            }),
            (None, Some(JSONSchemaPropsOrBool::Schema(of))) => walk(of, value, &place, faults),
            (None, _) => {}
        }
    }
    let most = schema.max_properties.unwrap_or(i64::MAX);
    if is_more(map.len(), most) {
        faults.push(at.fault(format!(
            "Too many: {}: must have at most {most} items",
            map.len()
        )));
    }
}

fn list(schema: &JSONSchemaProps, items: &[Value], at: &Place, faults: &mut Vec<PolicyFault>) {
    let least = schema.min_items.unwrap_or_default();
    if is_more(
        usize::try_from(least).unwrap_or_default(),
        i64::try_from(items.len()).unwrap_or(i64::MAX),
    ) {
        faults.push(at.fault(format!(
            "Invalid value: {}: should have at least {least} items",
            items.len()
        )));
    }
    let most = schema.max_items.unwrap_or(i64::MAX);
    if is_more(items.len(), most) {
        faults.push(at.fault(format!(
            "Too many: {}: must have at most {most} items",
            items.len()
        )));
    }
    let is_set = schema.x_kubernetes_list_type.as_deref() == Some("set");
    for (index, item) in items.iter().enumerate() {
        let place = at.item(index);
        if is_set && items.iter().take(index).any(|other| other == item) {
            faults.push(place.fault(format!("Duplicate value: {}", shown(item))));
        }
        if let Some(JSONSchemaPropsOrArray::Schema(of)) = &schema.items {
            walk(of, item, &place, faults);
        }
    }
}

fn string(schema: &JSONSchemaProps, text: &str, at: &Place, faults: &mut Vec<PolicyFault>) {
    let length = text.chars().count();
    let least = schema.min_length.unwrap_or_default();
    if i64::try_from(length).unwrap_or(i64::MAX) < least {
        faults.push(at.fault(format!(
            "Invalid value: {text:?}: should be at least {least} chars long"
        )));
    }
    let most = schema.max_length.unwrap_or(i64::MAX);
    if is_more(length, most) {
        faults.push(at.fault(format!("Too long: may not be more than {most} chars")));
    }
    let words: Vec<&str> = schema
        .enum_
        .iter()
        .flatten()
        .filter_map(|word| word.0.as_str())
        .collect();
    if !words.is_empty() && !words.contains(&text) {
        let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        faults.push(at.fault(format!(
            "Unsupported value: {text:?}: supported values: {}",
            words.join(", ")
        )));
    }
}

fn is_more(count: usize, most: i64) -> bool {
    i64::try_from(count).unwrap_or(i64::MAX) > most
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A value as the API server repeats it: of a map or list only that it is one.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => format!("\"{}\"", type_of(value)),
        Value::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(spec: &Value) -> Vec<String> {
        policy_faults(&json!({ "spec": spec }))
            .iter()
            .map(|fault| format!("{} {}: {}", fault.pointer, fault.field, fault.message))
            .collect()
    }

    #[test]
    fn each_fault_has_its_place() {
        let spec = json!({
            "registry": "docker.io",
            "repositories": ["team/*", "team/*", ""],
            "pushes": {},
            "push": {"secretname": "hub"},
            "mode": "warn",
            "namespaceSelector": {"matchLabels": {"a/b": 1}},
        });
        assert_eq!(
            lines(&spec),
            [
                "/spec/mode spec.mode: Unsupported value: \"warn\": supported values: \"Enforce\", \
                 \"Warn\", \"Audit\", \"Off\"",
                "/spec/namespaceSelector/matchLabels/a~1b spec.namespaceSelector.matchLabels.a/b: \
                 Invalid value: 1: must be of type string; quote it",
                "/spec/push/secretName spec.push.secretName: Required value",
                "/spec/push/secretname spec.push.secretname: unknown field \"spec.push.secretname\"",
                "/spec/pushes spec.pushes: unknown field \"spec.pushes\"",
                "/spec/repositories/1 spec.repositories[1]: Duplicate value: \"team/*\"",
                "/spec/repositories/2 spec.repositories[2]: Invalid value: \"\": should be at least 1 chars \
                 long",
            ]
        );
        let known = policy_faults(&json!({"spec": {"registry": "docker.io", "pushes": {}}}));
        assert_eq!(
            known.first().unwrap().known,
            [
                "import",
                "mode",
                "namespaceSelector",
                "pull",
                "push",
                "registry",
                "repositories"
            ]
        );
    }

    #[test]
    fn no_spec_is_a_fault() {
        for policy in [json!({}), json!({"spec": null})] {
            let faults = policy_faults(&policy);
            assert_eq!(faults.first().unwrap().message, "Required value");
        }
        assert_eq!(
            lines(
                &json!({"registry": "docker.io", "mode": "Off", "push": {"secretName": "a", "target": null}})
            ),
            [""; 0]
        );
    }
}
