//! The credential of the push secret: its source and its format.

mod auth_file;
pub(crate) mod link;

use std::{
    io::{BufRead as _, IsTerminal as _, Read as _},
    path::PathBuf,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_cluster::Object;
use extreg_core::credential::SecretMember;
use extreg_registry::Login;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value, json};

use crate::{context::Context, error::Error, target::Target};

/// An account at a registry and its password.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) username: String,
    pub(crate) password: SecretString,
}

/// The source of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CredentialSource {
    /// A docker or podman auth file.
    AuthFile(PathBuf),
    /// The password, read from stdin.
    Stdin {
        /// The account.
        username: String,
    },
    /// Prompted for, if a terminal is available.
    Unsaid {
        /// The account, if known.
        username: Option<String>,
    },
}

/// The purpose of a credential.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The registry, in messages.
    pub(crate) host: &'a str,
    /// An image that it is for, by which it is found in an auth file.
    pub(crate) image: &'a str,
    /// The account that a prompt suggests.
    pub(crate) account: &'a str,
    /// The flags that provide or skip the credential.
    pub(crate) ways: &'a str,
}

impl Credential {
    /// The docker config for the secret: every key that a consumer needs, each with username, password and a padded
    /// `auth`, which is all that containers/image and go-dockerclient read. Other entries of `current` are unchanged.
    pub(crate) fn docker_config(&self, target: &Target, current: Option<&Value>) -> Value {
        let entry = Value::Object(self.entry());
        let mut config = current.filter(|config| config.is_object()).cloned();
        let config = config.get_or_insert_with(|| json!({}));
        for key in target.config_keys() {
            extreg_cluster::set(config, &["auths", key], entry.clone());
        }
        config.take()
    }

    /// Its username and password.
    pub(crate) fn login(&self) -> Login {
        Login::Basic {
            username: self.username.clone(),
            password: self.password.clone(),
        }
    }

    /// The entry of a docker config.
    pub(crate) fn entry(&self) -> Map<String, Value> {
        let password = self.password.expose_secret();
        let auth = STANDARD.encode(format!("{}:{password}", self.username));
        [
            ("username", self.username.as_str()),
            ("password", password),
            ("auth", &auth),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), Value::from(value)))
        .collect()
    }
}

/// Reads the credential from the source that the settings name, or prompts for it.
///
/// # Errors
/// [`Error::Usage`] if it is missing, or if a prompt would be needed but is not allowed.
pub(crate) async fn obtain(
    source: &CredentialSource,
    wanted: Wanted<'_>,
    context: &Context,
) -> Result<Credential, Error> {
    match source {
        CredentialSource::AuthFile(path) => {
            let wrong =
                |why: String| Error::usage(format!("--auth-file {}: {why}", path.display()));
            let text = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
            auth_file::find(&text, wanted.image).map_err(wrong)
        }
        CredentialSource::Stdin { username } => {
            let password = blocking(read_stdin).await?;
            checked(username.clone(), password)
        }
        CredentialSource::Unsaid { username } => prompt(username.as_deref(), wanted, context).await,
    }
}

async fn prompt(
    username: Option<&str>,
    wanted: Wanted<'_>,
    context: &Context,
) -> Result<Credential, Error> {
    if context.no_input || !std::io::stdin().is_terminal() {
        return Err(Error::usage(format!(
            "no credential for {}: {}",
            wanted.host, wanted.ways
        )));
    }
    let username = if let Some(username) = username {
        username.to_owned()
    } else {
        let usual = wanted.account.to_owned();
        context
            .printer
            .prompt(&format!("Account at {} [{usual}]: ", wanted.host));
        let typed = blocking(read_line).await?;
        if typed.is_empty() { usual } else { typed }
    };
    context
        .printer
        .prompt(&format!("Access token of {username} at {}: ", wanted.host));
    let password = blocking(|| rpassword::read_password().map(SecretString::from)).await?;
    checked(username, password)
}

fn checked(username: String, password: SecretString) -> Result<Credential, Error> {
    if password.expose_secret().is_empty() {
        return Err(Error::usage("the password is empty"));
    }
    // The password is the text after the first colon of an `auth`.
    if username.is_empty() || username.contains(':') {
        return Err(Error::usage("the username is empty or has a colon in it"));
    }
    Ok(Credential { username, password })
}

