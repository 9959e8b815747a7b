//! EXR010.

use crate::finding::Finding;
use crate::snapshot::Snapshot;

pub(super) fn check(_snapshot: &Snapshot, _findings: &mut Vec<Finding>) {}
