//! Secrets that hold nothing that can be read, and keys that nothing finds.

use extreg_core::credential::{AuthField, DockerConfigKey};
use extreg_core::registry::RegistryHost;

use super::super::remedy;
use super::{about, registry_of, rewrite};
use crate::check::Severity;
use crate::credentials::shown_key;
use crate::finding::{Finding, Outcome};
use crate::snapshot::{SecretKeys, SecretRecord, Snapshot};

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    /// Not all consumers read it.
    NoAuth,
    /// Not all consumers read it.
    Unpadded,
    /// There is no username or no password.
    Incomplete,
    /// It is the web site of Docker Hub.
    WebSite,
    /// `/v1` or `/v2` without a slash behind it, which is then a path that no image has.
    NoSlash,
    /// It is no URL.
    NoUrl,
}

pub(super) fn check(snapshot: &Snapshot, secret: &SecretRecord, findings: &mut Vec<Finding>) {
    match &secret.keys {
        SecretKeys::Unreadable => findings.push(unreadable(secret)),
        SecretKeys::Elided => findings.push(elided(snapshot, secret)),
        SecretKeys::Known(keys) => {
            findings.extend(keys.iter().filter_map(|key| useless(secret, key)));
        }
    }
}

fn unreadable(secret: &SecretRecord) -> Finding {
    let who = if secret.excluded {
        "Pods and builds that name it fail to pull or push"
    } else {
        "No image can be imported into its namespace, and pods and builds that name it fail to \
         pull or push"
    };
    Finding {
        message: format!("{} holds no docker config that can be read", secret.object),
        why: format!("Kubernetes makes no keyring at all where one secret cannot be read. {who}"),
        fix: remedy::replace_secret(secret, RegistryHost::DockerHub, ""),
        ..about("unreadable", secret, "")
    }
}

fn elided(snapshot: &Snapshot, secret: &SecretRecord) -> Finding {
    Finding {
        severity: Severity::Medium,
        outcome: Outcome::Unknown,
        message: format!("what {} holds is not known", secret.object),
        why: "Neither pass nor fail: the values of secrets are left out of this source".to_owned(),
        fix: remedy::look(snapshot, &secret.object.namespace),
        ..about("unreadable", secret, "")
    }
}

fn useless(secret: &SecretRecord, key: &DockerConfigKey) -> Option<Finding> {
    let mut faults = faults(key);
    faults.sort();
    let worst = faults.last()?;
    let words: Vec<_> = faults.iter().rev().map(|fault| fault.words()).collect();
    let normalised = key.normalised().unwrap_or_default();
    let registry = registry_of(&normalised);
    Some(Finding {
        severity: worst.severity(),
        message: format!(
            "the key {} of {}: {}",
            shown_key(key.as_written()),
            secret.object,
            words.join("; ")
        ),
        why: worst.why().to_owned(),
        fix: match worst {
            Fault::NoUrl => format!(
                "write the registry's host in place of the key in {}",
                secret.object
            ),
            _ => rewrite(secret, registry, key.username()),
        },
        ..about("useless-key", secret, key.as_written())
    })
}

fn faults(key: &DockerConfigKey) -> Vec<Fault> {
    let mut faults = Vec::new();
    match key.normalised() {
        None => faults.push(Fault::NoUrl),
        Some(normalised) => {
            let (host, path) = normalised.split_once('/').unwrap_or((&normalised, ""));
            if host == "hub.docker.com" {
                faults.push(Fault::WebSite);
            } else if matches!(path, "v1" | "v2") {
                faults.push(Fault::NoSlash);
            }
        }
    }
    match key.auth() {
        _ if !key.is_complete() => faults.push(Fault::Incomplete),
        AuthField::Absent => faults.push(Fault::NoAuth),
        AuthField::Unpadded => faults.push(Fault::Unpadded),
        AuthField::Padded => {}
    }
    faults
}

impl Fault {
    const fn words(self) -> &'static str {
        match self {
            Self::NoAuth => "it has no auth",
            Self::Unpadded => "its auth is not padded",
            Self::Incomplete => "it has no username or no password",
            Self::WebSite => "that is a web site and no registry",
            Self::NoSlash => "it lacks the slash at its end",
            Self::NoUrl => "that is no registry",
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::NoAuth | Self::Unpadded => {
                "Imports, the kubelet and pushes read it; CRI-O, podman and Dockerfile builds, \
                 which read padded auth only, do not"
            }
            Self::Incomplete => "Whoever finds it goes on without a credential",
            Self::WebSite => "No image is of that host: nothing ever finds the key",
            Self::NoSlash => {
                "Builds, imports and the kubelet take what is behind the host for a path that no \
                 image has and miss it; only podman and its like find it"
            }
            Self::NoUrl => "Every consumer passes over it",
        }
    }

    const fn severity(self) -> Severity {
        match self {
            Self::NoAuth | Self::Unpadded => Severity::Low,
            Self::Incomplete | Self::WebSite | Self::NoSlash | Self::NoUrl => Severity::Medium,
        }
    }
}
