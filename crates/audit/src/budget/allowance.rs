//! What a registry allows, from a table with its source, or measured.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Identity;

/// The published allowances. The numbers were changed and changed back more than once: a measured
/// limit is better than any of them.
const PUBLISHED: &str = include_str!("allowance.json");

/// What registries allow.
#[derive(Clone, Debug, Default)]
pub struct Allowances {
    published: BTreeMap<String, Allowance>,
    measured: BTreeMap<(String, Identity), u64>,
}

/// What one registry allows, as it says itself: pulls in a window of time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allowance {
    /// The window, in seconds.
    pub window_seconds: u64,
    /// Pulls of all who pull anonymously from one address.
    pub anonymous: u64,
    /// Pulls of a free account.
    pub personal: u64,
    /// Pulls of a paid account; none where they are not metered.
    pub paid: Option<u64>,
    /// Where the registry says so.
    pub source: String,
    /// Since when, `YYYY-MM-DD`.
    pub date: String,
}

/// How many pulls somebody has in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The registry itself said so.
    Measured(u64),
    /// What is published.
    Published(u64),
}

impl Allowances {
    /// What the registries publish.
    pub fn published() -> Self {
        Self {
            // A table that cannot be read meters nothing; a test reads it.
            published: serde_json::from_str(PUBLISHED).unwrap_or_default(),
            measured: BTreeMap::new(),
        }
    }

    /// The same with a limit that a registry has told for an identity.
    #[must_use]
    pub fn with_measured(mut self, registry: &str, identity: Identity, pulls: u64) -> Self {
        self.measured.insert((registry.to_owned(), identity), pulls);
        self
    }

    /// What a registry publishes; none where it meters nobody.
    pub fn of(&self, registry: &str) -> Option<&Allowance> {
        self.published.get(registry)
    }

    /// How many pulls an identity has. Of an account it is not known whether it is paid for: it is
    /// taken for a free one. Of an identity that is not known there is no limit to be told.
    pub fn limit(&self, registry: &str, identity: &Identity) -> Option<Limit> {
        if let Some(pulls) = self.measured.get(&(registry.to_owned(), identity.clone())) {
            return Some(Limit::Measured(*pulls));
        }
        let allowance = self.of(registry)?;
        match identity {
            Identity::Anonymous => Some(Limit::Published(allowance.anonymous)),
            Identity::Account(_) => Some(Limit::Published(allowance.personal)),
            Identity::Unknown => None,
        }
    }
}

impl Limit {
    /// The number.
    pub const fn pulls(self) -> u64 {
        match self {
            Self::Measured(pulls) | Self::Published(pulls) => pulls,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_can_be_read() {
        let table: BTreeMap<String, Allowance> = serde_json::from_str(PUBLISHED).unwrap();
        let hub = &table["docker.io"];
        assert_eq!((hub.anonymous, hub.personal, hub.paid), (100, 200, None));
        assert_eq!(hub.window_seconds, 6 * 60 * 60);
    }

    #[test]
    fn a_measured_limit_wins() {
        let acme = Identity::Account("acme".to_owned());
        let all = Allowances::published().with_measured("docker.io", acme.clone(), 5000);
        for (identity, want) in [
            (acme, Some(Limit::Measured(5000))),
            (
                Identity::Account("other".to_owned()),
                Some(Limit::Published(200)),
            ),
            (Identity::Anonymous, Some(Limit::Published(100))),
            (Identity::Unknown, None),
        ] {
            assert_eq!(all.limit("docker.io", &identity), want, "{identity:?}");
        }
        assert_eq!(all.limit("quay.io", &Identity::Anonymous), None);
    }
}
