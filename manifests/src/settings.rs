//! What an installation may choose.

mod values;

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;

use crate::names;
pub use values::{
    CaBundle, DnsLabel, DnsName, Replicas, SettingsError, TimeoutSeconds, WebhookUrl,
};

/// What an installation may choose; everything else is fixed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Namespace of the webhook.
    pub namespace: DnsLabel,
    /// Image of the webhook's pods, tag or digest included; see [`Settings::image`].
    pub image: Option<String>,
    /// Pods of the webhook.
    pub replicas: Replicas,
    /// Mode of the policy that the installation starts with, and the most that the pods do whatever
    /// a policy says.
    pub mode: InstallMode,
    /// What the API server does with a request for which the webhook cannot be reached.
    pub failure_policy: FailurePolicy,
    /// How long the API server waits for the webhook.
    pub timeout: TimeoutSeconds,
    /// Requirements that a namespace must meet beyond the ones that are always there.
    pub namespace_selector: Vec<LabelSelectorRequirement>,
    /// Where the serving certificate comes from, and with it where the webhook runs.
    pub tls: Tls,
    /// Whether to install a ServiceMonitor and alert rules; needs the Prometheus operator.
    pub monitoring: bool,
    /// Whether to install the importer, and where it has rights. It takes no part in
    /// [`Settings::mode`], and follows builds only in the namespaces of
    /// [`Settings::namespace_selector`].
    pub follow_builds: FollowBuilds,
    /// Names of the secrets that policies use. The webhook may read these and no others.
    pub secrets: BTreeSet<DnsName>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            namespace: DnsLabel::default(),
            image: None,
            replicas: Replicas::default(),
            mode: InstallMode::Enforce,
            failure_policy: FailurePolicy::Ignore,
            timeout: TimeoutSeconds::default(),
            namespace_selector: Vec::new(),
            tls: Tls::ServiceCa,
            monitoring: false,
            follow_builds: FollowBuilds::No,
            secrets: BTreeSet::from([DnsName::default()]),
        }
    }
}

impl Settings {
    /// The image of the webhook's pods. None is published: where none is named it is the one of this
    /// version in OpenShift's integrated registry, in the webhook's namespace, whose pods may pull it.
    pub fn image(&self) -> String {
        self.image.clone().unwrap_or_else(|| {
            format!(
                "image-registry.openshift-image-registry.svc:5000/{}/{}:{}",
                self.namespace,
                names::WEBHOOK,
                env!("CARGO_PKG_VERSION")
            )
        })
    }
}

/// Where the serving certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// OpenShift's service-ca issues it and writes the `caBundle`.
    ServiceCa,
    /// A CA of our own issued it; the secret is made with [`crate::serving_secret`].
    OwnCa(CaBundle),
    /// The webhook runs outside the cluster, or where the cluster can reach it by a URL. No pods,
    /// Service or network policy are installed then.
    External {
        /// Where the API server calls it.
        url: WebhookUrl,
        /// The CA that signed its certificate.
        ca: CaBundle,
    },
}

/// Whether builds are followed, by the importer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowBuilds {
    /// They are not.
    No,
    /// They are, and the importer has its rights in every namespace.
    Everywhere,
    /// They are, and the importer has its rights in these namespaces only.
    In(BTreeSet<DnsLabel>),
}

/// Mode of the policy that an installation starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallMode {
    /// Count and annotate only.
    Audit,
    /// Say in an admission warning what would be changed.
    Warn,
    /// Change the objects.
    Enforce,
}

impl InstallMode {
    /// The mode as a policy spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Audit => "Audit",
            Self::Warn => "Warn",
            Self::Enforce => "Enforce",
        }
    }
}

/// What the API server does with a request for which the webhook cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Lets it through unchanged.
    Ignore,
    /// Refuses it: while the webhook is down no build starts in the namespaces that are matched.
    Fail,
}

impl FailurePolicy {
    /// The policy as a webhook configuration spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "Ignore",
            Self::Fail => "Fail",
        }
    }
}
