//! Serving certificates of the webhook: issue and rotate them where the cluster has no service-ca,
//! inspect them, verify them against the bundle that a caller trusts, reload them from files that
//! kubelet replaces while the server runs, and authenticate the clients of such a server.
//!
//! No function here reads the clock: every function that depends on time takes it as an
//! argument, so a test can be a year ahead. [`crypto`] is the one place that knows which
//! cryptographic provider is in use.

pub mod client;
pub mod crypto;
pub mod host;
pub mod inspect;
pub mod issue;
pub mod pem;
pub mod reload;
pub mod verify;
