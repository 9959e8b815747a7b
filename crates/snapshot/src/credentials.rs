//! Which identity pulls and pushes: for each consumer of credentials, the secret, the key and the
//! username that it would use for an image.
//!
//! The consumers search different places, in different orders, and match keys by different rules
//! ([`extreg_core::credential::Consumer`]). Only this module implements them. Unreadable
//! resources are reported and never guessed: an answer is only [`Credential::None`] if everything
//! that can contain a credential was read and contains none.

mod answer;
mod key_fault;
mod keyring;
mod shown;
#[cfg(test)]
mod tests;

use std::ops::Bound;
use std::sync::Arc;

use extreg_core::credential::Consumer;
use extreg_core::facts::Known;

pub use self::answer::{Credential, Doubt, Fault, Push};
pub use self::key_fault::{ANY_OF_HUB, KeyFault, registry_of_key};
use self::keyring::{first_in, first_of, is_managed};
pub use self::shown::shown_key;
use crate::kind::Kind;
use crate::place::ObjectId;
use crate::snapshot::{
    AccountRecord, BuildRecord, SecretKeys, SecretRecord, Snapshot, WorkloadRecord,
};

/// Answers from one snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    snapshot: &'a Snapshot,
    push_links: PushLinks,
}

/// Which list of a service account a build without a push secret searches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PushLinks {
    /// `imagePullSecrets`: from a 4.15.z version on (openshift-controller-manager
    /// `pkg/build/buildutil/util.go`, `FetchServiceAccountSecrets`).
    #[default]
    PullSecrets,
    /// `secrets`: up to 4.14.
    Mounts,
}

/// How a build names an image to pull.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PulledBy<'a> {
    /// A separate field names it, which can also name a pull secret.
    Field,
    /// Its Dockerfile names it.
    Dockerfile {
        /// The image of the strategy, if set.
        base: Option<&'a str>,
    },
}

/// The result of a lookup by name.
#[derive(Clone, Copy, Debug)]
pub enum Seen<T> {
    /// It exists.
    Present(T),
    /// It does not exist.
    Absent,
    /// It was not read, so it is unknown.
    Unknown,
}

impl<'a> Credentials<'a> {
    /// Answers from this snapshot.
    pub const fn of(snapshot: &'a Snapshot) -> Self {
        Self {
            snapshot,
            push_links: PushLinks::PullSecrets,
        }
    }

    /// The same for an OpenShift whose pushes search that list.
    #[must_use]
    pub const fn with_push_links(self, push_links: PushLinks) -> Self {
        Self { push_links, ..self }
    }

