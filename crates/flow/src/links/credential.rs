//! Refused requests, past or future: the credential that is used, and a fix for it.

use std::sync::Arc;

use extreg_core::registry::{RefRole, RegistryHost};
use extreg_remedy::{Action, Inspection, LinkUse, Remedy};
use extreg_snapshot::{
    credentials::{Credential, Credentials, Doubt, Fault, Push, Seen},
    kind::Kind,
    place::ObjectId,
};

use super::{Site, fix};
use crate::{
    image::Image,
    world::{Build, Output, Workload},
};

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The message for people.
    pub(super) text: String,
    /// The fix, if known.
    pub(super) fix: Option<Remedy>,
    /// Whether a login was refused, and not an anonymous request.
    pub(super) has_login: bool,
}

/// A push was refused.
pub(super) fn push(site: &Site<'_, '_>, config: Build<'_>, build: Build<'_>) -> Refused {
    let message = build.message();
    let Output::Image(image) = build.output() else {
        return refused(message, None);
    };
    // The BuildConfig has another secret now, which its next build uses.
    let given = config.push_secret();
    let is_another = !given.is_empty() && given != build.push_secret();
    if is_another && next_push_fails(site, config).is_none() {
        let text = format!("{message}; the BuildConfig has changed since");
        return refused(text, Some(fix::start_build(config)));
    }
    match Credentials::of(&site.fetched.credentials).push(build.record) {
        Push::Named(secret, Credential::Found { username, .. }) => {
            let fix = check(build.namespace(), Some(&secret), image);
            refused_to(&username, "the registry refused", &secret, fix)
        }
        Push::Linked(_) | Push::Unknown(_) => refused(message, None),
        push => without_key(site, config, image, push).unwrap_or_else(|| refused(message, None)),
    }
}

/// Why the next push of a BuildConfig will fail; none if it is not known to. Only for a status of one
/// namespace: for all namespaces, credentials are read only if needed.
pub(super) fn will_fail(site: &Site<'_, '_>, config: Build<'_>) -> Option<Refused> {
    let is_one = site.world.snapshot.coverage.scope.namespaces.is_some();
    is_one.then(|| next_push_fails(site, config)).flatten()
}

fn next_push_fails(site: &Site<'_, '_>, config: Build<'_>) -> Option<Refused> {
    let Output::Image(image) = config.output() else {
        return None;
    };
    let push = Credentials::of(&site.fetched.credentials).push(config.record);
    let is_known = match &push {
        // A push also reads secrets of other types, which were not listed.
        Push::Named(secret, Credential::Broken { .. }) => {
            let key = (config.namespace().to_owned(), secret.name.to_string());
            site.fetched.absent_secrets.contains(&key)
        }
        Push::Named(_, Credential::None) | Push::WrongFallback(_) | Push::Nothing => true,
        Push::Named(..) | Push::Linked(_) | Push::Unknown(_) => false,
    };
    // Other registries can accept an anonymous push.
    let is_hub = || {
        let parsed = Image::of(image, RefRole::Push);
        parsed.is_some_and(|parsed| parsed.host == "docker.io")
    };
    let needs_login = !matches!(push, Push::Nothing | Push::WrongFallback(_)) || is_hub();
    if is_known && needs_login {
        without_key(site, config, image, push)
    } else {
        None
    }
}

/// A push finds no key for the image.
fn without_key(site: &Site<'_, '_>, config: Build<'_>, image: &str, push: Push) -> Option<Refused> {
    let namespace = config.namespace();
    let (text, named) = match push {
        Push::Named(secret, Credential::Broken { fault, .. }) => {
            let name = &secret.name;
            let text = match fault {
                Fault::Missing => format!("secret/{name} does not exist"),
                Fault::Unreadable => format!("secret/{name} cannot be read as a docker config"),
            };
            let fix = match fault {
                Fault::Missing => credential_for(namespace, name, image),
                Fault::Unreadable => check(namespace, Some(&secret), image),
            };
            return Some(refused(text, Some(fix)));
        }
        Push::Named(secret, Credential::None) => {
            let text = format!("secret/{} has no key for it", secret.name);
            (text, Some(secret))
        }
        Push::WrongFallback(secret) => (
            format!(
                "account {} links no key for it, so that secret/{} is used",
                config.record.account, secret.name
            ),
            None,
        ),
        Push::Nothing => (
            format!("account {} links no secret", config.record.account),
            None,
        ),
        Push::Named(..) | Push::Linked(_) | Push::Unknown(_) => return None,
    };
    let set = |secret: &str| Action::SetPushSecret {
        build: config.record.object.clone(),
        secret: secret.into(),
    };
    let fix = match (usable(site, namespace, image), named) {
        (Some(other), _) => Remedy::run(set(&other)),
        (None, Some(secret)) => credential_for(namespace, &secret.name, image),
        (None, None) => {
            let name = new_secret(image);
            let mut actions = credential_for(namespace, &name, image).actions().to_vec();
            actions.push(set(&name));
            Remedy::Run(actions)
        }
    };
    Some(refused(text, Some(fix)))
}

