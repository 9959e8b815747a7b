//! Accounts and docker secrets, of the namespaces where somebody was refused or whose imports are to
//! be asked for.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_cluster::{ClusterError, ObjectRef, PageQuery, collect::SECRET_TYPES};
use extreg_flow::{Output, Report, World};
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

/// So many namespaces are looked at; who has more refusals than that looks at one of them.
pub(super) const MOST: usize = 50;
/// Reasons for which a credential is looked for.
const REFUSALS: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "MissingPushSecret",
    "PushImageToRegistryFailed",
    "TooManyRequests",
    "Unauthorized",
];

/// What was read of them.
#[derive(Default)]
pub(super) struct Opened {
    /// Who would use which key of which secret.
    pub(super) snapshot: Snapshot,
    /// The logins of the secrets, by namespace and name. Never shown.
    pub(super) logins: BTreeMap<(String, String), Logins>,
    /// The namespaces that were looked at.
    pub(super) namespaces: BTreeSet<String>,
}

/// The namespaces where somebody was refused.
pub(super) fn refused(report: &Report, world: &World) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for flow in &report.flows {
        let mut links = flow.links.iter();
        if !links.any(|link| REFUSALS.contains(&link.reason.as_str())) {
            continue;
        }
        all.insert(flow.namespace.clone());
        let followers = world.workloads.values().filter(|workload| {
            let reference = workload.reference();
            flow.links.iter().any(|link| link.workload == reference)
        });
        all.extend(followers.map(|workload| workload.namespace.clone()));
    }
    all.into_iter().take(MOST).collect()
}

/// The push secrets that BuildConfigs of a namespace name which push to an external registry; with
/// an empty name where one names none.
pub(super) fn pushing(world: &World, namespace: &str) -> BTreeSet<String> {
    let configs = world.configs.values();
    configs
        .filter(|config| config.namespace == namespace && matches!(config.output, Output::Image(_)))
        .map(|config| config.push_secret.clone())
        .collect()
}

impl Source {
    /// Those of secrets of a namespace that do not exist. A push reads secrets of every type, so that
    /// one that was not listed is asked for by its name.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn absent(
        &self,
        names: BTreeSet<String>,
        opened: &Opened,
    ) -> Result<BTreeSet<(String, String)>, Error> {
        let mut absent = BTreeSet::new();
        for (namespace, name) in opened
            .namespaces
            .iter()
            .flat_map(|namespace| names.iter().map(move |name| (namespace, name)))
        {
            let key = (namespace.as_str().into(), name.as_str().into());
            if name.is_empty() || opened.snapshot.secrets.contains_key(&key) {
                continue;
            }
            let reference = ObjectRef::new(extreg_cluster::Kind::SECRET, namespace, name);
            match self.cluster.get(&reference).await {
                Ok(None) => {
                    absent.insert((namespace.clone(), name.clone()));
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
            namespaces,
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
