//! Label selectors in kubectl's syntax.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;

/// Why a selector is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a valid label requirement: use KEY, !KEY, KEY=VALUE, KEY!=VALUE, KEY in (A,B) or KEY notin (A,B)"
)]
pub struct SelectorError(String);

/// Reads a selector in kubectl's syntax, requirements separated by commas.
///
/// The API server validates the labels and values themselves.
pub fn parse_selector(text: &str) -> Result<Vec<LabelSelectorRequirement>, SelectorError> {
    let mut requirements = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = requirement_end(rest);
        let (one, tail) = rest.split_at(end);
        requirements.push(parse_one(one.trim())?);
        rest = match tail.strip_prefix(',').map(str::trim) {
            Some("") => return Err(SelectorError(text.to_owned())),
            Some(tail) => tail,
            None => "",
        };
    }
    Ok(requirements)
}

/// Writes requirements as [`parse_selector`] reads them.
pub fn format_selector(requirements: &[LabelSelectorRequirement]) -> String {
    let one = |requirement: &LabelSelectorRequirement| {
        let key = &requirement.key;
        let values = requirement.values.as_deref().unwrap_or_default();
        match (requirement.operator.as_str(), values) {
            ("Exists", _) => key.clone(),
            ("DoesNotExist", _) => format!("!{key}"),
            ("In", [value]) => format!("{key}={value}"),
            ("NotIn", [value]) => format!("{key}!={value}"),
            ("In", values) => format!("{key} in ({})", values.join(",")),
            (_, values) => format!("{key} notin ({})", values.join(",")),
        }
    };
    let all: Vec<String> = requirements.iter().map(one).collect();
    all.join(",")
}

/// The end of the first requirement: a comma that is not inside parentheses.
fn requirement_end(text: &str) -> usize {
    let mut inside = false;
    for (at, c) in text.char_indices() {
        match c {
            '(' => inside = true,
            ')' => inside = false,
            ',' if !inside => return at,
            _ => {}
        }
    }
    text.len()
}

fn parse_one(text: &str) -> Result<LabelSelectorRequirement, SelectorError> {
    let bad = || SelectorError(text.to_owned());
    let (key, operator, values) = if let Some(key) = text.strip_prefix('!') {
        (key.trim(), "DoesNotExist", None)
    } else if let Some((key, value)) = text.split_once("!=") {
        (key.trim(), "NotIn", Some(vec![value.trim().to_owned()]))
    } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
        (key.trim(), "In", Some(vec![value.trim().to_owned()]))
    } else if let Some((left, set)) = text.split_once('(') {
        let set = set.trim_end().strip_suffix(')').ok_or_else(bad)?;
        let (key, word) = left
            .trim()
            .split_once(char::is_whitespace)
            .ok_or_else(bad)?;
        let operator = match word.trim() {
            "in" => "In",
            "notin" => "NotIn",
            _ => return Err(bad()),
        };
        let values = set
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        (key, operator, Some(values))
    } else {
        (text, "Exists", None)
    };
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let is_value = |value: &String| value.chars().all(|c| is_key(c) && c != '/');
    let good = !key.is_empty() && key.chars().all(is_key);
    if !good || !values.iter().flatten().all(is_value) {
        return Err(bad());
    }
    Ok(LabelSelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Option<String> {
        let requirements = parse_selector(text).ok()?;
        let shown = requirements.into_iter().map(|r| {
            let values = r.values.map_or(String::new(), |v| v.join("+"));
            format!("{} {} {values}", r.key, r.operator)
                .trim()
                .to_owned()
        });
        Some(shown.collect::<Vec<_>>().join("; "))
    }

    #[test]
    fn reads_what_kubectl_reads() {
        let table = [
            ("", Some("")),
            ("a", Some("a Exists")),
            ("!a", Some("a DoesNotExist")),
            ("a=b", Some("a In b")),
            ("a==b", Some("a In b")),
            ("a!=b", Some("a NotIn b")),
            ("a=", Some("a In")),
            ("x.io/a in (b, c),d=e", Some("x.io/a In b+c; d In e")),
            ("a notin (b)", Some("a NotIn b")),
            ("a,", None),
            (",a", None),
            ("a b", None),
            ("a in b", None),
            ("a in (b", None),
            ("a of (b)", None),
            ("a=b=c", None),
            ("=b", None),
        ];
        for (text, expected) in table {
            assert_eq!(show(text).as_deref(), expected, "{text}");
            if let Ok(requirements) = parse_selector(text) {
                let written = format_selector(&requirements);
                assert_eq!(
                    parse_selector(&written),
                    Ok(requirements),
                    "{text}: {written}"
                );
            }
        }
    }
}