    /// The snapshot.
    pub const fn snapshot(self) -> &'a Snapshot {
        self.snapshot
    }

    /// The credential for an import of an ImageStream of this namespace: of all docker secrets of the
    /// namespace except the excluded, as one keyring, the first credential; then the node's
    /// (openshift-apiserver `pkg/image/apiserver/importer/staticcredentials.go`, `Repository`, and
    /// `pkg/image/apiserver/registry/imagesecret/rest.go`). No link to an account is needed.
    pub fn import(self, namespace: &str, image: &str) -> Credential {
        let secrets = self.secrets(namespace).filter(|secret| !secret.excluded);
        first_of(Consumer::Import, secrets, image)
            .or_else(|| {
                if self.snapshot.holds_all(Kind::Secret, namespace) {
                    Credential::None
                } else {
                    Credential::Unknown(Doubt::Secrets(namespace.into()))
                }
            })
            .or_else(|| self.global(&[Consumer::Import], image))
    }

    /// The credential of the kubelet for a container: the pod's pull secrets, which are the account's only
    /// if the pod names none (Kubernetes `plugin/pkg/admission/serviceaccount/admission.go`);
    /// then the node's. It tries all that match; this is the first.
    pub fn run(self, workload: &WorkloadRecord, image: &str) -> Credential {
        let namespace = &workload.object.namespace;
        let own = match self.pull_secrets(workload) {
            Ok(names) => self.first_named(Consumer::Kubelet, namespace, names, image),
            Err(doubt) => Credential::Unknown(doubt),
        };
        own.or_else(|| self.global(&[Consumer::Kubelet, Consumer::ContainersImage], image))
    }

    /// The credential that CRI-O finds on a node, for a pull without another credential.
    pub fn node(self, image: &str) -> Credential {
        self.global(&[Consumer::ContainersImage], image)
    }

    /// The names of the pull secrets that the pods of a workload have.
    pub fn pull_secrets<'w>(self, workload: &'w WorkloadRecord) -> Result<&'w [Arc<str>], Doubt>
    where
        'a: 'w,
    {
        if !workload.pull_secrets.is_empty() {
            return Ok(&workload.pull_secrets);
        }
        if workload.object.kind == Kind::Task {
            return Err(Doubt::Run);
        }
        match self.account(&workload.object.namespace, &workload.account) {
            Seen::Present(account) => Ok(&account.pull_secrets),
            Seen::Absent => Ok(&[]),
            Seen::Unknown => Err(Doubt::Unseen(account_id(
                &workload.object.namespace,
                &workload.account,
            ))),
        }
    }

    /// The credential with which a build pushes its output: the push secret that it names, else the first secret
    /// of its account's `imagePullSecrets` whose own keyring matches, else the first one of any
    /// registry (openshift-controller-manager `build_controller.go`, `createBuildPod`; before
    /// 4.15.z it read `secrets` instead).
    pub fn push(self, build: &BuildRecord) -> Push {
        let (namespace, image) = (&build.object.namespace, &build.pushes_to);
        let consumer = if is_shipwright(build) {
            Consumer::Shipwright
        } else {
            Consumer::BuildPush
        };
        if !build.push_secret.is_empty() {
            let secret = secret_id(namespace, &build.push_secret);
            let credential = match consumer {
                Consumer::BuildPush => self.mounted_push(&secret, image),
                _ => self.mounted(consumer, &secret, image),
            };
            return match credential {
                Credential::Unknown(doubt) => Push::Unknown(doubt),
                credential => Push::Named(secret, credential),
            };
        }
        if is_shipwright(build) {
            return Push::Unknown(Doubt::Run);
        }
        match self.account(namespace, &build.account) {
            Seen::Present(account) => self.linked_push(account, image),
            Seen::Absent => Push::Nothing,
            Seen::Unknown => Push::Unknown(Doubt::Unseen(account_id(namespace, &build.account))),
        }
    }

    /// The credential with which a build pulls an image: the pull secret of that field, else, if it is started
    /// from its BuildConfig, the first secret of its account's `secrets` that matches
    /// (openshift-apiserver `buildgenerator/generator.go`, `resolveImageSecret`); then the node's,
    /// which the builder merges with it (openshift/builder `daemonless.go`, `mergeNodeCredentials`).
    pub fn pull(self, build: &BuildRecord, image: &str, named: PulledBy<'_>) -> Credential {
        if is_shipwright(build) {
            return Credential::Unknown(Doubt::Run);
        }
        let namespace = &build.object.namespace;
        let mounted = |(name, _): &(Arc<str>, Arc<str>)| {
            self.mounted(Consumer::BuildPull, &secret_id(namespace, name), image)
        };
        let mut given = build.pull_secrets.iter();
        let own = match named {
            PulledBy::Field => match given.find(|(_, of)| **of == *image) {
                Some(given) => mounted(given),
                None => self.resolved_pull(build, image, image),
            },
            // All secrets given to the build count. Those of its account are only searched for the
            // image of the strategy.
            PulledBy::Dockerfile { base } => given
                .fold(Credential::None, |found, given| {
                    found.or_else(|| mounted(given))
                })
                .or_else(|| {
                    base.map_or(Credential::None, |base| {
                        self.resolved_pull(build, base, image)
                    })
                }),
        };
        own.or_else(|| self.global(&[Consumer::BuildPull], image))
    }

    /// The docker secrets of a namespace, by name.
    pub fn secrets(self, namespace: &str) -> impl Iterator<Item = &'a SecretRecord> + use<'a> {
        let namespace: Arc<str> = namespace.into();
        let from = Bound::Included((namespace.clone(), Arc::from("")));
        self.snapshot
            .secrets
            .range((from, Bound::Unbounded))
            .take_while(move |((of, _), _)| *of == namespace)
            .map(|(_, secret)| secret)
    }

    /// A docker secret by name.
    pub fn secret(self, namespace: &str, name: &str) -> Seen<&'a SecretRecord> {
        match self.snapshot.secrets.get(&(namespace.into(), name.into())) {
            Some(secret) => Seen::Present(secret),
            None if self.snapshot.holds_all(Kind::Secret, namespace) => Seen::Absent,
            None => Seen::Unknown,
        }
    }

    /// The docker config that a build reads if it names the secret for its push, for any type of the secret.
    pub fn push_secret(self, namespace: &str, name: &str) -> Seen<&'a SecretKeys> {
        match self.secret(namespace, name) {
            Seen::Present(secret) => Seen::Present(&secret.push),
            seen @ (Seen::Absent | Seen::Unknown) => {
                let key = (namespace.into(), name.into());
                match (self.snapshot.other_secrets.get(&key), seen) {
                    (Some(keys), _) => Seen::Present(keys),
                    (None, Seen::Absent) => Seen::Absent,
                    (None, _) => Seen::Unknown,
                }
            }
        }
    }

    /// A ServiceAccount by name.
    pub fn account(self, namespace: &str, name: &str) -> Seen<&'a AccountRecord> {
        match self.snapshot.accounts.get(&(namespace.into(), name.into())) {
            Some(account) => Seen::Present(account),
            None if self.snapshot.holds_all(Kind::ServiceAccount, namespace) => Seen::Absent,
            None => Seen::Unknown,
        }
    }

    fn linked_push(self, account: &AccountRecord, image: &str) -> Push {
        let namespace = &account.object.namespace;
        let mut fallback = None;
        let mut doubt = None;
        let links = match self.push_links {
            PushLinks::PullSecrets => &account.pull_secrets,
            PushLinks::Mounts => &account.secrets,
        };
        for name in links {
            let id = secret_id(namespace, name);
            let credential = match self.secret(namespace, name) {
                _ if is_managed(account, name) => Credential::None,
                Seen::Present(secret) => first_of(Consumer::BuildPush, [secret], image),
                Seen::Absent => continue,
                Seen::Unknown => Credential::Unknown(Doubt::Unseen(id.clone())),
            };
            match credential {
                Credential::Found { .. } => return Push::Linked(credential),
                Credential::Unknown(why) => doubt = doubt.or(Some(why)),
                Credential::None | Credential::Broken { .. } => {}
            }
            fallback = fallback.or(Some(id));
        }
        match (doubt, fallback) {
            (Some(doubt), _) => Push::Unknown(doubt),
            (None, Some(secret)) => Push::WrongFallback(secret),
            (None, None) => Push::Nothing,
        }
    }

    /// The credential for an image in the secret that is resolved for another image of a build.
    fn resolved_pull(self, build: &BuildRecord, resolved_for: &str, image: &str) -> Credential {
        let namespace = &build.object.namespace;
        // A Build was given its pull secret at creation, or none existed.
        if build.object.kind == Kind::Build {
            return Credential::None;
        }
        match self.account(namespace, &build.account) {
            Seen::Present(account) => self.mounted_pull(account, resolved_for, image),
            Seen::Absent => Credential::None,
            Seen::Unknown => {
                Credential::Unknown(Doubt::Unseen(account_id(namespace, &build.account)))
            }
        }
    }

    fn mounted_pull(self, account: &AccountRecord, resolved_for: &str, image: &str) -> Credential {
        let namespace = &account.object.namespace;
        let mut doubt = None;
        for name in &account.secrets {
            let resolved = match self.secret(namespace, name) {
                _ if is_managed(account, name) => continue,
                Seen::Absent => continue,
                Seen::Unknown => Credential::Unknown(Doubt::Unseen(secret_id(namespace, name))),
                Seen::Present(secret) => {
                    match first_of(Consumer::BuildPush, [secret], resolved_for) {
                        // It is given to the build, which matches its keys by other rules.
                        Credential::Found { .. } => {
                            let used = first_of(Consumer::BuildPull, [secret], image);
                            return match (doubt, used.is_found()) {
                                (Some(doubt), false) => Credential::Unknown(doubt),
                                (_, _) => used,
                            };
                        }
                        other => other,
                    }
                }
            };
            // An unreadable secret is skipped here.
            if let Credential::Unknown(why) = resolved {
                doubt = doubt.or(Some(why));
            }
        }
        doubt.map_or(Credential::None, Credential::Unknown)
    }

    /// The credential of one secret that a pod mounts and cannot start without.
    fn mounted(self, consumer: Consumer, secret: &ObjectId, image: &str) -> Credential {
        match self.secret(&secret.namespace, &secret.name) {
            Seen::Present(record) => first_of(consumer, [record], image),
            Seen::Absent => Credential::Broken {
                secret: secret.clone(),
                fault: Fault::Missing,
            },
            Seen::Unknown => Credential::Unknown(Doubt::Unseen(secret.clone())),
        }
    }

    /// The credential of the secret that a build names for its push.
    fn mounted_push(self, secret: &ObjectId, image: &str) -> Credential {
        if matches!(self.secret(&secret.namespace, &secret.name), Seen::Present(record) if record.managed)
        {
            return Credential::None;
        }
        match self.push_secret(&secret.namespace, &secret.name) {
            Seen::Present(keys) => first_in(Consumer::BuildPush, secret, keys, image),
            Seen::Absent => Credential::Broken {
                secret: secret.clone(),
                fault: Fault::Missing,
            },
            Seen::Unknown => Credential::Unknown(Doubt::Unseen(secret.clone())),
        }
    }

    /// The first credential of secrets that do not have to exist.
    fn first_named(
        self,
        consumer: Consumer,
        namespace: &str,
        names: &[Arc<str>],
        image: &str,
    ) -> Credential {
        let mut present = Vec::new();
        let mut unseen = None;
        for name in names {
            match self.secret(namespace, name) {
                Seen::Present(secret) => present.push(secret),
                Seen::Absent => {}
                Seen::Unknown => unseen = unseen.or(Some(secret_id(namespace, name))),
            }
        }
        first_of(consumer, present, image).or_else(|| {
            unseen.map_or(Credential::None, |secret| {
                Credential::Unknown(Doubt::Unseen(secret))
            })
        })
    }

    /// The credential of the node, from the global pull secret.
    fn global(self, consumers: &[Consumer], image: &str) -> Credential {
        match &self.snapshot.cluster.pull_secret {
            Known::Unknown => Credential::Unknown(Doubt::GlobalPullSecret),
            Known::Known(None) => Credential::None,
            Known::Known(Some(secret)) => consumers
                .iter()
                .map(|consumer| first_of(*consumer, [secret], image))
                .find(|credential| !matches!(credential, Credential::None))
                // The node works without it.
                .filter(|credential| !matches!(credential, Credential::Broken { .. }))
                .unwrap_or(Credential::None),
        }
    }
}

fn is_shipwright(build: &BuildRecord) -> bool {
    matches!(build.object.kind, Kind::ShipwrightBuild | Kind::BuildRun)
}

fn secret_id(namespace: &str, name: &str) -> ObjectId {
    ObjectId {
        namespace: namespace.into(),
        kind: Kind::Secret,
        name: name.into(),
    }
}

fn account_id(namespace: &str, name: &str) -> ObjectId {
    ObjectId {
        namespace: namespace.into(),
        kind: Kind::ServiceAccount,
        name: name.into(),
    }
}
