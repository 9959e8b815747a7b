//! Writes to several targets: a failure of one never stops the rest.

use std::collections::BTreeSet;

use extreg_cluster::ClusterError;
use extreg_terminal::{Exit, Printer};

use crate::error::Error;

/// Why a target was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Its namespace is being deleted, or is gone.
    Terminating,
    /// Permission denied by the API server.
    NotPermitted(String),
    /// Refused by a registry, or by the state of the target.
    Refused(String),
    /// Any other failure that affects only this target.
    Failed(String),
}

/// The results for the targets of a command.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fanout {
    written: usize,
    failed: Vec<(String, Refusal)>,
    terminating: BTreeSet<String>,
}

impl Refusal {
    /// The meaning of an error for its target.
    ///
    /// # Errors
    /// The error itself, if it would be the same for all targets: the login expired, the server does not answer, a flag
    /// forbids writes, or the run was ended.
    pub(crate) fn from_error(error: impl Into<Error>) -> Result<Self, Error> {
        let error = error.into();
        match error {
            Error::Cluster(
                ClusterError::NotLoggedIn(_)
                | ClusterError::Unreachable(_)
                | ClusterError::NoCluster,
            )
            | Error::Usage(_)
            | Error::Interrupted
            | Error::TimedOut(_) => Err(error),
            error if error.is_terminating() => Ok(Self::Terminating),
            error if error.is_forbidden() => Ok(Self::NotPermitted(error.to_string())),
            error @ Error::Refused(_) => Ok(Self::Refused(error.to_string())),
            error => Ok(Self::Failed(error.to_string())),
        }
    }

    /// The exit of a run whose targets all failed in this way.
    const fn exit(&self) -> Exit {
        match self {
            Self::Terminating => Exit::Done,
            Self::NotPermitted(_) => Exit::NotPermitted,
            Self::Refused(_) => Exit::No,
            Self::Failed(_) => Exit::Failed,
        }
    }

    /// The reason, for people.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::Terminating => "skipped: its namespace is being deleted",
            Self::NotPermitted(why) | Self::Refused(why) | Self::Failed(why) => {
                why.strip_prefix("error: ").unwrap_or(why)
            }
        }
    }
}

impl Fanout {
    /// Counts a target that is now correct.
    pub(crate) const fn written(&mut self) {
        self.written += 1;
    }

    /// Records a target that was not written. `namespace` is empty for a cluster-scoped target.
    pub(crate) fn refused(&mut self, target: impl Into<String>, namespace: &str, refusal: Refusal) {
        if refusal == Refusal::Terminating {
            self.terminating.insert(namespace.to_owned());
        } else {
            self.failed.push((target.into(), refusal));
        }
    }

    /// Lists what failed, and counts the namespaces that are being deleted, on stderr.
    pub(crate) fn report(&self, printer: &Printer) {
        if !self.terminating.is_empty() {
            let names: Vec<&str> = self.terminating.iter().map(String::as_str).collect();
            printer.note(format!(
                "skipped {} {} being deleted: {}",
                names.len(),
                if names.len() == 1 {
                    "namespace that is"
                } else {
                    "namespaces that are"
                },
                names.join(", ")
            ));
        }
        if !self.failed.is_empty() {
            let all = self.failed.len() + self.written;
            printer.error(&format!("error: {} of {all} failed", self.failed.len()));
            for (target, refusal) in &self.failed {
                printer.error(&format!("{target}: {}", refusal.message()));
            }
        }
    }

    /// The exit of the run: partially applied if some targets were written and some failed; else the common reason of
    /// all failures.
    pub(crate) fn exit(&self) -> Exit {
        let mut exits = self.failed.iter().map(|(_, refusal)| refusal.exit());
        match exits.next() {
            None => Exit::Done,
            Some(_) if self.written > 0 => Exit::Partial,
            Some(first) if exits.all(|exit| exit == first) => first,
            Some(_) => Exit::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_terminal::{Quiet, testing::printer};

    fn api(code: u16, message: &str) -> Error {
        Error::Cluster(ClusterError::Api {
            code,
            reason: String::new(),
            message: message.to_owned(),
        })
    }

    /// As the lifecycle admission of kube-apiserver and its REST storage respond
    /// (`plugin/pkg/admission/namespace/lifecycle/admission.go`).
    #[test]
    fn errors_are_classified_by_scope() {
        let terminating = "reports.openreports.io \"extreg-audit\" is forbidden: unable to create new \
                           content in namespace snow because it is being terminated";
        for (error, expected) in [
            (api(403, terminating), Some(Refusal::Terminating)),
            (
                api(404, "namespaces \"snow\" not found"),
                Some(Refusal::Terminating),
            ),
            (
                api(404, "secrets \"hub\" not found"),
                Some(Refusal::Failed(
                    "Error from server: secrets \"hub\" not found".to_owned(),
                )),
            ),
            (
                api(403, "no"),
                Some(Refusal::NotPermitted("Error from server: no".to_owned())),
            ),
            (
                api(500, "no"),
                Some(Refusal::Failed("Error from server: no".to_owned())),
            ),
            (
                Error::refused("no"),
                Some(Refusal::Refused("error: no".to_owned())),
            ),
            (
                Error::Cluster(ClusterError::NotLoggedIn("x".to_owned())),
                None,
            ),
            (
                Error::Cluster(ClusterError::Unreachable("x".to_owned())),
                None,
            ),
            (Error::usage("--read-only"), None),
            (Error::Interrupted, None),
        ] {
            let shown = error.to_string();
            assert_eq!(Refusal::from_error(error).ok(), expected, "{shown}");
        }
    }

    #[test]
    fn exit_reflects_all_targets() {
        let no = || Refusal::NotPermitted("no".to_owned());
        let failed = || Refusal::Failed("broken".to_owned());
        for (written, refusals, expected) in [
            (0, vec![], Exit::Done),
            (0, vec![Refusal::Terminating], Exit::Done),
            (1, vec![Refusal::Terminating], Exit::Done),
            (1, vec![failed()], Exit::Partial),
            (0, vec![no(), no()], Exit::NotPermitted),
            (0, vec![no(), failed()], Exit::Failed),
            (0, vec![Refusal::Refused("no".to_owned())], Exit::No),
        ] {
            let mut fanout = Fanout {
                written,
                ..Fanout::default()
            };
            for refusal in refusals {
                fanout.refused("x", "snow", refusal);
            }
            assert_eq!(fanout.exit(), expected, "{fanout:?}");
        }
    }

    #[test]
    fn failures_are_listed_and_terminating_namespaces_counted() {
        let (printer, _, err) = printer(Quiet::No, 0);
        let mut fanout = Fanout::default();
        fanout.written();
        fanout.refused("secret/hub in a", "a", Refusal::Failed("error: no".into()));
        fanout.refused("secret/hub in b", "b", Refusal::Terminating);
        fanout.refused("secret/x in b", "b", Refusal::Terminating);
        fanout.report(&printer);
        assert_eq!(
            err.text(),
            "skipped 1 namespace that is being deleted: b\nerror: 1 of 2 failed\n\
             secret/hub in a: no\n"
        );
    }
}
