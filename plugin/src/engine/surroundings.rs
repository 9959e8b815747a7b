//! Facts of the cluster that the objects are for. Unreadable resources are unknown, and reported
//! once.

mod many;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use extreg_cluster::{Cluster, ClusterError, Json as _, Kind, Object, ObjectRef};
use extreg_core::{
    credential::{Keep, SecretMember, SecretReader},
    decide::{Freshness, Inquiry},
    facts::{
        AccountFact, ClusterFacts, Fact, Known, MANAGED_SECRET_ANNOTATION, NamespaceFacts,
        SecretFact, StreamFact, StreamRead, Unlisted,
    },
    policy::{Labels, Mode, PolicySet},
    rule::is_system_namespace,
    verdict::StreamKey,
};
use extreg_terminal::Printer;
use serde_json::Value;

use super::policies::{self, REGISTRY_POLICY};
use crate::{error::Error, installation::installed::Installation};

/// The time limit for an answer; after that, the API server counts as unreachable.
const PATIENCE: Duration = Duration::from_secs(15);
/// The default service account of builds, and the only one that the webhook watches.
const BUILDER: &str = "builder";
const IMAGES: Kind = Kind::global("config.openshift.io", "Image", "images");

/// The known facts, and the client to read more.
pub(crate) struct Surroundings {
    pub(super) source: Source,
    policies: PolicySet,
    cluster: ClusterFacts,
    default_namespace: String,
    pub(super) namespaces: BTreeMap<String, NamespaceFacts>,
    /// Namespaces whose labels only are known.
    pub(super) labelled: BTreeMap<String, NamespaceFacts>,
    /// Namespaces that are being deleted.
    pub(super) terminating: BTreeSet<String>,
    streams: Mutex<BTreeMap<(String, String), StreamRead>>,
    /// The state of secrets and accounts that the user cannot read.
    unread: Unlisted,
    /// Secrets that the webhook cannot read, according to the status of its policies.
    unreadable: BTreeSet<String>,
}

/// Queries the cluster until it stops answering.
pub(super) struct Source {
    cluster: Mutex<Option<Cluster>>,
    printer: Arc<Printer>,
}

impl Surroundings {
    /// Only policies are known. Objects without a namespace are in `default_namespace`,
    /// which may be empty.
    pub(crate) fn offline(
        policies: Option<PolicySet>,
        default_namespace: Option<String>,
        printer: Arc<Printer>,
    ) -> Self {
        Self {
            source: Source {
                cluster: Mutex::default(),
                printer,
            },
            policies: policies.unwrap_or_else(|| PolicySet::builtin(Mode::Enforce)),
            cluster: cluster_facts(Installation::default()),
            default_namespace: default_namespace.unwrap_or_default(),
            namespaces: BTreeMap::new(),
            labelled: BTreeMap::new(),
            terminating: BTreeSet::new(),
            streams: Mutex::default(),
            unread: Unlisted::Assumed,
            unreadable: BTreeSet::new(),
        }
    }

