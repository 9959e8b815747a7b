//! The push secret, before the first write: its desired content, and whether it can replace an existing one.

use std::collections::BTreeMap;

use extreg_cluster::{Cluster, DryRun, Kind, Object, ObjectRef};
use extreg_core::credential::{DockerConfigFormat, DockerConfigKeys, SecretMember};
use extreg_registry::{Action, Login, Trial, Tried};
use serde_json::Value;

use super::{
    existing::{check_secret, check_type},
    objects, schedule,
    settings::{Apply, Secret, Settings},
};
use crate::{
    context::Context,
    credential::{self, Credential, CredentialSource, Wanted, docker_config},
    error::Error,
    users::Users,
};

/// The outcome for the secret.
pub(crate) enum PreparedSecret {
    /// No secret.
    None,
    /// The existing secret is used unchanged.
    Keep(Option<Object>),
    /// This secret is written.
    Write {
        /// The secret.
        object: Object,
        /// The credential, if it must be verified before it replaces another one.
        untried: Option<Credential>,
    },
    /// It would be written, but no credential is available to verify it with.
    Unknown,
}

impl PreparedSecret {
    /// The credential that imports will find in it, as far as it is known.
    pub(crate) fn credential(&self) -> schedule::Credential<'_> {
        match self {
            Self::None | Self::Keep(None) => schedule::Credential::Cluster,
            Self::Keep(Some(object)) | Self::Write { object, .. } => {
                schedule::Credential::Secret(object)
            }
            Self::Unknown => schedule::Credential::Unknown,
        }
    }

    /// Verifies that the credential permits what the application uses it for.
    ///
    /// # Errors
    /// [`Error::Refused`] if the registry refuses; [`Error::Failed`] if it gives no answer.
    pub(crate) async fn verify(&self, settings: &Settings, context: &Context) -> Result<(), Error> {
        let Self::Write {
            untried: Some(credential),
            ..
        } = self
        else {
            return Ok(());
        };
        let client = context.registries(&settings.endpoints)?;
        let login = Login::Basic {
            username: credential.username.clone(),
            password: credential.password.clone(),
        };
        let target = &settings.target;
        let trial = Trial {
            host: target.host(),
            repository: target.repository(),
            reference: &target.tag,
            is_pushed: settings.build.is_some(),
        };
        let (host, username) = (target.host(), &credential.username);
        match client.try_login(&login, trial).await {
            Tried::Accepted { is_granted } => {
                let rights = if is_granted {
                    format!(" for {host}/{}", target.repository())
                } else {
                    "; the registry does not report its rights".to_owned()
                };
                context.printer.note(format!(
                    "{host} accepts the new credential of {username}{rights}"
                ));
                Ok(())
            }
            Tried::Refused(error) => Err(Error::refused(format!(
                "{host} does not accept the new credential of {username}, so nothing was changed: \
                 {error}"
            ))),
            Tried::Lacks(action) => Err(Error::refused(format!(
                "the new credential of {username} cannot {} {host}/{}, so nothing was changed: give its \
                 token that right",
                match action {
                    Action::Push => "push to",
                    Action::Pull | Action::Delete => "pull from",
                },
                target.repository()
            ))),
            Tried::Unknown(error) => Err(Error::failed(format!(
                "cannot check whether {host} accepts the new credential of {username}, so nothing was \
                 changed: {error}; --no-verify skips the check"
            ))),
        }
    }
}

