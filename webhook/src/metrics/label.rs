//! The values of labels. They are closed enums, so that no client input can add
//! a series.

use std::fmt;

use extreg_core::object::{Operation, Resource};
use extreg_core::rule::RuleId;
use extreg_core::verdict::Reason;
use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// The label of a resource or an operation that no rule applies to.
const OTHER: &str = "other";

/// A label value from an enum of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Label(&'static str);

impl Label {
    /// The value as metrics and logs spell it.
    pub(crate) const fn as_str(self) -> &'static str {
        self.0
    }
}

impl From<Reason> for Label {
    fn from(reason: Reason) -> Self {
        Self(reason.name())
    }
}

impl From<RuleId> for Label {
    fn from(rule: RuleId) -> Self {
        Self(rule.name())
    }
}

impl From<Option<Operation>> for Label {
    fn from(operation: Option<Operation>) -> Self {
        Self(operation.map_or(OTHER, Operation::name))
    }
}

impl From<Option<Resource>> for Label {
    fn from(resource: Option<Resource>) -> Self {
        Self(resource.map_or(OTHER, Resource::name))
    }
}

impl EncodeLabelValue for Label {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        EncodeLabelValue::encode(&self.0, encoder)
    }
}

/// Declares an enum whose variants have a text, with what metrics and logs need.
macro_rules! labels {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// All values.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The value as metrics and logs spell it.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),+
                }
            }
        }

        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
                EncodeLabelValue::encode(&self.as_str(), encoder)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

labels! {
    /// A background task of the webhook.
    Task {
        /// Watches the cluster's image configuration.
        ImageConfig = "image_config",
        /// Watches namespaces.
        Namespaces = "namespaces",
        /// Watches policies.
        Policies = "policies",
        /// Writes metrics and the log of the sources.
        Report = "report",
        /// Watches secrets.
        Secrets = "secrets",
        /// Watches service accounts.
        ServiceAccounts = "service_accounts",
        /// Writes the status of policies.
        Status = "status",
    }
}

labels! {
    /// How a request ended: the label `decision`.
    RequestEnd {
        /// Answered 400: no review.
        BadRequest = "bad_request",
        /// Allowed unchanged, because the decision exceeded the deadline.
        Deadline = "deadline",
        /// Answered 500: the code panicked.
        Panic = "panic",
        /// Allowed with a patch.
        Patch = "patch",
        /// Answered 429: too many concurrent requests.
        Shed = "shed",
        /// Answered 408: the body did not arrive in time.
        SlowBody = "slow_body",
        /// Answered 413: the body is larger than the limit.
        TooLarge = "too_large",
        /// Allowed unchanged.
        Unchanged = "unchanged",
        /// Allowed unchanged because the policy's mode, which is not `Enforce`, prevents the change.
        WouldPatch = "would_patch",
    }
}

#[expect(
    clippy::derivable_impls,
    reason = "the macro has no place for `#[default]`"
)]
impl Default for RequestEnd {
    fn default() -> Self {
        Self::Unchanged
    }
}

labels! {
    /// The exhausted resource.
    Shortage {
        /// Places for incomplete bodies.
        Arrivals = "arrivals",
        /// Memory for bodies and answers.
        Memory = "memory",
        /// Concurrent decisions.
        Slots = "slots",
    }
}

labels! {
    /// A port that the server listens on.
    Port {
        /// Probes and metrics, without TLS.
        Health = "health",
        /// Reviews, over TLS.
        Reviews = "reviews",
    }
}

labels! {
    /// Why the server ended a connection, or did not accept it.
    ConnectionEnd {
        /// Client authentication is on, and the certificate is missing or not accepted.
        ClientCertificate = "client_certificate",
        /// It was silent while all places were taken, and was closed for another.
        Evicted = "evicted",
        /// The TLS handshake failed or timed out.
        Handshake = "handshake",
        /// No request came for too long.
        Idle = "idle",
        /// The first request did not come in time.
        NoRequest = "no_request",
        /// Its address has reached the limit of connections.
        PeerLimit = "peer_limit",
        /// The total limit of connections is reached.
        TotalLimit = "total_limit",
        /// The client did not read an answer in time.
        UnreadAnswer = "unread_answer",
    }
}

labels! {
    /// A source of facts.
    Source {
        /// Names of the integrated registry, from `images.config.openshift.io/cluster`.
        ImageConfig = "image_config",
        /// Metadata of namespaces.
        Namespaces = "namespaces",
        /// `RegistryPolicy` objects, or the policy file.
        Policies = "policies",
        /// The secrets that policies name.
        Secrets = "secrets",
        /// Service accounts named `builder`.
        ServiceAccounts = "service_accounts",
        /// Image streams, read one at a time.
        Streams = "streams",
    }
}

labels! {
    /// The state of a source of facts.
    SourceState {
        /// It cannot be reached; retried.
        Down = "down",
        /// The API server refuses it; retried, less often.
        Forbidden = "forbidden",
        /// Not configured, or the cluster has no such resource.
        Off = "off",
        /// Complete as of the last event.
        Ready = "ready",
        /// Configured, not complete yet.
        Starting = "starting",
    }
}

labels! {
    /// The result of a read that a review needed.
    LookupOutcome {
        /// The API server answered.
        Answered = "answered",
        /// It did not answer, or not in time, or refused.
        Failed = "failed",
        /// The namespace had no read left: no request was made.
        Limited = "limited",
    }
}

labels! {
    /// The result for a build, or for one of its streams.
    FollowOutcome {
        /// The stream was changed in between; retried.
        Conflict = "conflict",
        /// The namespace has no place left in the queue; listed again later.
        Dropped = "dropped",
        /// The registry did not return the image; retried.
        Failed = "failed",
        /// The API server refuses it to this account; retried.
        Forbidden = "forbidden",
        /// The last try failed.
        GivenUp = "given_up",
        /// Imported.
        Imported = "imported",
        /// No tag of the namespace comes from that image.
        NoTag = "no_tag",
        /// Builds are not followed in the namespace.
        OptedOut = "opted_out",
        /// The namespace has used up its rate of imports; the rest follows.
        Postponed = "postponed",
        /// The API server rejects the request as invalid; not retried.
        Refused = "refused",
        /// Too many requests; retried when the API server allows it.
        Throttled = "throttled",
        /// The API server cannot be reached or has an error; retried.
        Unreachable = "unreachable",
        /// Every tag that comes from that image shows it or was imported before.
        UpToDate = "up_to_date",
    }
}
