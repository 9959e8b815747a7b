//! The rule for when a command that writes is shown.
//!
//! A shown command never overwrites an object that was not read, never turns a name without a registry into a
//! Docker Hub image, never changes a namespace of the platform, never changes a list of the
//! cluster unless the whole cluster was read, and keeps the rest of the object (each patch ensures
//! that). The user is permitted to run it, as far as known, and it is never shown for an inconclusive finding. If the
//! rule refuses a command, an instruction is shown instead.

use extreg_core::image::ImageRef;
use extreg_core::registry::RegistryHost;
use extreg_core::rule::is_system_namespace;
use extreg_snapshot::place::{ObjectId, Origin};

use super::{Action, Remedy};
use crate::Outcome;

/// What is known about the place where a command would run.
pub trait Scene {
    /// Whether an object was read.
    fn object(&self, object: &ObjectId) -> Sight;
    /// Whether a tag of an ImageStream was read, in spec or status.
    fn tag(&self, stream: &ObjectId, tag: &str) -> Sight;
    /// Whether all of the cluster was read.
    fn is_whole_cluster(&self) -> bool;
    /// Whether an image is known to come from a registry that is not approved.
    fn is_unapproved(&self, image: &str) -> bool;
    /// Whether the user is known to lack permission to write an object.
    fn is_denied(&self, object: &ObjectId) -> bool;
}

/// Whether an object was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    /// It was read.
    Read,
    /// It is known not to exist.
    Absent,
    /// Unknown.
    Unread,
}

/// Why a command is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    Unread(ObjectId),
    Exists(String),
    Platform(String),
    ShortName(String),
    Library(String),
    PartialCluster,
    Unapproved(String),
    Denied(ObjectId),
}

impl Remedy {
    /// The part of it that can be shown for a finding or link of that outcome about an object of that origin.
    #[must_use]
    pub fn checked(self, scene: &impl Scene, outcome: Outcome, origin: &Origin) -> Self {
        let Self::Run(actions) = &self else {
            return self;
        };
        if outcome == Outcome::Unknown {
            return Self::instruct("inconclusive: no fix until the missing data is read");
        }
        let refused = actions.iter().find_map(|action| {
            let refusal = refusal(action, scene)?;
            Some((action, refusal))
        });
        let descriptions = || {
            let all: Vec<_> = actions.iter().map(Action::description).collect();
            all.join(", and ")
        };
        match (refused, origin) {
            (Some((action, refusal)), _) => refusal.instruction(action),
            (None, file @ Origin::File { path, .. }) if !is_gathered(path) => {
                Self::instruct(format!("in {file}: {}", descriptions()))
            }
            (None, _) => self,
        }
    }
}

/// Whether a file was written by `oc adm inspect` or must-gather: then a command can reach
/// the object.
pub fn is_gathered(path: &str) -> bool {
    const FOLDERS: [&str; 2] = ["namespaces", "cluster-scoped-resources"];
    path.split('/').any(|part| FOLDERS.contains(&part))
}

fn refusal(action: &Action, scene: &impl Scene) -> Option<Refusal> {
    let target = action.target();
    if is_system_namespace(&target.namespace) {
        return Some(Refusal::Platform(target.namespace.to_string()));
    }
    if let Some(image) = action.image()
        && let Some(refusal) = image_refusal(image, action.is_output())
    {
        return Some(refusal);
    }
    if let Some(image) = action.imports()
        && scene.is_unapproved(image)
    {
        return Some(Refusal::Unapproved(image.to_owned()));
    }
    if action.is_cluster_list() && !scene.is_whole_cluster() {
        return Some(Refusal::PartialCluster);
    }
    if scene.is_denied(&target) {
        return Some(Refusal::Denied(target));
    }
    match action {
        // Its stream can exist, its tag must not.
        Action::CreateTag { tag, stream, .. } => match scene.tag(stream, tag) {
            Sight::Absent => None,
            Sight::Read => Some(Refusal::Exists(format!("{}:{tag}", stream.name))),
            Sight::Unread => Some(Refusal::Unread(target)),
        },
        Action::CreateStream { .. } => match scene.object(&target) {
            Sight::Absent => None,
            Sight::Read => Some(Refusal::Exists(target.to_string())),
            Sight::Unread => Some(Refusal::Unread(target)),
        },
        // These read the object before they write and keep its content; or write nothing.
        Action::LinkSecret { .. }
        | Action::SetCredential { .. }
        | Action::ImportTag { .. }
        | Action::StartBuild { .. }
        | Action::Rollout { .. }
        | Action::InstallWebhook
        | Action::UpgradeWebhook
        | Action::RotateCertificate => None,
        _ => match scene.object(&target) {
            Sight::Read => None,
            Sight::Absent | Sight::Unread => Some(Refusal::Unread(target)),
        },
    }
}

/// A short name depends on its reader's search list, and no user can push to `library/`.
fn image_refusal(image: &str, is_output: bool) -> Option<Refusal> {
    let short = || Some(Refusal::ShortName(image.to_owned()));
    let Ok(parsed) = ImageRef::parse(image) else {
        return short();
    };
    if parsed.registry().is_empty() || parsed.is_registry_only() {
        return short();
    }
    let is_hub = RegistryHost::of(parsed.registry()) == RegistryHost::DockerHub;
    let is_library = is_hub && matches!(parsed.namespace(), "" | "library");
    (is_output && is_library).then(|| Refusal::Library(image.to_owned()))
}

impl Action {
    /// The image that it writes, if any.
    fn image(&self) -> Option<&str> {
        match self {
            Self::FollowImage { image, .. }
            | Self::CreateTag { image, .. }
            | Self::SetImage { image, .. }
            | Self::SetOutput { image, .. } => Some(image),
            _ => None,
        }
    }

    /// The image that is imported afterwards.
    fn imports(&self) -> Option<&str> {
        match self {
            Self::SetSchedule {
                tag,
                scheduled: true,
            }
            | Self::Unreference { tag } => Some(&tag.from),
            Self::FollowImage { image, .. } | Self::CreateTag { image, .. } => Some(image),
            _ => None,
        }
    }

    const fn is_output(&self) -> bool {
        matches!(self, Self::SetOutput { .. })
    }

    const fn is_cluster_list(&self) -> bool {
        matches!(
            self,
            Self::SetClusterList { .. } | Self::VerifyRegistry { .. } | Self::VerifyImports { .. }
        )
    }
}

impl Refusal {
    fn instruction(self, action: &Action) -> Remedy {
        let what = action.description();
        Remedy::instruct(match self {
            Self::Unread(object) => format!("{what}, if you own {object}: it was not read"),
            Self::Exists(name) => format!("{name} exists already: choose another name"),
            Self::Platform(namespace) => {
                format!("contact a cluster administrator: {namespace} belongs to the platform")
            }
            Self::ShortName(image) => {
                format!("specify the registry of {image}: it can mean any registry")
            }
            Self::Library(image) => format!(
                "use your own repository: {image} is in docker.io/library, where only Docker \
                 can push"
            ),
            Self::PartialCluster => format!(
                "{what}, after an audit of the whole cluster (-A) without gaps: the list applies to \
                 all namespaces"
            ),
            Self::Unapproved(image) => {
                format!("get the registry of {image} approved, or use an image of an approved one")
            }
            Self::Denied(object) => {
                format!(
                    "request permission to change {object}, or have an administrator do it: {what}"
                )
            }
        })
    }
}

#[cfg(test)]
mod tests;
