//! Short spellings for structural schemas.

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool, ValidationRule,
};
use serde_json::Value;

/// A string.
pub(super) fn string(description: &str) -> JSONSchemaProps {
    typed("string", description)
}

/// A string of limited length. The API server needs the limit to estimate the cost of its rules.
pub(super) fn short_string(description: &str, min: i64, max: i64) -> JSONSchemaProps {
    JSONSchemaProps {
        min_length: (min > 0).then_some(min),
        max_length: Some(max),
        ..string(description)
    }
}

/// One of a few words.
pub(super) fn choice(description: &str, words: &[&str]) -> JSONSchemaProps {
    let words = words.iter().map(|&word| JSON(Value::from(word)));
    JSONSchemaProps {
        enum_: Some(words.collect()),
        ..string(description)
    }
}

/// A boolean.
pub(super) fn boolean(description: &str) -> JSONSchemaProps {
    typed("boolean", description)
}

/// An integer of 64 bits.
pub(super) fn integer(description: &str) -> JSONSchemaProps {
    JSONSchemaProps {
        format: Some("int64".to_owned()),
        ..typed("integer", description)
    }
}

/// A point in time.
pub(super) fn time(description: &str) -> JSONSchemaProps {
    JSONSchemaProps {
        format: Some("date-time".to_owned()),
        ..string(description)
    }
}

/// An object with only these fields.
pub(super) fn object<const N: usize>(
    description: &str,
    fields: [(&str, JSONSchemaProps); N],
) -> JSONSchemaProps {
    let fields = fields.map(|(name, schema)| (name.to_owned(), schema));
    JSONSchemaProps {
        properties: Some(BTreeMap::from(fields)),
        ..typed("object", description)
    }
}

/// An object whose fields are built into the API server.
pub(super) fn any_object() -> JSONSchemaProps {
    JSONSchemaProps {
        type_: Some("object".to_owned()),
        ..JSONSchemaProps::default()
    }
}

/// A map from strings to `values`.
pub(super) fn map(description: &str, values: JSONSchemaProps, max: i64) -> JSONSchemaProps {
    JSONSchemaProps {
        additional_properties: Some(JSONSchemaPropsOrBool::Schema(Box::new(values))),
        max_properties: Some(max),
        ..typed("object", description)
    }
}

/// A list. `keys` are the fields that identify an item; without any the items are a set of scalars.
pub(super) fn list(
    description: &str,
    items: JSONSchemaProps,
    max: i64,
    keys: &[&str],
) -> JSONSchemaProps {
    let keys: Vec<String> = keys.iter().map(|&key| key.to_owned()).collect();
    let kind = if keys.is_empty() { "set" } else { "map" };
    JSONSchemaProps {
        items: Some(JSONSchemaPropsOrArray::Schema(Box::new(items))),
        max_items: Some(max),
        x_kubernetes_list_type: Some(kind.to_owned()),
        x_kubernetes_list_map_keys: (!keys.is_empty()).then_some(keys),
        ..typed("array", description)
    }
}

/// A list that is replaced as a whole.
pub(super) fn atomic_list(description: &str, items: JSONSchemaProps, max: i64) -> JSONSchemaProps {
    JSONSchemaProps {
        items: Some(JSONSchemaPropsOrArray::Schema(Box::new(items))),
        max_items: Some(max),
        x_kubernetes_list_type: Some("atomic".to_owned()),
        ..typed("array", description)
    }
}

/// The schema with these fields required.
pub(super) fn required(schema: JSONSchemaProps, fields: &[&str]) -> JSONSchemaProps {
    JSONSchemaProps {
        required: Some(fields.iter().map(|&field| field.to_owned()).collect()),
        ..schema
    }
}

/// The schema with a default.
pub(super) fn defaulted(schema: JSONSchemaProps, value: &str) -> JSONSchemaProps {
    JSONSchemaProps {
        default: Some(JSON(Value::from(value))),
        ..schema
    }
}

/// The schema with rules in CEL, each with the message for the one who breaks it.
pub(super) fn ruled(schema: JSONSchemaProps, rules: &[(&str, &str)]) -> JSONSchemaProps {
    let rules = rules.iter().map(|&(rule, message)| ValidationRule {
        rule: rule.to_owned(),
        message: Some(message.to_owned()),
        ..ValidationRule::default()
    });
    JSONSchemaProps {
        x_kubernetes_validations: Some(rules.collect()),
        ..schema
    }
}

fn typed(type_: &str, description: &str) -> JSONSchemaProps {
    JSONSchemaProps {
        type_: Some(type_.to_owned()),
        description: Some(description.to_owned()),
        ..JSONSchemaProps::default()
    }
}
