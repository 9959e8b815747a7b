//! The result of a run: the table of exit codes.

use std::process::ExitCode;

/// The result of a run. The same for every output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, and the gate, if set, passed; also after a declined prompt.
    Done,
    /// 1: failed: API, network, parse, internal. Of a `diff`: differences exist.
    Failed,
    /// 2: a usage or configuration error, found before any request.
    Usage,
    /// 3: the answer is no: findings at the gate, a failed check, a waited-for condition is false.
    No,
    /// 4: incomplete: nothing was checked, or less than required.
    Incomplete,
    /// 5: partly applied: some objects were written, some failed.
    Partial,
    /// 6: not logged in, or not permitted.
    NotPermitted,
    /// 124: the time limit of `--timeout` expired.
    TimedOut,
    /// 130: interrupted.
    Interrupted,
}

impl Exit {
    /// Every result, in the order of precedence: if several apply, the first one is reported.
    pub const PRECEDENCE: [Self; 9] = [
        Self::Interrupted,
        Self::TimedOut,
        Self::Usage,
        Self::NotPermitted,
        Self::Failed,
        Self::Partial,
        Self::Incomplete,
        Self::No,
        Self::Done,
    ];

    /// The number for the shell.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::No => 3,
            Self::Incomplete => 4,
            Self::Partial => 5,
            Self::NotPermitted => 6,
            Self::TimedOut => 124,
            Self::Interrupted => 130,
        }
    }

    /// A one-line description for the help page.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; the gate, if set, passed",
            Self::Failed => "failed: API, network, unreadable input; for diff, differences exist",
            Self::Usage => "usage or configuration error, found before any request",
            Self::No => "the answer is no: findings, a failed check, a false condition",
            Self::Incomplete => "incomplete: nothing was checked, or less than required",
            Self::Partial => "partly applied: some objects were written, some failed",
            Self::NotPermitted => "not logged in, or permission denied",
            Self::TimedOut => "timed out",
            Self::Interrupted => "interrupted",
        }
    }

    /// The result to report if both apply.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::PRECEDENCE
            .into_iter()
            .find(|exit| *exit == self || *exit == other)
            .unwrap_or(self)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_is_the_documented_one() {
        assert_eq!(
            Exit::PRECEDENCE.map(Exit::code),
            [130, 124, 2, 6, 1, 5, 4, 3, 0]
        );
    }

    #[test]
    fn the_documentation_lists_every_code() {
        let page = include_str!("../../../docs/api.md");
        for code in Exit::PRECEDENCE.map(Exit::code) {
            assert!(page.contains(&format!("\n| {code} | ")), "{code}");
        }
    }

    #[test]
    fn the_graver_end_wins_whatever_the_order() {
        for (i, a) in Exit::PRECEDENCE.into_iter().enumerate() {
            for (j, b) in Exit::PRECEDENCE.into_iter().enumerate() {
                assert_eq!(a.and(b), Exit::PRECEDENCE[i.min(j)]);
            }
        }
    }
}
