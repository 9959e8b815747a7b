//! The results of the scenarios.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::console;

/// The result of a scenario.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed(String),
    /// It cannot run on this cluster, for this reason.
    Skipped(String),
}

impl Outcome {
    /// From a scenario that ran.
    pub(super) fn from_result(result: Result<()>) -> Self {
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
    /// Prints and counts a result.
    pub(super) fn add(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Outcome::Passed => {
                self.passed += 1;
                console::line(&format!("pass  {name}"));
            }
            Outcome::Failed(reason) => {
                self.failed += 1;
                console::line(&format!("FAIL  {name}"));
                for line in reason.lines() {
                    console::line(&format!("      {line}"));
                }
            }
            Outcome::Skipped(reason) => {
                self.skipped += 1;
                console::line(&format!("skip  {name}: {reason}"));
            }
        }
    }

    /// The final line; an error if a scenario failed.
    pub(super) fn end(&self, took: Duration) -> Result<()> {
        console::line(&format!("== took {} s", took.as_secs()));
        console::line(&self.line());
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
        report.add("a", Outcome::from_result(Ok(())));
        report.add("b", Outcome::Skipped("no oc".to_owned()));
        assert_eq!(report.line(), "1 passed, 0 failed, 1 skipped");
        report.end(Duration::ZERO).unwrap();
        report.add("c", Outcome::from_result(Err(anyhow::anyhow!("no"))));
        assert_eq!(report.line(), "1 passed, 1 failed, 1 skipped");
        assert!(report.end(Duration::ZERO).is_err());
    }
}
