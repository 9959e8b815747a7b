//! How a suggested command reaches its cluster.

use std::sync::Arc;

use crate::Caller;

/// The program that the user typed, and the flags that selected the cluster and the user. Suggested commands repeat
/// the flags; otherwise they would use the current context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The program.
    pub caller: Caller,
    /// Flags such as `--context=prod`; no token.
    pub connection: Arc<[String]>,
}

impl From<Caller> for Invocation {
    /// Without flags.
    fn from(caller: Caller) -> Self {
        Self {
            caller,
            connection: Arc::default(),
        }
    }
}
