//! A decision in steps: the engine is asked, and asked again when what the decision hangs on has been read.
//!
//! How a question is answered is the caller's: by a request of the webhook, of the plugin, or from what a snapshot holds.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::engine::Engine;
use crate::facts::{ClusterFacts, Facts, Known, NamespaceFacts, SecretFact, StreamRead};
use crate::note::Note;
use crate::object::Subject;
use crate::policy::{Labels, PolicySet};
use crate::verdict::{StreamKey, Verdict};

/// How the facts of a namespace came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// They were read for this decision.
    Read,
    /// They are followed by watches, which are a moment behind: a secret or a namespace that was created just before the
    /// object, as by one `kubectl apply` of all of them, may not have arrived. What a warning depends on is read
    /// once before the warning.
    Watched,
}

/// What a decision hangs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// An ImageStream.
    pub stream: Option<StreamKey>,
    /// Secrets of the object's namespace.
    pub secrets: BTreeSet<String>,
    /// Whether it hangs on the labels of the object's namespace.
    pub labels: bool,
}

/// What was read. What could not be read stays as it was.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The ImageStream that was asked for; without it, it counts as [`StreamRead::Failed`].
    pub stream: Option<StreamRead>,
    /// Secrets, by name.
    pub secrets: Vec<(String, Known<Option<SecretFact>>)>,
    /// The labels of the object's namespace.
    pub labels: Known<Labels>,
}

/// How far a decision has come.
#[derive(Clone, Debug)]
pub enum Step<T> {
    /// It is made.
    Decided(T),
    /// It hangs on this.
    Open(Questions),
}

/// One decision, and what is known for it.
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
    /// A decision by these policies and facts.
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

    /// Asks the engine. A verdict that hangs on nothing that has not been asked for goes to `then`. Each thing is asked
    /// for once, so the steps end.
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

    /// Takes in what was read.
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
