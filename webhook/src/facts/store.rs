//! All facts, as read by admission.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use extreg_core::facts::{
    AccountFact, ClusterFacts, Known, NamespaceFacts, Reach, SecretFact, Unlisted,
};
use extreg_core::policy::{Labels, Mode};
use tokio::sync::watch;

use super::policies::{Policies, PolicyRecord};
use super::table::Table;
use crate::metrics::Metrics;

/// The account that builds use by default.
const BUILDER: &str = "builder";

/// The known facts. Sources write them, admission reads them.
#[derive(Debug)]
pub struct FactStore {
    /// Labels of namespaces, by name.
    pub namespaces: Table<Labels>,
    /// Accounts named `builder`, by namespace.
    pub builders: Table<AccountFact>,
    secrets: ArcSwap<BTreeMap<String, Arc<Table<SecretFact>>>>,
    cluster: ArcSwap<ClusterFacts>,
    policies: ArcSwap<Policies>,
    announce: watch::Sender<Arc<Policies>>,
    synced: AtomicBool,
    unlisted: Unlisted,
    cap: Mode,
    metrics: Metrics,
}

impl FactStore {
    /// Nothing is known yet and no policy is in force. No policy ever does more than `cap`.
    pub fn new(own_namespace: Option<String>, cap: Mode, metrics: Metrics) -> Self {
        Self {
            namespaces: Table::default(),
            builders: Table::default(),
            secrets: ArcSwap::default(),
            cluster: ArcSwap::from_pointee(ClusterFacts {
                own_namespace,
                ..ClusterFacts::default()
            }),
            policies: ArcSwap::default(),
            announce: watch::Sender::default(),
            synced: AtomicBool::new(false),
            unlisted: Unlisted::Unknown,
            cap,
            metrics,
        }
    }

    /// Without a cluster to query, secrets and accounts are assumed to match the policies.
    #[must_use]
    pub fn assuming(self) -> Self {
        Self {
            unlisted: Unlisted::Assumed,
            ..self
        }
    }

    /// The API servers call the webhook for every namespace: it changes nothing in one whose labels are unknown.
    #[must_use]
    pub fn without_namespace_selector(self) -> Self {
        self.update_cluster(|cluster| cluster.reach = Reach::without_namespace_selector());
        self
    }

    /// Where the results of reviews and facts are counted.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The strongest mode of any policy.
    pub fn cap(&self) -> Mode {
        self.cap
    }

    /// The policies in force.
    pub fn policies(&self) -> Arc<Policies> {
        self.policies.load_full()
    }

    /// Compiles documents and puts them in force; returns whether that changed anything.
    pub fn set_policies(&self, records: &[PolicyRecord]) -> bool {
        self.put(Policies::compile(records, self.cap))
    }

    /// The cluster has no policy resource: the built-in policy is in force.
    pub fn set_no_policy_kind(&self) -> bool {
        self.put(Policies::builtin(self.cap))
    }

    /// The policies are not available and will not be soon: no policy is in force. Returns whether that
    /// changed anything.
    pub fn set_policies_unavailable(&self) -> bool {
        self.put(Policies::default())
    }

    /// Watches the policies in force.
    pub fn subscribe(&self) -> watch::Receiver<Arc<Policies>> {
        self.announce.subscribe()
    }

    /// Whether policies are known, or known to be unavailable.
    pub fn is_synced(&self) -> bool {
        self.synced.load(Ordering::Relaxed)
    }

    /// The facts about the cluster as a whole.
    pub fn cluster(&self) -> Arc<ClusterFacts> {
        self.cluster.load_full()
    }

    /// Replaces the facts about the cluster as a whole.
    pub fn update_cluster(&self, change: impl Fn(&mut ClusterFacts)) {
        self.cluster.rcu(|cluster| {
            let mut cluster = ClusterFacts::clone(cluster);
            change(&mut cluster);
            cluster
        });
    }

    /// The tables of secrets by name, each by namespace.
    pub fn secrets(&self) -> Arc<BTreeMap<String, Arc<Table<SecretFact>>>> {
        self.secrets.load_full()
    }

    /// Replaces the tables of secrets.
    pub fn set_secrets(&self, tables: BTreeMap<String, Arc<Table<SecretFact>>>) {
        self.secrets.store(Arc::new(tables));
    }

    /// The facts about one namespace.
    pub fn namespace(&self, name: &str) -> NamespaceFacts {
        // The event that a missing namespace was created has not arrived yet.
        let labels = match self.namespaces.get(name) {
            Known::Known(Some(labels)) => Known::Known(labels),
            Known::Known(None) | Known::Unknown => Known::Unknown,
        };
        let secrets = self.secrets.load();
        NamespaceFacts {
            labels,
            secrets: secrets
                .iter()
                .map(|(secret, table)| (secret.clone(), table.get(name)))
                .collect(),
            accounts: match self.unlisted {
                Unlisted::Unknown => {
                    BTreeMap::from([(BUILDER.to_owned(), self.builders.get(name))])
                }
                Unlisted::Assumed => BTreeMap::new(),
            },
            unlisted: self.unlisted,
        }
    }

    fn put(&self, policies: Policies) -> bool {
        if self.synced.load(Ordering::Relaxed) && policies == **self.policies.load() {
            return false;
        }
        self.metrics.policies(
            policies.set.iter().count(),
            policies.conflict_pairs(),
            policies.invalid.len(),
        );
        let policies = Arc::new(policies);
        self.policies.store(Arc::clone(&policies));
        self.announce.send_replace(policies);
        self.synced.store(true, Ordering::Relaxed);
        self.metrics.config_synced(true);
        true
    }
}
