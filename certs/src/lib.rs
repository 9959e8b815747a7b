//! Serving certificates of the webhook: issue and rotate them where the cluster has no service-ca,
//! look at them, check them against the bundle that a caller trusts, and reload them from files
//! that kubelet swaps underneath a running server.
//!
//! Nothing here reads the clock by itself: every function that depends on time takes it as an
//! argument, so a test can be a year ahead. [`crypto`] is the one place that knows which
//! cryptographic provider is in use.

pub mod crypto;
pub mod host;
pub mod inspect;
pub mod issue;
pub mod pem;
pub mod reload;
pub mod verify;
