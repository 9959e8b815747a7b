//! What a token service gives: a token, what it allows and for how long.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// What a token is good for where its service does not say (Docker's token protocol).
const DEFAULT_LIFE: u64 = 60;
/// A token is fetched again after a day, whatever its service says.
const LONGEST_LIFE: u64 = 24 * 3600;

/// What may be done in a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Reading it.
    Pull,
    /// Writing to it.
    Push,
    /// Deleting from it.
    Delete,
}

/// What a registry lets a login do in a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// What is granted of what was asked for; none where the registry does not tell, as its tokens
    /// say nothing or it has none. The login itself was accepted.
    pub actions: Option<BTreeSet<Action>>,
    /// For how long the token is good, in seconds. The password may be good for longer.
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

    /// As a scope names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
}

impl Token {
    /// Reads the service's answer; none if there is no token in it. `repository` is what was asked
    /// for.
    pub(super) fn parse(body: &[u8], repository: &str) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let text = [answer.token, answer.access_token]
            .into_iter()
            .flatten()
            .find(|text| !text.is_empty())?;
        let claims = Claims::of(&text);
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

    /// Whether it will still be good when it arrives.
    pub(super) fn is_fresh(&self) -> bool {
        // It may have been on the way for a while, and clocks differ.
        self.since.elapsed() < self.life.mul_f64(0.8)
    }

    pub(super) fn grants(&self) -> Grants {
        self.grants.clone()
    }

    /// What goes into `Authorization`.
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

/// The claims of a JWT that concern us. Its signature is the registry's affair: what is read here is
/// told, and decides nothing.
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
    fn of(token: &str) -> Option<Self> {
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
    fn what_a_token_allows_is_read() {
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
