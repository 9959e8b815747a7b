//! What would be used if somebody used an image: whoever is given a secret that was named, else whoever
//! names none.

use std::sync::Arc;

use extreg_core::credential::Consumer;
use extreg_snapshot::{
    BuildRecord, SecretKeys, Snapshot, TriggerSource, WorkloadRecord,
    credentials::{Credentials, PulledBy, PushLinks},
    kind::Kind,
    place::{ObjectId, Origin},
};

use super::super::{answer::Use, links::Reads};
use super::{Asked, told::Told, told::word};

/// The account of a build that names none.
const BUILDER: &str = "builder";
/// The account of a pod that names none.
const DEFAULT: &str = "default";

/// The uses that could be, besides those that are.
pub(super) fn uses(
    snapshot: &Snapshot,
    asked: &Asked<'_>,
    namespace: &Arc<str>,
    image: &str,
    actual: &[Use],
) -> Vec<Use> {
    let supposing = Supposing {
        credentials: Credentials::of(snapshot),
        namespace,
        image,
    };
    if !asked.names.is_empty() {
        return supposing.given_secrets(asked);
    }
    let is_there = |consumer| actual.iter().any(|one| one.consumer == word(consumer));
    let mut uses = Vec::new();
    if asked.namespace.is_some() {
        if !is_there(Consumer::BuildPush) {
            uses.push(supposing.push(asked.reads));
        }
        if !is_there(Consumer::BuildPull) {
            uses.push(supposing.build_pull());
        }
        if !is_there(Consumer::Import) {
            uses.push(supposing.import());
        }
        if !is_there(Consumer::Kubelet) {
            uses.push(supposing.run());
        }
    }
    uses.push(supposing.node());
    uses
}

struct Supposing<'a> {
    credentials: Credentials<'a>,
    namespace: &'a Arc<str>,
    image: &'a str,
}

impl Supposing<'_> {
    /// What each consumer would find in each secret that is named. An import takes what it finds among
    /// all of the namespace.
    fn given_secrets(&self, asked: &Asked<'_>) -> Vec<Use> {
        let secrets = self.credentials.secrets(self.namespace);
        let named = secrets.filter(|secret| asked.is_named(&secret.object.name));
        let mut uses = Vec::new();
        for secret in named {
            let SecretKeys::Known(keys) = &secret.keys else {
                continue;
            };
            let by = format!("whoever is given {}", secret.object.name);
            for consumer in Consumer::ALL {
                if consumer == Consumer::Import {
                    continue;
                }
                let found = keys.matching(consumer, self.image).first();
                let told = Told::of_key(consumer, found).in_secret(&secret.object);
                uses.push(told.of(consumer, &by, self.image));
            }
        }
        uses.push(self.import());
        uses
    }

    fn push(&self, reads: Reads) -> Use {
        let build = self.build();
        let push = |links| self.credentials.with_push_links(links).push(&build);
        let told = match reads {
            Reads::Known(links) => Told::of_push(&push(links)),
            Reads::Either => {
                let (new, old) = (push(PushLinks::PullSecrets), push(PushLinks::Mounts));
                if new == old {
                    Told::of_push(&new)
                } else {
                    Told::of_version()
                }
            }
        };
        told.of(
            Consumer::BuildPush,
            "a build as builder that names no push secret",
            self.image,
        )
    }

    fn build_pull(&self) -> Use {
        let credential = self
            .credentials
            .pull(&self.build(), self.image, PulledBy::Field);
        Told::of_credential(&credential).of(
            Consumer::BuildPull,
            "a build as builder that names no pull secret",
            self.image,
        )
    }

    fn import(&self) -> Use {
        let credential = self.credentials.import(self.namespace, self.image);
        Told::of_credential(&credential).of(Consumer::Import, "any ImageStream", self.image)
    }

    fn run(&self) -> Use {
        let pod = WorkloadRecord {
            object: self.object(Kind::Pod),
            origin: Origin::Cluster,
            owner: None,
            account: DEFAULT.into(),
            pull_secrets: Vec::new(),
            replicas: None,
            containers: Vec::new(),
            triggers: Vec::new(),
            unusable_triggers: None,
            trigger_source: TriggerSource::None,
            resolves_names: false,
            waiting: Vec::new(),
            rollout: None,
            run: None,
        };
        Told::of_credential(&self.credentials.run(&pod, self.image)).of(
            Consumer::Kubelet,
            "a pod as default that names no pull secret",
            self.image,
        )
    }

    /// What a node has by itself matters only where nothing else is found.
    fn node(&self) -> Use {
        Told::of_credential(&self.credentials.node(self.image))
            .aside()
            .of(
                Consumer::ContainersImage,
                "the nodes by themselves",
                self.image,
            )
    }

    fn build(&self) -> BuildRecord {
        BuildRecord {
            object: self.object(Kind::BuildConfig),
            origin: Origin::Cluster,
            config: None,
            account: BUILDER.into(),
            pushes_to: self.image.into(),
            writes: None,
            push_secret: Arc::default(),
            has_push_secret: false,
            pull_secrets: Vec::new(),
            has_image_trigger: false,
            phase: None,
            progress: None,
        }
    }

    fn object(&self, kind: Kind) -> ObjectId {
        ObjectId {
            namespace: self.namespace.clone(),
            kind,
            name: Arc::default(),
        }
    }
}
