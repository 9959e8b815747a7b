//! Why a command did not do what it was asked, and how each reason ends the run.

use extreg_cluster::ClusterError;
use extreg_terminal::Exit;

/// A reason to stop. Its message is complete: what, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cluster did not do what it was asked.
    #[error(transparent)]
    Cluster(ClusterError),
    /// Could not do the job, for any reason that has no variant of its own.
    #[error("error: {0}")]
    Failed(String),
    /// Interrupted by the user; says what had been done.
    #[error("error: interrupted")]
    Interrupted,
    /// Some objects were written, then this one failed.
    #[error("{source}")]
    Partial {
        /// What stopped it.
        source: Box<Self>,
    },
    /// What was asked is not so: a condition is false, a check failed.
    #[error("error: {0}")]
    Refused(String),
    /// The time given by `--timeout` ran out.
    #[error("error: timed out after {0}")]
    TimedOut(String),
    /// Two states could not be compared. Never ends as differences do, with 1, but as `kubectl diff`
    /// does: above that.
    #[error("{source}")]
    Uncompared {
        /// What stopped it.
        source: Box<Self>,
    },
    /// How it was called or configured makes no sense; found before any request.
    #[error("error: {0}")]
    Usage(String),
}

impl From<extreg_documents::BadName> for Error {
    fn from(error: extreg_documents::BadName) -> Self {
        Self::Usage(error.to_string())
    }
}

/// What is said in the same way of a cluster and of all else is the same variant.
impl From<ClusterError> for Error {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::Failed(message) => Self::Failed(message),
            ClusterError::Usage(message) => Self::Usage(message),
            error => Self::Cluster(error),
        }
    }
}

impl Error {
    /// A usage error.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    /// A failure of the job.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// A "no" as an answer.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }

    /// How the run ends.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Cluster(error) => error.exit(),
            Self::Failed(_) => Exit::Failed,
            Self::Interrupted => Exit::Interrupted,
            // That something was written outranks why the rest was not, but for what the user did.
            Self::Partial { source } => match source.exit() {
                exit @ (Exit::Interrupted | Exit::TimedOut) => exit,
                _ => Exit::Partial,
            },
            Self::Uncompared { source } => match source.exit() {
                Exit::Done | Exit::Failed => Exit::Usage,
                exit => exit,
            },
            Self::Refused(_) => Exit::No,
            Self::TimedOut(_) => Exit::TimedOut,
            Self::Usage(_) => Exit::Usage,
        }
    }

    /// Whether it is the API server's answer 404.
    pub fn is_not_found(&self) -> bool {
        self.is_of_cluster(ClusterError::is_not_found)
    }

    /// Whether it is the API server's answer 409.
    pub fn is_conflict(&self) -> bool {
        self.is_of_cluster(ClusterError::is_conflict)
    }

    /// Whether it is the API server's answer 409 because something of that name is there.
    pub fn is_already_there(&self) -> bool {
        self.is_of_cluster(ClusterError::is_already_there)
    }

    /// Whether it is the API server's answer 405: the resource does not know the verb.
    pub fn is_not_allowed(&self) -> bool {
        self.is_of_cluster(ClusterError::is_not_allowed)
    }

    /// Whether it is the API server's answer to a JSON Patch whose `test` does not hold (apiserver
    /// `endpoints/handlers/patch.go`, `applyJSPatch`).
    pub fn is_test_failed(&self) -> bool {
        self.is_of_cluster(ClusterError::is_test_failed)
    }

    /// Whether it is the API server's answer for a namespace that is being deleted, or is gone
    /// (kube-apiserver `plugin/pkg/admission/namespace/lifecycle/admission.go`).
    pub fn is_terminating(&self) -> bool {
        self.is_of_cluster(ClusterError::is_terminating)
    }

    /// Whether it is the API server's answer 403.
    pub fn is_forbidden(&self) -> bool {
        self.is_of_cluster(ClusterError::is_forbidden)
    }

    fn is_of_cluster(&self, is: impl Fn(&ClusterError) -> bool) -> bool {
        matches!(self, Self::Cluster(error) if is(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(code: u16, reason: &str) -> Error {
        Error::Cluster(ClusterError::Api {
            code,
            reason: reason.to_owned(),
            message: "no".to_owned(),
        })
    }

    #[test]
    fn every_error_has_its_code() {
        let cases = [
            (
                api(403, "Forbidden"),
                6,
                "Error from server (Forbidden): no",
            ),
            (api(404, "NotFound"), 1, "Error from server (NotFound): no"),
            (api(500, ""), 1, "Error from server: no"),
            (
                Error::Cluster(ClusterError::Unreachable("refused".to_owned())),
                1,
                "Unable to connect to the server: refused",
            ),
            (Error::usage("x"), 2, "error: x"),
            (
                Error::Cluster(ClusterError::NoCluster),
                6,
                "error: no cluster to talk to: there is no kubeconfig (--kubeconfig, KUBECONFIG or \
                 ~/.kube/config); log in with \"oc login\", or name a --server",
            ),
            (Error::refused("x"), 3, "error: x"),
            (
                Error::Partial {
                    source: Box::new(api(403, "Forbidden")),
                },
                5,
                "Error from server (Forbidden): no",
            ),
            (
                Error::Partial {
                    source: Box::new(Error::Interrupted),
                },
                130,
                "error: interrupted",
            ),
            (
                Error::Uncompared {
                    source: Box::new(api(500, "")),
                },
                2,
                "Error from server: no",
            ),
            (
                Error::Uncompared {
                    source: Box::new(api(403, "Forbidden")),
                },
                6,
                "Error from server (Forbidden): no",
            ),
            (
                Error::TimedOut("3s".to_owned()),
                124,
                "error: timed out after 3s",
            ),
        ];
        for (error, code, text) in cases {
            assert_eq!(
                (error.exit().code(), error.to_string().as_str()),
                (code, text)
            );
        }
        assert_eq!(
            Error::Cluster(ClusterError::NotLoggedIn("Unauthorized".to_owned()))
                .exit()
                .code(),
            6
        );
    }
}
