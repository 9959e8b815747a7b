//! The limits of registries, from a table with its source, or measured.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Identity;

/// The published limits. They have changed, and changed back, more than once: a measured
/// limit is better.
const PUBLISHED: &str = include_str!("allowance.json");

/// The limits of registries.
#[derive(Clone, Debug, Default)]
pub struct Allowances {
    published: BTreeMap<String, Allowance>,
    measured: BTreeMap<(String, Identity), u64>,
}

/// The published limits of one registry: pulls in a window of time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Allowance {
    /// The window, in seconds.
    pub window_seconds: u64,
    /// Pulls of all anonymous clients at one address.
    pub anonymous: u64,
    /// Pulls of a free account.
    pub personal: u64,
    /// Pulls of a paid account; none if they are not limited.
    pub paid: Option<u64>,
    /// Where the registry publishes this.
    pub source: String,
    /// Since when, `YYYY-MM-DD`.
    pub date: String,
}

/// The number of pulls that an identity has in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Reported by the registry itself.
    Measured(u64),
    /// Published.
    Published(u64),
}

impl Allowances {
    /// What the registries publish.
    pub fn published() -> Self {
        Self {
            // An unreadable table would limit nothing; a test reads it.
            published: serde_json::from_str(PUBLISHED).unwrap_or_default(),
            measured: BTreeMap::new(),
        }
    }

    /// The same with a limit that a registry reported for an identity.
    #[must_use]
    pub fn with_measured(mut self, registry: &str, identity: Identity, pulls: u64) -> Self {
        self.measured.insert((registry.to_owned(), identity), pulls);
        self
    }

    /// The published limits of a registry; none if it does not limit pulls.
    pub fn of(&self, registry: &str) -> Option<&Allowance> {
        self.published.get(registry)
    }

    /// The limit of an identity. An account is assumed to be a free one. An unknown identity has no
    /// known limit.
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
