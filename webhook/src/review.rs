//! Reviews decided by the engine, on the facts that are in memory.

mod limit;

use std::borrow::Cow;
use std::future::ready;
use std::sync::Arc;

use extreg_core::decide::{Answers, Freshness, Inquiry, Questions, Step};
use extreg_core::facts::{Known, SecretFact, StreamRead};
use extreg_core::object::{self, PROOF_LABEL, Subject};
use extreg_core::policy::Labels;
use extreg_core::verdict::{Decision, Outcome, Reason, StreamKey, Verdict};
use futures::FutureExt as _;
use futures::future::{BoxFuture, OptionFuture, join_all, join3};
use serde_json::value::RawValue;

use crate::facts::FactStore;
use crate::metrics::RequestEnd;
use crate::review::limit::Limited;
use crate::reviewer::{NotReady, Review, Reviewer};
use crate::wire::Request;

/// Reads single objects that a decision depends on, each with a time limit.
pub trait Lookup: Send + Sync + 'static {
    /// An ImageStream. Never [`StreamRead::NotRead`].
    fn stream<'a>(&'a self, key: &'a StreamKey) -> BoxFuture<'a, StreamRead>;

    /// A secret that a policy names and that is cached as missing or unusable.
    fn secret<'a>(
        &'a self,
        _namespace: &'a str,
        _name: &'a str,
    ) -> BoxFuture<'a, Known<Option<SecretFact>>> {
        ready(Known::Unknown).boxed()
    }

    /// The labels of a namespace that is not cached.
    fn labels<'a>(&'a self, _namespace: &'a str) -> BoxFuture<'a, Known<Labels>> {
        ready(Known::Unknown).boxed()
    }
}

/// Reviews objects with the engine.
pub struct EngineReviewer {
    facts: Arc<FactStore>,
    lookup: Option<Limited>,
}

impl EngineReviewer {
    /// Without `lookup`, an ImageStream that a decision depends on counts as unreadable, and cached
    /// secrets and namespaces are used without another read.
    pub fn new(facts: Arc<FactStore>, lookup: Option<Box<dyn Lookup>>) -> Self {
        let lookup = lookup.map(|lookup| Limited::new(lookup, Arc::clone(&facts)));
        Self { facts, lookup }
    }

    async fn decide(&self, subject: &Subject<'_>) -> Review {
        let policies = self.facts.policies();
        let cluster = self.facts.cluster();
        let namespace = Cow::Owned(self.facts.namespace(&subject.namespace));
        let mut inquiry = Inquiry::new(&policies.set, &cluster, namespace, Freshness::Watched);
        loop {
            match inquiry.step(subject, review_of) {
                Step::Decided(review) => return review,
                Step::Open(questions) => {
                    inquiry.answer(self.read(questions, &subject.namespace).await);
                }
            }
        }
    }

    /// Reads everything at the same time.
    async fn read(&self, questions: Questions, namespace: &str) -> Answers {
        let Some(lookup) = &self.lookup else {
            return Answers::default();
        };
        let stream = OptionFuture::from(questions.stream.as_ref().map(|key| lookup.stream(key)));
        let labels = OptionFuture::from(questions.labels.then(|| lookup.labels(namespace)));
        let secrets = questions.secrets.into_iter().map(async |name| {
            let secret = lookup.secret(namespace, &name).await;
            (name, secret)
        });
        let (stream, labels, secrets) = join3(stream, labels, join_all(secrets)).await;
        Answers {
            stream,
            secrets,
            labels: labels.unwrap_or_default(),
        }
    }
}

impl Reviewer for EngineReviewer {
    async fn review(&self, request: Request<'_>) -> Review {
        let dry_run = request.dry_run;
        let Some(request) = engine_request(&request) else {
            return Review::default();
        };
        let Ok(subject) = Subject::of_request(&request) else {
            // The API server validates after us, and its message is the better one.
            return Review {
                skipped: vec![Reason::Unreadable],
                ..Review::default()
            };
        };
        let proof = if dry_run { proof(&subject) } else { None };
        let mut review = self.decide(&subject).await;
        if let Some(proof) = proof {
            let cap = format!("extreg: mode cap {:?}", self.facts.cap()).to_lowercase();
            review.warnings.splice(0..0, [proof, cap]);
        }
        review
    }

    fn ready(&self) -> Result<(), NotReady> {
        if self.facts.is_synced() {
            Ok(())
        } else {
            Err(NotReady("not known yet"))
        }
    }
}

/// The part of a request that the engine decides about; none if nothing in it can be ours.
fn engine_request<'a>(request: &'a Request<'_>) -> Option<object::Request<'a>> {
    if !request.sub_resource.is_empty() {
        return None;
    }
    Some(object::Request {
        resource: object::Resource::of_request(
            &request.resource.group,
            &request.resource.resource,
        )?,
        operation: request.operation?,
        namespace: &request.namespace,
        name: &request.name,
        user: &request.user_info.username,
        object: request.object.map(RawValue::get)?,
        old_object: request.old_object.map(RawValue::get),
    })
}

/// The answer to a user who wants to see that this webhook is called, whatever the policies are.
/// A label's value is a word of at most 63 characters; anything else does not get past validation.
fn proof(subject: &Subject<'_>) -> Option<String> {
    let word = subject.body.metadata().labels.get(PROOF_LABEL)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_word = !word.is_empty() && word.len() <= 63 && word.chars().all(plain);
    is_word.then(|| format!("extreg: proof {word}"))
}

fn review_of(verdict: &Verdict<'_>) -> Review {
    Review {
        end: match verdict.outcome() {
            Outcome::Changed => RequestEnd::Patch,
            Outcome::Warned | Outcome::Audited => RequestEnd::WouldPatch,
            Outcome::Untouched => RequestEnd::Unchanged,
        },
        patch: verdict
            .patch()
            .map(|plan| plan.as_json().as_bytes().to_vec()),
        warnings: verdict.warnings(),
        audit: verdict.audit_annotations(),
        rules: verdict.edits().map(|edit| edit.field.rule()).collect(),
        skipped: verdict
            .sites
            .iter()
            .filter_map(|site| match site.decision {
                Decision::Keep(reason) => Some(reason),
                Decision::Edit(..) => None,
            })
            .collect(),
    }
}
