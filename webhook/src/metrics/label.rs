//! The values that labels can have. They are closed enums, so that nothing a client sends can add
//! a series.

use std::fmt;

use extreg_core::edit;
use extreg_core::object;
use extreg_core::verdict::Reason;
use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

use crate::wire;

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
    /// How a request ended.
    Decision {
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
impl Default for Decision {
    fn default() -> Self {
        Self::Unchanged
    }
}

labels! {
    /// The resource of a request.
    Resource {
        /// `build.openshift.io` buildconfigs.
        BuildConfigs = "buildconfigs",
        /// `build.openshift.io` builds.
        Builds = "builds",
        /// `image.openshift.io` imagestreamimports.
        ImageStreamImports = "imagestreamimports",
        /// `image.openshift.io` imagestreams.
        ImageStreams = "imagestreams",
        /// `image.openshift.io` imagestreamtags.
        ImageStreamTags = "imagestreamtags",
        /// `image.openshift.io` imagetags.
        ImageTags = "imagetags",
        /// Any other, or none.
        Other = "other",
    }
}

impl Resource {
    /// The label of a request's resource.
    pub fn of(request: &wire::Request<'_>) -> Self {
        match object::Resource::of_request(&request.resource.group, &request.resource.resource) {
            None => Self::Other,
            Some(object::Resource::BuildConfigs) => Self::BuildConfigs,
            Some(object::Resource::Builds) => Self::Builds,
            Some(object::Resource::ImageStreamImports) => Self::ImageStreamImports,
            Some(object::Resource::ImageStreams) => Self::ImageStreams,
            Some(object::Resource::ImageStreamTags) => Self::ImageStreamTags,
            Some(object::Resource::ImageTags) => Self::ImageTags,
        }
    }
}

labels! {
    /// The operation of a request.
    Operation {
        /// CREATE.
        Create = "create",
        /// Any other, or none.
        Other = "other",
        /// UPDATE.
        Update = "update",
    }
}

impl From<wire::Operation> for Operation {
    fn from(operation: wire::Operation) -> Self {
        match operation {
            wire::Operation::Create => Self::Create,
            wire::Operation::Update => Self::Update,
            wire::Operation::Connect | wire::Operation::Delete | wire::Operation::Other => {
                Self::Other
            }
        }
    }
}

labels! {
    /// A field that a patch sets.
    Field {
        /// `pullSecret` or an entry of a pod's `imagePullSecrets`.
        PullSecret = "pull_secret",
        /// `spec.output.pushSecret`.
        PushSecret = "push_secret",
        /// `importPolicy.scheduled`.
        Scheduled = "scheduled",
    }
}

labels! {
    /// Why an image was left alone.
    SkipReason {
        /// The field is set already.
        AlreadySet = "already_set",
        /// The import controller imports with the policy that the tag has.
        ControllerImport = "controller_import",
        /// The image is named by its digest: it never changes.
        Digest = "digest",
        /// The existing tag follows another tag, or is only a reference.
        ExistingAlias = "existing_alias",
        /// The tag exists and keeps what it follows.
        ExistingTag = "existing_tag",
        /// The integrated registry.
        Internal = "internal",
        /// OpenShift cannot use the reference.
        Invalid = "invalid",
        /// OpenShift's own resolution may find a secret where the policy's would not work.
        LinkedSecret = "linked_secret",
        /// The namespace's labels decide, and are not known.
        NamespaceUnknown = "namespace_unknown",
        /// The import looks images up and writes nothing.
        NotImporting = "not_importing",
        /// The import writes no tag.
        NothingTagged = "nothing_tagged",
        /// Somebody opted out.
        OptedOut = "opted_out",
        /// No policy speaks of that image here.
        OtherRegistry = "other_registry",
        /// The reference holds a Template parameter.
        Parameter = "parameter",
        /// The policy is off.
        PolicyOff = "policy_off",
        /// The policy does not ask for it.
        PolicySilent = "policy_silent",
        /// `reference: true`: never imported.
        Reference = "reference",
        /// The secret that the policy names cannot be shown to work.
        SecretUnusable = "secret_unusable",
        /// A short name, which may come from one of several registries.
        ShortName = "short_name",
        /// The ImageStream that decides could not be read.
        StreamUnread = "stream_unread",
        /// A system namespace, or the webhook's own.
        SystemNamespace = "system_namespace",
        /// The API server's own update of a BuildConfig.
        SystemUpdate = "system_update",
        /// An update that does not change what the rule looks at.
        Unchanged = "unchanged",
        /// The object cannot be read as its kind; the API server will say why.
        Unreadable = "unreadable",
    }
}

impl From<Reason> for SkipReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::AlreadySet => Self::AlreadySet,
            Reason::ControllerImport => Self::ControllerImport,
            Reason::Digest => Self::Digest,
            Reason::ExistingAlias => Self::ExistingAlias,
            Reason::ExistingTag => Self::ExistingTag,
            Reason::Internal => Self::Internal,
            Reason::Invalid => Self::Invalid,
            Reason::LinkedSecret => Self::LinkedSecret,
            Reason::NamespaceUnknown => Self::NamespaceUnknown,
            Reason::NotImporting => Self::NotImporting,
            Reason::NothingTagged => Self::NothingTagged,
            Reason::OptedOut => Self::OptedOut,
            Reason::OtherRegistry => Self::OtherRegistry,
            Reason::Parameter => Self::Parameter,
            Reason::PolicySilent => Self::PolicySilent,
            Reason::PolicyOff => Self::PolicyOff,
            Reason::Reference => Self::Reference,
            Reason::SecretUnusable => Self::SecretUnusable,
            Reason::ShortName => Self::ShortName,
            Reason::StreamUnread => Self::StreamUnread,
            Reason::SystemNamespace => Self::SystemNamespace,
            Reason::SystemUpdate => Self::SystemUpdate,
            Reason::Unchanged => Self::Unchanged,
        }
    }
}

impl From<edit::Field> for Field {
    fn from(field: edit::Field) -> Self {
        match field {
            edit::Field::PushSecret => Self::PushSecret,
            edit::Field::StrategyPullSecret(_) | edit::Field::SourcePullSecret(_) => {
                Self::PullSecret
            }
            edit::Field::StreamTagSchedule(_)
            | edit::Field::TagSchedule
            | edit::Field::ImageTagSchedule
            | edit::Field::ImportSchedule(_)
            | edit::Field::RepositorySchedule => Self::Scheduled,
        }
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
    /// What came of a build that was looked at, or of one stream that it is followed to.
    FollowOutcome {
        /// The stream was changed in between; looked at again.
        Conflict = "conflict",
        /// The queue is full; looked at again by the next list.
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
        /// The namespace is left alone.
        OptedOut = "opted_out",
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
