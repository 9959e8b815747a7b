//! An object as it is, beside what it would become.

use extreg_cluster::Object;
use serde_json::Value;

use crate::error::Error;

/// An object, as it is and as it would be.
#[derive(Clone, Debug)]
pub(crate) struct Difference {
    /// `NAMESPACE/kind.group/name`.
    pub(crate) name: String,
    /// None where it does not exist.
    pub(crate) live: Option<Value>,
    /// None where it is to be deleted.
    pub(crate) desired: Option<Value>,
}

impl Difference {
    /// Of an object of a kind that we know.
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

    /// The refusal of flags of a command that make no sense here.
    pub(crate) fn only() -> Error {
        Error::usage("diff takes none of --dry-run, --export, --output and --wait: it shows a diff")
    }
}
