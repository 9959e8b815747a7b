//! Unreadable resources, as gaps of a report.

use extreg_snapshot::{
    coverage::{Gap, GapReason, GapSubject},
    read::Reader,
};

use super::list::List;
use crate::ClusterError;

/// A list could not be read.
pub(super) fn list_gap(reader: &mut Reader, list: &List, why: GapReason, message: String) {
    let what = GapSubject::List {
        kind: list.kind,
        namespace: list.namespace.as_str().into(),
    };
    reader
        .coverage_mut()
        .gaps
        .insert(Gap { what, why, message });
}

/// Something else could not be read.
pub(super) fn gap(reader: &mut Reader, what: GapSubject, error: &ClusterError) {
    reader.coverage_mut().gaps.insert(Gap {
        what,
        why: reason(error),
        message: message(error),
    });
}

/// The message of a gap besides its reason: the server's text, if it adds information.
pub(super) fn message(error: &ClusterError) -> String {
    match error {
        ClusterError::Api { code: 403, .. } => String::new(),
        ClusterError::Api { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

fn reason(error: &ClusterError) -> GapReason {
    if error.is_forbidden() {
        GapReason::Forbidden
    } else {
        GapReason::Failed
    }
}
