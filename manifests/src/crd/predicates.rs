//! The rules of the schema without CEL: what each asks of a value, for those who have no API server
//! at hand.

use serde_json::Value;

use super::rules::{REGISTRY, REPOSITORY, REQUIREMENT, SECRET_NAME, SPEC};

/// Whether a value keeps a rule of the schema, which is named by its CEL. None for a rule that is not
/// known here.
pub(super) fn keeps(rule: &str, value: &Value) -> Option<bool> {
    let text = || value.as_str().unwrap_or_default();
    let position = |rules: &[(&str, &str)]| rules.iter().position(|(cel, _)| *cel == rule);
    if let Some(index) = position(REGISTRY) {
        return registry(index, text());
    }
    if let Some(index) = position(REPOSITORY) {
        return repository(index, text());
    }
    match (position(SECRET_NAME), position(REQUIREMENT), position(SPEC)) {
        (Some(0), _, _) => Some(text().split('.').all(is_label)),
        (_, Some(0), _) => Some(requirement(value)),
        (_, _, Some(0)) => Some(spec(value)),
        _ => None,
    }
}

fn registry(index: usize, host: &str) -> Option<bool> {
    let has_path = host.contains('/');
    let is_lower = !host.chars().any(|c| c.is_ascii_uppercase());
    Some(match index {
        0 => !host.contains("://"),
        1 => host.contains("://") || !has_path,
        2 => has_path || is_lower,
        3 => has_path || !is_lower || is_host(host),
        4 => !is_label(host) || host == "localhost",
        5 => !is_integrated(host),
        _ => return None,
    })
}

fn repository(index: usize, glob: &str) -> Option<bool> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._*/-".contains(c);
    let has_version = glob.contains([':', '@']);
    Some(match index {
        0 => !glob.starts_with('/') && !glob.ends_with('/') && !glob.contains("//"),
        1 => !has_version,
        2 => has_version || (!glob.is_empty() && glob.chars().all(is_name)),
        3 => glob
            .split('/')
            .all(|segment| segment == "**" || !segment.contains("**")),
        _ => return None,
    })
}

fn requirement(value: &Value) -> bool {
    let values = value.get("values").and_then(Value::as_array);
    let has_values = values.is_some_and(|values| !values.is_empty());
    let operator = value.get("operator").and_then(Value::as_str);
    matches!(operator, Some("In" | "NotIn")) == has_values
}

/// The API server puts `Enforce` where there is no mode before it asks.
fn spec(value: &Value) -> bool {
    let has = |field| value.get(field).is_some_and(|value| !value.is_null());
    value.get("mode").and_then(Value::as_str) == Some("Off")
        || ["push", "pull", "import"].into_iter().any(has)
}

/// `[a-z0-9]([a-z0-9-]*[a-z0-9])?`
fn is_label(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.bytes().all(is_inner) && !text.starts_with('-') && !text.ends_with('-')
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    name.split('.').all(is_label)
        && port.is_none_or(|port| {
            (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit())
        })
}

fn is_integrated(host: &str) -> bool {
    if host.starts_with("default-route-openshift-image-registry.") {
        return true;
    }
    let name = host.strip_suffix(":5000").unwrap_or(host);
    let service = name.strip_suffix(".cluster.local").unwrap_or(name);
    if [
        "image-registry.openshift-image-registry.svc",
        "docker-registry.default.svc",
    ]
    .contains(&service)
    {
        return true;
    }
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    host.strip_suffix(":5000")
        .and_then(|name| name.strip_prefix("172.30."))
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(third, fourth)| is_number(third) && is_number(fourth))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::rules;
    use super::*;

    #[test]
    fn every_rule_of_the_schema_is_known() {
        for (rule, _) in rules::ALL.into_iter().flatten() {
            assert!(keeps(rule, &json!("docker.io")).is_some(), "{rule}");
        }
        assert_eq!(keeps("self == 'docker.io'", &json!("docker.io")), None);
    }
}
