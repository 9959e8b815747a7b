//! Fields of OpenShift and Kubernetes kinds, from `docs/fields.md`.

const PAGE: &str = include_str!("../../../../docs/fields.md");

/// The sections about a field: the one with its full name, or else all whose names end with it.
pub(super) fn explain(field: &str) -> Option<String> {
    let wanted = normal(field);
    if wanted.trim_matches('.').is_empty() {
        return None;
    }
    let of = |matches: &dyn Fn(&str) -> bool| {
        let found: Vec<&str> = sections()
            .filter(|section| names_of(section).any(|name| matches(&normal(name))))
            .collect();
        (!found.is_empty()).then(|| found.join("\n"))
    };
    of(&|name| name == wanted).or_else(|| of(&|name| name.ends_with(&format!(".{wanted}"))))
}

/// The most similar field name, by its last word.
pub(super) fn closest(typed: &str) -> Option<&'static str> {
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    let words: Vec<&str> = names().map(last).collect();
    let word = crate::closest::closest(typed.rsplit('.').next()?, words)?;
    names().find(|name| last(name) == word)
}

fn names() -> impl Iterator<Item = &'static str> {
    sections().flat_map(names_of)
}

fn sections() -> impl Iterator<Item = &'static str> {
    PAGE.match_indices("\n## ").map(|(at, _)| {
        let section = PAGE.get(at + 1..).unwrap_or_default();
        let end = section.find("\n\n## ").map_or(section.len(), |end| end + 1);
        section.get(..end).unwrap_or_default()
    })
}

fn names_of(section: &'static str) -> impl Iterator<Item = &'static str> {
    let head = section.lines().next().unwrap_or_default();
    head.trim_start_matches("## ").split(", ")
}

/// Lower case, without brackets of lists, and with full names of kinds.
fn normal(name: &str) -> String {
    let name = name
        .trim()
        .to_lowercase()
        .replace("[]", "")
        .replace("[*]", "");
    let (kind, rest) = name.split_once('.').unwrap_or((&name, ""));
    let kind = match kind {
        "bc" | "buildconfigs" => "buildconfig",
        "builds" => "build",
        "is" | "imagestreams" => "imagestream",
        "istag" | "imagestreamtags" => "imagestreamtag",
        "sa" | "serviceaccounts" => "serviceaccount",
        "dc" | "deploymentconfigs" => "deploymentconfig",
        "deploy" | "deployments" => "deployment",
        _ => return name,
    };
    format!("{kind}.{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_found_by_each_of_its_names() {
        assert_eq!(sections().count(), PAGE.matches("\n## ").count());
        let mut seen = std::collections::BTreeSet::new();
        for section in sections() {
            for name in names_of(section) {
                assert!(seen.insert(normal(name)), "{name} twice");
                assert_eq!(explain(name).as_deref(), Some(section), "{name}");
            }
        }
    }

    #[test]
    fn an_end_finds_all_fields_that_end_with_it() {
        let all = explain("pullSecret").unwrap();
        assert_eq!(all.matches("## ").count(), 1, "{all}");
        let all = explain("from").unwrap();
        assert!(all.starts_with("## imagestream.spec.tags.from, "), "{all}");
        assert_eq!(explain("ecret"), None);
    }
}
