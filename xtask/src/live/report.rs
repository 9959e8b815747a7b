//! What came of each scenario.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::say;

/// What came of one.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is as it should be.
    Passed,
    /// It is not.
    Failed(String),
    /// It cannot be tried on this cluster, and why.
    Skipped(String),
}

impl Outcome {
    /// Of a scenario that ran.
    pub(super) fn of(result: Result<()>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(error) => Self::Failed(format!("{error:#}")),
        }
    }
}

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl Report {
    /// Says and counts one.
    pub(super) fn add(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Outcome::Passed => {
                self.passed += 1;
                say::line(&format!("pass  {name}"));
            }
            Outcome::Failed(reason) => {
                self.failed += 1;
                say::line(&format!("FAIL  {name}"));
                for line in reason.lines() {
                    say::line(&format!("      {line}"));
                }
            }
            Outcome::Skipped(reason) => {
                self.skipped += 1;
                say::line(&format!("skip  {name}: {reason}"));
            }
        }
    }

    /// The closing line; an error if one failed.
    pub(super) fn end(&self, took: Duration) -> Result<()> {
        say::line(&format!("== took {} s", took.as_secs()));
        say::line(&self.line());
        if self.failed > 0 {
            bail!("{} of the live scenarios failed", self.failed);
        }
        Ok(())
    }

    fn line(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.passed, self.failed, self.skipped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failure_fails() {
        let mut report = Report::default();
        report.add("a", Outcome::of(Ok(())));
        report.add("b", Outcome::Skipped("no oc".to_owned()));
        assert_eq!(report.line(), "1 passed, 0 failed, 1 skipped");
        report.end(Duration::ZERO).unwrap();
        report.add("c", Outcome::of(Err(anyhow::anyhow!("no"))));
        assert_eq!(report.line(), "1 passed, 1 failed, 1 skipped");
        assert!(report.end(Duration::ZERO).is_err());
    }
}
