//! The account whose credential is replaced, and the old credential.

use std::collections::BTreeSet;

use extreg_core::{
    credential::{DockerConfigError, DockerConfigKey},
    registry::RegistryHost,
};
use extreg_registry::{Login, logins};
use extreg_snapshot::{SecretKeys, SecretRecord, credentials::registry_of_key};

use super::settings::Settings;
use crate::{credential::Credential, error::Error};

/// The accounts whose keys are replaced: the old one, and the new one if an earlier run has
/// already written it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) registry: String,
    pub(super) old: String,
    pub(super) new: String,
}

/// The credentials to replace, with passwords: those of the secret that the user named.
///
/// A username is public, so a tenant can plant it in a secret; only the password proves that a
/// secret held the credential before.
#[derive(Clone, Debug, Default)]
pub(super) struct Old(Vec<Login>);

/// How the keys of a secret are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Every key of the account: the user named the secret.
    Account,
    /// Only keys that hold exactly the credential to replace.
    Credential,
}

impl Account {
    /// Finds the account in the secrets of the given name; the first secret with keys decides.
    ///
    /// # Errors
    /// [`Error::Failed`] if none is found, or if one secret has several and the user named none.
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
        let mut has_new = None;
        for secret in secrets {
            let SecretKeys::Known(keys) = &secret.keys else {
                continue;
            };
            let mut accounts: BTreeSet<&str> = keys
                .iter()
                .filter(|key| is_of(key, &settings.registry))
                .map(DockerConfigKey::username)
                .filter(|username| !username.is_empty())
                .collect();
            if let Some(new) = settings.username.as_deref()
                && accounts.remove(new)
            {
                has_new = Some(new);
            }
            let mut accounts = accounts.into_iter();
            match (accounts.next(), accounts.next()) {
                (None, _) => {}
                (Some(old), None) => return Ok(of(old)),
                (Some(first), Some(second)) => {
                    return Err(Error::failed(format!(
                        "secret \"{}\" holds several accounts of {}, {first} and {second} among \
                         them, so nothing was changed: specify the one to replace with --replaces",
                        settings.name, settings.registry
                    )));
                }
            }
        }
        has_new.map(of).ok_or_else(|| {
            Error::failed(format!(
                "secret \"{}\" holds no credential of {}, so nothing was changed: use --registry for \
                 another registry",
                settings.name, settings.registry
            ))
        })
    }

    /// Whether a key belongs to one of the accounts.
    pub(super) fn is_ours(&self, key: &DockerConfigKey) -> bool {
        is_of(key, &self.registry) && (key.username() == self.old || key.username() == self.new)
    }

    /// Whether a key belongs to the account that is replaced.
    pub(super) fn is_old(&self, key: &DockerConfigKey) -> bool {
        is_of(key, &self.registry) && key.username() == self.old
    }

    /// The accounts of other keys of the registry.
    pub(super) fn other_accounts<'a>(
        &self,
        keys: impl Iterator<Item = &'a DockerConfigKey>,
    ) -> Vec<String> {
        let other_keys: BTreeSet<&str> = keys
            .filter(|key| is_of(key, &self.registry) && !self.is_ours(key))
            .map(DockerConfigKey::username)
            .collect();
        other_keys.into_iter().map(str::to_owned).collect()
    }

    /// The keys of a docker config that hold one of `wanted`, or the new credential, as written.
    ///
    /// # Errors
    /// If Kubernetes cannot read the config, either.
    pub(super) fn holding(
        &self,
        config: &[u8],
        wanted: &Old,
        new: Option<&Credential>,
    ) -> Result<BTreeSet<String>, DockerConfigError> {
        let new = new.map(Credential::login);
        let logins = logins(config)?;
        let keys = logins.iter().filter(|one| self.is_ours(one.key));
        let held = keys.filter(|one| {
            let mut accepted = wanted.0.iter().chain(&new);
            one.login
                .is_some_and(|login| accepted.any(|other| other.is(login)))
        });
        Ok(held.map(|one| one.key.as_written().to_owned()).collect())
    }
}

impl Old {
    /// The credentials of the account in the docker config of the named secret, except the new one.
    pub(super) fn new(config: &[u8], account: &Account, new: Option<&Credential>) -> Self {
        let new = new.map(Credential::login);
        let Ok(logins) = logins(config) else {
            return Self::default();
        };
        let mut old: Vec<Login> = Vec::new();
        for one in logins.iter().filter(|one| account.is_old(one.key)) {
            let Some(login) = one.login else { continue };
            let is_known = old.iter().chain(&new).any(|other| other.is(login));
            if !is_known {
                old.push(login.clone());
            }
        }
        Self(old)
    }

    /// The number of credentials.
    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }
}

/// Whether a key is for a registry, under any of its names.
fn is_of(key: &DockerConfigKey, registry: &str) -> bool {
    key.normalized()
        .is_some_and(|normalised| registry_of_key(&normalised) == RegistryHost::of(registry))
}
