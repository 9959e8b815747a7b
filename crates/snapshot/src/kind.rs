//! The kinds that an audit reads.

mod api;

use extreg_core::policy::{GROUP, KIND, VERSION};

pub use self::api::Api;

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
    /// `config.openshift.io` ImagePolicy: signatures that a namespace requires.
    ImagePolicy,
    /// `config.openshift.io` ClusterImagePolicy: signatures that the cluster requires.
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

/// The purpose of reading a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// How the cluster is configured.
    Configuration,
    /// Which identity pulls and pushes.
    Credentials,
    /// Which images it names.
    Usage,
}

impl Kind {
    /// All kinds, in the order in which they are listed in a cluster: a kind that determines the meaning of
    /// another comes first.
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

    /// The kinds with that name, in any case, singular or plural, with or without the group: `Build`
    /// without a group matches two.
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

    /// What it is read for.
    pub const fn purpose(self) -> Purpose {
        match self {
            Self::ClusterImagePolicy
            | Self::ImageConfig
            | Self::ImageContentSourcePolicy
            | Self::ImageDigestMirrorSet
            | Self::ImagePolicy
            | Self::ImageTagMirrorSet
            | Self::MutatingWebhookConfiguration
            | Self::Namespace
            | Self::RegistryPolicy => Purpose::Configuration,
            Self::Secret | Self::ServiceAccount => Purpose::Credentials,
            _ => Purpose::Usage,
        }
    }

    /// Where the API serves it.
    pub const fn api(self) -> Api {
        const CONFIG: &str = "config.openshift.io";
        match self {
            Self::Build => Api::BUILD,
            Self::BuildConfig => Api::BUILD_CONFIG,
            Self::BuildRun => Api {
                version: "v1beta1",
                ..Api::namespaced("shipwright.io", "BuildRun", "buildruns")
            },
            Self::CronJob => Api::namespaced("batch", "CronJob", "cronjobs"),
            Self::DaemonSet => Api::namespaced("apps", "DaemonSet", "daemonsets"),
            Self::Deployment => Api::DEPLOYMENT,
            Self::DeploymentConfig => Api::DEPLOYMENT_CONFIG,
            Self::ImageConfig => Api::global(CONFIG, "Image", "images"),
            Self::ImageContentSourcePolicy => Api {
                version: "v1alpha1",
                ..Api::global(
                    "operator.openshift.io",
                    "ImageContentSourcePolicy",
                    "imagecontentsourcepolicies",
                )
            },
            Self::ImageDigestMirrorSet => {
                Api::global(CONFIG, "ImageDigestMirrorSet", "imagedigestmirrorsets")
            }
            Self::ImagePolicy => Api::namespaced(CONFIG, "ImagePolicy", "imagepolicies"),
            Self::ClusterImagePolicy => {
                Api::global(CONFIG, "ClusterImagePolicy", "clusterimagepolicies")
            }
            Self::ImageStream => Api::IMAGE_STREAM,
            Self::ImageTagMirrorSet => {
                Api::global(CONFIG, "ImageTagMirrorSet", "imagetagmirrorsets")
            }
            Self::Job => Api::namespaced("batch", "Job", "jobs"),
            Self::MutatingWebhookConfiguration => Api::global(
                "admissionregistration.k8s.io",
                "MutatingWebhookConfiguration",
                "mutatingwebhookconfigurations",
            ),
            Self::Namespace => Api::NAMESPACE,
            Self::Pod => Api::namespaced("", "Pod", "pods"),
            Self::RegistryPolicy => Api {
                version: VERSION,
                ..Api::global(GROUP, KIND, "registrypolicies")
            },
            Self::ReplicaSet => Api::namespaced("apps", "ReplicaSet", "replicasets"),
            Self::ReplicationController => {
                Api::namespaced("", "ReplicationController", "replicationcontrollers")
            }
            Self::Secret => Api::SECRET,
            Self::ServiceAccount => Api::SERVICE_ACCOUNT,
            Self::ShipwrightBuild => Api {
                version: "v1beta1",
                ..Api::namespaced("shipwright.io", "Build", "builds")
            },
            Self::StatefulSet => Api::namespaced("apps", "StatefulSet", "statefulsets"),
            Self::Task => Api::namespaced("tekton.dev", "Task", "tasks"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_name_in_a_file() {
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
