//! Schemas that validate the output independently.

use std::path::PathBuf;

use jsonschema::{Registry, Validator};
use serde_json::{Value, json};

/// A file of `tests/data/schema`.
pub(crate) fn text(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/data/schema", name]
        .iter()
        .collect();
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON schema of that folder, with the schemas that it references: URI and file.
pub(crate) fn json_schema(name: &str, others: &[(&str, &str)]) -> Validator {
    let mut registry = Registry::new();
    for (uri, file) in others {
        let other: Value = serde_json::from_str(&text(file)).unwrap();
        registry = registry.add(*uri, other).unwrap();
    }
    let registry = registry.prepare().unwrap();
    let schema = serde_json::from_str(&text(name)).unwrap();
    jsonschema::options()
        .should_validate_formats(true)
        .with_registry(&registry)
        .build(&schema)
        .unwrap()
}

/// The schema in a CustomResourceDefinition; an unknown field is an error and not
/// dropped.
pub(crate) fn custom_resource(name: &str) -> Validator {
    let definition: Value = serde_saphyr::from_str(&text(name)).unwrap();
    let mut schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    assert!(schema.is_object());
    // The API server's own.
    schema["properties"]["metadata"] = json!({
        "type": "object",
        "required": ["name", "labels", "annotations"],
        "properties": {
            "name": {"type": "string", "pattern": "^[a-z0-9]([-a-z0-9]{0,251}[a-z0-9])?$"},
            "namespace": {"type": "string"},
            "labels": {"type": "object", "additionalProperties": {"type": "string", "maxLength": 63}},
            "annotations": {"type": "object", "additionalProperties": {"type": "string"}},
        }
    });
    close(&mut schema);
    jsonschema::options()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .build(&schema)
        .unwrap()
}

/// Makes every object of a schema reject unknown fields.
pub(crate) fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("properties").is_some_and(Value::is_object)
                && !fields.contains_key("additionalProperties")
            {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(values) => values.iter_mut().for_each(close),
        _ => {}
    }
}

/// Panics with all errors, if any.
pub(crate) fn assert_valid(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}: {}", errors.join("\n"));
}

/// The rendered report as text.
pub(crate) fn rendered(
    format: crate::Format,
    report: &extreg_audit::report::Report,
    options: crate::Options,
) -> String {
    let mut out = Vec::new();
    crate::render(format, report, options, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
