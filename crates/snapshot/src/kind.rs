//! The kinds that an audit reads.

/// A kind that an audit reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `build.openshift.io` Build.
    Build,
    /// `build.openshift.io` BuildConfig.
    BuildConfig,
    /// `shipwright.io` BuildRun.
    BuildRun,
    /// `batch` CronJob.
    CronJob,
    /// `apps` DaemonSet.
    DaemonSet,
    /// `apps` Deployment.
    Deployment,
    /// `apps.openshift.io` DeploymentConfig.
    DeploymentConfig,
    /// `config.openshift.io` Image: the cluster's image configuration.
    ImageConfig,
    /// `operator.openshift.io` ImageContentSourcePolicy, the older way to mirror by digest.
    ImageContentSourcePolicy,
    /// `config.openshift.io` ImageDigestMirrorSet.
    ImageDigestMirrorSet,
    /// `config.openshift.io` ImagePolicy: signatures that a namespace asks for.
    ImagePolicy,
    /// `config.openshift.io` ClusterImagePolicy: signatures that the cluster asks for.
    ClusterImagePolicy,
    /// `image.openshift.io` ImageStream.
    ImageStream,
    /// `config.openshift.io` ImageTagMirrorSet.
    ImageTagMirrorSet,
    /// `batch` Job.
    Job,
    /// `admissionregistration.k8s.io` MutatingWebhookConfiguration: that of the webhook.
    MutatingWebhookConfiguration,
    /// Namespace.
    Namespace,
    /// Pod.
    Pod,
    /// `extreg.io` RegistryPolicy.
    RegistryPolicy,
    /// `apps` ReplicaSet.
    ReplicaSet,
    /// ReplicationController.
    ReplicationController,
    /// Secret.
    Secret,
    /// ServiceAccount.
    ServiceAccount,
    /// `shipwright.io` Build.
    ShipwrightBuild,
    /// `apps` StatefulSet.
    StatefulSet,
    /// `tekton.dev` Task.
    Task,
}

/// What a kind is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// How the cluster is configured.
    Configuration,
    /// Who may pull and push as whom.
    Credentials,
    /// Which images it names.
    Usage,
}

/// Where the API serves a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Api {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// The kind, as in a file.
    pub kind: &'static str,
    /// The resource, as in a URL.
    pub plural: &'static str,
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
    /// What it is read for.
    pub purpose: Purpose,
}

impl Kind {
    /// All of them, in the order in which they are listed in a cluster: what decides comes before
    /// what it decides about.
    pub const ALL: [Self; 26] = [
        Self::ImageConfig,
        Self::ImageDigestMirrorSet,
        Self::ImageTagMirrorSet,
        Self::ImageContentSourcePolicy,
        Self::ClusterImagePolicy,
        Self::ImagePolicy,
        Self::MutatingWebhookConfiguration,
        Self::RegistryPolicy,
        Self::Namespace,
        Self::Secret,
        Self::ServiceAccount,
        Self::ImageStream,
        Self::BuildConfig,
        Self::Build,
        Self::ShipwrightBuild,
        Self::BuildRun,
        Self::Task,
        Self::DeploymentConfig,
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::CronJob,
        Self::Job,
        Self::ReplicaSet,
        Self::ReplicationController,
        Self::Pod,
    ];

    /// The kinds of that name, in any case, singular or plural, with or without the group: `Build`
    /// without a group is two.
    pub fn named(text: &str) -> Vec<Self> {
        let text = text.to_lowercase();
        let (name, group) = match text.split_once('.') {
            Some((name, group)) => (name, Some(group)),
            None => (&*text, None),
        };
        let named = |kind: &Self| {
            let api = kind.api();
            (api.kind.to_lowercase() == name || api.plural == name)
                && group.is_none_or(|group| api.group == group)
        };
        Self::ALL.into_iter().filter(named).collect()
    }

