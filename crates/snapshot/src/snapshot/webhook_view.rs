//! What the webhook would do to what was read, in its own words.

use std::sync::Arc;

use crate::place::Place;

/// A place that a rule of the webhook looks at, and what it decides: the engine's own answer for the
/// object as if it were created now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// Where.
    pub place: Place,
    /// The image.
    pub image: Arc<str>,
    /// The policy that governs it, if one does.
    pub policy: Option<Arc<str>>,
    /// What it decides.
    pub outcome: InjectionOutcome,
    /// The decision in the engine's words: `left alone: it is opted out`.
    pub words: Arc<str>,
    /// The warnings that come with it, in the engine's words.
    pub warnings: Vec<String>,
}

/// What the webhook decides about a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InjectionOutcome {
    /// It would set the field.
    Sets,
    /// It would if its policy were enforced.
    WouldSet,
    /// It leaves it alone, for this reason.
    Keeps(extreg_core::verdict::Reason),
}

/// Somebody opted out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OptOut {
    /// Of what: a namespace, an object, or a tag of one.
    pub place: Place,
    /// By what: `label extreg.io/ignore` or `annotation extreg.io/scheduled`.
    pub by: &'static str,
}
