//! Logins at a fake registry.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Auth, State};
use crate::answer::Answer;
use crate::seen::Seen;

impl State {
    pub(super) fn token(&self, seen: &Seen) -> Answer {
        let Ok(user) = self.user(seen) else {
            return Answer::bytes(401, r#"{"details": "incorrect"}"#);
        };
        let scope = seen.param("scope").unwrap_or_default();
        let mut parts = scope.split(':').skip(1);
        let (repository, actions) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let rights = self.rules.rights.get(&user);
        let is_granted = |action: &&str| match rights {
            _ if self.rules.denied.contains(&repository) => false,
            Some(rights) => rights.contains(action),
            None => *action == "pull",
        };
        let granted: Vec<&str> = actions.split(',').filter(is_granted).collect();
        let user = if user.is_empty() { "anonymous" } else { &user };
        let access = [json!({"type": "repository", "name": repository, "actions": granted})];
        let claims = json!({ "sub": user, "access": access, "iat": 1000, "exp": 1300 });
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let token = if self.rules.has_claims {
            format!("e30.{claims}.c2ln")
        } else {
            format!("opaque-{claims}")
        };
        Answer::json(200, &json!({ "token": token, "expires_in": 300 }))
    }

    pub(super) fn challenge(&self, error: &str) -> Answer {
        let answer = Answer::bytes(401, "{}");
        match self.rules.auth {
            Auth::Open => answer,
            Auth::Basic => answer.header("www-authenticate", "Basic realm=\"test\""),
            Auth::Bearer => {
                let here = format!("{}/token", self.url.get().unwrap());
                let realm = self.rules.realm.as_ref().unwrap_or(&here);
                let header = format!("Bearer realm=\"{realm}\",service=\"test\"{error}");
                answer.header("www-authenticate", &header)
            }
        }
    }

    /// The user of a request; the error is the user with a wrong password.
    pub(super) fn user(&self, seen: &Seen) -> Result<String, String> {
        if let Some(basic) = authorization(seen).strip_prefix("Basic ") {
            let pair = String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap();
            let (user, password) = pair.split_once(':').unwrap();
            return match self.rules.users.get(user) {
                Some(known) if known == password => Ok(user.to_owned()),
                _ => Err(user.to_owned()),
            };
        }
        Ok(claims(seen)["sub"].as_str().unwrap_or_default().to_owned())
    }
}

fn authorization(seen: &Seen) -> &str {
    seen.header("authorization")
        .first()
        .copied()
        .unwrap_or_default()
}

fn claims(seen: &Seen) -> Value {
    let token = authorization(seen)
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    let payload = match token.strip_prefix("opaque-") {
        Some(payload) => payload,
        None => token.split('.').nth(1).unwrap_or_default(),
    };
    let json = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

/// Whether the token of a request allows a pull.
pub(super) fn grants_pull(seen: &Seen, repository: &str) -> bool {
    let access = &claims(seen)["access"][0];
    let actions = access["actions"].as_array();
    access["name"] == repository && actions.is_some_and(|actions| actions.contains(&json!("pull")))
}