    /// Where the API serves it.
    pub const fn api(self) -> Api {
        use Purpose::{Configuration, Credentials, Usage};

        const CONFIG: &str = "config.openshift.io";
        let (group, version, kind, plural, namespaced, purpose) = match self {
            Self::Build => ("build.openshift.io", "v1", "Build", "builds", true, Usage),
            Self::BuildConfig => (
                "build.openshift.io",
                "v1",
                "BuildConfig",
                "buildconfigs",
                true,
                Usage,
            ),
            Self::BuildRun => (
                "shipwright.io",
                "v1beta1",
                "BuildRun",
                "buildruns",
                true,
                Usage,
            ),
            Self::CronJob => ("batch", "v1", "CronJob", "cronjobs", true, Usage),
            Self::DaemonSet => ("apps", "v1", "DaemonSet", "daemonsets", true, Usage),
            Self::Deployment => ("apps", "v1", "Deployment", "deployments", true, Usage),
            Self::DeploymentConfig => (
                "apps.openshift.io",
                "v1",
                "DeploymentConfig",
                "deploymentconfigs",
                true,
                Usage,
            ),
            Self::ImageConfig => (CONFIG, "v1", "Image", "images", false, Configuration),
            Self::ImageContentSourcePolicy => (
                "operator.openshift.io",
                "v1alpha1",
                "ImageContentSourcePolicy",
                "imagecontentsourcepolicies",
                false,
                Configuration,
            ),
            Self::ImageDigestMirrorSet => (
                CONFIG,
                "v1",
                "ImageDigestMirrorSet",
                "imagedigestmirrorsets",
                false,
                Configuration,
            ),
            Self::ImagePolicy => (
                CONFIG,
                "v1",
                "ImagePolicy",
                "imagepolicies",
                true,
                Configuration,
            ),
            Self::ClusterImagePolicy => (
                CONFIG,
                "v1",
                "ClusterImagePolicy",
                "clusterimagepolicies",
                false,
                Configuration,
            ),
            Self::ImageStream => (
                "image.openshift.io",
                "v1",
                "ImageStream",
                "imagestreams",
                true,
                Usage,
            ),
            Self::ImageTagMirrorSet => (
                CONFIG,
                "v1",
                "ImageTagMirrorSet",
                "imagetagmirrorsets",
                false,
                Configuration,
            ),
            Self::Job => ("batch", "v1", "Job", "jobs", true, Usage),
            Self::MutatingWebhookConfiguration => (
                "admissionregistration.k8s.io",
                "v1",
                "MutatingWebhookConfiguration",
                "mutatingwebhookconfigurations",
                false,
                Configuration,
            ),
            Self::Namespace => ("", "v1", "Namespace", "namespaces", false, Configuration),
            Self::Pod => ("", "v1", "Pod", "pods", true, Usage),
            Self::RegistryPolicy => (
                "extreg.io",
                "v1alpha1",
                "RegistryPolicy",
                "registrypolicies",
                false,
                Configuration,
            ),
            Self::ReplicaSet => ("apps", "v1", "ReplicaSet", "replicasets", true, Usage),
            Self::ReplicationController => (
                "",
                "v1",
                "ReplicationController",
                "replicationcontrollers",
                true,
                Usage,
            ),
            Self::Secret => ("", "v1", "Secret", "secrets", true, Credentials),
            Self::ServiceAccount => (
                "",
                "v1",
                "ServiceAccount",
                "serviceaccounts",
                true,
                Credentials,
            ),
            Self::ShipwrightBuild => ("shipwright.io", "v1beta1", "Build", "builds", true, Usage),
            Self::StatefulSet => ("apps", "v1", "StatefulSet", "statefulsets", true, Usage),
            Self::Task => ("tekton.dev", "v1", "Task", "tasks", true, Usage),
        };
        Api {
            group,
            version,
            kind,
            plural,
            namespaced,
            purpose,
        }
    }

    /// The kind of an object of a file, whatever the version of its group. `v1` of a kind of
    /// OpenShift is how OpenShift 3 wrote it (`library-go/pkg/legacyapi/legacygroupification`).
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        let (group, legacy) = match api_version.split_once('/') {
            Some((group, _)) => (group, false),
            None => ("", true),
        };
        Self::ALL.into_iter().find(|known| {
            let api = known.api();
            api.kind == kind && (api.group == group || legacy && known.is_legacy())
        })
    }

    /// Whether OpenShift 3 served it without a group.
    const fn is_legacy(self) -> bool {
        matches!(
            self,
            Self::Build | Self::BuildConfig | Self::DeploymentConfig | Self::ImageStream
        )
    }
}

impl Api {
    /// `plural.group`, or the plural alone for the core group.
    pub fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_what_a_file_says() {
        for kind in Kind::ALL {
            let api = kind.api();
            assert_eq!(Kind::of(&api.api_version(), api.kind), Some(kind));
        }
        assert_eq!(Kind::of("v1", "BuildConfig"), Some(Kind::BuildConfig));
        assert_eq!(Kind::of("v1", "Deployment"), None);
        assert_eq!(Kind::of("extensions/v1beta1", "Deployment"), None);
        assert_eq!(
            Kind::of("shipwright.io/v1alpha1", "Build"),
            Some(Kind::ShipwrightBuild)
        );
        assert_eq!(Kind::of("v1", "ConfigMap"), None);
    }
}
