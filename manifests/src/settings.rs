//! The settings of an installation.

mod schedule;
mod values;

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;

use crate::names;
pub use schedule::{Schedule, ScheduleError};
pub use values::{
    CaBundle, DnsLabel, DnsName, Replicas, SettingsError, TimeoutSeconds, WebhookUrl,
};

/// The settings of an installation; everything else is fixed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Namespace of the webhook.
    pub namespace: DnsLabel,
    /// Image of the webhook's pods, tag or digest included; see [`Settings::image`].
    pub image: Option<String>,
    /// Pods of the webhook.
    pub replicas: Replicas,
    /// Mode of the initial policy, and the strongest mode of the pods for any
    /// policy.
    pub mode: InstallMode,
    /// The API server's reaction if the webhook cannot be reached.
    pub failure_policy: FailurePolicy,
    /// How long the API server waits for the webhook.
    pub timeout: TimeoutSeconds,
    /// Requirements for a namespace in addition to the fixed ones.
    pub namespace_selector: Vec<LabelSelectorRequirement>,
    /// Where the serving certificate comes from; also determines where the webhook runs.
    pub tls: Tls,
    /// Whether to install a ServiceMonitor and alert rules; needs the Prometheus operator.
    pub monitoring: bool,
    /// Whether monitoring includes the dashboard of OpenShift's console, in a namespace of the platform.
    pub console_dashboard: bool,
    /// Whether to install the importer, and where it has permissions. It ignores
    /// [`Settings::mode`], and follows builds only in the namespaces of
    /// [`Settings::namespace_selector`].
    pub follow_builds: FollowBuilds,
    /// Whether to install the job that audits the cluster.
    pub audit: Option<AuditJob>,
    /// Names of the secrets that policies use. The webhook can read only these.
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
            console_dashboard: false,
            follow_builds: FollowBuilds::No,
            audit: None,
            secrets: BTreeSet::from([DnsName::default()]),
        }
    }
}

impl Settings {
    /// The image of the webhook's pods. No image is published: the default is the one of this
    /// version in OpenShift's integrated registry, in the webhook's namespace, whose pods can pull it.
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
    /// A separate CA issued it; [`crate::serving_secret`] creates the secret.
    OwnCa(CaBundle),
    /// The webhook runs outside the cluster, or at a URL that the cluster can reach. No pods,
    /// Service or network policy are installed.
    External {
        /// Where the API server calls it.
        url: WebhookUrl,
        /// The CA that signed its certificate.
        ca: CaBundle,
    },
}

/// Whether the importer follows builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FollowBuilds {
    /// It does not.
    No,
    /// It does, with permissions in every namespace.
    Everywhere,
    /// It does, with permissions in these namespaces only.
    In(BTreeSet<DnsLabel>),
}

/// The job that audits the cluster and publishes its findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditJob {
    /// When it runs.
    pub schedule: Schedule,
    /// Whether it reads secrets.
    pub secrets: AuditSecrets,
}

/// Whether the audit reads secrets, for the checks of credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuditSecrets {
    /// It does not: checks that depend on credentials are inconclusive.
    #[default]
    Skip,
    /// It does. Its account can then list every secret of the cluster, because RBAC has no narrower
    /// permission for two types.
    Read,
}

/// Mode of the initial policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallMode {
    /// Count and annotate only.
    Audit,
    /// Warn about what would be changed.
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

/// The API server's reaction if the webhook cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Admits the object unchanged.
    Ignore,
    /// Rejects it: while the webhook is down no build starts in the selected namespaces.
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
