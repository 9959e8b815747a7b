//! A decision in steps: evaluates, lets the caller read missing facts, and evaluates again.
//!
//! The caller reads the facts: the webhook and the plugin with requests, the audit from a snapshot.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::Engine;
use crate::facts::{ClusterFacts, Facts, Known, NamespaceFacts, SecretFact, StreamRead};
use crate::note::Note;
use crate::object::Subject;
use crate::policy::{Labels, PolicySet};
use crate::verdict::{Decision, Reason, StreamKey, Verdict};

/// The source of the facts of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// They were read for this decision.
    Read,
    /// They come from watches, which are slightly behind: a secret or a namespace that one `kubectl apply` creates
    /// just before the object can still be missing. Facts for a warning are read once before the warning.
    Watched,
}

/// The facts that a decision depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// An ImageStream.
    pub stream: Option<StreamKey>,
    /// Secrets of the object's namespace.
    pub secrets: BTreeSet<String>,
    /// Whether the decision depends on the labels of the object's namespace.
    pub labels: bool,
}

/// The facts that were read. Unread facts are unchanged.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The requested ImageStream; if missing, it counts as [`StreamRead::Failed`].
    pub stream: Option<StreamRead>,
    /// Secrets, by name.
    pub secrets: Vec<(String, Known<Option<SecretFact>>)>,
    /// The labels of the object's namespace.
    pub labels: Known<Labels>,
}

/// The state of a decision.
#[derive(Clone, Debug)]
pub enum Step<T> {
    /// The decision.
    Decided(T),
    /// The decision depends on these facts.
    Open(Questions),
}

/// One decision, and its facts.
#[derive(Clone, Debug)]
pub struct Inquiry<'f> {
    policies: &'f PolicySet,
    cluster: &'f ClusterFacts,
    namespace: Cow<'f, NamespaceFacts>,
    stream: StreamRead,
    freshness: Freshness,
    asked: Questions,
}

impl<'f> Inquiry<'f> {
    /// A decision with these policies and facts.
    pub fn new(
        policies: &'f PolicySet,
        cluster: &'f ClusterFacts,
        namespace: Cow<'f, NamespaceFacts>,
        freshness: Freshness,
    ) -> Self {
        Self {
            policies,
            cluster,
            namespace,
            stream: StreamRead::NotRead,
            freshness,
            asked: Questions::default(),
        }
    }

    /// Evaluates the object. Passes the verdict to `then` if it depends on no unread fact. Each fact is requested
    /// once, so the steps end.
    pub fn step<T>(
        &mut self,
        subject: &Subject<'_>,
        then: impl FnOnce(&Verdict<'_>) -> T,
    ) -> Step<T> {
        let facts = Facts {
            policies: self.policies,
            cluster: self.cluster,
            namespace: &self.namespace,
            stream: self.stream.clone(),
        };
        let verdict = Engine.evaluate(subject, &facts);
        let questions = Questions::of(&verdict, self.freshness).without(&self.asked);
        if questions == Questions::default() {
            return Step::Decided(then(&verdict));
        }
        drop(verdict);
        self.asked.add(&questions);
        if questions.stream.is_some() {
            self.stream = StreamRead::Failed;
        }
        Step::Open(questions)
    }

    /// Adds the facts that were read.
    pub fn answer(&mut self, answers: Answers) {
        if let Some(stream) = answers.stream {
            self.stream = stream;
        }
        if let Known::Known(labels) = answers.labels {
            self.namespace.to_mut().labels = Known::Known(Arc::new(labels));
        }
        for (name, secret) in answers.secrets {
            if let Known::Known(secret) = secret {
                let secret = Known::Known(secret.map(Arc::new));
                self.namespace.to_mut().secrets.insert(name, secret);
            }
        }
    }

    /// Takes all steps, for a caller that need not wait for an answer.
    pub fn decide<T>(
        mut self,
        subject: &Subject<'_>,
        mut then: impl FnMut(&Verdict<'_>) -> T,
        mut look_up: impl FnMut(Questions) -> Answers,
    ) -> T {
        loop {
            match self.step(subject, &mut then) {
                Step::Decided(decided) => return decided,
                Step::Open(questions) => self.answer(look_up(questions)),
            }
        }
    }
}

impl Questions {
    fn of(verdict: &Verdict<'_>, freshness: Freshness) -> Self {
        let mut questions = Self {
            stream: verdict.needs_stream.clone(),
            ..Self::default()
        };
        if freshness == Freshness::Read {
            return questions;
        }
        let unknown = Decision::Keep(Reason::NamespaceUnknown);
        questions.labels = verdict.sites.iter().any(|site| site.decision == unknown);
        for note in verdict.sites.iter().flat_map(|site| &site.notes) {
            match note {
                Note::LeftToAccount { secret, .. }
                | Note::PushSecret { secret, .. }
                | Note::PullSecret { secret, .. }
                | Note::SecretUnknown { secret }
                    if !questions.secrets.contains(*secret) =>
                {
                    questions.secrets.insert((*secret).to_owned());
                }
                Note::NamespaceUnknown { .. } => questions.labels = true,
                _ => {}
            }
        }
        questions
    }

    fn without(mut self, asked: &Self) -> Self {
        if asked.stream.is_some() {
            self.stream = None;
        }
        self.secrets
            .retain(|secret| !asked.secrets.contains(secret));
        self.labels &= !asked.labels;
        self
    }

    fn add(&mut self, other: &Self) {
        self.stream = self.stream.take().or_else(|| other.stream.clone());
        self.secrets.extend(other.secrets.iter().cloned());
        self.labels |= other.labels;
    }
}
