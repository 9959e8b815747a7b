//! `--exclude`: paths excluded from the folders that are read.

use std::{path::Path, str::FromStr};

/// A pattern of `--exclude`. `*` and `?` match characters of one name, `**` any folders. A
/// pattern without a slash matches names in every folder, one with a slash paths below the
/// folder of `-f`. A matching folder is excluded with its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclude {
    parts: Vec<String>,
    is_name: bool,
}

impl FromStr for Exclude {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = text.trim_end_matches('/');
        let is_name = !trimmed.contains('/');
        let parts: Vec<String> = trimmed
            .trim_start_matches("./")
            .trim_start_matches('/')
            .split('/')
            .map(str::to_owned)
            .collect();
        if parts.iter().any(|part| part.is_empty() || part == "..") {
            return Err(
                "use a name (charts), a pattern of names (*.tmpl.yaml) or a path below the \
                        folder (deploy/old)"
                    .to_owned(),
            );
        }
        Ok(Self { parts, is_name })
    }
}

impl Exclude {
    /// Whether it matches a path, relative to the folder that is read.
    pub(crate) fn matches(&self, path: &Path) -> bool {
        let names: Vec<_> = path
            .components()
            .map(|component| component.as_os_str().to_string_lossy())
            .collect();
        if self.is_name {
            let part = self.parts.first().map_or("", String::as_str);
            return names.last().is_some_and(|name| is_match(part, name));
        }
        let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        is_path(&self.parts, &names)
    }
}

/// Whether a pattern matches a whole path.
fn is_path(parts: &[String], names: &[&str]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((part, rest)), _) if part == "**" => {
            is_path(rest, names)
                || names
                    .split_first()
                    .is_some_and(|(_, names)| is_path(parts, names))
        }
        (Some((part, parts)), Some((name, names))) => is_match(part, name) && is_path(parts, names),
        _ => false,
    }
}

/// Whether a pattern matches a whole name. Backtracks to the last star only, so that its time is
/// at most the product of both lengths.
fn is_match(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut of) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while of < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, of));
                at += 1;
            }
            Some(c) if *c == '?' || name.get(of) == Some(c) => {
                at += 1;
                of += 1;
            }
            _ => {
                let Some((back, taken)) = star else {
                    return false;
                };
                star = Some((back, taken + 1));
                at = back + 1;
                of = taken + 1;
            }
        }
    }
    pattern
        .get(at..)
        .is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_about_names_or_about_paths() {
        for (pattern, path, want) in [
            ("charts", "charts", true),
            ("charts", "deploy/charts", true),
            ("charts/", "deploy/charts", true),
            ("charts", "deploy/charts2", false),
            ("*.tmpl.yaml", "a/b.tmpl.yaml", true),
            ("*.tmpl.yaml", "a/b.yaml", false),
            ("v?.yaml", "v1.yaml", true),
            ("v?.yaml", "v10.yaml", false),
            ("deploy/old", "deploy/old", true),
            ("./deploy/old", "deploy/old", true),
            ("deploy/old", "x/deploy/old", false),
            ("**/old", "x/deploy/old", true),
            ("**/old", "old", true),
            ("deploy/**", "deploy/a/b", true),
            ("deploy/*", "deploy/a/b", false),
            ("deploy/*/b.yaml", "deploy/a/b.yaml", true),
            (
                "*a*a*a*a*b",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                false,
            ),
        ] {
            let exclude: Exclude = pattern.parse().unwrap();
            assert_eq!(exclude.matches(Path::new(path)), want, "{pattern} {path}");
        }
        for wrong in ["", "/", "a//b", "../a"] {
            assert!(wrong.parse::<Exclude>().is_err(), "{wrong}");
        }
    }
}
