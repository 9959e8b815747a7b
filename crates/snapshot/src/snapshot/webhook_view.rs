//! The webhook's decisions on the objects read, with the engine's own text.

use std::sync::Arc;

use crate::place::Place;

/// A place that a rule of the webhook decides, and the decision: the engine's own answer for the
/// object as if it were created now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Injection {
    /// The place.
    pub place: Place,
    /// The image.
    pub image: Arc<str>,
    /// The policy that applies to it, if any.
    pub policy: Option<Arc<str>>,
    /// The decision.
    pub outcome: InjectionOutcome,
    /// The decision as text: `unchanged: opted out`.
    pub words: Arc<str>,
    /// Its warnings, as text.
    pub warnings: Vec<String>,
}

/// The webhook's decision on a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InjectionOutcome {
    /// It would set the field.
    Sets,
    /// It would if its policy were enforced.
    WouldSet,
    /// It is unchanged, for this reason.
    Keeps(extreg_core::verdict::Reason),
}

/// An opt-out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OptOut {
    /// The opted-out part: a namespace, an object, or a tag of one.
    pub place: Place,
    /// The label or annotation: `label extreg.io/ignore` or `annotation extreg.io/scheduled`.
    pub by: &'static str,
}
