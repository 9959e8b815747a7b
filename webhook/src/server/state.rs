//! What the handlers share.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use extreg_certs::reload::StatusHandle;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::body::Budget;
use super::config::{Config, Limits};
use crate::metrics::Metrics;
use crate::reviewer::{NotReady, Reviewer};

/// Shared by all requests.
pub(super) struct State<R> {
    pub(super) reviewer: R,
    pub(super) limits: Limits,
    pub(super) metrics: Metrics,
    pub(super) slots: Semaphore,
    pub(super) budget: Budget,
    certificate: StatusHandle,
    draining: AtomicBool,
}

impl<R> State<R> {
    pub(super) fn new(config: &Config, reviewer: R, certificate: StatusHandle) -> Self {
        Self {
            reviewer,
            limits: config.limits,
            metrics: config.metrics.clone(),
            slots: Semaphore::new(config.limits.in_flight.min(Semaphore::MAX_PERMITS)),
            budget: Budget::new(config.limits.bodies),
            certificate,
            draining: AtomicBool::new(false),
        }
    }

    pub(super) fn begin_drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

impl<R: Reviewer> State<R> {
    /// What keeps the server from being ready, by name of the check.
    pub(super) fn checks(&self) -> [(&'static str, Result<(), NotReady>); 3] {
        let certificate = if self.certificate.get().valid_at(Timestamp::now()) {
            Ok(())
        } else {
            Err(NotReady("the served certificate is not valid now"))
        };
        let running = if self.is_draining() {
            Err(NotReady("draining"))
        } else {
            Ok(())
        };
        [
            ("certificate", certificate),
            ("policies", self.reviewer.ready()),
            ("running", running),
        ]
    }
}

impl<R> fmt::Debug for State<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("State").finish_non_exhaustive()
    }
}
