//! What to do about a registry that does not give an image.

use super::StreamTag;
use crate::caller::Caller;

/// The kinds of refusal, by the reason and the words that an import ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The registry limits how much may be pulled. OpenShift has no reason for it, so it comes as an
    /// internal error with the registry's words.
    TooMany,
    /// There is no such image, or none yet.
    NotFound,
    /// The registry wants another credential, or shows nobody that there is nothing.
    Unauthorized,
    /// The cluster does not allow it: its registries, or a quota.
    Forbidden,
    /// The registry does not answer, or not as it should.
    Unavailable,
}

impl Refusal {
    /// From the `status` of an image.
    pub(crate) fn of(reason: &str, message: &str) -> Self {
        let message = message.to_lowercase();
        if message.contains("toomanyrequests") || message.contains("too many requests") {
            return Self::TooMany;
        }
        match reason {
            "NotFound" => Self::NotFound,
            "Unauthorized" => Self::Unauthorized,
            "Forbidden" | "Invalid" => Self::Forbidden,
            _ => Self::Unavailable,
        }
    }

    /// The registry's words behind the API's reason, unless that says nothing.
    pub(crate) fn words(reason: &str, message: &str) -> String {
        match (reason, message) {
            ("", "") => "the server does not say why".to_owned(),
            ("" | "Unknown", message) => message.to_owned(),
            (reason, "") => reason.to_owned(),
            (reason, message) => format!("{reason}: {message}"),
        }
    }

    /// Whether a later attempt can succeed without a change.
    pub(crate) const fn may_pass(self) -> bool {
        match self {
            Self::TooMany | Self::NotFound | Self::Unavailable => true,
            Self::Unauthorized | Self::Forbidden => false,
        }
    }

    /// What to do about it, with a command.
    pub(crate) fn next(
        self,
        name: &StreamTag,
        image: &str,
        namespace: &str,
        caller: Caller,
    ) -> String {
        let host = caller.program();
        let wait = format!("{caller} import {name} -n {namespace} --wait");
        match self {
            Self::TooMany => format!(
                "the registry's limit for this address or account is used up for now; try until it \
                 is not: {wait}"
            ),
            Self::NotFound => format!("push {image}, and import it as soon as it is there: {wait}"),
            Self::Unauthorized => format!(
                "there is no such repository, or it is private and no secret here opens it; imports \
                 use the docker configs of this namespace: {host} get secrets -n {namespace} \
                 --field-selector type=kubernetes.io/dockerconfigjson, and which key they need says: \
                 {caller} resolve {image}"
            ),
            Self::Forbidden => format!(
                "the cluster does not allow it; which registries it allows: {host} get \
                 image.config.openshift.io cluster -o yaml"
            ),
            Self::Unavailable => format!("try until the registry answers: {wait}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_by_reason_and_words() {
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
                Refusal::Forbidden,
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
    fn words_are_the_registrys() {
        for (reason, message, expected) in [
            ("Unauthorized", "you may not", "Unauthorized: you may not"),
            ("", "no", "no"),
            ("NotFound", "", "NotFound"),
            ("", "", "the server does not say why"),
        ] {
            assert_eq!(Refusal::words(reason, message), expected);
        }
    }

    #[test]
    fn every_refusal_names_a_command() {
        let name = StreamTag::new("app", "v1");
        for refusal in [
            Refusal::TooMany,
            Refusal::NotFound,
            Refusal::Unauthorized,
            Refusal::Forbidden,
            Refusal::Unavailable,
        ] {
            let next = refusal.next(&name, "docker.io/u/a:v1", "snow", Caller::Kubectl);
            assert!(next.contains(": kubectl "), "{next}");
        }
    }
}
