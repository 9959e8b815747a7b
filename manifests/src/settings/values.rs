//! Values that admit only what a cluster accepts.

use std::fmt;
use std::str::FromStr;

use crate::names;

/// Why a setting is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A name that Kubernetes does not accept.
    #[error(
        "`{0}` is not a valid name: use at most {1} lowercase letters, digits and `-`, with a letter or digit at both ends"
    )]
    Name(String, usize),
    /// No pods.
    #[error("the number of replicas must be from 1 to 99, not {0}")]
    Replicas(i32),
    /// A timeout that the API server does not accept.
    #[error("the timeout must be from 1 to 30 seconds, not {0}")]
    Timeout(i32),
    /// A URL that the API server does not accept.
    #[error(
        "the webhook's URL must be https://HOST[:PORT][/PATH], without user, query and fragment"
    )]
    Url,
    /// A bundle without a certificate.
    #[error("the CA bundle contains no PEM certificate")]
    CaBundle,
}

/// A DNS-1123 label: the name of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DnsLabel(String);

/// A DNS-1123 subdomain: the name of a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DnsName(String);

impl DnsLabel {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DnsName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for DnsLabel {
    /// The webhook's own namespace.
    fn default() -> Self {
        Self(names::NAMESPACE.to_owned())
    }
}

impl FromStr for DnsLabel {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        if is_label(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SettingsError::Name(text.to_owned(), 63))
        }
    }
}

impl Default for DnsName {
    /// The push secret of the initial policy.
    fn default() -> Self {
        Self(names::DEFAULT_SECRET.to_owned())
    }
}

impl FromStr for DnsName {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        if text.len() <= 253 && text.split('.').all(is_label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SettingsError::Name(text.to_owned(), 253))
        }
    }
}

impl fmt::Display for DnsLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty()
        && text.len() <= 63
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Pods of the webhook, from 1 to 99.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replicas(i32);

impl Replicas {
    /// The number.
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl Default for Replicas {
    /// Two: one serves while the other is unavailable.
    fn default() -> Self {
        Self(2)
    }
}

impl TryFrom<i32> for Replicas {
    type Error = SettingsError;

    fn try_from(count: i32) -> Result<Self, SettingsError> {
        if (1..=99).contains(&count) {
            Ok(Self(count))
        } else {
            Err(SettingsError::Replicas(count))
        }
    }
}

/// How long the API server waits for the webhook, from 1 to 30 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutSeconds(i32);

impl TimeoutSeconds {
    /// The number of seconds.
    pub const fn get(self) -> i32 {
        self.0
    }
}

impl Default for TimeoutSeconds {
    /// Two seconds: a webhook is called twice if another webhook changes the object after it, and a user
    /// should wait less than five seconds.
    fn default() -> Self {
        Self(2)
    }
}

impl TryFrom<i32> for TimeoutSeconds {
    type Error = SettingsError;

    fn try_from(seconds: i32) -> Result<Self, SettingsError> {
        if (1..=30).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(SettingsError::Timeout(seconds))
        }
    }
}

/// One or more CA certificates, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaBundle(String);

impl CaBundle {
    /// The certificates as PEM.
    pub fn as_pem(&self) -> &str {
        &self.0
    }
}

impl FromStr for CaBundle {
    type Err = SettingsError;

    fn from_str(pem: &str) -> Result<Self, SettingsError> {
        if pem.contains("-----BEGIN CERTIFICATE-----") && !pem.contains("PRIVATE KEY-----") {
            Ok(Self(pem.to_owned()))
        } else {
            Err(SettingsError::CaBundle)
        }
    }
}

/// Where the API server calls a webhook outside the cluster: https, with the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl(String);

impl WebhookUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WebhookUrl {
    type Err = SettingsError;

    /// A URL without a path gets the webhook's path. The API server rejects user, query and fragment
    /// (`k8s.io/apiserver/pkg/util/webhook/validation.go`, `ValidateWebhookURL`).
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let rest = text.strip_prefix("https://").ok_or(SettingsError::Url)?;
        let odd = |c: char| matches!(c, '?' | '#' | '@') || c.is_whitespace() || c.is_control();
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if host.is_empty() || host.starts_with(':') || rest.contains(odd) {
            return Err(SettingsError::Url);
        }
        let path = if path.is_empty() || path == "/" {
            names::WEBHOOK_PATH
        } else {
            path
        };
        Ok(Self(format!("https://{host}{path}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_valid_in_kubernetes() {
        for good in ["a", "extreg-system", "0a"] {
            assert_eq!(good.parse::<DnsLabel>().unwrap().as_str(), good);
        }
        let long = "a".repeat(64);
        for bad in ["", "-a", "a-", "A", "a.b", "a_b", "ä", &long] {
            assert!(bad.parse::<DnsLabel>().is_err(), "{bad}");
        }
        assert!("hub.example".parse::<DnsName>().is_ok());
        for bad in ["", ".", "a..b", "Hub", "a/b", "*"] {
            assert!(bad.parse::<DnsName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_url_is_https_and_has_a_path() {
        let table = [
            ("https://h:9443", Some("https://h:9443/mutate")),
            ("https://h/", Some("https://h/mutate")),
            ("https://h/x", Some("https://h/x")),
            ("http://h", None),
            ("https://", None),
            ("https://:1", None),
            ("https://u@h", None),
            ("https://h?a=b", None),
            ("https://h#f", None),
            ("https://h h", None),
        ];
        for (text, expected) in table {
            let url = text.parse::<WebhookUrl>().ok();
            assert_eq!(url.as_ref().map(WebhookUrl::as_str), expected, "{text}");
        }
    }

    #[test]
    fn numbers_and_bundles_are_limited() {
        assert!(Replicas::try_from(0).is_err() && Replicas::try_from(1).is_ok());
        assert!(TimeoutSeconds::try_from(31).is_err() && TimeoutSeconds::try_from(30).is_ok());
        assert!("no".parse::<CaBundle>().is_err());
        let key = "-----BEGIN CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----";
        assert!(
            key.parse::<CaBundle>().is_err(),
            "a key must never be published"
        );
    }
}
