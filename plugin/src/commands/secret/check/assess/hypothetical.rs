//! Hypothetical uses of an image: by objects that are given a named secret, else by objects that
//! name none.

use std::sync::Arc;

use extreg_core::credential::Consumer;
use extreg_snapshot::{
    BuildRecord, SecretKeys, Snapshot, WorkloadRecord,
    credentials::{Credentials, PulledBy, PushLinks},
    kind::Kind,
    place::ObjectId,
};

use super::super::{answer::Use, links::Reads};
use super::{Query, evaluation::Evaluation, evaluation::word};

/// The hypothetical uses, besides the existing ones.
pub(super) fn uses(
    snapshot: &Snapshot,
    query: &Query<'_>,
    namespace: &Arc<str>,
    image: &str,
    actual: &[Use],
) -> Vec<Use> {
    let hypothetical = Hypothetical {
        credentials: Credentials::of(snapshot),
        namespace,
        image,
    };
    if !query.names.is_empty() {
        return hypothetical.given_secrets(query);
    }
    let is_there = |consumer| actual.iter().any(|one| one.consumer == word(consumer));
    let mut uses = Vec::new();
    if query.namespace.is_some() {
        if !is_there(Consumer::BuildPush) {
            uses.push(hypothetical.push(query.reads));
        }
        if !is_there(Consumer::BuildPull) {
            uses.push(hypothetical.build_pull());
        }
        if !is_there(Consumer::Import) {
            uses.push(hypothetical.import());
        }
        if !is_there(Consumer::Kubelet) {
            uses.push(hypothetical.run());
        }
    }
    uses.push(hypothetical.node());
    uses
}

struct Hypothetical<'a> {
    credentials: Credentials<'a>,
    namespace: &'a Arc<str>,
    image: &'a str,
}

impl Hypothetical<'_> {
    /// What each consumer finds in each named secret. An import searches all secrets
    /// of the namespace.
    fn given_secrets(&self, query: &Query<'_>) -> Vec<Use> {
        let secrets = self.credentials.secrets(self.namespace);
        let named = secrets.filter(|secret| query.is_named(&secret.object.name));
        let mut uses = Vec::new();
        for secret in named {
            let SecretKeys::Known(keys) = &secret.keys else {
                continue;
            };
            let by = format!("users of {}", secret.object.name);
            for consumer in Consumer::ALL {
                if consumer == Consumer::Import {
                    continue;
                }
                let found = keys.matching(consumer, self.image).first();
                let evaluation = Evaluation::of_key(consumer, found).in_secret(&secret.object);
                uses.push(evaluation.of(consumer, &by, self.image));
            }
        }
        uses.push(self.import());
        uses
    }

    fn push(&self, reads: Reads) -> Use {
        let build = self.build();
        let push = |links| self.credentials.with_push_links(links).push(&build);
        let evaluation = match reads {
            Reads::Known(links) => Evaluation::of_push(&push(links)),
            Reads::Either => {
                let (new, old) = (push(PushLinks::PullSecrets), push(PushLinks::Mounts));
                if new == old {
                    Evaluation::of_push(&new)
                } else {
                    Evaluation::of_version()
                }
            }
        };
        evaluation.of(
            Consumer::BuildPush,
            "a build as builder that names no push secret",
            self.image,
        )
    }

    fn build_pull(&self) -> Use {
        let credential = self
            .credentials
            .pull(&self.build(), self.image, PulledBy::Field);
        Evaluation::of_credential(&credential).of(
            Consumer::BuildPull,
            "a build as builder that names no pull secret",
            self.image,
        )
    }

    fn import(&self) -> Use {
        let credential = self.credentials.import(self.namespace, self.image);
        Evaluation::of_credential(&credential).of(Consumer::Import, "any ImageStream", self.image)
    }

    fn run(&self) -> Use {
        let pod = WorkloadRecord::new(self.object(Kind::Pod));
        Evaluation::of_credential(&self.credentials.run(&pod, self.image)).of(
            Consumer::Kubelet,
            "a pod as default that names no pull secret",
            self.image,
        )
    }

    /// A node's own credential matters only if nothing else is found.
    fn node(&self) -> Use {
        Evaluation::of_credential(&self.credentials.node(self.image))
            .aside()
            .of(
                Consumer::ContainersImage,
                "the nodes' own credential",
                self.image,
            )
    }

    fn build(&self) -> BuildRecord {
        BuildRecord {
            pushes_to: self.image.into(),
            ..BuildRecord::new(self.object(Kind::BuildConfig))
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
