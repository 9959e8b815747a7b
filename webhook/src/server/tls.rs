//! The current TLS settings, which follow their files.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use extreg_certs::client::{ClientCa, ClientCaError};
use extreg_certs::crypto;
use extreg_certs::reload::{Reloader, StatusHandle, Tick};
use jiff::Timestamp;
use rustls::ServerConfig;
use tokio::time::{MissedTickBehavior, interval};

use super::StartError;
use super::config::Config;
use super::trust::Trust;
use crate::metrics::Metrics;

/// The serving certificate and the client authorities, and the settings made from them.
pub(super) struct Tls {
    certificate: Reloader,
    clients: Option<ClientCa>,
    settings: Arc<ArcSwap<ServerConfig>>,
    trust: Trust,
}

impl Tls {
    /// Reads the files for the first time.
    pub(super) fn start(config: &Config) -> Result<Self, StartError> {
        let certificate = Reloader::start(&config.certificate, &config.key)?;
        let (clients, verifier) = match &config.clients {
            None => (None, None),
            Some(clients) => {
                let (file, verifier) = ClientCa::start(&clients.ca, clients.names.clone())?;
                (Some(file), Some(verifier))
            }
        };
        let settings = crypto::server_config(certificate.serving(), verifier)?;
        Ok(Self {
            certificate,
            clients,
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            trust: config.trust.clone(),
        })
    }

    /// The settings, which follow the files.
    pub(super) fn settings(&self) -> Arc<ArcSwap<ServerConfig>> {
        Arc::clone(&self.settings)
    }

    /// The state of the serving certificate, which follows the files.
    pub(super) fn certificate(&self) -> StatusHandle {
        self.certificate.status()
    }

    /// Reads the files periodically. Invalid files change nothing.
    pub(super) async fn follow(mut self, every: Duration, metrics: Metrics) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut clients_failed = false;
        let mut refused = false;
        loop {
            ticks.tick().await;
            self.reload_certificate(&metrics);
            let served = self.certificate.status().get();
            let trusted = self.trust.check(&served, Timestamp::now());
            metrics.certificate_refused(trusted.is_err());
            match &trusted {
                Err(error) if !refused => {
                    tracing::warn!(%error, "the API servers reject the serving certificate");
                }
                Ok(()) if refused => {
                    tracing::info!("the API servers accept the serving certificate");
                }
                _ => {}
            }
            refused = trusted.is_err();
            match self.reload_clients() {
                Ok(changed) => {
                    if changed {
                        tracing::info!("client CA replaced");
                    }
                    clients_failed = false;
                }
                Err(error) => {
                    metrics.client_ca_failed();
                    // Logged once, not on every tick; the counter continues.
                    if !clients_failed {
                        tracing::warn!(%error, "cannot use the client CA; keeping the last valid one");
                    }
                    clients_failed = true;
                }
            }
        }
    }

    fn reload_certificate(&mut self, metrics: &Metrics) {
        let status = self.certificate.status();
        let had_error = status.get().last_error.is_some();
        let tick = self.certificate.tick(Timestamp::now());
        let now = status.get();
        metrics.certificate(now.reloads, now.failures, now.leaf.not_after.as_second());
        match (tick, &now.last_error) {
            (Tick::Swapped, _) => {
                tracing::info!(not_after = %now.leaf.not_after, "serving certificate replaced");
            }
            // Logged once, not on every tick; the counter continues.
            (Tick::Failed, Some(error)) if !had_error => {
                tracing::warn!(%error, "cannot use the certificate files; keeping the last valid pair");
            }
            _ => {}
        }
    }

    /// Complete settings are replaced, so that no session of a removed authority is resumed.
    fn reload_clients(&mut self) -> Result<bool, ClientCaError> {
        let Some(clients) = &mut self.clients else {
            return Ok(false);
        };
        let Some(verifier) = clients.tick()? else {
            return Ok(false);
        };
        let settings = crypto::server_config(self.certificate.serving(), Some(verifier));
        // The same protocol versions and provider as at the start: this cannot fail.
        let Ok(settings) = settings else {
            return Ok(false);
        };
        self.settings.store(Arc::new(settings));
        Ok(true)
    }
}
