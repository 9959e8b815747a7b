//! Computes the new content of a secret from its current content.

use extreg_cluster::{Cluster, Kind, ObjectRef, Owned, is_owned};
use extreg_core::credential::{DockerConfigKey, SecretMember};
use serde_json::Value;

use super::{
    account::{Account, Choice, Old},
    outcome::Outcome,
    plan::{GLOBAL, Target},
    settings::Settings,
    write::record,
};
use crate::{
    commands::secret::document::{self, HUB_KEYS, Replaced},
    commands::secret::managed,
    commands::secret::write::Ready,
    context::Context,
    credential::{Credential, docker_config},
    error::Error,
};

/// What is replaced by what.
pub(super) struct Exchange<'a> {
    pub(super) account: &'a Account,
    pub(super) old: &'a Old,
    /// None for a plan without a credential.
    pub(super) new: Option<&'a Credential>,
}

/// Reads a secret and computes its new content. None if nothing must be written; the row
/// then contains the reason.
///
/// # Errors
/// Errors that affect every secret.
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
            record(error, row)?;
            return Ok(None);
        }
    };
    let Some(member) = SecretMember::of_type(secret.text("/type")) else {
        leave(
            Outcome::NotRotated,
            format!("it is of type {}", secret.text("/type")),
        );
        return Ok(None);
    };
    let Some(config) = docker_config(&secret, member) else {
        leave(
            Outcome::NotRotated,
            "it holds no readable docker config".to_owned(),
        );
        return Ok(None);
    };
    let mut account = exchange.account.clone();
    if let Some(credential) = exchange.new {
        account.new.clone_from(&credential.username);
    }
    let Ok(held) = account.holding(&config, exchange.old, exchange.new) else {
        leave(
            Outcome::NotRotated,
            document::Unchangeable::Unreadable.to_string(),
        );
        return Ok(None);
    };
    if choice == Choice::Credential && held.is_empty() {
        let message = format!(
            "different password: skipped; use --also {}/{} to include it",
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
                    leave(Outcome::NotRotated, why.to_string());
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
            Outcome::NotRotated,
            format!(
                "it is immutable: create another one with the new credential, link it: {} secret \
                 link NAME -n {}, and use it instead of this one",
                context.caller, reference.namespace
            ),
        );
        return Ok(None);
    }
    if let Some(manager) = managed::manager(&secret) {
        if !settings.managed {
            leave(
                Outcome::NotRotated,
                format!(
                    "{manager} manages it and would restore the old credential: change it there, \
                     or also here with --managed"
                ),
            );
            return Ok(None);
        }
        context.printer.warn(&format!(
            "{reference} in {} is managed by {manager}, which may restore the old credential",
            reference.namespace
        ));
    } else if managed::is_applied(&secret) {
        context.printer.warn(&format!(
            "{reference} in {} was applied from a file, which restores the old credential when it \
             is applied again",
            reference.namespace
        ));
    }
    if (reference.namespace.as_str(), reference.name.as_str()) == GLOBAL {
        context.printer.warn(
            "all nodes pull with the global pull secret: it takes a while until every node has the new one",
        );
    }
    Ok(replaced.map(|replaced| Ready {
        version: secret.text("/metadata/resourceVersion").to_owned(),
        reference,
        field: member.name(),
        document: replaced.document,
    }))
}
