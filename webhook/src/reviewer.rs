//! The interface between the server and the reviewer: one call for each review.

use std::fmt;
use std::future::Future;

use extreg_core::rule::RuleId;
use extreg_core::verdict::Reason;

use crate::metrics::RequestEnd;
use crate::wire::{Audit, Request};

/// Decides about reviews. The server calls it for each request that is one, from many tasks.
pub trait Reviewer: Send + Sync + 'static {
    /// Decides about one request. It may wait for a fact; the server ends it at the deadline and
    /// then allows the object unchanged. Reviews with `dry_run` have to leave no trace.
    fn review(&self, request: Request<'_>) -> impl Future<Output = Review> + Send;

    /// Whether it knows what it needs to decide; the answer is part of `/readyz`.
    fn ready(&self) -> Result<(), NotReady> {
        Ok(())
    }
}

/// What to answer to one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// How the request ends, for log and metrics.
    pub end: RequestEnd,
    /// A JSON Patch as JSON; none leaves the object as it is.
    pub patch: Option<Vec<u8>>,
    /// Warnings for the user, each a line of at most 120 characters.
    pub warnings: Vec<String>,
    /// Audit annotations.
    pub audit: Vec<Audit>,
    /// The rule of each field that the patch sets.
    pub rules: Vec<RuleId>,
    /// Why fields with an image are unchanged.
    pub skipped: Vec<Reason>,
}

/// What is still missing before the server is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotReady(pub &'static str);

impl fmt::Display for NotReady {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}
