//! The annotations of objects.

use std::sync::Arc;

use extreg_snapshot::place::ObjectId;

use super::ANNOTATION;
use super::notices::Notices;
use super::waiver::Waiver;
use crate::check::CheckId;
use crate::exceptions::{Statement, statements};
use crate::finding::Finding;
use crate::report::Section;

/// A statement of an annotation.
pub(super) struct Claim {
    pub(super) object: ObjectId,
    /// The container or tag that it applies to; none for the whole object.
    part: Option<Arc<str>>,
    pub(super) check: CheckId,
    pub(super) waiver: Waiver,
}

impl Claim {
    fn new(prefix: &str, object: &ObjectId, part: Option<Arc<str>>, said: Statement) -> Self {
        let of = match &part {
            Some(name) => format!(" of {name}"),
            None => String::new(),
        };
        let label = format!("{prefix}: annotation for {}{of}", said.check);
        Self {
            object: object.clone(),
            part,
            check: said.check,
            waiver: Waiver::new(label, ANNOTATION.to_owned(), said.term),
        }
    }

    /// Whether it applies to a finding about its object.
    pub(super) fn covers(&self, finding: &Finding) -> bool {
        let part = self.part.as_ref();
        self.check == finding.check && part.is_none_or(|part| *part == finding.place.part)
    }
}

/// The annotations of a section; invalid ones are added to the notices. `source` is the
/// section's name if it is needed to identify objects.
pub(super) fn read(section: &Section, source: &str, notices: &mut Notices) -> Vec<Claim> {
    let mut claims = Vec::new();
    for (object, annotations) in &section.annotations {
        let prefix = match source {
            "" => object.to_string(),
            source => format!("{source}: {object}"),
        };
        for annotation in annotations {
            for said in statements(&annotation.value) {
                match said {
                    Ok(said) => {
                        claims.push(Claim::new(&prefix, object, annotation.part.clone(), said));
                    }
                    Err(error) if !section.owners.contains_key(object) => notices.note(format!(
                        "{prefix}: annotation {} suppresses nothing: {error}",
                        annotation.key
                    )),
                    Err(_) => {}
                }
            }
        }
    }
    claims
}
