//! The reviews to send: UPDATEs of a BuildConfig of about 7 KB, as kube-apiserver writes them.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use extreg_core::policy::Mode;
use extreg_webhook::facts::FactStore;
use extreg_webhook::metrics::Metrics;
use extreg_webhook::review::EngineReviewer;
use extreg_webhook::reviewer::{Review, Reviewer as _};
use extreg_webhook::wire::Request;
use futures::FutureExt as _;

/// A review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sample {
    /// The output goes to another tag of Docker Hub: the push secret is injected.
    Mutated,
    /// A label is new, as in most updates: nothing is injected.
    Untouched,
}

impl Sample {
    /// The body of the request.
    pub(crate) fn body(self) -> &'static [u8] {
        let text = match self {
            Self::Mutated => include_str!("../data/mutated.json"),
            Self::Untouched => include_str!("../data/untouched.json"),
        };
        text.trim_end().as_bytes()
    }
}

/// The product's reviewer with the built-in policy, as without a cluster.
pub(crate) fn engine() -> EngineReviewer {
    let facts = FactStore::new(None, Mode::Enforce, Metrics::new()).assuming();
    facts.set_no_policy_kind();
    EngineReviewer::new(Arc::new(facts), None)
}

/// The product's decision about a body.
pub(crate) fn decide(engine: &EngineReviewer, request: &Request<'_>) -> Result<Review> {
    engine
        .review(request.clone())
        .now_or_never()
        .context("the decision needs a fact that only a cluster has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_review_is_mutated_and_the_other_is_not() {
        for (sample, patch) in [
            (
                Sample::Mutated,
                Some(
                    r#"[{"op":"add","path":"/spec/output/pushSecret","value":{"name":"dockerhub"}}]"#,
                ),
            ),
            (Sample::Untouched, None),
        ] {
            let body = sample.body();
            assert!((7_000..7_500).contains(&body.len()), "{}", body.len());
            let request = Request::parse(body).unwrap();
            let review = decide(&engine(), &request).unwrap();
            let found = review.patch.map(|json| String::from_utf8(json).unwrap());
            assert_eq!(found.as_deref(), patch, "{sample:?}");
        }
    }
}
