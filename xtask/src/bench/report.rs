//! Ratios, and their targets.

use serde::Deserialize;

use crate::console;

/// Percentiles in nanoseconds, as extreg-bench prints them.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Spread {
    pub(super) p50: f64,
    pub(super) p99: f64,
}

/// The target of a number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

impl Wanted {
    /// A description, and whether the target is reached.
    fn judge(self, number: f64) -> String {
        let (words, reached) = match self {
            Self::AtLeast(limit) => (format!("at least {limit}"), number >= limit),
            Self::AtMost(limit) => (format!("at most {limit}"), number <= limit),
        };
        let outcome = if reached { "reached" } else { "NOT REACHED" };
        format!("wanted {words}: {outcome}")
    }
}

/// Median, minimum and maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Middle {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Middle {
    pub(super) fn from_numbers(numbers: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
        let upper = at(sorted.len() / 2);
        let lower = at(sorted.len().saturating_sub(1) / 2);
        Self {
            median: f64::midpoint(lower, upper),
            least: at(0),
            most: at(sorted.len().saturating_sub(1)),
        }
    }

    /// Of the ratios of pairs that were measured in the same round.
    pub(super) fn ratio(ours: &[f64], theirs: &[f64]) -> Self {
        Self::from_numbers(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs))
    }
}

/// One line: the name, the median and its bounds, and whether the target is reached.
pub(super) fn judged(what: &str, middle: Middle, wanted: Wanted) {
    console::line(&format!(
        "  {what:<44} {:>7.3}  ({:.3} to {:.3})  {}",
        middle.median,
        middle.least,
        middle.most,
        wanted.judge(middle.median)
    ));
}

/// One line: the name, a single number with its unit, and whether the target is reached.
pub(super) fn single(what: &str, number: f64, unit: &str, wanted: Wanted) {
    console::line(&format!(
        "  {what:<44} {number:>7.1} {unit}  {}",
        wanted.judge(number)
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_found() {
        let middle = |median, least, most| Middle {
            median,
            least,
            most,
        };
        for (numbers, wanted) in [
            (&[3.0, 1.0, 2.0][..], middle(2.0, 1.0, 3.0)),
            (&[4.0, 1.0, 2.0, 3.0], middle(2.5, 1.0, 4.0)),
            (&[7.0], middle(7.0, 7.0, 7.0)),
            (&[], middle(0.0, 0.0, 0.0)),
        ] {
            let middle = Middle::from_numbers(numbers.iter().copied());
            assert_eq!(middle, wanted, "{numbers:?}");
        }
    }

    #[test]
    fn missed_target_is_reported() {
        for (wanted, number, answer) in [
            (Wanted::AtLeast(0.9), 0.9, "wanted at least 0.9: reached"),
            (
                Wanted::AtLeast(0.9),
                0.89,
                "wanted at least 0.9: NOT REACHED",
            ),
            (Wanted::AtMost(64.0), 64.5, "wanted at most 64: NOT REACHED"),
        ] {
            assert_eq!(wanted.judge(number), answer);
        }
    }
}
