//! One finding: what, where, why here, and what fixes it.

use std::fmt;

use extreg_remedy::{Invocation, Outcome, Remedy, Rendered};
use extreg_snapshot::place::{ImageName, Place};

use crate::check::{CheckId, Severity};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it.
    pub check: CheckId,
    /// The kind of finding, a stable word such as `not-allowed`: one check can have several
    /// kinds.
    pub rule: &'static str,
    /// The severity: the check's own, unless this case differs.
    pub severity: Severity,
    /// Whether the check failed or is inconclusive.
    pub outcome: Outcome,
    /// Where.
    pub place: Place,
    /// The image, if the finding is about one.
    pub image: Option<ImageName>,
    /// The finding in one sentence without a full stop.
    pub message: String,
    /// Why it matters here, in one or two sentences.
    pub why: String,
    /// What fixes it.
    pub fix: Remedy,
    /// How its commands are written.
    pub invocation: Invocation,
    /// The exception that applies, if any.
    pub suppression: Option<Suppression>,
    /// The state in the baseline, if one is given.
    pub baseline: Option<BaselineState>,
}

/// The start of a reason that only gives the cause of an inconclusive result.
const INCONCLUSIVE: &str = "Inconclusive: ";

/// [`Finding::why`] of a result that is inconclusive for this cause.
pub(crate) fn inconclusive(cause: impl fmt::Display) -> String {
    format!("{INCONCLUSIVE}{cause}")
}

/// An exception that applies to a finding.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Suppression {
    /// Where it is written: `exceptions.yaml:12`, or `annotation`.
    pub by: String,
    /// The reason.
    pub reason: String,
    /// The expiry date, `YYYY-MM-DD`.
    pub expires: String,
}

/// A finding compared to the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BaselineState {
    /// The baseline does not have it.
    New,
    /// The baseline has it.
    Unchanged,
}

impl Finding {
    /// Identifies the finding over time, in 16 hexadecimal digits: check, rule, kind with its group,
    /// namespace, name, part, registry and repository. Not the tag, file or line. Not
    /// the suffix of a pod either, as a finding is about the object that created the pod; a pod
    /// without an owner keeps its name.
    pub fn fingerprint(&self) -> String {
        let object = &self.place.object;
        let (registry, repository) = match &self.image {
            Some(image) => (&*image.registry, &*image.repository),
            None => ("", ""),
        };
        let parts = [
            self.check.as_str(),
            self.rule,
            &object.kind.api().resource(),
            &object.namespace,
            &object.name,
            &self.place.part,
            registry,
            repository,
        ];
        let mut hash = Fnv::default();
        for part in parts {
            hash.add(part.as_bytes());
            hash.add(&[0]);
        }
        format!("{:016x}", hash.0)
    }

    /// The cause of an inconclusive result, if the reason gives only that.
    pub fn cause(&self) -> Option<&str> {
        self.why.strip_prefix(INCONCLUSIVE)
    }

    /// The fix, in one line.
    pub fn fix_text(&self) -> String {
        self.fix.text(&self.invocation)
    }

    /// The fix, in the fields that programs read.
    pub fn rendered_fix(&self) -> Rendered {
        self.fix.rendered(&self.invocation)
    }

    /// Whether it counts: it failed and no exception applies.
    pub const fn is_open(&self) -> bool {
        matches!(self.outcome, Outcome::Fail) && self.suppression.is_none()
    }
}

/// FNV-1a of 64 bits: stable over versions, which no hasher of the standard library
/// promises.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors of the FNV authors.
    #[test]
    fn fnv_is_fnv() {
        for (text, want) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            let mut hash = Fnv::default();
            hash.add(text.as_bytes());
            assert_eq!(hash.0, want, "{text}");
        }
    }
}
