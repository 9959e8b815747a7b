//! Errors of requests to a cluster.

use std::error::Error as StdError;

use extreg_terminal::Exit;

use crate::{ConnectError, innermost, service::LocalError};

/// The longest part of a foreign answer to show.
const MAX_FOREIGN: usize = 300;

/// Why a request to a cluster failed. Its message is complete: what failed, where, and how to fix
/// it.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// The API server refused or failed. Displayed as in kubectl.
    #[error("Error from server{}: {message}", in_parentheses(.reason))]
    Api {
        /// HTTP status.
        code: u16,
        /// The `reason` of the Status object, e.g. `NotFound`; may be empty.
        reason: String,
        /// The `message` of the Status object.
        message: String,
    },
    /// Any other failure.
    #[error("error: {0}")]
    Failed(String),
    /// Neither a kubeconfig nor `--server` is given.
    #[error(
        "error: no cluster: found no kubeconfig (--kubeconfig, KUBECONFIG or \
         ~/.kube/config); log in with \"oc login\", or set --server"
    )]
    NoCluster,
    /// The API server rejects our credentials (401).
    #[error(
        "error: You must be logged in to the server ({0}): log in with \"oc login\", or renew the \
         credentials of the kubeconfig"
    )]
    NotLoggedIn(String),
    /// The API server cannot be reached.
    #[error("Unable to connect to the server: {0}")]
    Unreachable(String),
    /// The kubeconfig or a flag is not valid; found before any request.
    #[error("error: {0}")]
    Usage(String),
}

impl ClusterError {
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// The exit code of a run that it ends.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Api {
                code: 401 | 403, ..
            }
            | Self::NoCluster
            | Self::NotLoggedIn(_) => Exit::NotPermitted,
            Self::Api { .. } | Self::Failed(_) | Self::Unreachable(_) => Exit::Failed,
            Self::Usage(_) => Exit::Usage,
        }
    }

    /// Whether it is the API server's answer 404.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Api { code: 404, .. })
    }

    /// Whether it is the API server's answer 409.
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Api { code: 409, .. })
    }

    /// Whether it is the API server's answer 409 because the name already exists.
    pub fn is_already_there(&self) -> bool {
        matches!(self, Self::Api { code: 409, reason, .. } if reason == "AlreadyExists")
    }

    /// Whether it is the API server's answer 405: the resource does not support the verb.
    pub const fn is_not_allowed(&self) -> bool {
        matches!(self, Self::Api { code: 405, .. })
    }

    /// Whether it is the API server's answer to a JSON Patch whose `test` fails (apiserver
    /// `endpoints/handlers/patch.go`, `applyJSPatch`).
    pub const fn is_test_failed(&self) -> bool {
        matches!(self, Self::Api { code: 422, .. })
    }

    /// Whether it is the API server's answer for a namespace that is being deleted, or was deleted
    /// (kube-apiserver `plugin/pkg/admission/namespace/lifecycle/admission.go`).
    pub fn is_terminating(&self) -> bool {
        match self {
            Self::Api {
                code: 403, message, ..
            } => message.ends_with("because it is being terminated"),
            Self::Api {
                code: 404, message, ..
            } => message.starts_with("namespaces \"") && message.ends_with("\" not found"),
            _ => false,
        }
    }

    /// Whether it is the API server's answer 403.
    pub const fn is_forbidden(&self) -> bool {
        matches!(self, Self::Api { code: 403, .. })
    }
}

impl From<ConnectError> for ClusterError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Client(error) => from_kube(error),
            error => Self::Usage(error.to_string()),
        }
    }
}

