//! The answer of a token service: a token, its permissions and its lifetime.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// The lifetime of a token if its service does not report it (Docker's token protocol).
const DEFAULT_LIFE: u64 = 60;
/// A token is fetched again after a day, regardless of its lifetime.
const LONGEST_LIFE: u64 = 24 * 3600;

/// An action in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Reading it.
    Pull,
    /// Writing to it.
    Push,
    /// Deleting from it.
    Delete,
}

/// The actions that a registry grants a login in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// The granted actions of those requested; `None` if the registry does not report them, because its tokens
    /// are opaque or it has none. The login itself was accepted.
    pub actions: Option<BTreeSet<Action>>,
    /// The lifetime of the token, in seconds. The password can be valid for longer.
    pub expires_in: Option<u64>,
}

/// A token as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: SecretString,
    life: Duration,
    since: Instant,
    grants: Grants,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Pull, Self::Push, Self::Delete];

    /// The name in a scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
}

impl Token {
    /// Reads the service's answer; `None` if it contains no token. `repository` is the requested
    /// one.
    pub(super) fn parse(body: &[u8], repository: &str) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let text = [answer.token, answer.access_token]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())?;
        let claims = Claims::from_token(&text);
        let expires_in = answer
            .expires_in
            .or_else(|| claims.as_ref()?.life())
            .filter(|seconds| *seconds > 0);
        Some(Self {
            life: Duration::from_secs(expires_in.unwrap_or(DEFAULT_LIFE).min(LONGEST_LIFE)),
            since: Instant::now(),
            grants: Grants {
                actions: claims.and_then(|claims| claims.actions(repository)),
                expires_in,
            },
            text: text.into(),
        })
    }

    /// Whether it will still be valid when it arrives.
    pub(super) fn is_fresh(&self) -> bool {
        // It can have been in transit for a while, and clocks differ.
        self.since.elapsed() < self.life.mul_f64(0.8)
    }

    pub(super) fn grants(&self) -> Grants {
        self.grants.clone()
    }

    /// The value of `Authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.text.expose_secret())
    }
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// The relevant claims of a JWT. The registry verifies its signature: these claims are only
/// shown, and decide nothing.
#[derive(Deserialize)]
struct Claims {
    access: Option<Vec<Access>>,
    exp: Option<u64>,
    iat: Option<u64>,
}

#[derive(Deserialize)]
struct Access {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    name: String,
    actions: Option<Vec<String>>,
}

impl Claims {
    fn from_token(token: &str) -> Option<Self> {
        let payload = token.split('.').nth(1)?;
        let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&json).ok()
    }

    fn life(&self) -> Option<u64> {
        self.exp?.checked_sub(self.iat?)
    }

    fn actions(self, repository: &str) -> Option<BTreeSet<Action>> {
        let granted: Vec<String> = self
            .access?
            .into_iter()
            .filter(|access| access.kind == "repository" && access.name == repository)
            .flat_map(|access| access.actions.unwrap_or_default())
            .collect();
        let is_granted = |action: Action| {
            let mut granted = granted.iter();
            granted.any(|granted| granted == action.as_str() || granted == "*")
        };
        Some(Action::ALL.into_iter().filter(|a| is_granted(*a)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    fn grants(body: &str) -> Option<(Option<Vec<&'static str>>, Option<u64>)> {
        let grants = Token::parse(body.as_bytes(), "u/a")?.grants();
        let actions = grants
            .actions
            .map(|actions| actions.into_iter().map(Action::as_str).collect());
        Some((actions, grants.expires_in))
    }

    #[test]
    fn the_actions_of_a_token_are_read() {
        let access = |actions: &str| {
            jwt(&format!(
                r#"{{"access": [{{"type": "repository", "name": "other", "actions": ["delete"]}},
                    {{"type": "repository", "name": "u/a", "actions": {actions}}}],
                    "iat": 1000, "exp": 1300}}"#
            ))
        };
        for (token, expected) in [
            (access(r#"["pull"]"#), (Some(vec!["pull"]), Some(300))),
            (
                access(r#"["push", "pull", "else"]"#),
                (Some(vec!["pull", "push"]), Some(300)),
            ),
            (
                access(r#"["*"]"#),
                (Some(vec!["pull", "push", "delete"]), Some(300)),
            ),
            (access("null"), (Some(vec![]), Some(300))),
            (jwt(r#"{"access": []}"#), (Some(vec![]), None)),
            (jwt(r#"{"sub": "x"}"#), (None, None)),
            (jwt("nonsense"), (None, None)),
            ("opaque".to_owned(), (None, None)),
            ("a.b.c".to_owned(), (None, None)),
        ] {
            let body = serde_json::json!({ "token": token }).to_string();
            assert_eq!(grants(&body), Some(expected), "{token}");
        }
    }

    #[test]
    fn answers_of_token_services_are_read() {
        for (body, expected) in [
            (
                r#"{"token": "t", "expires_in": 300}"#,
                Some((None, Some(300))),
            ),
            (
                r#"{"access_token": "t", "expires_in": 0}"#,
                Some((None, None)),
            ),
            (
                r#"{"token": "t", "expires_in": 18446744073709551615}"#,
                Some((None, Some(u64::MAX))),
            ),
            (r#"{"token": "t", "expires_in": -1}"#, None),
            (r#"{"token": "t", "expires_in": 1e400}"#, None),
            (r#"{"token": "", "access_token": "t"}"#, Some((None, None))),
            (r#"{"token": ""}"#, None),
            ("{}", None),
            ("<html>", None),
        ] {
            assert_eq!(grants(body), expected, "{body}");
        }
        for life in [1, LONGEST_LIFE, u64::MAX] {
            let body = format!(r#"{{"token": "t", "expires_in": {life}}}"#);
            let token = Token::parse(body.as_bytes(), "u/a").unwrap();
            assert!(token.is_fresh() && token.life <= Duration::from_secs(LONGEST_LIFE));
        }
        let token = Token::parse(br#"{"token": "secret"}"#, "u/a").unwrap();
        assert!(!format!("{token:?}").contains("secret"));
        assert!(token.is_fresh());
    }
}
