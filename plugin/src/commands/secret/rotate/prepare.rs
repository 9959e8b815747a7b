//! What a secret is to be, made of what it is now.

use extreg_cluster::{Cluster, Kind, ObjectRef, Owned, is_owned};
use extreg_core::credential::{DockerConfigKey, SecretMember};
use serde_json::Value;

use super::{
    account::{Account, Choice, Old},
    outcome::Outcome,
    plan::{GLOBAL, Target},
    settings::Settings,
    write::told,
};
use crate::{
    commands::secret::document::{self, HUB_KEYS, Replaced},
    commands::secret::managed,
    commands::secret::write::Ready,
    context::Context,
    credential::{Credential, docker_config},
    error::Error,
};

/// What is replaced, and by what.
pub(super) struct Exchange<'a> {
    pub(super) account: &'a Account,
    pub(super) old: &'a Old,
    /// None of a plan without a credential.
    pub(super) new: Option<&'a Credential>,
}

/// Reads a secret as it is now and makes of it what it is to be. None if nothing is to be written, as
/// the row then says.
///
/// # Errors
/// What concerns every secret.
pub(super) async fn prepare(
    settings: &Settings,
    exchange: &Exchange<'_>,
    choice: Choice,
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
            leave(Outcome::Skipped, "it was deleted".to_owned());
            return Ok(None);
        }
        Err(error) => {
            told(error, row)?;
            return Ok(None);
        }
    };
    let Some(member) = SecretMember::of_type(secret.text("/type")) else {
        leave(
            Outcome::Left,
            format!("it is of type {}", secret.text("/type")),
        );
        return Ok(None);
    };
    let Some(config) = docker_config(&secret, member) else {
        leave(
            Outcome::Left,
            "it holds no docker config that can be read".to_owned(),
        );
        return Ok(None);
    };
    let mut account = exchange.account.clone();
    if let Some(credential) = exchange.new {
        account.new.clone_from(&credential.username);
    }
    let Ok(held) = account.holding(&config, exchange.old, exchange.new) else {
        leave(
            Outcome::Left,
            document::Unchangeable::Unreadable.to_string(),
        );
        return Ok(None);
    };
    if choice == Choice::Credential && held.is_empty() {
        let message = format!(
            "different password: skipped; --also {}/{} includes it",
            row.namespace, row.name
        );
        leave(Outcome::Skipped, message);
        return Ok(None);
    }
    let is_chosen = |key: &DockerConfigKey| match choice {
        Choice::Account => account.is_ours(key),
        Choice::Credential => held.contains(key.as_written()),
    };
    let replaced = match exchange.new {
        Some(credential) => {
            let is_setups = is_owned(&secret) == Owned::Ours && settings.registry == "docker.io";
            let wanted: &[&str] = if is_setups { &HUB_KEYS } else { &[] };
            match document::replace(
                &config,
                member.format(),
                &credential.entry(),
                is_chosen,
                wanted,
            ) {
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
                "it is immutable: create another one with the new credential, link it with {} secret \
                 link NAME -n {}, and name it where this one is named",
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
        field: member.name(),
        document: replaced.document,
    }))
}
