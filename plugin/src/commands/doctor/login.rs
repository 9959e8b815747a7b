//! The kubeconfig: whether the entries that the context names exist, and when the credential expires.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use extreg_certs::inspect;
use extreg_cluster::{ClusterError, Login};
use jiff::{SignedDuration, Timestamp};
use kube::config::AuthInfo;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::{
    checklist::{Checks, Group, plain},
    context::Context,
    error::Error,
};

const GROUP: Group = Group::Login;
/// A credential that expires within this time gets a warning.
const SOON: SignedDuration = SignedDuration::from_hours(24);

/// Runs the checks; returns the login, if any.
pub(super) fn look(context: &Context, checks: &mut Checks) -> Option<Login> {
    let oc_login = format!("{} login", "oc");
    let login = match context.login() {
        Ok(Some(login)) => login,
        Ok(None) if env::var_os("KUBERNETES_SERVICE_HOST").is_some() => {
            checks.ok(GROUP, "kubeconfig", "none: using the account of this pod");
            return None;
        }
        Ok(None) => {
            checks.fail(
                GROUP,
                "kubeconfig",
                plain(&Error::Cluster(ClusterError::NoCluster)),
                oc_login,
            );
            return None;
        }
        Err(error) => {
            checks.fail(GROUP, "kubeconfig", plain(&error), "oc config view");
            return None;
        }
    };
    let Some(of_context) = &login.of_context else {
        let message = match &login.context {
            Some(name) => format!("the kubeconfig has no context \"{name}\""),
            None => "the kubeconfig has no current context".to_owned(),
        };
        checks.fail(GROUP, "context", message, "oc config get-contexts");
        return Some(login);
    };
    let name = login.context.as_deref().unwrap_or_default();
    let namespace = of_context.namespace.as_deref().unwrap_or("default");
    match &login.cluster {
        Some((cluster, Some(found))) => {
            let server = found.server.as_deref().unwrap_or("no server");
            checks.ok(
                GROUP,
                "context",
                format!("{name}: cluster {cluster} at {server}, namespace {namespace}"),
            );
        }
        Some((cluster, None)) => checks.fail(
            GROUP,
            "context",
            format!("context {name} names cluster \"{cluster}\", which is not in the kubeconfig"),
            "oc config get-clusters",
        ),
        None => checks.fail(
            GROUP,
            "context",
            format!("context {name} names no cluster"),
            "oc config get-clusters",
        ),
    }
    match &login.user {
        Some((_, Some(user))) => credential(user, Timestamp::now(), checks),
        Some((user, None)) => checks.fail(
            GROUP,
            "credential",
            format!("context {name} names user \"{user}\", which is not in the kubeconfig"),
            oc_login,
        ),
        None => checks.warn(
            GROUP,
            "credential",
            format!("context {name} names no user: requests are anonymous"),
            oc_login,
        ),
    }
    Some(login)
}

/// In the order that kube uses.
fn credential(user: &AuthInfo, now: Timestamp, checks: &mut Checks) {
    if let Some(exec) = &user.exec {
        let command = exec.command.as_deref().unwrap_or_default();
        return match on_path(command) {
            Some(path) => checks.ok(
                GROUP,
                "credential",
                format!("from the program {}", path.display()),
            ),
            None => checks.fail(
                GROUP,
                "credential",
                format!("comes from the program \"{command}\", which is not on the PATH"),
                format!("command -v {command}"),
            ),
        };
    }
    if let Some(provider) = &user.auth_provider {
        let name = &provider.name;
        return checks.ok(GROUP, "credential", format!("from the provider {name}"));
    }
    let token = match (&user.token, &user.token_file) {
        (Some(token), _) => Some(token.expose_secret().to_owned()),
        (None, Some(file)) => match fs::read_to_string(file) {
            Ok(token) => Some(token.trim().to_owned()),
            Err(error) => {
                let message = format!("cannot read the token file {file}: {error}");
                return checks.fail(GROUP, "credential", message, "oc login");
            }
        },
        (None, None) => None,
    };
    if let Some(token) = token {
        return match expiry(&token) {
            Some(end) => until("a token", end, now, checks),
            // An OAuth token of OpenShift does not contain its expiry; the server knows it.
            None => checks.ok(GROUP, "credential", "a token without an expiry date in it"),
        };
    }
    match certificate(user) {
        Some(Ok(end)) => until("a client certificate", end, now, checks),
        Some(Err(why)) => checks.fail(
            GROUP,
            "credential",
            format!("cannot use the client certificate: {why}"),
            "oc login",
        ),
        None if user.username.is_some() => {
            checks.ok(GROUP, "credential", "a user name and a password");
        }
        None => checks.warn(
            GROUP,
            "credential",
            "none: requests are anonymous",
            "oc login",
        ),
    }
}

