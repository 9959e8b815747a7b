//! What the handlers share.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use extreg_certs::reload::StatusHandle;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use super::config::{Config, Limits};
use super::connections::Connections;
use super::intake::Intake;
use super::trust::Trust;
use crate::metrics::Metrics;
use crate::reviewer::{NotReady, Reviewer};

/// Shared by all requests.
pub(super) struct State<R> {
    pub(super) reviewer: R,
    pub(super) limits: Limits,
    pub(super) metrics: Metrics,
    pub(super) slots: Semaphore,
    pub(super) intake: Intake,
    certificate: StatusHandle,
    trust: Trust,
    draining: Arc<AtomicBool>,
}

impl<R> State<R> {
    pub(super) fn new(
        config: &Config,
        reviewer: R,
        certificate: StatusHandle,
        connections: Arc<Connections>,
        draining: Arc<AtomicBool>,
    ) -> Self {
        Self {
            reviewer,
            limits: config.limits,
            metrics: config.metrics.clone(),
            slots: Semaphore::new(config.limits.in_flight.min(Semaphore::MAX_PERMITS)),
            intake: Intake::new(&config.limits, connections),
            certificate,
            trust: config.trust.clone(),
            draining,
        }
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

impl<R: Reviewer> State<R> {
    /// The reasons why the server is not ready, by name of the check.
    pub(super) fn checks(&self) -> [(&'static str, Result<(), NotReady>); 3] {
        let certificate = if !self.certificate.get().valid_at(Timestamp::now()) {
            Err(NotReady("the serving certificate is not valid now"))
        } else if self.trust.is_refused() {
            Err(NotReady(
                "the API servers reject the serving certificate: it does not match the caBundle of the \
                 webhook configuration",
            ))
        } else {
            Ok(())
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
