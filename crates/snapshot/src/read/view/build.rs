//! BuildConfigs and Builds (`build.openshift.io/v1`).

use extreg_core::object::{BuildOutput, LocalReference, ObjectReference, PullSite, Text};
use extreg_core::views;

use super::{List, Metadata};

views! {
    /// A BuildConfig or a Build.
    pub(in crate::read) struct BuildView<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        pub(in crate::read) spec: BuildSpec<'a>,
        pub(in crate::read) status: BuildStatus<'a>,
    }

    /// `spec`.
    pub(in crate::read) struct BuildSpec<'a> {
        pub(in crate::read) output: BuildOutput<'a>,
        pub(in crate::read) strategy: BuildStrategy<'a>,
        pub(in crate::read) source: BuildSource<'a>,
        pub(in crate::read) service_account: Text<'a>,
        /// BuildConfigs only.
        pub(in crate::read) triggers: List<BuildTrigger<'a>>,
    }

    /// `spec.strategy`.
    #[expect(clippy::struct_field_names, reason = "the names are those of the API")]
    pub(in crate::read) struct BuildStrategy<'a> {
        pub(in crate::read) docker_strategy: Option<DockerStrategy<'a>>,
        pub(in crate::read) source_strategy: Option<PullSite<'a>>,
        pub(in crate::read) custom_strategy: Option<PullSite<'a>>,
    }

    /// `spec.strategy.dockerStrategy`.
    pub(in crate::read) struct DockerStrategy<'a> {
        pub(in crate::read) from: Option<ObjectReference<'a>>,
        pub(in crate::read) pull_secret: Option<LocalReference<'a>>,
        pub(in crate::read) build_args: List<BuildArgument<'a>>,
    }

    /// A build argument.
    pub(in crate::read) struct BuildArgument<'a> {
        pub(in crate::read) name: Text<'a>,
        /// `None` if it comes from another source.
        pub(in crate::read) value: Option<Text<'a>>,
    }

    /// `spec.source`.
    pub(in crate::read) struct BuildSource<'a> {
        pub(in crate::read) dockerfile: Text<'a>,
        pub(in crate::read) images: List<ImageSource<'a>>,
    }

    /// An element of `spec.source.images`.
    pub(in crate::read) struct ImageSource<'a> {
        pub(in crate::read) from: Option<ObjectReference<'a>>,
        pub(in crate::read) pull_secret: Option<LocalReference<'a>>,
        /// Names in the Dockerfile that it replaces.
        #[serde(rename = "as")]
        pub(in crate::read) stands_for: List<Text<'a>>,
    }

    /// An element of `spec.triggers` of a BuildConfig.
    pub(in crate::read) struct BuildTrigger<'a> {
        #[serde(rename = "type")]
        pub(in crate::read) kind: Text<'a>,
        pub(in crate::read) image_change: Option<ImageChange<'a>>,
    }

    /// `imageChange`; without `from` it refers to the image of the strategy.
    pub(in crate::read) struct ImageChange<'a> {
        pub(in crate::read) from: Option<ObjectReference<'a>>,
        pub(in crate::read) paused: bool,
    }

    /// `status` of a Build.
    pub(in crate::read) struct BuildStatus<'a> {
        pub(in crate::read) phase: Text<'a>,
        pub(in crate::read) reason: Text<'a>,
        pub(in crate::read) message: Text<'a>,
        pub(in crate::read) output_docker_image_reference: Text<'a>,
        pub(in crate::read) config: LocalReference<'a>,
        pub(in crate::read) output: StatusOutput<'a>,
    }

    /// `status.output` of a Build.
    pub(in crate::read) struct StatusOutput<'a> {
        pub(in crate::read) to: Pushed<'a>,
    }

    /// `status.output.to` of a Build.
    pub(in crate::read) struct Pushed<'a> {
        pub(in crate::read) image_digest: Text<'a>,
    }
}
