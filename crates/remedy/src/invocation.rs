//! How a suggested command reaches the cluster that it is for.

use std::sync::Arc;

use crate::Caller;

/// The program that the user typed, and the flags that chose the cluster and the user: a suggested command repeats them, as without
/// them it would go to whatever the current context is.
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
