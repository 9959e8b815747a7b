//! Whose credential it is that is replaced.

use std::collections::BTreeSet;

use extreg_audit::{
    credentials::registry_of_key,
    snapshot::{SecretKeys, SecretRecord},
};
use extreg_core::{credential::DockerConfigKey, registry::RegistryHost};

use super::settings::Settings;
use crate::error::Error;

/// The accounts whose keys are written: the old one, and the new one where a run before this one has
/// come so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) registry: String,
    pub(super) old: String,
    pub(super) new: String,
}

impl Account {
    /// Finds it by the keys of secrets of the name that was given.
    ///
    /// # Errors
    /// [`Error::Failed`] if there is none, or more than one and nobody said which.
    pub(super) fn find<'a>(
        settings: &Settings,
        secrets: impl IntoIterator<Item = &'a SecretRecord>,
    ) -> Result<Self, Error> {
        let of = |old: &str| Self {
            registry: settings.registry.clone(),
            old: old.to_owned(),
            new: settings.username.clone().unwrap_or_else(|| old.to_owned()),
        };
        if let Some(old) = &settings.replaces {
            return Ok(of(old));
        }
        let mut accounts: BTreeSet<&str> = secrets
            .into_iter()
            .flat_map(|secret| match &secret.keys {
                SecretKeys::Known(keys) => keys.iter().collect::<Vec<_>>(),
                SecretKeys::Elided | SecretKeys::Unreadable => Vec::new(),
            })
            .filter(|key| is_of(key, &settings.registry))
            .map(DockerConfigKey::username)
            .filter(|username| !username.is_empty())
            .collect();
        if accounts.len() > 1
            && let Some(new) = &settings.username
        {
            accounts.remove(new.as_str());
        }
        let mut accounts = accounts.into_iter();
        match (accounts.next(), accounts.next()) {
            (Some(old), None) => Ok(of(old)),
            (None, _) => Err(Error::failed(format!(
                "secret \"{}\" holds no credential of {}, so nothing was changed: --registry names \
                 another registry",
                settings.name, settings.registry
            ))),
            (Some(first), Some(second)) => Err(Error::failed(format!(
                "secret \"{}\" is of several accounts of {}, {first} and {second} among them, so \
                 nothing was changed: say with --replaces whose credential is replaced",
                settings.name, settings.registry
            ))),
        }
    }

    /// Whether a key is written anew.
    pub(super) fn is_ours(&self, key: &DockerConfigKey) -> bool {
        is_of(key, &self.registry) && (key.username() == self.old || key.username() == self.new)
    }

    /// Whether a key holds the credential that is replaced.
    pub(super) fn is_old(&self, key: &DockerConfigKey) -> bool {
        is_of(key, &self.registry) && key.username() == self.old
    }

    /// The accounts of other keys of the registry.
    pub(super) fn others<'a>(
        &self,
        keys: impl Iterator<Item = &'a DockerConfigKey>,
    ) -> Vec<String> {
        let others: BTreeSet<&str> = keys
            .filter(|key| is_of(key, &self.registry) && !self.is_ours(key))
            .map(DockerConfigKey::username)
            .collect();
        others.into_iter().map(str::to_owned).collect()
    }
}

/// Whether a key is for a registry, under any of its names.
fn is_of(key: &DockerConfigKey, registry: &str) -> bool {
    key.normalised()
        .is_some_and(|normalised| registry_of_key(&normalised) == RegistryHost::of(registry))
}
