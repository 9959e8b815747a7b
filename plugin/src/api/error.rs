//! What kube reports, as our errors.

use std::error::Error as StdError;

use extreg_cluster::innermost;

use super::service::LocalError;
use crate::error::Error;

/// The longest piece of an answer that is not the API's own that is worth showing.
const MAX_FOREIGN: usize = 300;

/// Translates an error of the client.
pub fn from_kube(error: kube::Error) -> Error {
    match error {
        kube::Error::Api(status) if status.code == 401 => {
            Error::NotLoggedIn(if status.reason.is_empty() {
                "Unauthorized".to_owned()
            } else {
                status.reason
            })
        }
        kube::Error::Api(status) => Error::Api {
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
                Err(source) => Error::Unreachable(of_server(source.as_ref())),
            },
        },
        kube::Error::HyperError(source) => Error::Unreachable(of_server(&source)),
        kube::Error::Auth(source) => Error::NotLoggedIn(source.to_string()),
        kube::Error::InferKubeconfig(_)
        | kube::Error::InferConfig(_)
        | kube::Error::RustlsTls(_)
        | kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => Error::usage(format!("kubeconfig: {error}")),
        // Its text could quote the object that did not parse.
        kube::Error::SerdeError(source) => Error::failed(format!(
            "the server's answer is not what was expected (line {}, column {})",
            source.line(),
            source.column(),
        )),
        other => Error::failed(other.to_string()),
    }
}

fn local_error(error: &LocalError) -> Error {
    match error {
        LocalError::ReadOnly { .. } => Error::usage(error.to_string()),
        LocalError::TimedOut { .. } => Error::Unreachable(error.to_string()),
    }
}

/// The cause that says something, with what to do where its certificate is not trusted.
fn of_server(error: &(dyn StdError + 'static)) -> String {
    let mut text = innermost(error);
    if text.contains("UnknownIssuer") {
        text.push_str(
            " (the API server's certificate is not signed by a known authority: \
             --certificate-authority names one)",
        );
    }
    text
}

/// A proxy's page instead of the API's answer: its first line will do.
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

    fn api(code: u16, reason: &str, message: &str) -> Error {
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
