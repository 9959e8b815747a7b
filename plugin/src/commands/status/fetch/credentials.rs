//! Accounts and docker secrets of namespaces.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_cluster::{ClusterError, ObjectRef, PageQuery, collect::SECRET_TYPES};
use extreg_registry::{Logins, logins};
use extreg_snapshot::{
    Snapshot,
    coverage::{Gap, GapReason, GapSubject},
    kind::Kind,
    place::Origin,
    read::{ReadOptions, Reader},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Source;
use crate::error::Error;

/// What was read of them.
#[derive(Default)]
pub(super) struct Opened {
    /// Who would use which key of which secret.
    pub(super) snapshot: Snapshot,
    /// The logins of the secrets, by namespace and name. Never shown.
    pub(super) logins: BTreeMap<(String, String), Logins>,
}

impl Source {
    /// Those of secrets that do not exist. A push reads secrets of every type, so that one that was
    /// not listed is asked for by its name.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn absent(
        &self,
        mut secrets: BTreeSet<(String, String)>,
        listed: &Snapshot,
    ) -> Result<BTreeSet<(String, String)>, Error> {
        let key = |(namespace, name): &(String, String)| {
            (Arc::from(namespace.as_str()), Arc::from(name.as_str()))
        };
        secrets.retain(|secret| !listed.secrets.contains_key(&key(secret)));
        let mut absent = BTreeSet::new();
        for (namespace, name) in secrets {
            let reference = ObjectRef::new(extreg_cluster::Kind::SECRET, &namespace, &name);
            match self.cluster.get(&reference).await {
                Ok(None) => {
                    absent.insert((namespace, name));
                }
                Err(error @ (ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_))) => {
                    return Err(error.into());
                }
                // After an error it is not known whether it exists.
                Ok(Some(_)) | Err(_) => {}
            }
        }
        Ok(absent)
    }

    /// Reads them. What may not be read is not known to be absent.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn open(&self, namespaces: BTreeSet<String>) -> Result<Opened, Error> {
        let mut reader = Reader::new(ReadOptions::default());
        let mut logins = BTreeMap::new();
        for namespace in &namespaces {
            for (kind, api, fields) in [
                (
                    Kind::ServiceAccount,
                    extreg_cluster::Kind::SERVICE_ACCOUNT,
                    &[""][..],
                ),
                (Kind::Secret, extreg_cluster::Kind::SECRET, &SECRET_TYPES),
            ] {
                let mut is_whole = true;
                for fields in fields {
                    let query = PageQuery {
                        fields: (*fields).to_owned(),
                        ..PageQuery::all()
                    };
                    let path = api.path(Some(namespace));
                    let read = |is_whole: &mut bool, item: &RawValue| {
                        let json = item.get();
                        if kind == Kind::Secret
                            && let Some((name, found)) = logins_of(json)
                        {
                            logins.insert((namespace.clone(), name), found);
                        }
                        *is_whole &= reader.read(kind, json, Origin::Cluster, namespace).is_ok();
                        Ok(())
                    };
                    match self.cluster.read_items(&path, query, || true, read).await {
                        Ok(all_read) => is_whole &= all_read,
                        Err(
                            error @ Error::Cluster(
                                ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_),
                            ),
                        ) => {
                            return Err(error);
                        }
                        Err(error) => {
                            is_whole = false;
                            if error.is_forbidden() {
                                reader.coverage_mut().gaps.insert(refusal(kind, namespace));
                            }
                        }
                    }
                }
                if is_whole {
                    reader.listed(kind, namespace);
                }
            }
        }
        Ok(Opened {
            snapshot: reader.finish(String::new()),
            logins,
        })
    }
}

/// That the user cannot list a kind in a namespace.
fn refusal(kind: Kind, namespace: &str) -> Gap {
    Gap {
        what: GapSubject::List {
            kind,
            namespace: namespace.into(),
        },
        why: GapReason::Forbidden,
        message: String::new(),
    }
}

/// The logins of a secret, if it has any that can be read.
fn logins_of(json: &str) -> Option<(String, Logins)> {
    let secret: SecretView = serde_json::from_str(json).ok()?;
    let data = secret.data?;
    let config = data.config.or(data.older)?;
    let config = STANDARD.decode(config).ok()?;
    Some((secret.metadata.name, logins(&config).ok()?))
}

#[derive(Deserialize)]
struct SecretView {
    metadata: Metadata,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = ".dockerconfigjson")]
    config: Option<String>,
    #[serde(rename = ".dockercfg")]
    older: Option<String>,
}
