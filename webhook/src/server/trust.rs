//! Whether the API servers accept the certificate that is served.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwapOption;
use extreg_certs::host::Host;
use extreg_certs::reload::ReloadStatus;
use extreg_certs::verify::{VerifyError, verify_chain};
use jiff::Timestamp;

/// By what the API servers judge the certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The `caBundle` of the webhook configuration.
    pub bundle: Vec<u8>,
    /// The name by which they call the server.
    pub host: Host,
}

/// What is known of it, shared by the one who learns it and the server. Nothing is known at first.
#[derive(Clone, Debug, Default)]
pub struct Trust(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    expectation: ArcSwapOption<Expectation>,
    refused: AtomicBool,
}

impl Trust {
    /// What the API servers expect from now on; none if that is not known, or no certificate of
    /// this server's.
    pub fn expect(&self, expectation: Option<Expectation>) {
        self.0.expectation.store(expectation.map(Arc::new));
    }

    /// Whether they refuse the certificate, by the last check.
    pub(super) fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Checks the certificate that is served. An error if they refuse it.
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
