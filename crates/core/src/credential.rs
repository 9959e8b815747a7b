//! Docker config keys: which credential of a secret each consumer would use for an image.
//!
//! A secret of type `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg` maps keys, which look like
//! registries, to credentials. Its consumers match those keys by different rules, so a key that one finds another
//! misses. Keys, usernames and the shape of `auth` are kept; a password is never stored.

mod answer;
mod auth;
mod config;
mod consumer;
mod decode;
mod error;
mod glob;
mod index;
mod json;
mod key;
mod keyring;
mod secret;
mod spelling;
mod url;

pub use answer::KeyringAnswer;
pub use config::{DockerConfigFormat, DockerConfigKeys, KeyMatch};
pub use consumer::Consumer;
pub use error::DockerConfigError;
pub use key::{AuthField, DockerConfigKey};
pub use secret::{DockerConfig, Keep, SecretConfigs, SecretMember, SecretReader};

/// Appends `bytes` as text; as in Go, each byte that belongs to no character becomes one U+FFFD.
fn push_lossy(text: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
}
