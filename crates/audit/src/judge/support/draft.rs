//! Findings, from the fields that differ.

use extreg_core::facts::Known;
use extreg_remedy::{Invocation, Outcome, Remedy};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ObjectId, Origin, Place};
use extreg_snapshot::{ImageUse, Snapshot};

use crate::check::{CheckId, Severity};
use crate::finding::Finding;

/// The fields of a finding that differ.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) check: CheckId,
    /// The kind of finding of the check.
    pub(crate) rule: &'static str,
    pub(crate) message: String,
    pub(crate) why: String,
    pub(crate) fix: Remedy,
}

impl Draft {
    /// A failed finding at a place, without an image.
    pub(crate) fn at(self, place: Place) -> Finding {
        Finding {
            check: self.check,
            rule: self.rule,
            severity: self.check.severity(),
            outcome: Outcome::Fail,
            place,
            image: None,
            message: self.message,
            why: self.why,
            fix: self.fix,
            invocation: Invocation::default(),
            suppression: None,
            baseline: None,
        }
    }

    /// A failed finding about a field that names an image.
    pub(crate) fn of(self, used: &ImageUse) -> Finding {
        Finding {
            image: Some(used.image.clone()),
            ..self.at(used.place.clone())
        }
    }
}

impl Finding {
    /// The same, but inconclusive.
    pub(crate) fn unknown(self) -> Self {
        Self {
            outcome: Outcome::Unknown,
            ..self
        }
    }

    /// The same with this severity.
    pub(crate) fn with_severity(self, severity: Severity) -> Self {
        Self { severity, ..self }
    }
}

/// A place in `image.config.openshift.io/cluster`, whether or not it could be read.
pub(crate) fn configuration(snapshot: &Snapshot, part: &str, field: &str) -> Place {
    let origin = match &snapshot.cluster.registries {
        Known::Known(Some(sources)) => sources.origin.clone(),
        Known::Known(None) | Known::Unknown => Origin::Cluster,
    };
    Place {
        object: ObjectId {
            namespace: "".into(),
            kind: Kind::ImageConfig,
            name: "cluster".into(),
        },
        part: part.into(),
        field: field.into(),
        origin,
    }
}

/// All objects of a kind: the place of an inconclusive finding if none of them could be read.
pub(crate) fn whole(kind: Kind) -> Place {
    Place {
        object: ObjectId {
            namespace: "".into(),
            kind,
            name: "*".into(),
        },
        part: "".into(),
        field: "".into(),
        origin: Origin::Cluster,
    }
}
