//! An object beside its desired state.

use extreg_cluster::Object;
use serde_json::Value;

use crate::error::Error;

/// An object, before and after.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// `NAMESPACE/kind.group/name`.
    pub(crate) name: String,
    /// `None` if it does not exist.
    pub(crate) live: Option<Value>,
    /// `None` if it is to be deleted.
    pub(crate) desired: Option<Value>,
}

impl Difference {
    /// For an object of a known kind.
    pub(crate) fn new(live: Option<Object>, desired: Object) -> Self {
        let reference = desired.reference();
        let name = if reference.namespace.is_empty() {
            reference.to_string()
        } else {
            format!("{}/{reference}", reference.namespace)
        };
        Self {
            name,
            live: live.map(|live| live.body),
            desired: Some(desired.body),
        }
    }

    /// The error for flags that are invalid with diff.
    pub(crate) fn only() -> Error {
        Error::usage("diff does not accept --dry-run, --export, --output or --wait")
    }
}
