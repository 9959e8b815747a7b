//! The requests to the API server: its own audit log, with lists only.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use extreg_tests::Options;
use serde::Deserialize;

const POLICY: &str = "\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: Metadata
  verbs: [list]
- level: None
";

/// The log of an API server, in a separate folder.
#[derive(Debug)]
pub(super) struct Log {
    folder: tempfile::TempDir,
}

/// Requests of one program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Requests {
    pub(super) count: usize,
    /// The maximum number of concurrent requests.
    pub(super) at_once: usize,
    /// Answered with 429.
    pub(super) too_many: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(default)]
    user_agent: String,
    request_received_timestamp: String,
    stage_timestamp: String,
    response_status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: u16,
}

impl Log {
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join("policy.yaml"), POLICY)?;
        Ok(Self { folder })
    }

    /// A control plane that writes the log.
    pub(super) fn options(&self) -> Options {
        let policy = self.folder.path().join("policy.yaml");
        Options::default()
            .api_server_arg(format!("--audit-policy-file={}", policy.display()))
            .api_server_arg(format!("--audit-log-path={}", self.path().display()))
            .api_server_arg("--audit-log-maxsize=1000")
    }

    /// The requests of programs with this name.
    pub(super) fn requests_of(&self, agent: &str) -> Result<Requests> {
        read(&self.path(), agent)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("log.jsonl")
    }
}

fn read(path: &Path, agent: &str) -> Result<Requests> {
    let text = fs::read_to_string(path).context("read the API server's audit log")?;
    let mut events = Vec::new();
    for line in text.lines() {
        let event: Event = serde_json::from_str(line).context("read a line of the audit log")?;
        if event.user_agent.starts_with(agent) {
            events.push(event);
        }
    }
    Ok(counted(&events))
}

fn counted(events: &[Event]) -> Requests {
    // At the same time an end sorts before a start. All timestamps have one format, whose text order is the time order.
    let mut changes: Vec<(&str, bool)> = Vec::new();
    for event in events {
        changes.push((&event.request_received_timestamp, true));
        changes.push((&event.stage_timestamp, false));
    }
    changes.sort_unstable();
    let (mut now, mut at_once) = (0_usize, 0);
    for (_, begins) in changes {
        now = if begins {
            now + 1
        } else {
            now.saturating_sub(1)
        };
        at_once = at_once.max(now);
    }
    let is_too_many = |event: &&Event| {
        let status = event.response_status.as_ref();
        status.is_some_and(|status| status.code == 429)
    };
    Requests {
        count: events.len(),
        at_once,
        too_many: events.iter().filter(is_too_many).count(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrent_requests_are_counted() {
        let event = |agent: &str, from: u32, to: u32, code: u16| {
            format!(
                r#"{{"userAgent":"{agent}/1 x","requestReceivedTimestamp":"2026-01-01T00:00:0{from}.000000Z","stageTimestamp":"2026-01-01T00:00:0{to}.000000Z","responseStatus":{{"code":{code}}}}}"#
            )
        };
        let lines = [
            event("ours", 1, 3, 200),
            event("ours", 2, 4, 200),
            event("ours", 4, 5, 429),
            event("other", 1, 9, 200),
        ];
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), lines.join("\n")).unwrap();
        let want = Requests {
            count: 3,
            at_once: 2,
            too_many: 1,
        };
        assert_eq!(read(file.path(), "ours").unwrap(), want);
    }
}
