//! The values that labels can have. They are closed enums, so that nothing a client sends can add
//! a series.

use std::fmt;

use extreg_core::object::{Operation, Resource};
use extreg_core::rule::RuleId;
use extreg_core::verdict::Reason;
use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// The label of a resource or an operation that no rule is about.
const OTHER: &str = "other";

/// The value of a label that the engine has an enum for.
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

/// Declares an enum whose variants have a text, and what metrics and logs need of it.
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
        /// Allowed unchanged, because the decision took longer than the deadline.
        Deadline = "deadline",
        /// Answered 500: the code panicked.
        Panic = "panic",
        /// Allowed with a patch.
        Patch = "patch",
        /// Answered 429: too many at once.
        Shed = "shed",
        /// Answered 408: the body did not arrive in time.
        SlowBody = "slow_body",
        /// Answered 413: the body is larger than the limit.
        TooLarge = "too_large",
        /// Allowed as it is.
        Unchanged = "unchanged",
        /// Allowed as it is because the policy's mode is not `Enforce`, which would change it.
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
    /// Of what there was too little for one more request.
    Shortage {
        /// Places for bodies that have to be waited for.
        Arrivals = "arrivals",
        /// Memory for bodies and answers.
        Memory = "memory",
        /// Decisions at once.
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
        /// It was silent while all places were taken, and made room for another.
        Evicted = "evicted",
        /// The TLS handshake failed or took too long.
        Handshake = "handshake",
        /// No request came for too long.
        Idle = "idle",
        /// The first request did not come in time.
        NoRequest = "no_request",
        /// Its address has as many connections as one may have.
        PeerLimit = "peer_limit",
        /// There are as many connections as there may be.
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
    /// How a source of facts is doing.
    SourceState {
        /// It cannot be reached; it is tried again.
        Down = "down",
        /// The API server refuses it; it is tried again, less often.
        Forbidden = "forbidden",
        /// Not asked for, or the cluster has no such resource.
        Off = "off",
        /// Complete as of the last event.
        Ready = "ready",
        /// Asked for, not complete yet.
        Starting = "starting",
    }
}

labels! {
    /// What came of a read that a review needed.
    LookupOutcome {
        /// The API server answered.
        Answered = "answered",
        /// It did not, or not in time, or refused.
        Failed = "failed",
        /// The namespace had no read left: none was made.
        Limited = "limited",
    }
}

labels! {
    /// What came of a build that was read, or of one stream that it is followed to.
    FollowOutcome {
        /// The stream was changed in between; tried again.
        Conflict = "conflict",
        /// The namespace has no place left in the queue; listed again later.
        Dropped = "dropped",
        /// The registry did not give the image; tried again.
        Failed = "failed",
        /// The API server refuses it to this account; tried again.
        Forbidden = "forbidden",
        /// Tried for the last time.
        GivenUp = "given_up",
        /// Imported.
        Imported = "imported",
        /// No tag of the namespace comes from that image.
        NoTag = "no_tag",
        /// Builds are not followed in the namespace.
        OptedOut = "opted_out",
        /// The namespace has used up its rate of imports; the rest follows.
        Postponed = "postponed",
        /// The API server refuses the request itself; not tried again.
        Refused = "refused",
        /// Too many requests; tried again when the API server said.
        Throttled = "throttled",
        /// The API server cannot be reached or has an error; tried again.
        Unreachable = "unreachable",
        /// Every tag that comes from that image shows it or was asked for before.
        UpToDate = "up_to_date",
    }
}
