//! The facts about the cluster for the engine: exactly those that the webhook would know.

use std::collections::BTreeSet;
use std::sync::Arc;

use extreg_core::credential::SecretConfigs;
use extreg_core::facts::{
    AccountFact, ClusterFacts, Known, NamespaceFacts, SecretFact, StreamFact, StreamRead, Unlisted,
};
use extreg_core::policy::{Mode, Policy};
use extreg_core::verdict::StreamKey;

use super::build::DEFAULT_ACCOUNT;
use super::injection::Reviewed;
use crate::kind::Kind;
use crate::place::ObjectId;
use crate::snapshot::Listed;
use crate::snapshot::{AccountRecord, SecretKeys, SecretRecord, Snapshot};

/// A namespace and a name.
pub(super) type Key = (Arc<str>, Arc<str>);

/// The objects that the engine can need.
#[derive(Clone)]
pub(super) struct FactBook<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) listed: &'s Listed,
    /// The names of the registry, and the webhook's namespace.
    pub(super) cluster: ClusterFacts,
    /// The ImageStreams, sorted.
    pub(super) streams: &'s [Reviewed],
}

impl FactBook<'_> {
    /// The facts about a namespace.
    pub(super) fn namespace(&self, namespace: &Arc<str>) -> NamespaceFacts {
        if namespace.is_empty() {
            return NamespaceFacts::assumed();
        }
        let record = self.snapshot.namespaces.get(namespace);
        let secrets = self.policy_secrets();
        NamespaceFacts {
            labels: record.map_or(Known::Unknown, |record| {
                Known::Known(Arc::new(record.labels.clone()))
            }),
            secrets: secrets
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), self.secret(namespace, name)?)))
                .collect(),
            // The webhook watches no other account.
            accounts: self
                .account(namespace, DEFAULT_ACCOUNT)
                .map(|account| (DEFAULT_ACCOUNT.to_owned(), account))
                .into_iter()
                .collect(),
            // The webhook can read facts that this source does not contain.
            unlisted: Unlisted::Assumed,
        }
    }

    /// The ImageStream that a decision depends on.
    pub(super) fn stream(&self, key: &StreamKey) -> StreamRead {
        let StreamKey { namespace, name } = key;
        if namespace.is_empty() || name.is_empty() {
            return StreamRead::Failed;
        }
        let wanted = (namespace.as_str(), name.as_str());
        let found = self.streams.binary_search_by(|stream| {
            let ObjectId {
                namespace, name, ..
            } = &stream.id;
            (&**namespace, &**name).cmp(&wanted)
        });
        match found.ok().and_then(|at| self.streams.get(at)) {
            Some(stream) => StreamFact::parse(stream.reduced.as_bytes())
                .map_or(StreamRead::Failed, |fact| {
                    StreamRead::Present(Arc::new(fact))
                }),
            None if self.is_complete(Kind::ImageStream, namespace) => StreamRead::Absent,
            None => StreamRead::Failed,
        }
    }

    /// Whether the list of ImageStreams was requested and refused, which has to be reported.
    pub(super) fn streams_were_refused(&self, namespace: &str) -> bool {
        let coverage = &self.snapshot.coverage;
        coverage.is_partial(Kind::ImageStream, namespace)
    }

    fn policy_secrets(&self) -> BTreeSet<&str> {
        let policies = self.snapshot.policies.iter();
        policies
            .filter(|policy| policy.mode() != Mode::Off)
            .flat_map(Policy::secrets)
            .collect()
    }

    fn secret(&self, namespace: &Arc<str>, name: &str) -> Option<Known<Option<Arc<SecretFact>>>> {
        let key: Key = (Arc::clone(namespace), name.into());
        let configs = match (
            self.snapshot.secrets.get(&key),
            self.snapshot.other_secrets.get(&key),
        ) {
            // It is known to exist, and the webhook knows the rest.
            (
                Some(SecretRecord {
                    push: SecretKeys::Elided,
                    ..
                }),
                _,
            )
            | (None, Some(SecretKeys::Elided)) => {
                return None;
            }
            (Some(secret), _) => SecretConfigs {
                push: Some(secret.push.as_config()),
                typed: Some(secret.keys.as_config()),
            },
            (None, Some(push)) => SecretConfigs {
                push: Some(push.as_config()),
                typed: None,
            },
            (None, None) => {
                let is_absent = self.is_complete(Kind::Secret, namespace);
                return is_absent.then_some(Known::Known(None));
            }
        };
        Some(Known::Known(Some(Arc::new(SecretFact::new(configs)))))
    }

    fn account(&self, namespace: &Arc<str>, name: &str) -> Option<Known<Option<Arc<AccountFact>>>> {
        let key: Key = (Arc::clone(namespace), name.into());
        match self.snapshot.accounts.get(&key) {
            Some(account) => Some(Known::Known(Some(Arc::new(account_fact(account))))),
            None if self.is_complete(Kind::ServiceAccount, namespace) => Some(Known::Known(None)),
            None => None,
        }
    }

    fn is_complete(&self, kind: Kind, namespace: &str) -> bool {
        let coverage = &self.snapshot.coverage;
        self.listed.is_complete(kind, namespace, coverage)
    }
}

fn account_fact(account: &AccountRecord) -> AccountFact {
    let owned = |name: &Arc<str>| name.as_ref().to_owned();
    AccountFact {
        pull_secrets: account.pull_secrets.iter().map(owned).collect(),
        managed: account.managed.as_ref().map(owned),
    }
}
