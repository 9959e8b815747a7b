//! What a verdict hangs on that memory cannot settle.
//!
//! Watches are a moment behind: a secret or a namespace that was made just before the object, as by
//! one `kubectl apply` of all of them, may not have arrived. A warning of a secret that exists would be
//! wrong, so what would be warned of is read once before the warning; so is what is not in memory.

use std::collections::BTreeSet;
use std::sync::Arc;

use extreg_core::facts::{Known, NamespaceFacts, StreamRead};
use extreg_core::note::Note;
use extreg_core::object::Subject;
use extreg_core::verdict::{StreamKey, Verdict};
use futures::future::{join, join_all};

use super::limit::Limited;

/// What would have to be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Doubts {
    stream: Option<StreamKey>,
    secrets: BTreeSet<String>,
    labels: bool,
}

impl Doubts {
    /// What a verdict hangs on.
    pub(super) fn of(verdict: &Verdict<'_>) -> Self {
        let mut doubts = Self {
            stream: verdict.needs_stream.clone(),
            ..Self::default()
        };
        for note in verdict.sites.iter().flat_map(|site| &site.notes) {
            match note {
                Note::LeftToAccount { secret, .. }
                | Note::PushSecret { secret, .. }
                | Note::PullSecret { secret, .. }
                | Note::SecretUnknown { secret }
                    if !doubts.secrets.contains(*secret) =>
                {
                    doubts.secrets.insert((*secret).to_owned());
                }
                Note::NamespaceUnknown { .. } => doubts.labels = true,
                _ => {}
            }
        }
        doubts
    }

    /// Drops what has been asked before: each thing is asked once, so this ends.
    pub(super) fn forget(&mut self, asked: &Self) {
        if asked.stream.is_some() {
            self.stream = None;
        }
        self.secrets
            .retain(|secret| !asked.secrets.contains(secret));
        self.labels &= !asked.labels;
    }

    /// Adds what has now been asked.
    pub(super) fn remember(&mut self, asked: Self) {
        self.stream = self.stream.take().or(asked.stream);
        self.secrets.extend(asked.secrets);
        self.labels |= asked.labels;
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Reads everything at the same time, into `facts`; answers the stream if it was in doubt.
    /// What cannot be read stays as it was.
    pub(super) async fn settle(
        &self,
        lookup: Option<&Limited>,
        facts: &mut NamespaceFacts,
        subject: &Subject<'_>,
    ) -> Option<StreamRead> {
        let Some(lookup) = lookup else {
            return self.stream.as_ref().map(|_| StreamRead::Failed);
        };
        let namespace = subject.namespace.as_str();
        let stream = async {
            match &self.stream {
                Some(key) => Some(lookup.stream(key).await),
                None => None,
            }
        };
        let labels = async {
            if self.labels {
                lookup.labels(namespace).await
            } else {
                Known::Unknown
            }
        };
        let secrets = self.secrets.iter().map(async |name| {
            let secret = lookup.secret(namespace, name).await;
            (name, secret)
        });
        let ((stream, labels), secrets) = join(join(stream, labels), join_all(secrets)).await;
        if let Known::Known(labels) = labels {
            facts.labels = Known::Known(Arc::new(labels));
        }
        for (name, secret) in secrets {
            if let Known::Known(secret) = secret {
                let secret = Known::Known(secret.map(Arc::new));
                facts.secrets.insert(name.clone(), secret);
            }
        }
        stream
    }
}
