//! Logins, and the docker configs that contain them.

use std::collections::BTreeMap;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use extreg_core::credential::{
    Consumer, DockerConfigError, DockerConfigFormat, DockerConfigKey, DockerConfigKeys,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

const ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The identity for requests to a registry.
#[derive(Clone, Debug)]
pub enum Login {
    /// Anonymous.
    Anonymous,
    /// An account, by its name and password or access token.
    Basic {
        /// The account.
        username: String,
        /// Its password or access token.
        password: SecretString,
    },
}

/// The logins of one docker config.
#[derive(Clone, Debug, Default)]
pub struct Logins {
    keys: DockerConfigKeys,
    by_key: BTreeMap<String, Login>,
}

/// A key of a docker config and its login.
#[derive(Clone, Copy, Debug)]
pub struct LoginKey<'a> {
    /// The key.
    pub key: &'a DockerConfigKey,
    /// Its login; `None` if username or password is missing, as for an identity token.
    pub login: Option<&'a Login>,
}

/// Reads the keys and logins of a docker config: `.dockerconfigjson`, `config.json` of docker or
/// podman, or `.dockercfg`.
///
/// # Errors
/// The error that makes Kubernetes reject the whole config; quotes nothing of a credential.
pub fn logins(config: &[u8]) -> Result<Logins, DockerConfigError> {
    let document = serde_json::from_slice::<Map<String, Value>>(config).unwrap_or_default();
    let format = format(&document);
    let keys = DockerConfigKeys::parse(config, format)?;
    let entries = match format {
        DockerConfigFormat::Dockercfg => document,
        // Go ignores the case of a field.
        DockerConfigFormat::ConfigJson => document
            .into_iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("auths"))
            .filter_map(|(_, auths)| match auths {
                Value::Object(entries) => Some(entries),
                _ => None,
            })
            .flatten()
            .collect(),
    };
    let by_key = entries
        .into_iter()
        .filter_map(|(key, entry)| Some((key, Login::of_entry(&entry)?)))
        .collect();
    Ok(Logins { keys, by_key })
}

impl Logins {
    /// All keys, in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = LoginKey<'_>> {
        self.keys.iter().map(|key| self.with_login(key))
    }

    /// The key that a consumer would use first for an image.
    pub fn of(&self, consumer: Consumer, image: &str) -> Option<LoginKey<'_>> {
        let found = self.keys.matching(consumer, image);
        found.first().map(|key| self.with_login(key))
    }

    /// The keys alone.
    pub fn keys(&self) -> &DockerConfigKeys {
        &self.keys
    }

    fn with_login<'a>(&'a self, key: &'a DockerConfigKey) -> LoginKey<'a> {
        LoginKey {
            key,
            login: self.by_key.get(key.as_written()),
        }
    }
}

impl Login {
    /// The account; `None` if anonymous.
    pub fn username(&self) -> Option<&str> {
        match self {
            Self::Anonymous => None,
            Self::Basic { username, .. } => Some(username),
        }
    }

    /// Whether it is equal, including the password.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Anonymous, Self::Anonymous) => true,
            (
                Self::Basic { username, password },
                Self::Basic {
                    username: other_username,
                    password: other_password,
                },
            ) => {
                username == other_username
                    && password.expose_secret() == other_password.expose_secret()
            }
            _ => false,
        }
    }

    /// `auth` before `username` and `password`, as in Kubernetes.
    fn of_entry(entry: &Value) -> Option<Self> {
        let field = |name: &str| {
            let value = entry.get(name).and_then(Value::as_str);
            value.filter(|value| !value.is_empty())
        };
        let (username, password) = match field("auth") {
            Some(auth) => {
                let auth: String = auth.split_whitespace().collect();
                let text = String::from_utf8(ANY_PADDING.decode(auth).ok()?).ok()?;
                let (username, password) = text.split_once(':')?;
                // Docker pads with NUL, and its own reader accepts it.
                let password = password.trim_matches('\0');
                (username.to_owned(), password.to_owned())
            }
            None => (field("username")?.to_owned(), field("password")?.to_owned()),
        };
        (!username.is_empty() && !password.is_empty()).then(|| Self::Basic {
            username,
            password: password.into(),
        })
    }
}

/// `.dockercfg` is the entries only.
fn format(document: &Map<String, Value>) -> DockerConfigFormat {
    let is_entry = |value: &Value| {
        let has = |name| value.get(name).is_some();
        has("auth") || has("username") || has("password")
    };
    if !document.contains_key("auths") && document.values().any(is_entry) {
        DockerConfigFormat::Dockercfg
    } else {
        DockerConfigFormat::ConfigJson
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(found: Option<LoginKey<'_>>) -> String {
        let Some(found) = found else {
            return "nothing".to_owned();
        };
        let login = match found.login {
            Some(Login::Basic { username, password }) => {
                format!("{username}:{}", password.expose_secret())
            }
            other => format!("{other:?}"),
        };
        format!("{} {login}", found.key.as_written())
    }

    #[test]
    fn each_consumer_gets_the_login_of_its_key() {
        // a:x, b:y without its padding, and c:z
        let config = br#"{"auths": {
            "docker.io": {"auth": "YTp4", "username": "no", "password": "no"},
            "https://index.docker.io/v1/": {"auth": "Yjp5eQ"},
            "quay.io": {"username": "c", "password": "z"},
            "ghcr.io": {"auth": "", "identitytoken": "t"}
        }}"#;
        let logins = logins(config).unwrap();
        for (consumer, image, expected) in [
            (Consumer::Import, "docker.io/u/a:v1", "docker.io a:x"),
            (
                Consumer::BuildPush,
                "u/a:v1",
                "https://index.docker.io/v1/ b:yy",
            ),
            (Consumer::Kubelet, "quay.io/u/a", "quay.io c:z"),
            (Consumer::Kubelet, "ghcr.io/u/a", "ghcr.io None"),
            (Consumer::Kubelet, "r.example.com/u/a", "nothing"),
        ] {
            assert_eq!(shown(logins.of(consumer, image)), expected, "{image}");
        }
        assert_eq!(logins.iter().count(), 4);
    }

    #[test]
    fn every_wrapping_is_read() {
        for (config, expected) in [
            (r#"{"docker.io": {"auth": "YTp4"}}"#, "docker.io a:x"),
            (
                r#"{"auths": {"docker.io": {"auth": "YTp4"}}}"#,
                "docker.io a:x",
            ),
            (
                r#"{"Auths": {"docker.io": {"auth": "YTp4"}}}"#,
                "docker.io a:x",
            ),
            (r#"{"credsStore": "desktop"}"#, "nothing"),
            ("{}", "nothing"),
        ] {
            let logins = logins(config.as_bytes()).unwrap();
            let found = logins.of(Consumer::Import, "docker.io/u/a");
            assert_eq!(shown(found), expected, "{config}");
        }
        for config in [
            "",
            "[]",
            "nonsense",
            r#"{"auths": {"docker.io": {"auth": "c2VjcmV0"}}}"#,
        ] {
            let why = logins(config.as_bytes()).unwrap_err().to_string();
            assert!(!why.contains("c2Vj") && !why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn a_login_does_not_show_its_password() {
        let config = br#"{"auths": {"docker.io": {"auth": "YTpzZWNyZXQ="}}}"#;
        assert!(!format!("{:?}", logins(config).unwrap()).contains("secret"));
    }
}
