//! Fields of a RegistryPolicy, from its schema.

use std::fmt::Write as _;

use extreg_manifests::custom_resource_definition;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// A field's description, its valid values, and its fields.
pub(super) fn explain(field: &str) -> Option<String> {
    let mut parts = field.trim().split('.');
    let kind = parts.next()?.to_lowercase();
    if !["registrypolicy", "registrypolicies", "rp"].contains(&kind.as_str()) {
        return None;
    }
    let definition = custom_resource_definition();
    let version = definition.spec.versions.into_iter().next()?;
    let mut schema = version.schema?.open_api_v3_schema?;
    let mut path = "registrypolicy".to_owned();
    for part in parts {
        let part = part.trim_end_matches("[]");
        let (name, below) = fields(schema).find(|(name, _)| name.eq_ignore_ascii_case(part))?;
        path = format!("{path}.{name}");
        schema = below;
    }
    Some(page(&path, schema))
}

fn page(path: &str, schema: JSONSchemaProps) -> String {
    let mut page = format!("{path} <{}>\n", type_of(&schema));
    // Writing to a String cannot fail.
    if let Some(description) = &schema.description {
        let _ = write!(page, "\n{description}\n");
    }
    if let Some(default) = &schema.default {
        let _ = write!(page, "\nDefault: {}\n", default.0);
    }
    if let Some(words) = &schema.enum_ {
        let words: Vec<String> = words.iter().map(|word| word.0.to_string()).collect();
        let _ = write!(page, "\nOne of: {}\n", words.join(", "));
    }
    for rule in schema.x_kubernetes_validations.iter().flatten() {
        if let Some(message) = &rule.message {
            let _ = write!(page, "\nRefused with: {message}\n");
        }
    }
    let required = schema.required.clone().unwrap_or_default();
    let fields: Vec<_> = fields(schema).collect();
    if !fields.is_empty() {
        page.push_str("\nFields:\n");
    }
    for (name, below) in fields {
        let needed = if required.contains(&name) {
            ", required"
        } else {
            ""
        };
        let _ = writeln!(page, "  {name} <{}{needed}>", type_of(&below));
        if let Some(description) = below.description {
            let _ = writeln!(page, "      {description}");
        }
    }
    page
}

fn type_of(schema: &JSONSchemaProps) -> String {
    let name = schema.type_.as_deref().unwrap_or("any");
    match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(item)) => format!("[]{}", type_of(item)),
        _ => name.to_owned(),
    }
}

/// The fields of an object, or of each item of a list.
fn fields(schema: JSONSchemaProps) -> Box<dyn Iterator<Item = (String, JSONSchemaProps)>> {
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = schema.items {
        return fields(*item);
    }
    match (schema.properties, schema.additional_properties) {
        (Some(properties), _) => Box::new(properties.into_iter()),
        (None, Some(JSONSchemaPropsOrBool::Schema(value))) => fields(*value),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_explained_field_by_field() {
        let push = explain("rp.spec.push").unwrap();
        let fields: Vec<&str> = push.lines().filter(|line| line.ends_with('>')).collect();
        assert_eq!(
            fields,
            [
                "registrypolicy.spec.push <object>",
                "  secretName <string, required>",
                "  target <string>"
            ]
        );
        // The description of each.
        assert_eq!(
            push.lines()
                .filter(|line| line.starts_with("      "))
                .count(),
            2
        );
        let mode = explain("RegistryPolicy.spec.MODE").unwrap();
        assert!(mode.contains("One of: \"Enforce\""), "{mode}");
        assert_eq!(explain("registrypolicy.spec.nothing"), None);
        assert_eq!(explain("buildconfig.spec"), None);
    }
}
