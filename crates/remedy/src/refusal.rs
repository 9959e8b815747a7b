//! Why a registry refuses an image, from the error of an import.

use std::sync::Arc;

use extreg_snapshot::{kind::Kind, place::ObjectId};

use super::{Action, Inspection, Remedy};

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The registry limits pulls. OpenShift has no reason code for it, so it is an
    /// internal error with the registry's message.
    TooMany,
    /// The registry does not have the image, or not yet.
    NotFound,
    /// The registry requires another credential, or hides from an anonymous client that the image does
    /// not exist.
    Unauthorized,
    /// The registry accepts the credential and denies access to the image.
    Denied,
    /// The cluster does not allow it: its list of registries, or a quota.
    NotAllowed,
    /// The registry's host name does not resolve.
    NoHost,
    /// The registry's certificate is not trusted.
    Untrusted,
    /// The registry does not answer, or answers with an error.
    Unavailable,
}

impl Refusal {
    /// Parses the reason and the message of an import. Behind a mirror every error is an internal one.
    pub fn of(reason: &str, message: &str) -> Self {
        let message = message.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if has(&["toomanyrequests", "too many requests"]) {
            return Self::TooMany;
        }
        if has(&["no such host", "name or service not known"]) {
            return Self::NoHost;
        }
        if has(&[
            "x509:",
            "certificate signed by unknown",
            "certificate is not",
        ]) {
            return Self::Untrusted;
        }
        match reason {
            "NotFound" => Self::NotFound,
            "Unauthorized" => Self::Unauthorized,
            "Forbidden" | "Invalid" if has(&["not allowed", "whitelist", "quota", "limit"]) => {
                Self::NotAllowed
            }
            "Forbidden" => Self::Denied,
            "Invalid" => Self::NotAllowed,
            _ if has(&["unauthorized", "authentication required", "status 401"]) => {
                Self::Unauthorized
            }
            _ if has(&["denied", "forbidden", "status 403"]) => Self::Denied,
            _ if has(&["manifest unknown", "name unknown"]) => Self::NotFound,
            _ => Self::Unavailable,
        }
    }

    /// The API's reason and the registry's message; omits a reason that carries no information.
    pub fn words(reason: &str, message: &str) -> String {
        match (reason, message) {
            ("", "") => "the server gives no reason".to_owned(),
            ("" | "Unknown", message) => message.to_owned(),
            (reason, "") => reason.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }

    /// Whether it can resolve without a change.
    pub const fn may_pass(self) -> bool {
        match self {
            Self::TooMany | Self::NotFound | Self::Unavailable => true,
            Self::Unauthorized
            | Self::Denied
            | Self::NotAllowed
            | Self::NoHost
            | Self::Untrusted => false,
        }
    }

    /// Its description.
    pub const fn description(self) -> &'static str {
        match self {
            Self::TooMany => "the registry's limit for this address or account is reached",
            Self::NotFound => "the registry does not have the image yet",
            Self::Unauthorized => {
                "the repository does not exist, or it is private and no secret in this namespace has access"
            }
            Self::Denied => "the registry denies it to this credential",
            Self::NotAllowed => "the cluster does not allow it",
            Self::NoHost => "the registry's host name does not resolve",
            Self::Untrusted => "the registry's certificate is not trusted by the cluster",
            Self::Unavailable => "the registry did not answer as it should",
        }
    }

    /// The fix after the import of a tag.
    pub fn remedy(self, namespace: &str, (stream, tag): (&str, &str), image: &str) -> Remedy {
        match self {
            Self::TooMany | Self::NotFound | Self::Unavailable => Remedy::run(Action::ImportTag {
                stream: ObjectId {
                    namespace: namespace.into(),
                    kind: Kind::ImageStream,
                    name: stream.into(),
                },
                tag: tag.into(),
                wait: true,
            }),
            Self::Unauthorized | Self::Denied => Remedy::Inspect(Inspection::CheckSecret {
                namespace: namespace.into(),
                secret: None,
                image: Some(image.into()),
            }),
            Self::NotAllowed => Remedy::Inspect(Inspection::Get(ObjectId {
                namespace: Arc::default(),
                kind: Kind::ImageConfig,
                name: "cluster".into(),
            })),
            Self::NoHost => Remedy::instruct(format!("correct the registry's name in {image}")),
            Self::Untrusted => Remedy::instruct(
                "have the certificate authority of the registry added to spec.additionalTrustedCA of \
                 image.config.openshift.io/cluster",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_distinguished_by_reason_and_message() {
        for (reason, message, expected, may_pass) in [
            (
                "InternalError",
                "Internal error occurred: toomanyrequests: You have reached your pull rate limit.",
                Refusal::TooMany,
                true,
            ),
            (
                "NotFound",
                "dockerimage.image.openshift.io \"x\" not found",
                Refusal::NotFound,
                true,
            ),
            (
                "Unauthorized",
                "you may not have access to the container image \"x\"",
                Refusal::Unauthorized,
                false,
            ),
            (
                "Forbidden",
                "registry \"x\" not allowed by whitelist",
                Refusal::NotAllowed,
                false,
            ),
            (
                "Forbidden",
                "denied: requested access to the resource is denied",
                Refusal::Denied,
                false,
            ),
            (
                "InternalError",
                "mirror.example: unauthorized: authentication required",
                Refusal::Unauthorized,
                false,
            ),
            (
                "InternalError",
                "received unexpected HTTP status 403: Forbidden",
                Refusal::Denied,
                false,
            ),
            (
                "InternalError",
                "dial tcp: lookup registy.example.com: no such host",
                Refusal::NoHost,
                false,
            ),
            (
                "InternalError",
                "x509: certificate signed by unknown authority",
                Refusal::Untrusted,
                false,
            ),
            (
                "InternalError",
                "dial tcp: i/o timeout",
                Refusal::Unavailable,
                true,
            ),
            ("", "", Refusal::Unavailable, true),
        ] {
            let refusal = Refusal::of(reason, message);
            assert_eq!(
                (refusal, refusal.may_pass()),
                (expected, may_pass),
                "{message}"
            );
        }
    }

    #[test]
    fn the_text_is_the_registrys_message() {
        for (reason, message, expected) in [
            ("Unauthorized", "denied", "Unauthorized: denied"),
            ("", "no", "no"),
            ("NotFound", "", "NotFound"),
            ("", "", "the server gives no reason"),
        ] {
            assert_eq!(Refusal::words(reason, message), expected);
        }
    }

    #[test]
    fn waiting_is_only_suggested_if_it_can_help() {
        for refusal in [
            Refusal::TooMany,
            Refusal::NotFound,
            Refusal::Unauthorized,
            Refusal::Denied,
            Refusal::NotAllowed,
            Refusal::NoHost,
            Refusal::Untrusted,
            Refusal::Unavailable,
        ] {
            let remedy = refusal.remedy("snow", ("app", "v1"), "docker.io/u/a:v1");
            assert_eq!(
                !remedy.actions().is_empty(),
                refusal.may_pass(),
                "{refusal:?}"
            );
        }
    }
}
