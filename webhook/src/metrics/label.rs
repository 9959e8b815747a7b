//! The values of labels. They are closed enums, so that no client input can add
//! a series.

use std::fmt;

use extreg_core::object::{Operation, Resource};

/// The label of a resource or an operation that no rule applies to.
const OTHER: &str = "other";

/// The label of a resource.
pub(crate) fn resource_label(resource: Option<Resource>) -> &'static str {
    resource.map_or(OTHER, Resource::name)
}

/// The label of an operation.
pub(crate) fn operation_label(operation: Option<Operation>) -> &'static str {
    operation.map_or(OTHER, Operation::name)
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
        /// Reads how many findings the last audit published.
        Audit = "audit",
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
    /// The severity of a finding of the audit.
    Severity {
        /// Immediate harm.
        Critical = "critical",
        /// Harm.
        High = "high",
        /// Information only.
        Info = "info",
        /// Little harm.
        Low = "low",
        /// Harm in some cases.
        Medium = "medium",
    }
}

/// A check of the audit, `EXR001` to `EXR099`. The webhook does not know the checks: another version of the plugin
/// can have more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Check(u8);

impl Check {
    /// Reads its name.
    pub fn parse(name: &str) -> Option<Self> {
        let digits = name.strip_prefix("EXR0")?;
        let is_number = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        is_number.then(|| digits.parse().ok().map(Self)).flatten()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "EXR{:03}", self.0)
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