    /// Reads the facts for every object: the policies of the cluster, unless they are given, and
    /// the names of its registry.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    pub(crate) async fn of_cluster(
        cluster: Cluster,
        policies: Option<PolicySet>,
        printer: Arc<Printer>,
    ) -> Result<Self, Error> {
        let namespace = Some(cluster.namespace().to_owned());
        let mut this = Self::offline(policies.clone(), namespace, printer);
        this.source.cluster = Mutex::new(Some(cluster));
        if policies.is_none() {
            this.read_policies().await?;
        }
        this.read_installation().await?;
        this.read_registry().await?;
        Ok(this)
    }

    /// Treats resources that the user cannot read as unknown, for commands that write objects. Commands that
    /// predict what the webhook does assume that it can read more.
    pub(crate) fn treat_unreadable_as_unknown(&mut self) {
        self.unread = Unlisted::Unknown;
    }

    /// The facts of a namespace that was not read.
    pub(super) fn unlearned(&self) -> NamespaceFacts {
        NamespaceFacts {
            unlisted: self.unread,
            ..NamespaceFacts::default()
        }
    }

    /// The namespace of objects that name none; may be empty.
    pub(crate) fn default_namespace(&self) -> &str {
        &self.default_namespace
    }

    /// Warns once if the default namespace is a system namespace, in which objects are not changed.
    pub(crate) fn warn_system_default(&self) {
        let namespace = &self.default_namespace;
        if is_system_namespace(namespace) {
            self.source.printer.warn(&format!(
                "objects without a namespace are checked as in namespace {namespace}, where objects are \
                 not changed: use -n for another namespace"
            ));
        }
    }

    /// Whether the service account of builds is known to have a manual link to a docker secret.
    pub(crate) fn links_secret(&self, namespace: &str, other_than: &str) -> bool {
        let account = self
            .namespaces
            .get(namespace)
            .map(|facts| facts.account(BUILDER));
        matches!(account, Some(Fact::Known(Some(account)))
            if account.other_link(BUILDER, other_than).is_some())
    }

    /// Whether a namespace is being deleted, so that no object can be created in it.
    pub(crate) fn is_terminating(&self, namespace: &str) -> bool {
        self.terminating.contains(namespace)
    }

    /// Whether no cluster is queried, or it does not answer.
    pub(crate) fn is_offline(&self) -> bool {
        self.source.cluster().is_none()
    }

    /// The policies in force.
    pub(crate) const fn policies(&self) -> &PolicySet {
        &self.policies
    }

    /// Reads the facts of a namespace, once.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    pub(crate) async fn learn(&mut self, namespace: &str) -> Result<(), Error> {
        if namespace.is_empty() || self.namespaces.contains_key(namespace) {
            return Ok(());
        }
        let facts = self.read_namespace(namespace).await?;
        self.namespaces.insert(namespace.to_owned(), facts);
        Ok(())
    }

    /// Reads the facts of a namespace.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    pub(super) async fn read_namespace(&self, namespace: &str) -> Result<NamespaceFacts, Error> {
        let mut facts = NamespaceFacts {
            labels: self.read_labels(namespace).await?,
            ..self.unlearned()
        };
        for name in policies::secrets(&self.policies) {
            if self.unreadable.contains(&name) {
                facts.secrets.insert(name, Known::Unknown);
                continue;
            }
            let secret = self.source.get(Kind::SECRET, namespace, &name).await?;
            let secret = map(secret, |secret| secret_fact(&secret.body));
            if secret.as_ref().known().is_some() {
                facts.secrets.insert(name, secret);
            }
        }
        let builder = self.source.get(Kind::SERVICE_ACCOUNT, namespace, BUILDER);
        let builder = map(builder.await?, |account| account_fact(&account.body));
        if builder.as_ref().known().is_some() {
            facts.accounts.insert(BUILDER.to_owned(), builder);
        }
        Ok(facts)
    }

    /// Reads an ImageStream, once.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    pub(crate) async fn stream(&self, key: &StreamKey) -> Result<StreamRead, Error> {
        let id = (key.namespace.clone(), key.name.clone());
        if let Some(read) = self.streams().get(&id) {
            return Ok(read.clone());
        }
        let read = if key.namespace.is_empty() || key.name.is_empty() {
            StreamRead::Failed
        } else {
            let stream = self
                .source
                .get(Kind::IMAGE_STREAM, &key.namespace, &key.name);
            match stream.await? {
                Known::Known(Some(stream)) => StreamFact::parse(stream.body.to_string().as_bytes())
                    .map_or(StreamRead::Failed, |fact| {
                        StreamRead::Present(Arc::new(fact))
                    }),
                Known::Known(None) => StreamRead::Absent,
                Known::Unknown => StreamRead::Failed,
            }
        };
        self.streams().insert(id, read.clone());
        Ok(read)
    }

    fn streams(&self) -> MutexGuard<'_, BTreeMap<(String, String), StreamRead>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A decision about an object of a namespace, with the facts that were read.
    pub(crate) fn inquiry(&self, namespace: &str) -> Inquiry<'_> {
        let learned = self
            .namespaces
            .get(namespace)
            .or_else(|| self.labelled.get(namespace));
        let facts = learned.map_or_else(|| Cow::Owned(self.unlearned()), Cow::Borrowed);
        Inquiry::new(&self.policies, &self.cluster, facts, Freshness::Read)
    }

    async fn read_policies(&mut self) -> Result<(), Error> {
        let list = self
            .source
            .query("registrypolicies", async |cluster| {
                match cluster.list(REGISTRY_POLICY, "", "").await {
                    // Without the resource, the cluster has no policies.
                    Err(error) if error.is_not_found() => Ok(None),
                    other => other.map(Some),
                }
            })
            .await?;
        match list {
            Known::Known(objects) => {
                let bodies = |all: Vec<Object>| all.into_iter().map(|object| object.body).collect();
                let bodies: Option<Vec<Value>> = objects.map(bodies);
                self.policies = policies::of_cluster(bodies.as_deref(), &self.source.printer);
                self.unreadable = policies::unreadable_secrets(&bodies.unwrap_or_default());
                if self.policies.iter().next().is_none() {
                    self.source.printer.warn(
                        "no policy is in force on the cluster: nothing is injected (policy init creates one)",
                    );
                }
            }
            Known::Unknown => self.source.printer.warn(
                "the policies of the cluster are unknown: using the built-in policy (--policy FILE \
                 uses a file)",
            ),
        }
        Ok(())
    }

    /// Reads where the webhook is installed and for which objects it is called. Users without permission to
    /// read that, which are most, get the defaults of an installation.
    async fn read_installation(&mut self) -> Result<(), Error> {
        let read = self
            .source
            .query("the webhook's configuration", async |cluster| {
                Installation::read(&cluster).await
            });
        if let Known::Known(Known::Known(Some(installation))) = read.await? {
            let policies = std::mem::take(&mut self.policies);
            self.policies = policies.capped(installation.cap);
            self.cluster = cluster_facts(installation);
        }
        Ok(())
    }

    async fn read_registry(&mut self) -> Result<(), Error> {
        let images = self.source.get(IMAGES, "", "cluster").await?;
        let Known::Known(images) = images else {
            return Ok(());
        };
        let body = images.map(|images| images.body).unwrap_or_default();
        let internal = body.text("/status/internalRegistryHostname");
        let external = body.texts("/status/externalRegistryHostnames");
        let names = external.chain([internal]);
        self.cluster.internal = self.cluster.internal.clone().with_hostnames(names);
        self.cluster.integrated = Known::Known(!internal.is_empty());
        Ok(())
    }

    async fn read_labels(&self, namespace: &str) -> Result<Known<Arc<Labels>>, Error> {
        if let Some(facts) = self.labelled.get(namespace) {
            return Ok(facts.labels.clone());
        }
        let found = self.source.get(Kind::NAMESPACE, "", namespace).await?;
        Ok(match found {
            Known::Known(Some(found)) => Known::Known(labels_of(&found.body)),
            Known::Known(None) => {
                self.source.printer.warn(&format!(
                    "namespace {namespace} does not exist: its labels are unknown"
                ));
                Known::Unknown
            }
            Known::Unknown => Known::Unknown,
        })
    }
}

