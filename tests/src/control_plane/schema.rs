//! A structural schema from OpenShift's OpenAPI document.
//!
//! OpenShift serves these types from its own API server, which decodes into Go structs. The schema makes a custom
//! resource behave the same where a schema can: unknown fields are pruned, a value of another type is refused, `null`
//! counts as absent, and fields that Go's encoder always writes (`resources: {}`, `lastVersion: 0`) exist when the
//! object is read back. A missing field is never refused, as by a decoder; OpenShift's validation of values is not
//! included.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

const PREFIX: &str = "#/definitions/";

/// The schema of the type named `definition`, such as `com.github.openshift.api.build.v1.BuildConfig`, with its
/// references inlined.
pub fn structural_schema(openapi: &Value, definition: &str) -> Result<Value> {
    let definitions = openapi
        .get("definitions")
        .and_then(Value::as_object)
        .context("the OpenAPI document has no definitions")?;
    let mut reading = Reading {
        definitions,
        open: Vec::new(),
    };
    let mut schema = reading.reference(definition)?;
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        // The API server has its own schema for these three; it accepts none for metadata.
        for (name, kind) in [
            ("apiVersion", "string"),
            ("kind", "string"),
            ("metadata", "object"),
        ] {
            properties.insert(name.to_owned(), json!({"type": kind}));
        }
    }
    Ok(schema)
}

struct Reading<'a> {
    definitions: &'a Map<String, Value>,
    /// The definitions being inlined, outermost first, to cut a recursive type.
    open: Vec<&'a str>,
}

impl<'a> Reading<'a> {
    fn reference(&mut self, name: &str) -> Result<Value> {
        if let Some(schema) = opaque(name) {
            return Ok(schema);
        }
        let (name, definition) = self
            .definitions
            .get_key_value(name)
            .with_context(|| format!("the OpenAPI document does not define {name}"))?;
        if self.open.contains(&name.as_str()) {
            return Ok(anything());
        }
        self.open.push(name);
        let schema = self.schema(definition);
        self.open.pop();
        schema
    }

    fn schema(&mut self, from: &'a Value) -> Result<Value> {
        if let Some(reference) = from.get("$ref").and_then(Value::as_str) {
            let name = reference
                .strip_prefix(PREFIX)
                .context("a $ref to another document")?;
            return self.reference(name);
        }
        let Some(kind) = from.get("type").and_then(Value::as_str) else {
            return Ok(json!({"x-kubernetes-preserve-unknown-fields": true}));
        };
        let mut schema = Map::new();
        schema.insert("type".to_owned(), kind.into());
        for keyword in ["format", "enum", "x-kubernetes-map-type"] {
            if let Some(value) = from.get(keyword) {
                schema.insert(keyword.to_owned(), value.clone());
            }
        }
        match kind {
            "object" => self.object(from, &mut schema)?,
            "array" => self.array(from, &mut schema)?,
            _ => {}
        }
        Ok(Value::Object(schema))
    }

    fn object(&mut self, from: &'a Value, schema: &mut Map<String, Value>) -> Result<()> {
        if let Some(properties) = from.get("properties").and_then(Value::as_object) {
            let mut fields = Map::new();
            // Kubernetes also has `+default=""` on fields that its encoder omits when they are empty, such as a secret
            // reference's name; a required field is not omitted.
            let kubernetes = self
                .open
                .last()
                .is_some_and(|name| name.starts_with("io.k8s."));
            for (name, property) in properties {
                let always = !kubernetes || required(from, name);
                fields.insert(name.clone(), self.field(property, always)?);
            }
            schema.insert("properties".to_owned(), Value::Object(fields));
        } else if let Some(values) = from.get("additionalProperties").filter(|v| v.is_object()) {
            schema.insert("additionalProperties".to_owned(), self.field(values, true)?);
        } else {
            schema.insert(
                "x-kubernetes-preserve-unknown-fields".to_owned(),
                true.into(),
            );
        }
        Ok(())
    }