fn until(what: &str, end: Timestamp, now: Timestamp, checks: &mut Checks) {
    if end <= now {
        let message = format!("{what} that expired at {end}");
        checks.fail(GROUP, "credential", message, "oc login");
    } else if end.duration_since(now) < SOON {
        let message = format!("{what} that expires at {end}");
        checks.warn(GROUP, "credential", message, "oc login");
    } else {
        checks.ok(GROUP, "credential", format!("{what}, until {end}"));
    }
}

/// When a token in JWT format expires. The token is not verified: the server does that.
fn expiry(token: &str) -> Option<Timestamp> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let claims = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Timestamp::from_second(claims.get("exp")?.as_i64()?).ok()
}

fn certificate(user: &AuthInfo) -> Option<Result<Timestamp, String>> {
    use base64::engine::general_purpose::STANDARD;

    let pem = match (&user.client_certificate_data, &user.client_certificate) {
        (Some(data), _) => STANDARD.decode(data).map_err(|error| error.to_string()),
        (None, Some(file)) => fs::read(file).map_err(|error| format!("{file}: {error}")),
        (None, None) => return None,
    };
    Some(pem.and_then(|pem| {
        let chain = inspect::inspect(&pem).map_err(|error| error.to_string())?;
        let leaf = chain.first().ok_or("it contains no certificate")?;
        Ok(leaf.not_after)
    }))
}

/// The path of a program that a kubeconfig names, absolute or on the PATH.
fn on_path(command: &str) -> Option<PathBuf> {
    if command.is_empty() {
        return None;
    }
    if command.contains(std::path::MAIN_SEPARATOR) {
        return Some(PathBuf::from(command)).filter(|path| path.is_file());
    }
    let search = env::var_os("PATH").unwrap_or_default();
    let mut folders = env::split_paths(&search);
    folders.find_map(|folder| {
        let plain = folder.join(command);
        let exe = folder.join(format!("{command}{}", env::consts::EXE_SUFFIX));
        [plain, exe]
            .into_iter()
            .find(|path: &PathBuf| Path::is_file(path))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(user: &str) -> String {
        let user: AuthInfo = serde_json::from_str(user).unwrap();
        let mut checks = Checks::default();
        credential(&user, "2030-01-01T00:00:00Z".parse().unwrap(), &mut checks);
        let check = &checks.as_slice()[0];
        format!("{:?} {}", check.result, check.message)
    }

    /// Not signed, because these tests do not verify it.
    fn jwt(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn credential_check_shows_kind_and_expiry() {
        let token = |token: String| format!(r#"{{"token": "{token}"}}"#);
        let table = [
            (
                token(jwt(r#"{"exp": 1893455999}"#)),
                "Fail a token that expired at 2029-12-31T23:59:59Z",
            ),
            (
                token(jwt(r#"{"exp": 1893459600}"#)),
                "Warn a token that expires at 2030-01-01T01:00:00Z",
            ),
            (
                token(jwt(r#"{"exp": 1924992000}"#)),
                "Ok a token, until 2031-01-01T00:00:00Z",
            ),
            (token(jwt("{}")), "Ok a token without an expiry date in it"),
            (
                token("sha256~x".to_owned()),
                "Ok a token without an expiry date in it",
            ),
            (
                r#"{"exec": {"command": "/nowhere/helper"}}"#.to_owned(),
                "Fail comes from the program \"/nowhere/helper\", which is not on the PATH",
            ),
            (
                r#"{"client-certificate-data": "bm8="}"#.to_owned(),
                "Fail cannot use the client certificate",
            ),
            (
                r#"{"username": "a", "password": "b"}"#.to_owned(),
                "Ok a user name and a password",
            ),
            ("{}".to_owned(), "Warn none: requests are anonymous"),
        ];
        for (user, expected) in table {
            let got = judged(&user);
            assert!(got.starts_with(expected), "{got} is not {expected}");
        }
    }
}
