//! The secrets of a service account. Links of other tools are unchanged.

use std::time::Duration;

use extreg_cluster::{Cluster, DryRun, Kind, Object, ObjectRef, Verb};
use serde_json::{Value, json};

use crate::error::Error;

/// The number of attempts after a conflict with another write to the account.
const ATTEMPTS: u32 = 5;
/// The number of checks, twice a second, for an account of a new project.
const LOOKS: u32 = 30;

/// The desired link from an account to a secret: for pulls and, with `mount`, for its builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The service account.
    pub(crate) account: String,
    /// The secret.
    pub(crate) secret: String,
    /// Also in its `secrets`, not only in its `imagePullSecrets`.
    pub(crate) mount: bool,
}

impl Link {
    /// The account as an object.
    pub(crate) fn reference(&self, namespace: &str) -> ObjectRef {
        ObjectRef::new(Kind::SERVICE_ACCOUNT, namespace, &self.account)
    }

    /// Adds the link: reads the account, adds the secret and writes that state back. Creates an account that does not
    /// exist; with `await_account` only after waiting for it to appear.
    pub(crate) async fn apply(
        &self,
        cluster: &Cluster,
        namespace: &str,
        dry_run: DryRun,
        await_account: bool,
    ) -> Result<(Verb, Object), Error> {
        let reference = self.reference(namespace);
        let mut looks = if await_account { LOOKS } else { 0 };
        let mut attempt = 1;
        loop {
            let Some(mut account) = cluster.get(&reference).await? else {
                if looks > 0 {
                    looks -= 1;
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    continue;
                }
                let mut account =
                    Object::new(Kind::SERVICE_ACCOUNT, namespace, &self.account, json!({}));
                self.add_to(&mut account.body);
                if dry_run == DryRun::Client {
                    return Ok((Verb::Created, account));
                }
                match cluster.create(&account, dry_run).await {
                    Err(error) if error.is_conflict() && attempt < ATTEMPTS => {
                        attempt += 1;
                        continue;
                    }
                    created => return Ok(created.map(|account| (Verb::Created, account))?),
                }
            };
            if !self.add_to(&mut account.body) {
                return Ok((Verb::Unchanged, account));
            }
            if dry_run == DryRun::Client {
                return Ok((Verb::Linked, account));
            }
            match cluster.replace(&account, dry_run).await {
                Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
                replaced => return Ok(replaced.map(|account| (Verb::Linked, account))?),
            }
        }
    }

    /// Adds the missing entries; `false` if none is missing.
    fn add_to(&self, account: &mut Value) -> bool {
        let pull = add(account, "imagePullSecrets", &self.secret);
        let mount = self.mount && add(account, "secrets", &self.secret);
        pull || mount
    }
}

/// Removes a secret from both lists of an account; `false` if it was in neither.
pub(crate) async fn unlink(
    cluster: &Cluster,
    account: &ObjectRef,
    secret: &str,
    dry_run: DryRun,
) -> Result<bool, Error> {
    let mut attempt = 1;
    loop {
        let Some(mut object) = cluster.get(account).await? else {
            return Ok(false);
        };
        if !remove(&mut object.body, secret) {
            return Ok(false);
        }
        if dry_run == DryRun::Client {
            return Ok(true);
        }
        match cluster.replace(&object, dry_run).await {
            Err(error) if error.is_conflict() && attempt < ATTEMPTS => attempt += 1,
            replaced => return Ok(replaced.map(|_| true)?),
        }
    }
}

/// Whether an account has a secret in either list.
pub(crate) fn has(account: &Value, secret: &str) -> bool {
    ["imagePullSecrets", "secrets"]
        .iter()
        .any(|list| position(account, list, secret).is_some())
}

fn add(account: &mut Value, list: &str, secret: &str) -> bool {
    if position(account, list, secret).is_some() {
        return false;
    }
    let entry = json!({ "name": secret });
    match account.get_mut(list).and_then(Value::as_array_mut) {
        Some(entries) => entries.push(entry),
        None => extreg_cluster::set(account, &[list], json!([entry])),
    }
    true
}

fn remove(account: &mut Value, secret: &str) -> bool {
    let mut removed = false;
    for list in ["imagePullSecrets", "secrets"] {
        if let Some(entries) = account.get_mut(list).and_then(Value::as_array_mut) {
            let before = entries.len();
            entries.retain(|entry| entry["name"] != secret);
            removed |= entries.len() != before;
        }
    }
    removed
}

fn position(account: &Value, list: &str, secret: &str) -> Option<usize> {
    account
        .get(list)?
        .as_array()?
        .iter()
        .position(|entry| entry["name"] == secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(mount: bool) -> Link {
        Link {
            account: "builder".to_owned(),
            secret: "dockerhub".to_owned(),
            mount,
        }
    }

    #[test]
    fn trap_30_other_entries_are_kept() {
        let mut account = json!({
            "imagePullSecrets": [{"name": "builder-dockercfg-x"}],
            "secrets": [{"name": "builder-dockercfg-x"}, {"name": "mine"}],
        });
        let before = account.clone();
        assert!(link(true).add_to(&mut account));
        assert_eq!(
            account,
            json!({
                "imagePullSecrets": [{"name": "builder-dockercfg-x"}, {"name": "dockerhub"}],
                "secrets": [{"name": "builder-dockercfg-x"}, {"name": "mine"}, {"name": "dockerhub"}],
            })
        );
        assert!(has(&account, "dockerhub"));
        assert!(
            !link(true).add_to(&mut account),
            "the second call adds nothing"
        );
        assert!(remove(&mut account, "dockerhub"));
        assert_eq!(account, before);
        assert!(!remove(&mut account, "dockerhub"));
    }

    #[test]
    fn trap_28_and_54_pull_alone_is_not_mount() {
        let mut account = json!({"secrets": null});
        assert!(link(false).add_to(&mut account));
        assert_eq!(
            account,
            json!({"imagePullSecrets": [{"name": "dockerhub"}], "secrets": null})
        );
        assert!(link(true).add_to(&mut account));
        assert_eq!(account["secrets"], json!([{"name": "dockerhub"}]));
    }
}
