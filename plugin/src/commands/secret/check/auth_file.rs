//! Checks a docker or podman auth file for each consumer. Reads only the file.

use std::path::Path;

use extreg_core::credential::{DockerConfigFormat, DockerConfigKey, DockerConfigKeys};
use extreg_registry::{Login, logins};
use extreg_snapshot::credentials::shown_key;
use secrecy::ExposeSecret as _;

use super::{
    answer::{Answer, Outcome, Problem, SecretAnswer, State},
    assess::{INCOMPLETE, of_auth_file},
    keys::{self, instruct},
    settings::Settings,
};
use crate::{credential::credential_helper, error::Error};

/// Runs the check.
///
/// # Errors
/// [`Error::Usage`] if it cannot be read as a docker config.
pub(super) fn check(path: &Path, settings: &Settings) -> Result<Answer, Error> {
    let shown = path.display().to_string();
    let text = std::fs::read(path)
        .map_err(|error| Error::usage(format!("--auth-file {shown}: {error}")))?;
    let keys = DockerConfigKeys::parse(&text, DockerConfigFormat::ConfigJson).map_err(|error| {
        Error::usage(format!(
            "--auth-file {shown}: invalid docker config: {error}"
        ))
    })?;
    let helper = credential_helper(&text);
    let mut answer = Answer::default();
    for image in &settings.images {
        answer.images.push(of_auth_file(&keys, image));
    }
    if let Some(helper) = &helper {
        name_helper(&mut answer, helper);
        answer
            .problems
            .extend(kept_elsewhere(&keys, helper, &shown));
    }
    answer.problems.extend(whitespace(&text, &shown));
    answer.problems.extend(keys::problems(&keys, &shown));
    let is_useless = helper.is_some() && !keys.iter().any(DockerConfigKey::is_complete);
    answer.secrets.push(SecretAnswer {
        name: shown,
        state: State::Readable,
        keys: keys::answers(&keys),
        is_named: is_useless,
        is_useless,
        ..SecretAnswer::default()
    });
    answer.count();
    Ok(answer)
}

/// Adds to each use without a password where the password is stored.
fn name_helper(answer: &mut Answer, helper: &str) {
    let uses = answer.images.iter_mut().flat_map(|image| &mut image.uses);
    for one in uses.filter(|one| {
        one.outcome == Outcome::None || one.outcome == Outcome::Broken && one.message == INCOMPLETE
    }) {
        one.message = format!("its password is stored in the credential helper \"{helper}\"");
    }
}

/// Reports that the passwords are not in the file.
fn kept_elsewhere(keys: &DockerConfigKeys, helper: &str, file: &str) -> Option<Problem> {
    let without: Vec<String> = keys
        .iter()
        .filter(|key| !key.is_complete())
        .map(|key| shown_key(key.as_written()))
        .collect();
    if keys.iter().count() > 0 && without.is_empty() {
        return None;
    }
    let of = match without.as_slice() {
        [] => String::new(),
        keys => format!(" for {}", keys.join(", ")),
    };
    Some(Problem {
        severity: "high".to_owned(),
        outcome: "fail",
        rule: "credential-helper",
        object: String::new(),
        message: format!(
            "{file} holds no password{of}: the credential helper \"{helper}\" stores them"
        ),
        why: "A cluster cannot query a credential helper of this machine".to_owned(),
        fix: instruct(
            "store the credential with oc extreg secret set, which prompts for the access token",
        ),
    })
}

/// Passwords with leading or trailing white space, which registries read as part of them.
fn whitespace(text: &[u8], file: &str) -> Vec<Problem> {
    let Ok(logins) = logins(text) else {
        return Vec::new();
    };
    let odd = logins.iter().filter(|one| {
        let Some(Login::Basic { username, password }) = one.login else {
            return false;
        };
        let has = |text: &str| text.trim() != text || text.contains(char::is_control);
        has(username) || has(password.expose_secret())
    });
    odd.map(|one| Problem {
        severity: "medium".to_owned(),
        outcome: "fail",
        rule: "password-whitespace",
        object: String::new(),
        message: format!(
            "the key {} of {file}: its username or password begins or ends with a space or a line \
             break",
            shown_key(one.key.as_written())
        ),
        why: "It is part of the password, and most registries then refuse it; a typical cause is \
              `echo` without -n before base64"
            .to_owned(),
        fix: instruct("log in again with podman login, or encode it with printf %s"),
    })
    .collect()
}
