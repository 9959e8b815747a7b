//! `--expect FILE`: the expected results of trials.

use std::path::Path;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::trial::{Role, Trial, World, has};
use crate::{closest::closest, error::Error};

/// No policy decides.
const NONE: &str = "none";

/// The expected result of one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expectation {
    /// `expected.yaml:3`.
    pub(super) place: String,
    pub(super) image: String,
    pub(super) role: Role,
    /// The policy that decides, or [`NONE`].
    policy: Option<String>,
    injects: Option<bool>,
    approved: Option<bool>,
}

/// The image, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    image: String,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    policy: Option<String>,
    #[serde(default)]
    injects: Option<bool>,
    #[serde(default)]
    approved: Option<bool>,
}

/// Reads a table of expectations.
///
/// # Errors
/// [`Error::Usage`] that names the file and the line.
pub(super) fn read(path: &Path) -> Result<Vec<Expectation>, Error> {
    let shown = path.display().to_string();
    let wrong = |why: String| Error::usage(format!("--expect {shown}: {why}"));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    parse(&shown, &text).map_err(wrong)
}

fn parse(path: &str, text: &str) -> Result<Vec<Expectation>, String> {
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let written: Vec<Spanned<Written>> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| {
            format!("{error}; expected a list of {{image, role, policy, injects, approved}}")
        })?;
    if written.is_empty() {
        return Err("the list is empty".to_owned());
    }
    written
        .into_iter()
        .map(|spanned| {
            let line = spanned.referenced.line();
            expectation(format!("{path}:{line}"), spanned.value)
                .map_err(|why| format!("line {line}: {why}"))
        })
        .collect()
}

fn expectation(place: String, written: Written) -> Result<Expectation, String> {
    let Written {
        image,
        role,
        policy,
        injects,
        approved,
    } = written;
    if policy.is_none() && injects.is_none() && approved.is_none() {
        return Err(format!(
            "{image}: no expectation; write policy, injects or approved"
        ));
    }
    Ok(Expectation {
        place,
        image,
        role: match role {
            Some(word) => role_of(&word)?,
            None => Role::Push,
        },
        policy,
        injects,
        approved,
    })
}

fn role_of(word: &str) -> Result<Role, String> {
    let all = [
        Role::Push,
        Role::Import,
        Role::Base,
        Role::Source,
        Role::Run,
    ];
    let found = all.into_iter().find(|role| role.word() == word);
    found.ok_or_else(|| {
        let words = all.map(Role::word);
        let meant = closest(word, words)
            .map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
        format!(
            "role: unknown role {word:?}; the roles are {}{meant}",
            words.join(", ")
        )
    })
}

impl Expectation {
    /// The differences, one line each.
    pub(super) fn differences(&self, trial: &Trial, world: &World) -> Vec<String> {
        let mut lines = Vec::new();
        let mut compare = |what: &str, is: String, expected: String| {
            if is != expected {
                lines.push(format!(
                    "{}: {} ({}): {what} is {is}, expected {expected}",
                    self.place,
                    self.image,
                    self.role.word()
                ));
            }
        };
        if let Some(policy) = &self.policy {
            let expected = match &**policy {
                NONE => NONE.to_owned(),
                name if has(&world.policies, name) => name.to_owned(),
                name => format!("{name}, which is not in effect"),
            };
            compare(
                "policy",
                trial.policy().unwrap_or(NONE).to_owned(),
                expected,
            );
        }
        if let Some(injects) = self.injects {
            compare("injects", trial.injects().to_string(), injects.to_string());
        }
        if let Some(approved) = self.approved {
            let is = match trial.approved() {
                Some(is) => is.to_string(),
                None => "unknown".to_owned(),
            };
            compare("approved", is, approved.to_string());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use extreg_core::policy::{Mode, PolicySet};

    use super::*;

    #[test]
    fn differences_name_their_place() {
        let text = "- image: docker.io/a/b\n  policy: builtin-dockerhub\n  injects: true\n\
                    - {image: docker.io/a/b, role: import, injects: false}\n\
                    - image: quay.io/a/b\n  policy: none\n  approved: true\n\
                    - {image: quay.io/a/b, policy: quay}\n";
        let world = World::from(PolicySet::builtin(Mode::Enforce));
        let found: Vec<String> = parse("e.yaml", text)
            .unwrap()
            .iter()
            .flat_map(|one| one.differences(&world.try_image(&one.image, one.role), &world))
            .collect();
        assert_eq!(
            found,
            [
                "e.yaml:4: docker.io/a/b (import): injects is true, expected false",
                "e.yaml:5: quay.io/a/b (push): approved is unknown, expected true",
                "e.yaml:8: quay.io/a/b (push): policy is none, expected quay, which is not in effect",
            ]
        );
    }

    #[test]
    fn errors_of_a_table_name_cause_and_line() {
        for (text, want) in [
            ("- image: a/b\n", "line 1: a/b: no expectation"),
            (
                "- {image: a/b, role: puhs, injects: true}\n",
                "did you mean push?",
            ),
            ("- {image: a/b, inject: true}\n", "unknown field `inject`"),
            ("image: a/b\n", "expected a list of"),
            ("[]\n", "the list is empty"),
        ] {
            let error = parse("e.yaml", text).unwrap_err();
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