/// Determines the outcome for the secret. `current` holds the existing objects among those to write.
///
/// # Errors
/// If the existing secret cannot be used, or cannot be replaced without the flag for it.
pub(crate) async fn prepare_secret(
    settings: &Settings,
    apply: Apply,
    cluster: &Cluster,
    current: &BTreeMap<ObjectRef, Object>,
    context: &Context,
) -> Result<PreparedSecret, Error> {
    let namespace = cluster.namespace();
    let existing = |name: &str| current.get(&ObjectRef::new(Kind::SECRET, namespace, name));
    match &settings.secret {
        Secret::None => Ok(PreparedSecret::None),
        Secret::Existing(name) => {
            let Some(secret) = existing(name) else {
                return Err(Error::failed(format!(
                    "secret \"{name}\" does not exist in namespace \"{namespace}\": create it, or give \
                     a credential to create one from"
                )));
            };
            check_secret(secret, settings, &context.printer)?;
            Ok(PreparedSecret::Keep(Some(secret.clone())))
        }
        Secret::Make {
            name,
            source,
            replace,
        } => {
            let existing = existing(name);
            if let (Some(secret), CredentialSource::Unsaid { .. }) = (existing, source) {
                check_secret(secret, settings, &context.printer)?;
                return Ok(PreparedSecret::Keep(Some(secret.clone())));
            }
            if let Some(secret) = existing {
                check_type(secret)?;
            }
            if apply.dry_run != DryRun::None && matches!(source, CredentialSource::Unsaid { .. }) {
                return Ok(PreparedSecret::Unknown);
            }
            let target = &settings.target;
            let wanted = Wanted {
                host: target.host(),
                image: &target.to_string(),
                account: target.account(),
                ways: "give one with --password-stdin and --username, with --auth-file, or name an \
                       existing secret with --secret; --no-secret skips it",
            };
            let credential = credential::obtain(source, wanted, context).await?;
            let before = existing.and_then(config);
            let config = credential.docker_config(target, before.as_ref());
            if let Some(secret) = existing
                && before.as_ref() == Some(&config)
            {
                return Ok(PreparedSecret::Keep(Some(secret.clone())));
            }
            if existing.is_some() && !replace.shared {
                check_shared(settings, name, &credential, before.as_ref(), cluster).await?;
            }
            let is_tried = existing.is_some() && replace.verify;
            Ok(PreparedSecret::Write {
                object: objects::secret(namespace, name, &config.to_string()),
                untried: is_tried.then_some(credential),
            })
        }
    }
}

/// Refuses to replace the credential of another account, or one that other objects use.
async fn check_shared(
    settings: &Settings,
    name: &str,
    credential: &Credential,
    before: Option<&Value>,
    cluster: &Cluster,
) -> Result<(), Error> {
    let namespace = cluster.namespace();
    let mut why = Vec::new();
    if let Some(account) = before.and_then(|config| other_account(config, settings, credential)) {
        why.push(format!(
            "holds the credential of {account} at {}",
            settings.target.host()
        ));
    }
    let users = Users::read(cluster, namespace).await?;
    let others: Vec<String> = users
        .of_secret(name)
        .iter()
        .filter(|user| user.kind != Kind::SERVICE_ACCOUNT && user.name != settings.name)
        .map(ToString::to_string)
        .collect();
    if !others.is_empty() {
        why.push(format!("is used by {}", others.join(", ")));
    }
    if why.is_empty() {
        return Ok(());
    }
    Err(Error::failed(format!(
        "secret \"{name}\" {}, so nothing was changed: replace its credential with --replace-secret, or \
         use another secret with --push-secret NAME",
        why.join(" and ")
    )))
}

/// The other account that the secret has for the registry, if any.
fn other_account(config: &Value, settings: &Settings, credential: &Credential) -> Option<String> {
    let text = config.to_string();
    let keys = DockerConfigKeys::parse(text.as_bytes(), DockerConfigFormat::ConfigJson).ok()?;
    let wanted = settings.target.config_keys();
    keys.iter()
        .filter(|key| wanted.contains(&key.as_written()))
        .map(extreg_core::credential::DockerConfigKey::username)
        .find(|username| !username.is_empty() && *username != credential.username)
        .map(str::to_owned)
}

/// The docker config of a secret, if it can be read.
fn config(secret: &Object) -> Option<Value> {
    let config = docker_config(secret, SecretMember::DockerConfigJson)?;
    serde_json::from_slice(&config).ok()
}