    fn array(&mut self, from: &'a Value, schema: &mut Map<String, Value>) -> Result<()> {
        let items = from.get("items").context("an array without items")?;
        let mut items = self.field(items, true)?;
        match from.get("x-kubernetes-list-type").and_then(Value::as_str) {
            Some("map") => {
                let keys = from
                    .get("x-kubernetes-list-map-keys")
                    .cloned()
                    .unwrap_or_default();
                require_keys(&mut items, &keys);
                schema.insert("x-kubernetes-list-type".to_owned(), "map".into());
                schema.insert("x-kubernetes-list-map-keys".to_owned(), keys);
            }
            Some("set") => {
                set(&mut items, "nullable", false);
                schema.insert("x-kubernetes-list-type".to_owned(), "set".into());
            }
            Some(other) => {
                schema.insert("x-kubernetes-list-type".to_owned(), other.into());
            }
            // Without a list type OpenShift's API server merges by the key of a strategic merge patch
            // (structured-merge-diff `schemaconv`): `oc tag` and an apply each keep the other's tags.
            None => {
                let key = merge_key(from)
                    .filter(|key| items.pointer(&format!("/properties/{key}")).is_some());
                if let Some(key) = key {
                    let keys = Value::from(vec![key]);
                    require_keys(&mut items, &keys);
                    schema.insert("x-kubernetes-list-type".to_owned(), "map".into());
                    schema.insert("x-kubernetes-list-map-keys".to_owned(), keys);
                }
            }
        }
        schema.insert("items".to_owned(), items);
        Ok(())
    }

    /// A nested value. The document has a default if Go's encoder always writes the field; `always` is whether that
    /// also applies to a zero scalar.
    fn field(&mut self, from: &'a Value, always: bool) -> Result<Value> {
        let mut schema = self.schema(from)?;
        match from.get("default").filter(|default| fits(&schema, default)) {
            Some(default) if always || default.is_object() || !is_zero(default) => {
                set(&mut schema, "default", default.clone());
            }
            // With a default the API server drops a null and sets the default, as Go does; without one, null must be
            // allowed.
            _ => set(&mut schema, "nullable", true),
        }
        Ok(schema)
    }
}

/// Types with a custom encoding.
fn opaque(name: &str) -> Option<Value> {
    let (_, kind) = name.rsplit_once('.')?;
    match kind {
        "Quantity" | "IntOrString" => Some(json!({"x-kubernetes-int-or-string": true})),
        "RawExtension" | "FieldsV1" => Some(anything()),
        _ => None,
    }
}

fn anything() -> Value {
    json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}

fn required(from: &Value, name: &str) -> bool {
    let required = from.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|known| known == name))
}

/// The document gives `{}` as the default of a `Time`, which is a string.
fn fits(schema: &Value, default: &Value) -> bool {
    let of_type = match schema.get("type").and_then(Value::as_str) {
        Some("string") => default.is_string(),
        Some("integer" | "number") => default.is_number(),
        Some("boolean") => default.is_boolean(),
        Some("object") => default.is_object(),
        _ => false,
    };
    let listed = schema.get("enum").and_then(Value::as_array);
    of_type && listed.is_none_or(|values| values.contains(default))
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(value) => value.as_f64() == Some(0.0),
        Value::String(value) => value.is_empty(),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// The key by which a strategic merge patch merges a list, if any.
fn merge_key(list: &Value) -> Option<&str> {
    let strategy = list.get("x-kubernetes-patch-strategy")?.as_str()?;
    let merges = strategy.split(',').any(|part| part == "merge");
    list.get("x-kubernetes-patch-merge-key")?
        .as_str()
        .filter(|_| merges)
}

/// The keys of a list of type map must exist, by a default or as required fields, and no item can be null.
fn require_keys(items: &mut Value, keys: &Value) {
    set(items, "nullable", false);
    let mut missing = Vec::new();
    for key in keys
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        let Some(field) = items.pointer_mut(&format!("/properties/{key}")) else {
            continue;
        };
        set(field, "nullable", false);
        if field.get("default").is_none() {
            missing.push(key.to_owned());
        }
    }
    if !missing.is_empty() {
        // An item that requires its key cannot be created from nothing.
        if let Some(items) = items.as_object_mut() {
            items.remove("default");
        }
        set(items, "required", missing);
    }
}