impl Source {
    async fn get(
        &self,
        kind: Kind,
        namespace: &str,
        name: &str,
    ) -> Result<Known<Option<Object>>, Error> {
        let object = ObjectRef::new(kind, namespace, name);
        let what = if object.namespace.is_empty() {
            object.to_string()
        } else {
            format!("{object} in {namespace}")
        };
        self.query(&what, async |cluster| cluster.get(&object).await)
            .await
    }

    /// Sends a request, unless the cluster stopped answering. An error is printed, and the result is unknown.
    pub(super) async fn query<T, E: Into<Error>>(
        &self,
        what: &str,
        request: impl AsyncFnOnce(Cluster) -> Result<T, E>,
    ) -> Result<Known<T>, Error> {
        let cluster = self.cluster().clone();
        let Some(cluster) = cluster else {
            return Ok(Known::Unknown);
        };
        let error = match within(PATIENCE, request(cluster)).await {
            Ok(answer) => return Ok(Known::Known(answer)),
            Err(error @ Error::Cluster(ClusterError::NotLoggedIn(_))) => return Err(error),
            Err(error) => error,
        };
        if matches!(error, Error::Cluster(ClusterError::Unreachable(_))) {
            *self.cluster() = None;
            self.printer.warn(&format!(
                "{error}: the cluster is not queried again (--offline does not query it)"
            ));
        } else {
            self.printer.warn(&format!("{what} is unknown: {error}"));
        }
        Ok(Known::Unknown)
    }
}

