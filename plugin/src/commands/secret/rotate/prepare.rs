//! What a secret is to be, made of what it is now.

use secrecy::SecretString;
use serde_json::Value;

use super::{
    account::Account,
    document::{self, Replaced},
    managed,
    outcome::Outcome,
    plan::{GLOBAL, Target},
    settings::Settings,
    write::told,
};
use crate::{
    api::{Cluster, Kind, ObjectRef, Owned, is_owned},
    commands::{
        secret::link::{docker_config, docker_field},
        setup::credential::Credential,
    },
    context::Context,
    error::Error,
};

/// The two keys of Docker Hub that setup writes.
const HUB_KEYS: [&str; 2] = ["docker.io", "https://index.docker.io/v1/"];
/// A secret that is ready to be written.
pub(super) struct Ready {
    pub(super) reference: ObjectRef,
    pub(super) field: &'static str,
    pub(super) version: String,
    pub(super) document: SecretString,
}

/// Reads a secret as it is now and makes of it what it is to be. None if nothing is to be written, as
/// the row then says.
pub(super) async fn prepare(
    settings: &Settings,
    account: &Account,
    credential: Option<&Credential>,
    target: &mut Target,
    cluster: &Cluster,
    context: &Context,
) -> Result<Option<Ready>, Error> {
    let row = &mut target.row;
    let reference = ObjectRef::new(Kind::SECRET, &row.namespace, &row.name);
    let mut leave = |outcome: Outcome, message: String| {
        row.outcome = outcome;
        row.message = message;
    };
    let secret = match cluster.get(&reference).await {
        Ok(Some(secret)) => secret,
        Ok(None) => {
            leave(Outcome::Skipped, "it is gone".to_owned());
            return Ok(None);
        }
        Err(error @ Error::Api { .. }) => {
            let (outcome, message) = told(&error);
            leave(outcome, message);
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let Some((field, format)) = docker_field(secret.text("/type")) else {
        leave(
            Outcome::Left,
            format!("it is of type {}", secret.text("/type")),
        );
        return Ok(None);
    };
    let Some(config) = docker_config(&secret, field) else {
        leave(
            Outcome::Left,
            "it holds no docker config that can be read".to_owned(),
        );
        return Ok(None);
    };
    let mut account = account.clone();
    if let Some(credential) = credential {
        account.new.clone_from(&credential.username);
    }
    let replaced = match credential {
        Some(credential) => {
            let is_setups = is_owned(&secret) == Owned::Ours && settings.registry == "docker.io";
            let wanted: &[&str] = if is_setups { &HUB_KEYS } else { &[] };
            let is_ours = |key: &_| account.is_ours(key);
            match document::replace(&config, format, &credential.entry(), is_ours, wanted) {
                Ok(replaced) => Some(replaced),
                Err(why) => {
                    leave(Outcome::Left, why.to_string());
                    return Ok(None);
                }
            }
        }
        None => None,
    };
    if let Some(Replaced { changed, added, .. }) = &replaced
        && changed.is_empty()
        && added.is_empty()
    {
        leave(Outcome::Unchanged, String::new());
        return Ok(None);
    }
    if secret.body.get("immutable") == Some(&Value::Bool(true)) {
        leave(
            Outcome::Left,
            format!(
                "it is immutable: make another one with the new credential and link it with {} \
                 secret link NAME -n {}, then name it in what names this one",
                context.caller, reference.namespace
            ),
        );
        return Ok(None);
    }
    if let Some(manager) = managed::manager(&secret) {
        if !settings.managed {
            leave(
                Outcome::Left,
                format!(
                    "{manager} keeps it and would write the old credential back: change it there, \
                     or here too with --managed"
                ),
            );
            return Ok(None);
        }
        context.printer.warn(&format!(
            "{reference} in {} is kept by {manager}, which may write the old credential back",
            reference.namespace
        ));
    } else if managed::is_applied(&secret) {
        context.printer.warn(&format!(
            "{reference} in {} was applied from a file, which brings the old credential back when it \
             is applied again",
            reference.namespace
        ));
    }
    if (reference.namespace.as_str(), reference.name.as_str()) == GLOBAL {
        context.printer.warn(
            "all nodes pull with the global pull secret: it takes a while until each has the new one",
        );
    }
    Ok(replaced.map(|replaced| Ready {
        version: secret.text("/metadata/resourceVersion").to_owned(),
        reference,
        field,
        document: replaced.document,
    }))
}
