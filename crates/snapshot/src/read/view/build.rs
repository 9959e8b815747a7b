//! BuildConfigs and Builds (`build.openshift.io/v1`).

use extreg_core::object::nullable;
use extreg_core::object::{BuildOutput, LocalReference, ObjectReference, PullSite, Text};
use serde::Deserialize;

use super::{List, Metadata};

/// A BuildConfig or a Build.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct BuildView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) spec: BuildSpec<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) status: BuildStatus<'a>,
}

/// `spec`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct BuildSpec<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) output: BuildOutput<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) strategy: BuildStrategy<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) source: BuildSource<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) service_account: Text<'a>,
    /// BuildConfigs only.
    #[serde(borrow, default)]
    pub(in crate::read) triggers: List<BuildTrigger<'a>>,
}

/// `spec.strategy`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
pub(in crate::read) struct BuildStrategy<'a> {
    #[serde(borrow)]
    pub(in crate::read) docker_strategy: Option<DockerStrategy<'a>>,
    #[serde(borrow)]
    pub(in crate::read) source_strategy: Option<PullSite<'a>>,
    #[serde(borrow)]
    pub(in crate::read) custom_strategy: Option<PullSite<'a>>,
}

/// `spec.strategy.dockerStrategy`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct DockerStrategy<'a> {
    #[serde(borrow)]
    pub(in crate::read) from: Option<ObjectReference<'a>>,
    #[serde(borrow)]
    pub(in crate::read) pull_secret: Option<LocalReference<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) build_args: List<BuildArgument<'a>>,
}

/// A build argument.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct BuildArgument<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) name: Text<'a>,
    /// `None` if it comes from another source.
    #[serde(borrow)]
    pub(in crate::read) value: Option<Text<'a>>,
}

/// `spec.source`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct BuildSource<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) dockerfile: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) images: List<ImageSource<'a>>,
}

/// An element of `spec.source.images`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ImageSource<'a> {
    #[serde(borrow)]
    pub(in crate::read) from: Option<ObjectReference<'a>>,
    #[serde(borrow)]
    pub(in crate::read) pull_secret: Option<LocalReference<'a>>,
    /// Names in the Dockerfile that it replaces.
    #[serde(rename = "as", borrow, default)]
    pub(in crate::read) stands_for: List<Text<'a>>,
}

/// An element of `spec.triggers` of a BuildConfig.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct BuildTrigger<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(in crate::read) kind: Text<'a>,
    #[serde(borrow)]
    pub(in crate::read) image_change: Option<ImageChange<'a>>,
}

/// `imageChange`; without `from` it refers to the image of the strategy.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct ImageChange<'a> {
    #[serde(borrow)]
    pub(in crate::read) from: Option<ObjectReference<'a>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) paused: bool,
}

/// `status` of a Build.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct BuildStatus<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) phase: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) reason: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) message: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) output_docker_image_reference: Text<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) config: LocalReference<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) output: StatusOutput<'a>,
}

/// `status.output` of a Build.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct StatusOutput<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) to: Pushed<'a>,
}

/// `status.output.to` of a Build.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Pushed<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) image_digest: Text<'a>,
}
