//! Why a command failed, and the exit code of each reason.

use extreg_cluster::ClusterError;
use extreg_terminal::Exit;

/// The reason for a failure. Its message is complete: what failed, where, and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cluster did not fulfill a request.
    #[error(transparent)]
    Cluster(ClusterError),
    /// Any failure without a variant of its own.
    #[error("error: {0}")]
    Failed(String),
    /// Interrupted by the user; the message lists the changes so far.
    #[error("error: interrupted")]
    Interrupted,
    /// Some objects were written, then this one failed.
    #[error("{source}")]
    Partial {
        /// The cause.
        source: Box<Self>,
    },
    /// The answer is no: a condition is false, a check failed.
    #[error("error: {0}")]
    Refused(String),
    /// The time limit of `--timeout` expired.
    #[error("error: timed out after {0}")]
    TimedOut(String),
    /// Two states could not be compared. Its exit code is never 1, which means differences, but higher, as for `kubectl
    /// diff`.
    #[error("{source}")]
    Uncompared {
        /// The cause.
        source: Box<Self>,
    },
    /// Invalid arguments or configuration; found before any request.
    #[error("error: {0}")]
    Usage(String),
}

impl From<extreg_documents::BadName> for Error {
    fn from(error: extreg_documents::BadName) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Errors that a cluster and other sources have in common map to the same variant.
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

    /// A negative answer.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused(message.into())
    }

    /// The exit of the run.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Cluster(error) => error.exit(),
            Self::Failed(_) => Exit::Failed,
            Self::Interrupted => Exit::Interrupted,
            // A partial write outranks the cause, unless the user caused it.
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

    /// Whether the API server answered 404.
    pub fn is_not_found(&self) -> bool {
        self.is_of_cluster(ClusterError::is_not_found)
    }

    /// Whether the API server answered 409.
    pub fn is_conflict(&self) -> bool {
        self.is_of_cluster(ClusterError::is_conflict)
    }

    /// Whether the API server answered 409 because the name exists.
    pub fn is_already_there(&self) -> bool {
        self.is_of_cluster(ClusterError::is_already_there)
    }

    /// Whether the API server answered 405: the resource does not support the verb.
    pub fn is_not_allowed(&self) -> bool {
        self.is_of_cluster(ClusterError::is_not_allowed)
    }

    /// Whether the API server rejected a JSON Patch because its `test` failed (apiserver `endpoints/handlers/patch.go`,
    /// `applyJSPatch`).
    pub fn is_test_failed(&self) -> bool {
        self.is_of_cluster(ClusterError::is_test_failed)
    }

    /// Whether the API server refused because the namespace is being deleted, or is gone (kube-apiserver
    /// `plugin/pkg/admission/namespace/lifecycle/admission.go`).
    pub fn is_terminating(&self) -> bool {
        self.is_of_cluster(ClusterError::is_terminating)
    }

    /// Whether the API server answered 403.
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
                "error: no cluster: found no kubeconfig (--kubeconfig, KUBECONFIG or \
                 ~/.kube/config); log in with \"oc login\", or set --server",
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
