//! Accounts and docker secrets, of the namespaces where somebody was refused.

use std::collections::BTreeSet;

use extreg_audit::{
    kind::Kind,
    place::Origin,
    read::{ReadOptions, Reader},
    snapshot::Snapshot,
};

use super::Source;
use crate::{
    api::{self, PageQuery},
    commands::status::{report::Report, world::World},
    error::Error,
};

/// So many namespaces are looked at; who has more refusals than that looks at one of them.
const MOST: usize = 50;
const LIMIT: u32 = 500;
/// Secrets of other types hold no credential of a registry, and are not fetched.
const SECRET_TYPES: [&str; 2] = [
    "type=kubernetes.io/dockerconfigjson",
    "type=kubernetes.io/dockercfg",
];
/// Reasons for which a credential is looked for.
const REFUSALS: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "MissingPushSecret",
    "PushImageToRegistryFailed",
    "TooManyRequests",
    "Unauthorized",
];

/// The namespaces where somebody was refused.
pub(super) fn namespaces(report: &Report, world: &World) -> BTreeSet<String> {
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

impl Source {
    /// Reads them. What may not be read is not known to be absent.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn credentials(
        &self,
        namespaces: &BTreeSet<String>,
    ) -> Result<Snapshot, Error> {
        let mut reader = Reader::new(ReadOptions::default());
        for namespace in namespaces {
            for (kind, api, fields) in [
                (Kind::ServiceAccount, api::Kind::SERVICE_ACCOUNT, &[""][..]),
                (Kind::Secret, api::Kind::SECRET, &SECRET_TYPES),
            ] {
                let mut is_whole = true;
                for fields in fields {
                    let path = api.path(Some(namespace));
                    match self
                        .add_records(kind, &path, fields, namespace, &mut reader)
                        .await
                    {
                        Ok(()) => {}
                        Err(error @ (Error::NotLoggedIn(_) | Error::Unreachable(_))) => {
                            return Err(error);
                        }
                        Err(_) => is_whole = false,
                    }
                }
                if is_whole {
                    reader.listed(kind, namespace);
                }
            }
        }
        Ok(reader.finish(String::new()))
    }

    async fn add_records(
        &self,
        kind: Kind,
        path: &str,
        fields: &str,
        namespace: &str,
        reader: &mut Reader,
    ) -> Result<(), Error> {
        let mut query = PageQuery {
            limit: LIMIT,
            fields: fields.to_owned(),
            ..PageQuery::default()
        };
        loop {
            let page = self.page(&query.of(path)).await?;
            let items = page.items()?;
            for item in items.items {
                reader
                    .read(kind, item.get(), Origin::Cluster, namespace)
                    .map_err(|error| Error::failed(error.to_string()))?;
            }
            if items.token.is_empty() {
                return Ok(());
            }
            query.token = items.token;
        }
    }
}
