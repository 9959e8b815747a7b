//! Whether the API servers accept the serving certificate.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use extreg_certs::host::Host;
use extreg_certs::reload::ReloadStatus;
use extreg_certs::verify::{VerifyError, verify_chain};
use jiff::Timestamp;

/// The data by which the API servers verify the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The `caBundle` of the webhook configuration.
    pub bundle: Vec<u8>,
    /// The name by which they call the server.
    pub host: Host,
}

/// Shared by the task that reads it and the server. Nothing is known at first.
#[derive(Clone, Debug, Default)]
pub struct Trust(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    expectation: ArcSwapOption<Expectation>,
    refused: AtomicBool,
}

impl Trust {
    /// What the API servers expect from now on; `None` if that is unknown, or a certificate of
    /// another server.
    pub fn expect(&self, expectation: Option<Expectation>) {
        self.0.expectation.store(expectation.map(Arc::new));
    }

    /// Whether they reject the certificate, by the last check.
    pub(super) fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Checks the serving certificate. An error if they reject it.
    pub(super) fn check(&self, served: &ReloadStatus, now: Timestamp) -> Result<(), VerifyError> {
        let outcome = match &*self.0.expectation.load() {
            None => Ok(()),
            Some(expected) => {
                verify_chain(&served.chain, &expected.bundle, &expected.host, now).map(|_| ())
            }
        };
        self.0.refused.store(outcome.is_err(), Ordering::Relaxed);
        outcome
    }
}
