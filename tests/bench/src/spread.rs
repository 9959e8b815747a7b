//! The distribution of times.

use std::time::Duration;

use serde::Serialize;

/// Percentiles, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Spread {
    p50: u64,
    p99: u64,
    max: u64,
}

impl Spread {
    /// From times in any order; all zero for an empty list.
    pub(crate) fn from_times(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| {
            // The smallest time that this share of all does not exceed.
            let rank = (times.len() * percent).div_ceil(100).saturating_sub(1);
            let time = times.get(rank).copied().unwrap_or_default();
            u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
        };
        Self {
            p50: at(50),
            p99: at(99),
            max: at(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let spread =
            |count: u64| Spread::from_times((1..=count).rev().map(Duration::from_nanos).collect());
        for (count, p50, p99, max) in [
            (0, 0, 0, 0),
            (1, 1, 1, 1),
            (2, 1, 2, 2),
            (100, 50, 99, 100),
            (1000, 500, 990, 1000),
        ] {
            assert_eq!(spread(count), Spread { p50, p99, max }, "of {count}");
        }
    }
}