fn set(schema: &mut Value, keyword: &str, value: impl Into<Value>) {
    if let Some(schema) = schema.as_object_mut() {
        schema.insert(keyword.to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of(properties: &Value, required: &[&str]) -> Value {
        let openapi = json!({"definitions": {
            "t.Kind": {"type": "object", "properties": {"spec": {"$ref": "#/definitions/t.Spec"}}},
            "t.Spec": {"type": "object", "properties": properties, "required": required},
            "io.k8s.t.Reference": {"type": "object", "properties": {
                "name": {"type": "string", "default": ""},
            }},
            "t.Time": {"type": "string", "format": "date-time"},
            "t.Tree": {"type": "object", "properties": {
                "child": {"$ref": "#/definitions/t.Tree"},
                "name": {"type": "string"},
            }},
        }});
        structural_schema(&openapi, "t.Kind").unwrap()["properties"]["spec"]["properties"].take()
    }

    #[test]
    fn fields_match_a_go_decoder() {
        let reference =
            |name: &str| json!({"default": {}, "$ref": format!("#/definitions/{name}")});
        let table = [
            (
                "reference",
                json!({"$ref": "#/definitions/io.k8s.t.Reference"}),
                json!({"type": "object", "nullable": true, "properties": {
                    "name": {"type": "string", "nullable": true},
                }}),
            ),
            (
                "optional",
                json!({"type": "string"}),
                json!({"type": "string", "nullable": true}),
            ),
            (
                "written",
                json!({"type": "integer", "default": 0}),
                json!({"type": "integer", "default": 0}),
            ),
            (
                "real",
                json!({"type": "string", "default": "TCP"}),
                json!({"type": "string", "default": "TCP"}),
            ),
            (
                "time",
                reference("t.Time"),
                json!({"type": "string", "format": "date-time", "nullable": true}),
            ),
            (
                "amount",
                json!({"$ref": "#/definitions/t.Quantity"}),
                json!({"x-kubernetes-int-or-string": true, "nullable": true}),
            ),
            (
                "raw",
                json!({"$ref": "#/definitions/t.RawExtension"}),
                json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true, "nullable": true}),
            ),
            (
                "tree",
                reference("t.Tree"),
                json!({"type": "object", "default": {}, "properties": {
                    "child": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "nullable": true},
                    "name": {"type": "string", "nullable": true},
                }}),
            ),
            (
                "chosen",
                json!({"type": "string", "default": "", "enum": ["A"]}),
                json!({"type": "string", "enum": ["A"], "nullable": true}),
            ),
            (
                "map",
                json!({"type": "object", "additionalProperties": {"type": "string", "default": ""}}),
                json!({"type": "object", "nullable": true, "additionalProperties": {"type": "string", "default": ""}}),
            ),
        ];
        for (name, from, wanted) in table {
            let got = schema_of(&json!({name: from}), &["chosen"]);
            assert_eq!(got[name], wanted, "{name}");
        }
    }

    #[test]
    fn a_list_that_is_a_map_requires_its_keys() {
        let ports = json!({"ports": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["port", "protocol"],
            "items": {"type": "object", "default": {}, "required": ["port"], "properties": {
                "port": {"type": "integer"},
                "protocol": {"type": "string", "default": "TCP"},
            }},
        }});
        let items = &schema_of(&ports, &[])["ports"]["items"];
        assert_eq!(items["required"], json!(["port"]));
        assert_eq!(items["nullable"], false);
        assert_eq!(items.get("default"), None);
    }

    #[test]
    fn a_list_that_a_patch_merges_is_a_map() {
        let tags = |strategy: &str, key: &str| {
            let tags = json!({"tags": {
                "type": "array",
                "x-kubernetes-patch-strategy": strategy,
                "x-kubernetes-patch-merge-key": key,
                "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            }});
            schema_of(&tags, &[])["tags"].clone()
        };
        let map = tags("merge", "name");
        assert_eq!(map["x-kubernetes-list-type"], "map");
        assert_eq!(map["x-kubernetes-list-map-keys"], json!(["name"]));
        assert_eq!(map["items"]["required"], json!(["name"]));
        for other in [tags("replace", "name"), tags("merge", "absent")] {
            assert_eq!(other.get("x-kubernetes-list-type"), None);
        }
    }

    #[test]
    fn missing_definition_is_named_in_the_error() {
        let error = structural_schema(&json!({"definitions": {}}), "t.Kind").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the OpenAPI document does not define t.Kind"
        );
    }
}
