//! The commit that files are made from. Its time stands for the time of the build, so that a second build gives the
//! same bytes.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use crate::step;

/// Overrides the time of the commit, in seconds: <https://reproducible-builds.org/specs/source-date-epoch/>.
pub(crate) const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its hash, with `-dirty` if files differ from it; `None` outside a clone.
    pub(crate) revision: Option<String>,
    /// When it was made.
    pub(crate) time: Timestamp,
}

impl Commit {
    /// The commit of the clone. Without git, as in an archive of the sources, the variable must give the time.
    pub(crate) fn read() -> Result<Self> {
        let given = std::env::var(EPOCH).ok().filter(|value| !value.is_empty());
        let log = git(&["log", "-1", "--format=%H %ct"]).ok();
        Self::from_parts(given.as_deref(), log.as_deref(), || {
            Ok(!git(&["status", "--porcelain"])?.is_empty())
        })
    }

    fn from_parts(
        given: Option<&str>,
        log: Option<&str>,
        is_dirty: impl FnOnce() -> Result<bool>,
    ) -> Result<Self> {
        let (revision, time) = match log.and_then(|log| log.trim().split_once(' ')) {
            Some((revision, time)) => {
                let end = if is_dirty()? { "-dirty" } else { "" };
                (Some(format!("{revision}{end}")), Some(time))
            }
            None => (None, None),
        };
        let time = given.or(time).with_context(|| {
            format!("the sources are not a clone with a commit: set {EPOCH} to the time of the release, in seconds")
        })?;
        let time = time
            .parse()
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .with_context(|| format!("{EPOCH}={time}: not a time in seconds"))?;
        Ok(Self { revision, time })
    }

    /// The time in seconds, as archives store it.
    pub(crate) fn seconds(&self) -> Result<u64> {
        u64::try_from(self.time.as_second()).context("the time of the commit is before 1970")
    }
}

fn git(args: &[&str]) -> Result<String> {
    let output = Command::new("git")
        .args(args)
        .current_dir(step::root()?)
        .output()
        .context("start git")?;
    ensure!(output.status.success(), "git {} failed", args.join(" "));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_the_commit_s_or_the_given_one() {
        let log = Some("abc 1700000000\n");
        let commit = Commit::from_parts(None, log, || Ok(false)).unwrap();
        assert_eq!(commit.revision.as_deref(), Some("abc"));
        assert_eq!(commit.seconds().unwrap(), 1_700_000_000);
        let commit = Commit::from_parts(Some("1600000000"), log, || Ok(true)).unwrap();
        assert_eq!(commit.revision.as_deref(), Some("abc-dirty"));
        assert_eq!(commit.time.to_string(), "2020-09-13T12:26:40Z");
        let commit = Commit::from_parts(Some("1600000000"), None, || Ok(true)).unwrap();
        assert_eq!(commit.revision, None);
    }

    #[test]
    fn a_missing_or_invalid_time_is_an_error() {
        for (given, part) in [
            (None, "not a clone"),
            (Some("today"), "SOURCE_DATE_EPOCH=today"),
        ] {
            let error = Commit::from_parts(given, None, || Ok(false)).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
