//! Describes an action as text: for files, and if it cannot be shown as a
//! command.

use super::{Action, ClusterList, LinkUse, RolloutStep};

impl Action {
    /// Its effect, as an instruction without a full stop.
    pub fn description(&self) -> String {
        let object = self.target();
        match self {
            Self::SetPushSecret { secret, .. } => {
                format!("set spec.output.pushSecret of {object} to {secret}")
            }
            Self::SetPullSecret { holder, secret, .. } => {
                format!("set {holder}.pullSecret of {object} to {secret}")
            }
            Self::AddPullSecret { secret, .. } => {
                format!("add {secret} to imagePullSecrets of {object}")
            }
            Self::LinkSecret { secret, uses, .. } => match uses {
                LinkUse::Pull => format!("add {secret} to imagePullSecrets of {object}"),
                LinkUse::Push => {
                    format!("add {secret} to imagePullSecrets and secrets of {object}")
                }
            },
            Self::SetCredential { registry, .. } => {
                format!("write a credential for {registry} into {object} and keep its other keys")
            }
            Self::SetExcluded { excluded, .. } => {
                let verb = if *excluded { "exclude" } else { "include" };
                format!("{verb} {object} in imports (annotation openshift.io/image.excludeSecret)")
            }
            Self::SetSchedule { tag, scheduled } => format!(
                "set spec.tags[{}].importPolicy.scheduled of {object} to {scheduled}",
                tag.index
            ),
            Self::Secure { tag } => format!(
                "remove spec.tags[{}].importPolicy.insecure of {object}",
                tag.index
            ),
            Self::Unreference { tag } => {
                format!("remove spec.tags[{}].reference of {object}", tag.index)
            }
            Self::FollowImage { tag, image, .. } => format!(
                "set spec.tags[{}].from.name of {object} to {image}",
                tag.index
            ),
            Self::CreateTag { tag, image, .. } => {
                format!("add the tag {tag} to {object}, imported from {image} on schedule")
            }
            Self::ImportTag { tag, .. } => format!("import the tag {tag} of {object}"),
            Self::CreateStream { .. } => format!("create {object}"),
            Self::SetLookup { .. } => format!("set spec.lookupPolicy.local of {object} to true"),
            Self::SetTriggers { text, .. } => format!(
                "set the annotation {} of {object} to {text}",
                extreg_snapshot::trigger::ANNOTATION
            ),
            Self::AddConfigTrigger {
                tag, containers, ..
            } => format!(
                "add an ImageChange trigger on {tag} for {} to spec.triggers of {object}",
                containers.join(", ")
            ),
            Self::ResumeConfigTrigger { index, .. } => format!(
                "set spec.triggers[{index}].imageChangeParams.automatic of {object} to true"
            ),
            Self::RepointConfigTrigger {
                index, container, ..
            } => format!(
                "set spec.triggers[{index}].imageChangeParams.containerNames of {object} to \
                 {container}"
            ),
            Self::SetImage { field, image, .. } => {
                format!("set {field} of {object} to {image}")
            }
            Self::SetOutput { image, .. } => {
                format!("set spec.output.to of {object} to the DockerImage {image}")
            }
            Self::SetClusterList { list, registries } => {
                let field = match list {
                    ClusterList::Allowed => "spec.registrySources.allowedRegistries",
                    ClusterList::AllowedForImport => "spec.allowedRegistriesForImport",
                };
                format!("set {field} of {object} to {}", registries.join(", "))
            }
            Self::VerifyRegistry { registry, .. } => format!(
                "remove {registry} from spec.registrySources.insecureRegistries of {object}"
            ),
            Self::VerifyImports { registry, .. } => format!(
                "set insecure of {registry} in spec.allowedRegistriesForImport of {object} to false"
            ),
            Self::InstallWebhook => "install the webhook".to_owned(),
            Self::UpgradeWebhook => "upgrade the webhook".to_owned(),
            Self::RotateCertificate => "rotate the certificate of the webhook".to_owned(),
            Self::StartBuild { .. } => format!("start a build of {object}"),
            Self::Rollout { step, .. } => match step {
                RolloutStep::Restart => format!("restart {object}"),
                RolloutStep::Resume => format!("resume the rollout of {object}"),
                RolloutStep::Latest => format!("roll {object} out"),
            },
            Self::ResumeCronJob { .. } => format!("set spec.suspend of {object} to false"),
            Self::RollingUpdate { .. } => {
                format!("set spec.updateStrategy.type of {object} to RollingUpdate")
            }
            Self::Promote { tag, from, .. } => {
                format!("give the tag {tag} of {object} the image of {from}")
            }
            Self::Retag { tag, image, .. } => {
                format!("let the tag {tag} of {object} follow {image}")
            }
            Self::RestoreTag { tag, .. } => format!("restore the tag {tag} of {object}"),
            Self::DeleteTag { tag, .. } => format!("delete the tag {tag} of {object}"),
        }
    }
}
