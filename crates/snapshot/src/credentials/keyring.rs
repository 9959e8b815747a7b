//! Several secrets as one keyring.

use extreg_core::credential::{Consumer, DockerConfigKey, DockerConfigKeys};

use super::{Credential, Doubt, Fault, shown_key};
use crate::place::ObjectId;
use crate::snapshot::{AccountRecord, SecretKeys, SecretRecord};

/// The first credential for an image outside the cluster, of secrets that form one
/// keyring. The secrets that OpenShift manages contain only keys of the integrated registry.
pub(super) fn first_of<'s>(
    consumer: Consumer,
    secrets: impl IntoIterator<Item = &'s SecretRecord>,
    image: &str,
) -> Credential {
    let mut owners: Vec<&SecretRecord> = Vec::new();
    let mut keys: Vec<DockerConfigKey> = Vec::new();
    let mut elided = None;
    for secret in secrets {
        match &secret.keys {
            _ if secret.managed => {}
            SecretKeys::Known(known) => {
                keys.extend(known.iter().cloned());
                owners.resize(keys.len(), secret);
            }
            SecretKeys::Elided => elided = elided.or(Some(secret)),
            SecretKeys::Unreadable => {
                return Credential::Broken {
                    secret: secret.object.clone(),
                    fault: Fault::Unreadable,
                };
            }
        }
    }
    let keyring: DockerConfigKeys = keys.into_iter().collect();
    let found = keyring.matching(consumer, image).first().and_then(|key| {
        let index = keyring.iter().position(|of| std::ptr::eq(of, key))?;
        Some((key, owners.get(index)?))
    });
    match (found, elided) {
        (Some((key, secret)), _) => Credential::Found {
            secret: secret.object.clone(),
            key: shown_key(key.as_written()),
            username: key.username().to_owned(),
        },
        (None, Some(secret)) => Credential::Unknown(Doubt::Elided(secret.object.clone())),
        (None, None) => Credential::None,
    }
}

/// The first credential for an image in one docker config.
pub(super) fn first_in(
    consumer: Consumer,
    secret: &ObjectId,
    keys: &SecretKeys,
    image: &str,
) -> Credential {
    let found = match keys {
        SecretKeys::Known(keys) => keys.matching(consumer, image),
        SecretKeys::Elided => return Credential::Unknown(Doubt::Elided(secret.clone())),
        SecretKeys::Unreadable => {
            return Credential::Broken {
                secret: secret.clone(),
                fault: Fault::Unreadable,
            };
        }
    };
    found
        .first()
        .map_or(Credential::None, |key| Credential::Found {
            secret: secret.clone(),
            key: shown_key(key.as_written()),
            username: key.username().to_owned(),
        })
}

/// Whether OpenShift manages a secret that an account names; without the annotation (before 4.16)
/// it is recognized by its name.
pub(super) fn is_managed(account: &AccountRecord, name: &str) -> bool {
    match &account.managed {
        Some(managed) => **managed == *name,
        None => name
            .strip_prefix(&*account.object.name)
            .is_some_and(|rest| rest.starts_with("-dockercfg-")),
    }
}
