//! The image triggers of a DeploymentConfig.

use std::sync::Arc;

use extreg_core::object::{ObjectReference, Text};
use extreg_core::views;

use super::{ContainerNames, ImageTrigger, TriggerFault, Triggers};

views! {
    /// An element of `spec.triggers` of a DeploymentConfig.
    pub struct DeploymentTrigger<'a> {
        #[serde(rename = "type")]
        kind: Text<'a>,
        image_change_params: Option<ImageChange<'a>>,
    }

    /// `imageChangeParams`.
    struct ImageChange<'a> {
        automatic: bool,
        container_names: Vec<Text<'a>>,
        from: ObjectReference<'a>,
    }
}

impl DeploymentTrigger<'_> {
    /// Whether a change of the template rolls out.
    pub fn is_config_change(&self) -> bool {
        &*self.kind == "ConfigChange"
    }
}

/// The image triggers of a DeploymentConfig of `namespace` (openshift-controller-manager
/// `pkg/image/trigger/deploymentconfigs/deploymentconfigs.go`, `calculateDeploymentConfigTrigger`).
/// A trigger without a container is never set, and until then nothing is rolled out
/// (`pkg/apps/deploymentconfig`, unresolved images).
pub fn of_config(
    triggers: &[DeploymentTrigger<'_>],
    names: ContainerNames<'_>,
    namespace: &str,
) -> Triggers {
    let mut list = Vec::new();
    for (index, trigger) in triggers.iter().enumerate() {
        let Some(change) = &trigger.image_change_params else {
            continue;
        };
        let from = &change.from;
        // An absent kind is defaulted (openshift-apiserver `pkg/apps/apis/apps/v1/defaults.go`).
        let follows = matches!(&*from.kind, "" | "ImageStreamTag");
        if &*trigger.kind != "ImageChange" || !follows || from.name.is_empty() {
            continue;
        }
        let all = names.main.iter().chain(names.init);
        let named = all.filter(|name| {
            let mut wanted = change.container_names.iter();
            wanted.any(|wanted| **wanted == ***name)
        });
        let containers: Vec<Arc<str>> = named.map(|name| (*name).into()).collect();
        let fault = if !from.name.contains(':') {
            Some(TriggerFault::NoTag)
        } else if containers.is_empty() {
            Some(TriggerFault::NoContainer)
        } else {
            None
        };
        let wanted: Vec<&str> = change.container_names.iter().map(|name| &**name).collect();
        list.push(ImageTrigger {
            index,
            namespace: match &*from.namespace {
                "" => namespace.into(),
                namespace => namespace.into(),
            },
            tag: (*from.name).into(),
            field: wanted.join(", ").into(),
            containers,
            paused: !change.automatic,
            fault,
        });
    }
    Triggers {
        list,
        unusable: None,
    }
}
