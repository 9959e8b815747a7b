//! The result of a check: counts, errors, and the exit code that follows from them.

use std::collections::BTreeMap;

use extreg_core::{
    count,
    verdict::{Outcome, Reason},
};
use extreg_terminal::Exit;
use serde::Serialize;

use super::assessment::Assessment;

/// Counts of a run.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tally {
    /// Objects that were checked.
    checked: usize,
    /// Of those, objects that a policy would change.
    changed: usize,
    /// Of those, objects that a policy in mode Warn would change if it were enforced.
    warned: usize,
    /// Of those, objects that a policy in mode Audit would change if it were enforced.
    audited: usize,
    /// Of those, unchanged objects.
    unchanged: usize,
    /// Objects whose decision depends on an ImageStream that was not read.
    undecided: usize,
    /// Objects of other kinds, by `kind.group`.
    other_kinds: BTreeMap<String, usize>,
    /// Documents and files that could not be read.
    errors: usize,
}

impl Tally {
    pub(super) fn checked(&mut self, assessment: &Assessment) {
        self.checked += 1;
        if assessment.is_kept_for(Reason::StreamUnread) {
            self.undecided += 1;
        }
        match assessment.decision {
            Outcome::Changed => self.changed += 1,
            Outcome::Warned => self.warned += 1,
            Outcome::Audited => self.audited += 1,
            Outcome::Untouched => self.unchanged += 1,
        }
    }

    pub(super) fn other(&mut self, api_version: &str, kind: &str) {
        let kind = match api_version.split_once('/') {
            Some((group, _)) => format!("{kind}.{group}"),
            None => kind.to_owned(),
        };
        *self.other_kinds.entry(kind).or_default() += 1;
    }

    pub(super) const fn error(&mut self) {
        self.errors += 1;
    }

    /// Whether no object was found.
    pub(super) fn is_empty(&self) -> bool {
        self.checked == 0 && self.other_kinds.is_empty()
    }

    /// Whether a policy, enforced or not, would change something.
    pub(super) const fn would_change(&self) -> bool {
        self.changed > 0 || self.warned > 0 || self.audited > 0
    }

    pub(super) fn exit(&self, allow_empty: bool, exit_zero: bool) -> Exit {
        // A change counts more than a file that cannot be read.
        if self.changed > 0 && !exit_zero {
            return Exit::No;
        }
        let mut exit = Exit::Done;
        if self.errors > 0 {
            exit = exit.and(Exit::Failed);
        }
        if self.is_empty() && !allow_empty {
            exit = exit.and(Exit::Incomplete);
        }
        exit
    }

    /// One line of text.
    pub(super) fn description(&self) -> String {
        let mut words = format!("{} checked", count(self.checked, "object"));
        let mut parts = Vec::new();
        for (count, what) in [
            (self.changed, "would be changed"),
            (self.warned, "would get a warning"),
            (self.audited, "would be noted in the audit log"),
            (self.unchanged, "would not be changed"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {what}"));
            }
        }
        if !parts.is_empty() {
            words.push_str(": ");
            words.push_str(&parts.join(", "));
        }
        if self.undecided > 0 {
            words = format!(
                "{words}; {} could not be decided without the ImageStream",
                self.undecided
            );
        }
        let other_kinds: usize = self.other_kinds.values().sum();
        if other_kinds > 0 {
            words = format!("{words}; {other_kinds} of other kinds");
        }
        if self.errors > 0 {
            words = format!("{words}; {} could not be read", self.errors);
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_follows_from_the_counts() {
        let tally = |changed, checked, errors| Tally {
            checked,
            changed,
            errors,
            ..Tally::default()
        };
        for (tally, allow_empty, exit_zero, want) in [
            (tally(0, 0, 0), false, false, Exit::Incomplete),
            (tally(0, 0, 0), true, false, Exit::Done),
            (tally(0, 2, 0), false, false, Exit::Done),
            (tally(1, 2, 0), false, false, Exit::No),
            (tally(1, 2, 0), false, true, Exit::Done),
            (tally(1, 2, 1), false, false, Exit::No),
            (tally(1, 2, 1), false, true, Exit::Failed),
            (tally(0, 2, 1), false, false, Exit::Failed),
            (tally(0, 0, 1), false, true, Exit::Failed),
        ] {
            assert_eq!(tally.exit(allow_empty, exit_zero), want, "{tally:?}");
        }
        let mut tally = Tally::default();
        tally.other("apps/v1", "Deployment");
        tally.other("v1", "ConfigMap");
        assert_eq!(tally.exit(false, false), Exit::Done);
        assert_eq!(tally.description(), "0 objects checked; 2 of other kinds");
    }
}
