//! Who started us: `oc extreg` or `kubectl extreg`.

pub use extreg_audit::caller::Caller;
