//! What the engine is told of the cluster: what the webhook would know of it, and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use extreg_core::facts::{
    AccountFact, ClusterFacts, Known, NamespaceFacts, SecretFact, StreamFact, StreamRead,
};
use extreg_core::policy::{Mode, Policy};
use extreg_core::verdict::StreamKey;

use super::build::DEFAULT_ACCOUNT;
use super::injection::Asked;
use crate::kind::Kind;
use crate::place::ObjectId;
use crate::snapshot::Listed;
use crate::snapshot::{AccountRecord, SecretKeys, Snapshot};

/// A namespace and a name.
pub(super) type Key = (Arc<str>, Arc<str>);

/// What was read that the engine may ask for.
#[derive(Clone)]
pub(super) struct FactBook<'s> {
    pub(super) snapshot: &'s Snapshot,
    pub(super) listed: &'s Listed,
    /// The names of the registry, and the webhook's namespace.
    pub(super) cluster: ClusterFacts,
    /// Secrets that hold no docker config.
    pub(super) other_secrets: &'s BTreeSet<Key>,
    /// The ImageStreams, sorted.
    pub(super) streams: &'s [Asked],
}

impl FactBook<'_> {
    /// What is known of a namespace.
    pub(super) fn namespace(&self, namespace: &Arc<str>) -> NamespaceFacts {
        if namespace.is_empty() {
            return NamespaceFacts::default();
        }
        let record = self.snapshot.namespaces.get(namespace);
        let secrets = self.policy_secrets();
        NamespaceFacts {
            labels: record.map_or(Known::Unknown, |record| {
                Known::Known(Arc::new(record.labels.clone()))
            }),
            secrets: secrets
                .into_iter()
                .map(|name| (name.to_owned(), self.secret(namespace, name)))
                .collect(),
            // The webhook watches no other account.
            accounts: BTreeMap::from([(
                DEFAULT_ACCOUNT.to_owned(),
                self.account(namespace, DEFAULT_ACCOUNT),
            )]),
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

    /// Whether the list of ImageStreams was asked for and refused, so that it is news.
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

    fn secret(&self, namespace: &Arc<str>, name: &str) -> Known<Option<Arc<SecretFact>>> {
        let key: Key = (Arc::clone(namespace), name.into());
        let no_keys = || Known::Known(Some(Arc::new(SecretFact { keys: None })));
        match self.snapshot.secrets.get(&key).map(|secret| &secret.keys) {
            Some(SecretKeys::Known(keys)) => Known::Known(Some(Arc::new(SecretFact {
                keys: Some(keys.clone()),
            }))),
            Some(SecretKeys::Unreadable) => no_keys(),
            None if self.other_secrets.contains(&key) => no_keys(),
            None if self.is_complete(Kind::Secret, namespace) => Known::Known(None),
            Some(SecretKeys::Elided) | None => Known::Unknown,
        }
    }

    fn account(&self, namespace: &Arc<str>, name: &str) -> Known<Option<Arc<AccountFact>>> {
        let key: Key = (Arc::clone(namespace), name.into());
        match self.snapshot.accounts.get(&key) {
            Some(account) => Known::Known(Some(Arc::new(account_fact(account)))),
            None if self.is_complete(Kind::ServiceAccount, namespace) => Known::Known(None),
            None => Known::Unknown,
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