/// A pull of a pod was refused, or limited as an anonymous one.
pub(super) fn pull(site: &Site<'_, '_>, workload: Workload<'_>, image: &str) -> Refused {
    let (namespace, account) = (workload.namespace(), &*workload.account);
    let credentials = Credentials::of(&site.fetched.credentials);
    let missing = credentials
        .pull_secrets(workload.record)
        .ok()
        .and_then(|names| {
            let absent =
                |name: &&Arc<str>| matches!(credentials.secret(namespace, name), Seen::Absent);
            names.iter().find(absent).cloned()
        });
    match credentials.run(workload.record, image) {
        Credential::Found {
            secret, username, ..
        } => {
            let fix = check(namespace, Some(&secret), image);
            refused_to(&username, "it pulls as", &secret, fix)
        }
        Credential::None | Credential::Unknown(Doubt::GlobalPullSecret) => {
            if let Some(name) = missing {
                return refused(
                    format!("account {account} names secret/{name}, which does not exist"),
                    Some(credential_for(namespace, &name, image)),
                );
            }
            let link = |secret: &str| {
                if workload.pull_secrets.is_empty() {
                    Action::LinkSecret {
                        account: fix::object(Kind::ServiceAccount, namespace, account),
                        secret: secret.into(),
                        uses: LinkUse::Pull,
                    }
                } else {
                    Action::AddPullSecret {
                        workload: workload.object.clone(),
                        secret: secret.into(),
                    }
                }
            };
            let fix = if let Some(secret) = usable(site, namespace, image) {
                Remedy::run(link(&secret))
            } else {
                let name = new_secret(image);
                let mut actions = credential_for(namespace, &name, image).actions().to_vec();
                actions.push(link(&name));
                Remedy::Run(actions)
            };
            refused(
                format!("account {account} has no pull secret for it"),
                Some(fix),
            )
        }
        Credential::Broken { secret, .. } => refused(
            format!("secret/{} cannot be read as a docker config", secret.name),
            Some(check(namespace, Some(&secret), image)),
        ),
        Credential::Unknown(doubt) => refused(doubt.to_string(), None),
    }
}

/// An import was refused, or limited as an anonymous one.
pub(super) fn import(site: &Site<'_, '_>, namespace: &str, image: &str) -> Refused {
    match Credentials::of(&site.fetched.credentials).import(namespace, image) {
        Credential::Found {
            secret, username, ..
        } => {
            let fix = check(namespace, Some(&secret), image);
            refused_to(&username, "it is imported as", &secret, fix)
        }
        Credential::None | Credential::Unknown(Doubt::GlobalPullSecret) => refused(
            format!("no secret of {namespace} has a key for it"),
            Some(credential_for(namespace, &new_secret(image), image)),
        ),
        Credential::Broken { secret, .. } => refused(
            format!("secret/{} cannot be read as a docker config", secret.name),
            Some(check(namespace, Some(&secret), image)),
        ),
        Credential::Unknown(doubt) => refused(doubt.to_string(), None),
    }
}

/// Checks which credential is used for an image, and whether the registry accepts it.
pub(super) fn check(namespace: &str, secret: Option<&ObjectId>, image: &str) -> Remedy {
    Remedy::Inspect(Inspection::CheckSecret {
        namespace: namespace.into(),
        secret: secret.map(|secret| Arc::clone(&secret.name)),
        image: Some(image.into()),
    })
}

/// Writes a credential for the registry of an image into a secret.
pub(super) fn credential_for(namespace: &str, secret: &str, image: &str) -> Remedy {
    let host = Image::of(image, RefRole::Push).map(|image| image.host);
    Remedy::run(Action::SetCredential {
        secret: fix::object(Kind::Secret, namespace, secret),
        registry: host.as_deref().unwrap_or("docker.io").into(),
    })
}

/// The default name of a new secret, as in `setup`.
pub(super) fn new_secret(image: &str) -> String {
    match Image::of(image, RefRole::Push) {
        Some(image) => RegistryHost::of(&image.host).secret_name(),
        None => RegistryHost::DockerHub.secret_name(),
    }
}

/// A secret of the namespace with a key for the image.
fn usable(site: &Site<'_, '_>, namespace: &str, image: &str) -> Option<String> {
    match Credentials::of(&site.fetched.credentials).import(namespace, image) {
        Credential::Found { secret, .. } => Some(secret.name.to_string()),
        _ => None,
    }
}

fn refused(text: impl Into<String>, fix: Option<Remedy>) -> Refused {
    Refused {
        text: text.into(),
        fix,
        has_login: false,
    }
}

/// A login was refused.
fn refused_to(username: &str, how: &str, secret: &ObjectId, fix: Remedy) -> Refused {
    Refused {
        text: format!("{how} {username} of secret/{}", secret.name),
        fix: Some(fix),
        has_login: true,
    }
}