impl Source {
    fn cluster(&self) -> MutexGuard<'_, Option<Cluster>> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn within<T, E: Into<Error>>(
    limit: Duration,
    request: impl Future<Output = Result<T, E>>,
) -> Result<T, Error> {
    if let Ok(answer) = tokio::time::timeout(limit, request).await {
        return answer.map_err(Into::into);
    }
    let seconds = limit.as_secs();
    let message = format!("no answer within {seconds}s");
    Err(ClusterError::Unreachable(message).into())
}

fn map<T>(object: Known<Option<Object>>, fact: impl Fn(Object) -> T) -> Known<Option<Arc<T>>> {
    match object {
        Known::Known(object) => Known::Known(object.map(|object| Arc::new(fact(object)))),
        Known::Unknown => Known::Unknown,
    }
}

fn cluster_facts(installation: Installation) -> ClusterFacts {
    ClusterFacts {
        own_namespace: installation.own_namespace,
        reach: installation.reach,
        ..ClusterFacts::default()
    }
}

/// The labels of a namespace.
pub(crate) fn labels_of(namespace: &Value) -> Arc<Labels> {
    let labels = namespace.pointer("/metadata/labels");
    let labels = labels.and_then(Value::as_object).into_iter().flatten();
    let labels = labels.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())));
    Arc::new(labels.collect())
}

/// The docker configs of a secret, without the rest of it.
pub(crate) fn secret_fact(secret: &Value) -> SecretFact {
    let mut reader = SecretReader::new(Keep::Small);
    let values = |field: &str| secret.get(field).and_then(Value::as_object);
    for member in SecretMember::ALL {
        let value = |field| values(field)?.get(member.name())?.as_str();
        if let Some(encoded) = value("data") {
            reader.data(member, encoded);
        }
        if let Some(plain) = value("stringData") {
            reader.plain(member, plain);
        }
    }
    SecretFact::new(reader.finish(secret.text("/type")))
}

fn account_fact(account: &Value) -> AccountFact {
    AccountFact {
        pull_secrets: account
            .list("/imagePullSecrets")
            .filter_map(|link| link.get("name")?.as_str())
            .map(str::to_owned)
            .collect(),
        managed: account
            .pointer("/metadata/annotations")
            .and_then(|annotations| annotations.get(MANAGED_SECRET_ANNOTATION)?.as_str())
            .map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use extreg_core::{facts::Fit, note::SecretFault};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_secret_is_reduced_to_its_keys() {
        let config = "eyJhdXRocyI6eyJkb2NrZXIuaW8iOnsiYXV0aCI6ImRUcHcifX19"; // {"auths":{"docker.io":{"auth":"dTpw"}}}
        let typed = "kubernetes.io/dockerconfigjson";
        let none = Fit::Fault(SecretFault::NoKey);
        for (kind, member, data, push, pull) in [
            (typed, ".dockerconfigjson", config, Fit::Fits, Fit::Fits),
            (typed, ".dockercfg", config, none, none),
            (typed, ".dockerconfigjson", "%", none, none),
            ("Opaque", ".dockerconfigjson", config, Fit::Fits, none),
            ("Opaque", "config.json", config, Fit::Fits, none),
            ("Opaque", "password", config, none, none),
        ] {
            let fact = secret_fact(&json!({"type": kind, "data": {member: data}}));
            let image = "docker.io/u/a";
            assert_eq!(
                (fact.push(image), fact.pull(image)),
                (push, pull),
                "{kind} {member}"
            );
        }
        assert_eq!(secret_fact(&json!({})), SecretFact::default());
    }

    #[test]
    fn an_account_is_reduced_to_its_links() {
        let account = json!({
            "metadata": {"annotations": {"openshift.io/internal-registry-pull-secret-ref": "m"}},
            "imagePullSecrets": [{"name": "m"}, {}, {"name": "hub"}],
        });
        let fact = account_fact(&account);
        assert_eq!(fact.pull_secrets, ["m", "hub"]);
        assert_eq!(fact.managed.as_deref(), Some("m"));
        assert_eq!(account_fact(&json!({})), AccountFact::default());
    }
}
