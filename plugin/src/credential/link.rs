//! A secret among those of a service account. Whoever else links secrets there keeps theirs.

use std::time::Duration;

use extreg_cluster::{Cluster, DryRun, Kind, Object, ObjectRef, Verb};
use serde_json::{Value, json};

use crate::error::Error;

/// How often a write is tried when somebody else writes the same account meanwhile.
const ATTEMPTS: u32 = 5;
/// How often to look, twice a second, for an account of a project that was just made.
const LOOKS: u32 = 30;

/// That an account is to have a secret: to pull with and, with `mount`, in its builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The service account.
    pub(crate) account: String,
    /// The secret.
    pub(crate) secret: String,
    /// Among its `secrets` too, not just its `imagePullSecrets`.
    pub(crate) mount: bool,
}

impl Link {
    /// The account as an object.
    pub(crate) fn reference(&self, namespace: &str) -> ObjectRef {
        ObjectRef::new(Kind::SERVICE_ACCOUNT, namespace, &self.account)
    }

    /// Links, by reading, adding and writing that very state back. An account that does not exist is
    /// made; with `await_account` only after it had its time to appear.
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

    /// Adds what is missing; `false` if nothing is.
    fn add_to(&self, account: &mut Value) -> bool {
        let pull = add(account, "imagePullSecrets", &self.secret);
        let mount = self.mount && add(account, "secrets", &self.secret);
        pull || mount
    }
}

/// Takes a secret away from an account, in both lists; `false` if it was in neither.
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
    fn trap_30_other_entries_stay() {
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
        assert!(!link(true).add_to(&mut account), "twice is once");
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
