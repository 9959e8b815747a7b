//! What of an installation a cluster has, for the commands below.

pub(super) use crate::installed::{Installed, Target, policy_set, spec};
