//! EXR014.

use crate::finding::Finding;
use crate::snapshot::Snapshot;

pub(super) fn check(_snapshot: &Snapshot, _now: i64, _findings: &mut Vec<Finding>) {}
