//! The secret that builds wait for, created from the user's input.

use std::{collections::BTreeMap, fs, path::PathBuf};

use extreg_cluster::{Kind, MANAGED_BY, MANAGER, Object, ObjectRef};
use extreg_core::facts::{Fit, SecretFact};
use serde_json::{Value, json};

use super::{super::settings::Waiting, Builds, Governed, PUSH_SECRET};
use crate::{
    commands::fix::live::object::Found, commands::fix::live::work::Work,
    credential::config_of_auth_file, engine::secret_fact, error::Error,
};

/// The source of the secret, or another action.
pub(in super::super) enum Source {
    /// List the builds that wait.
    None,
    /// A secret of the cluster.
    Copy { namespace: String, name: String },
    /// A login file and its content.
    File { path: PathBuf, content: Vec<u8> },
    /// Start other builds.
    Restart,
}

impl Source {
    /// The requested source; reads the file.
    ///
    /// # Errors
    /// [`Error::Usage`] if the file cannot be read.
    pub(in super::super) fn from_waiting(waiting: &Waiting) -> Result<Self, Error> {
        Ok(match waiting {
            Waiting::Listed => Self::None,
            Waiting::CopyOf { namespace, name } => Self::Copy {
                namespace: namespace.clone(),
                name: name.clone(),
            },
            Waiting::AuthFile(path) => {
                let content = fs::read(path).map_err(|error| {
                    Error::usage(format!("--auth-file {}: {error}", path.display()))
                })?;
                Self::File {
                    path: path.clone(),
                    content,
                }
            }
            Waiting::Restarted => Self::Restart,
        })
    }
}

/// Why no credential is written for a build that waits for a secret of this name, if so.
fn withheld(name: &str, governed: &Governed) -> Option<String> {
    let Governed {
        policy,
        secret,
        has_selector,
        ..
    } = governed;
    if name != secret {
        return Some(format!(
            "it waits for the secret {name}, but policy {policy} names {secret}: a credential is \
             written only under the policy's name; use --restart-builds to start another build"
        ));
    }
    (!has_selector).then(|| {
        format!(
            "policy {policy} applies to all namespaces: a credential is written only if the policy \
             selects the namespace by namespaceSelector; to create one: oc extreg secret set"
        )
    })
}

/// A secret that builds wait for, and its source.
struct Supply {
    entries: Vec<usize>,
    secret: Object,
    fact: SecretFact,
}

impl Builds<'_> {
    /// Plans the secrets that builds wait for, one for each name and namespace: only under the name in
    /// a policy, and only if that policy selects the namespace. A user who starts a build chooses
    /// the name that it waits for, and must not get a credential that way.
    pub(super) async fn supply(
        &mut self,
        waiting: &[(usize, &Found, Governed)],
    ) -> Result<(), Error> {
        if waiting.is_empty() {
            return Ok(());
        }
        let copied = self.copied().await?;
        let from = match &self.source {
            Source::Copy { namespace, name } => format!("a copy of {name} in {namespace}"),
            Source::File { path, .. } => format!("created from {}", path.display()),
            Source::None | Source::Restart => String::new(),
        };
        let mut supplies: BTreeMap<(String, String), Supply> = BTreeMap::new();
        for (index, found, governed) in waiting {
            if let Some(why) = withheld(&found.text(PUSH_SECRET), governed) {
                self.skip(*index, &why);
                continue;
            }
            let key = (found.namespace.clone(), found.text(PUSH_SECRET));
            if !supplies.contains_key(&key) {
                let made = match &copied {
                    Some(data) => Ok(data.clone()),
                    None => self.config_for(&governed.image),
                };
                let data = match made {
                    Ok(data) => data,
                    Err(why) => {
                        self.skip(*index, &why);
                        continue;
                    }
                };
                let secret = Object::new(Kind::SECRET, &key.0, &key.1, data);
                let secret = secret.label(MANAGED_BY, MANAGER);
                let fact = secret_fact(&secret.body);
                let supply = Supply {
                    entries: Vec::new(),
                    secret,
                    fact,
                };
                supplies.insert(key.clone(), supply);
            }
            let Some(supply) = supplies.get_mut(&key) else {
                continue;
            };
            if supply.fact.push(&governed.image) != Fit::Fits {
                let why = format!("the secret would be {from}, which has no key for the image");
                self.skip(*index, &why);
                continue;
            }
            supply.entries.push(*index);
            let field = format!("secret/{}", key.1);
            self.change(
                *index,
                governed,
                &field,
                Value::Null,
                Value::String(from.clone()),
            );
        }
        for supply in supplies
            .into_values()
            .filter(|supply| !supply.entries.is_empty())
        {
            self.plan
                .work
                .push(Work::create(supply.entries, supply.secret));
        }
        Ok(())
    }

    /// The data of the secret to copy; none if the source is a file.
    ///
    /// # Errors
    /// If the secret does not exist, cannot be read, or is not a docker secret.
    async fn copied(&self) -> Result<Option<Value>, Error> {
        let Source::Copy { namespace, name } = &self.source else {
            return Ok(None);
        };
        let secret = ObjectRef::new(Kind::SECRET, namespace, name);
        let wrong =
            |why: &str| Error::failed(format!("--push-secret-from {namespace}/{name}: {why}"));
        let secret = self.cluster.get(&secret).await?;
        let secret = secret.ok_or_else(|| wrong("secret not found"))?;
        let configs = secret_fact(&secret.body);
        let is_readable = configs
            .configs()
            .push
            .as_ref()
            .is_some_and(|config| config.keys().is_some());
        if !is_readable {
            return Err(wrong(
                "it holds no readable docker config, which builds push with",
            ));
        }
        let part = |key: &str| secret.body.get(key).cloned().unwrap_or_default();
        Ok(Some(json!({"type": part("type"), "data": part("data")})))
    }

    /// A docker config with the credential of the login file for an image.
    fn config_for(&self, image: &str) -> Result<Value, String> {
        let Source::File { path, content } = &self.source else {
            return Err(String::new());
        };
        let config = config_of_auth_file(content, image)
            .map_err(|why| format!("--auth-file {}: {why}", path.display()))?;
        Ok(json!({
            "type": "kubernetes.io/dockerconfigjson",
            "data": {".dockerconfigjson": config},
        }))
    }
}
