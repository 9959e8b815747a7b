//! Reports the state of the sources to metrics and the log.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::Sources;
use crate::facts::SourceHealth;
use crate::metrics::{Metrics, Source, SourceState};

const EVERY: Duration = Duration::from_secs(1);

impl Sources {
    /// The state of each source. Of several watches of one source the worst counts.
    pub(super) fn health(&self) -> BTreeMap<Source, SourceHealth> {
        let mut health = BTreeMap::from([
            (Source::ImageConfig, self.image_config.report()),
            (Source::Namespaces, self.facts.namespaces.report()),
            (Source::Secrets, self.secrets_health(|_| true)),
            (Source::ServiceAccounts, self.facts.builders.report()),
            (Source::Streams, self.streams.report_on_demand()),
        ]);
        if let Some(policies) = &self.policies {
            health.insert(Source::Policies, policies.report());
        }
        health
    }

    /// The state of the secrets whose names match `wanted`.
    pub(super) fn secrets_health(&self, wanted: impl Fn(&str) -> bool) -> SourceHealth {
        self.facts
            .secrets()
            .iter()
            .filter(|(name, _)| wanted(name))
            .map(|(name, table)| {
                let health = table.report();
                SourceHealth {
                    message: match &*health.message {
                        "" => String::new(),
                        message => format!("{name}: {message}"),
                    },
                    ..health
                }
            })
            .max_by_key(|health| rank(health.state))
            .unwrap_or_else(off)
    }

    /// The time since each watched source was last known to work. Of several watches of one
    /// source the longest counts.
    fn ages(&self) -> BTreeMap<Source, Duration> {
        let secrets = self.facts.secrets();
        let mut ages = BTreeMap::from([
            (Source::ImageConfig, self.image_config.age()),
            (Source::Namespaces, self.facts.namespaces.age()),
            (
                Source::Secrets,
                secrets
                    .values()
                    .map(|table| table.age())
                    .max()
                    .unwrap_or_default(),
            ),
            (Source::ServiceAccounts, self.facts.builders.age()),
        ]);
        if let Some(policies) = &self.policies {
            ages.insert(Source::Policies, policies.age());
        }
        ages
    }
}

/// Updates the metrics, and logs each change of a state once.
pub(super) async fn report(sources: Sources, metrics: Metrics) {
    let mut last = BTreeMap::new();
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let ages = sources.ages();
        for (source, SourceHealth { state, message }) in sources.health() {
            metrics.source(source, state);
            metrics.facts_age(source, state, ages.get(&source).copied());
            if last.insert(source, state) == Some(state) || state == SourceState::Starting {
                continue;
            }
            let (source, state_text) = (source.as_str(), state.as_str());
            if matches!(state, SourceState::Down | SourceState::Forbidden) {
                tracing::warn!(source, state = state_text, message, "source of facts");
            } else {
                tracing::info!(source, state = state_text, message, "source of facts");
            }
        }
    }
}

fn rank(state: SourceState) -> u8 {
    match state {
        SourceState::Ready => 0,
        SourceState::Off => 1,
        SourceState::Starting => 2,
        SourceState::Down => 3,
        SourceState::Forbidden => 4,
    }
}

fn off() -> SourceHealth {
    SourceHealth {
        state: SourceState::Off,
        message: "no policy names one".to_owned(),
    }
}