/// Converts an error of the client.
pub fn from_kube(error: kube::Error) -> ClusterError {
    match error {
        kube::Error::Api(status) if status.code == 401 => {
            ClusterError::NotLoggedIn(if status.reason.is_empty() {
                "Unauthorized".to_owned()
            } else {
                status.reason
            })
        }
        kube::Error::Api(status) => ClusterError::Api {
            code: status.code,
            reason: if status.reason == "Failed to parse error data" {
                String::new()
            } else {
                status.reason
            },
            message: shorten(&status.message, status.code),
        },
        kube::Error::Service(source) => match source.downcast::<LocalError>() {
            Ok(local) => local_error(&local),
            Err(source) => match source.downcast::<kube::Error>() {
                Ok(inner) => from_kube(*inner),
                Err(source) => ClusterError::Unreachable(of_server(source.as_ref())),
            },
        },
        kube::Error::HyperError(source) => ClusterError::Unreachable(of_server(&source)),
        kube::Error::Auth(source) => ClusterError::NotLoggedIn(source.to_string()),
        kube::Error::InferKubeconfig(_)
        | kube::Error::InferConfig(_)
        | kube::Error::RustlsTls(_)
        | kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => {
            ClusterError::Usage(format!("kubeconfig: {error}"))
        }
        // Its text could quote the object that did not parse.
        kube::Error::SerdeError(source) => ClusterError::Failed(format!(
            "cannot parse the server's answer (line {}, column {})",
            source.line(),
            source.column(),
        )),
        other => ClusterError::Failed(other.to_string()),
    }
}

fn local_error(error: &LocalError) -> ClusterError {
    match error {
        LocalError::ReadOnly { .. } => ClusterError::Usage(error.to_string()),
        LocalError::TimedOut { .. } => ClusterError::Unreachable(error.to_string()),
    }
}

/// The most specific cause, with the fix if its certificate is not trusted.
fn of_server(error: &(dyn StdError + 'static)) -> String {
    let mut text = innermost(error);
    if text.contains("UnknownIssuer") {
        text.push_str(
            " (the API server's certificate is not signed by a known authority; \
             set --certificate-authority)",
        );
    }
    text
}

fn in_parentheses(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}

/// A proxy's page instead of the API's answer: only its first line.
fn shorten(message: &str, code: u16) -> String {
    let message = message.trim();
    if message.is_empty() {
        return format!("HTTP status {code}");
    }
    if !message.trim_start().starts_with('<') && message.len() <= 4096 {
        return message.to_owned();
    }
    let line = message.lines().next().unwrap_or_default();
    let start: String = line.chars().take(MAX_FOREIGN).collect();
    format!("HTTP status {code}: {start}…")
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn api(code: u16, reason: &str, message: &str) -> ClusterError {
        from_kube(kube::Error::Api(
            Status::failure(message, reason).with_code(code).boxed(),
        ))
    }

    #[test]
    fn api_errors_read_as_kubectl_prints_them() {
        let cases = [
            (
                api(403, "Forbidden", "x is forbidden"),
                6,
                "Error from server (Forbidden): x is forbidden",
            ),
            (
                api(404, "NotFound", "x"),
                1,
                "Error from server (NotFound): x",
            ),
            (
                api(502, "Failed to parse error data", "<html>\n<b>"),
                1,
                "Error from server: HTTP status 502: <html>…",
            ),
            (api(500, "", ""), 1, "Error from server: HTTP status 500"),
        ];
        for (error, code, text) in cases {
            assert_eq!(
                (error.exit().code(), error.to_string().as_str()),
                (code, text)
            );
        }
        let error = api(401, "Unauthorized", "Unauthorized");
        assert_eq!(error.exit().code(), 6);
        assert!(
            error
                .to_string()
                .starts_with("error: You must be logged in to the server")
        );
    }

    #[test]
    fn a_wrapped_refusal_keeps_its_meaning() {
        let refused = LocalError::ReadOnly {
            method: http::Method::POST,
            path: "/x".to_owned(),
        };
        let error = from_kube(kube::Error::Service(Box::new(refused)));
        assert_eq!(error.exit().code(), 2, "{error}");
    }
}