/// All of stdin without the line end that `echo` adds.
fn read_stdin() -> std::io::Result<SecretString> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
}

fn read_line() -> std::io::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// Runs on another thread, so that an interrupt is handled meanwhile.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let read = tokio::task::spawn_blocking(read).await;
    match read {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Error::usage(format!("stdin: {error}"))),
        Err(error) => Err(Error::failed(format!("stdin: {error}"))),
    }
}

/// The docker config, in base64, with the credential that an auth file has for an image: the content of a push secret.
///
/// # Errors
/// The reason, without any part of a credential.
pub(crate) fn config_of_auth_file(content: &[u8], image: &str) -> Result<String, String> {
    let target = Target::parse(image).map_err(|error| error.to_string())?;
    let credential = auth_file::find(content, &target.to_string())?;
    let config = credential.docker_config(&target, None);
    Ok(STANDARD.encode(config.to_string()))
}

/// The credential helper that stores the passwords of an auth file, if any.
pub(crate) fn credential_helper(content: &[u8]) -> Option<String> {
    let file: Value = serde_json::from_slice(content).ok()?;
    auth_file::helper(&file).map(str::to_owned)
}

/// The docker config in a member of a secret.
pub(crate) fn docker_config(secret: &Object, member: SecretMember) -> Option<Vec<u8>> {
    let encoded = secret.body.get("data")?.get(member.name())?.as_str()?;
    STANDARD.decode(encoded).ok()
}

/// The docker config of a secret of either type.
pub(crate) fn either_docker_config(secret: &Object) -> Option<Vec<u8>> {
    let members = [SecretMember::DockerConfigJson, SecretMember::Dockercfg];
    members
        .into_iter()
        .find_map(|member| docker_config(secret, member))
}

#[cfg(test)]
mod tests {
    use extreg_core::credential::{Consumer, DockerConfigFormat, DockerConfigKeys};

    use super::*;

    fn credential() -> Credential {
        Credential {
            username: "ably77".to_owned(),
            password: "p:w".to_owned().into(),
        }
    }

    #[test]
    fn every_consumer_finds_the_written_credential() {
        for image in [
            "ably77/app:v1",
            "docker.io/ably77/app",
            "quay.io/ably77/app",
            "r.example.com:5000/a/b",
        ] {
            let target = Target::parse(image).unwrap();
            let config = credential().docker_config(&target, None).to_string();
            let keys =
                DockerConfigKeys::parse(config.as_bytes(), DockerConfigFormat::ConfigJson).unwrap();
            for consumer in Consumer::ALL {
                let found = keys.matching(consumer, &target.to_string());
                assert_eq!(
                    found.usernames().next(),
                    Some("ably77"),
                    "{image} {consumer:?}"
                );
            }
        }
    }

    #[test]
    fn trap_24_25_and_26_docker_hub_gets_both_keys_and_a_padded_auth() {
        let config = credential().docker_config(&Target::parse("ably77/app").unwrap(), None);
        let entry = json!({"username": "ably77", "password": "p:w", "auth": "YWJseTc3OnA6dw=="});
        assert_eq!(
            config,
            json!({"auths": {"docker.io": entry, "https://index.docker.io/v1/": entry}})
        );
    }

    #[test]
    fn other_keys_of_a_secret_are_kept() {
        let other = json!({"auth": "YTp4"});
        let current = json!({"auths": {"quay.io": other, "docker.io": {"auth": "old"}}, "x": 1});
        let target = Target::parse("ably77/app").unwrap();
        let config = credential().docker_config(&target, Some(&current));
        assert_eq!(
            (&config["auths"]["quay.io"], &config["x"]),
            (&other, &json!(1))
        );
        assert_eq!(config["auths"]["docker.io"]["username"], "ably77");
        assert_eq!(config["auths"].as_object().unwrap().len(), 3);
        for broken in [json!(null), json!([]), json!({"auths": "x"})] {
            let config = credential().docker_config(&target, Some(&broken));
            assert_eq!(config["auths"].as_object().unwrap().len(), 2, "{broken}");
        }
    }

    #[test]
    fn trap_56_password_is_never_shown() {
        assert!(!format!("{:?}", credential()).contains("p:w"));
        assert!(checked("a:b".to_owned(), "x".to_owned().into()).is_err());
        assert!(checked("a".to_owned(), String::new().into()).is_err());
    }
}
