//! The tool that manages an installation. One that stores or repeats what it applied undoes a change by any other
//! tool, or fails at its next one, so only its own command can change the installation.

use std::fmt;

use extreg_cluster::{MANAGED_BY, MANAGER, Object};
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;

/// The tool that manages an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "tool", rename_all = "camelCase")]
pub(crate) enum Owner {
    /// `webhook install`.
    OcExtreg,
    /// A release of the chart.
    Helm { release: String, namespace: String },
    /// The Operator Lifecycle Manager, by the version that it installed.
    Olm { csv: String, namespace: String },
    /// An application of Argo CD.
    ArgoCd { application: String },
    /// An object of Flux that applies files or a chart.
    Flux {
        kind: FluxKind,
        name: String,
        namespace: String,
    },
    /// Applied from files, or by a tool that leaves no mark.
    Files,
}

/// The kind of a Flux object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FluxKind {
    Kustomization,
    HelmRelease,
}

/// What the user wants to do with the installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Change its settings.
    Change,
    /// Change its version.
    Upgrade,
    /// Remove it.
    Uninstall,
}

impl Owner {
    /// The owner of an object, by the marks that each tool writes. A tool that applies the output of another one is
    /// the owner: Argo CD also applies charts, and Flux creates releases of Helm.
    pub(crate) fn from_object(object: &Object) -> Self {
        let metadata = object.body.get("metadata").unwrap_or(&Value::Null);
        Self::from_flux(metadata)
            .or_else(|| Self::from_argo_cd(metadata))
            .or_else(|| Self::from_olm(metadata))
            .or_else(|| Self::from_helm(metadata))
            .or_else(|| (label(metadata, MANAGED_BY) == Some(MANAGER)).then_some(Self::OcExtreg))
            .unwrap_or(Self::Files)
    }

    /// Whether it is another tool that would undo a change, or fail because of it.
    pub(crate) fn is_other_tool(&self) -> bool {
        match self {
            Self::Helm { .. } | Self::Olm { .. } | Self::ArgoCd { .. } | Self::Flux { .. } => true,
            Self::OcExtreg | Self::Files => false,
        }
    }

    /// The instruction for a goal.
    pub(crate) fn instruction(&self, goal: Goal) -> String {
        match self {
            Self::OcExtreg => match goal {
                Goal::Change => "run \"webhook install\" with the options that you want".to_owned(),
                Goal::Upgrade => "run \"upgrade --yes\"".to_owned(),
                Goal::Uninstall => "run \"webhook uninstall --yes\"".to_owned(),
            },
            Self::Helm { release, namespace } => match goal {
                Goal::Change => format!(
                    "run \"helm upgrade {release} CHART -n {namespace} --reset-then-reuse-values --set NAME=VALUE\""
                ),
                Goal::Upgrade => format!(
                    "run \"helm upgrade {release} CHART -n {namespace} --reset-then-reuse-values\" with the chart of the new version"
                ),
                Goal::Uninstall => format!("run \"helm uninstall {release} -n {namespace}\""),
            },
            Self::Olm { csv, namespace } => match goal {
                Goal::Change => {
                    format!("change the Subscription of {csv} in namespace {namespace}")
                }
                Goal::Upgrade => format!(
                    "approve the next InstallPlan in namespace {namespace}: \"oc get installplans -n {namespace}\""
                ),
                Goal::Uninstall => format!(
                    "delete its Subscription, then run \"oc delete clusterserviceversion {csv} -n {namespace}\""
                ),
            },
            Self::ArgoCd { application } => match goal {
                Goal::Change | Goal::Upgrade => format!(
                    "change the source of the application, then run \"argocd app sync {application}\""
                ),
                Goal::Uninstall => format!("run \"argocd app delete {application}\""),
            },
            Self::Flux {
                kind,
                name,
                namespace,
            } => match goal {
                Goal::Change | Goal::Upgrade => format!(
                    "change its source, then run \"flux reconcile {} {name} -n {namespace}\"",
                    kind.argument()
                ),
                Goal::Uninstall => format!(
                    "remove it from its source, or run \"flux delete {} {name} -n {namespace}\"",
                    kind.argument()
                ),
            },
            Self::Files => match goal {
                Goal::Change => "change the files, then apply them again".to_owned(),
                Goal::Upgrade => "apply the files of the new version".to_owned(),
                Goal::Uninstall => {
                    "delete what the files contain: \"kubectl delete -k FOLDER\"".to_owned()
                }
            },
        }
    }

    /// Refuses if another tool owns the object, or if its version comes from files.
    ///
    /// # Errors
    /// [`Error::Refused`], with the instruction for the goal.
    pub(crate) fn refuse(&self, goal: Goal) -> Result<(), Error> {
        // Files are applied again after any change; only the version is in the files themselves.
        let is_refused = match goal {
            Goal::Upgrade => *self != Self::OcExtreg,
            Goal::Change | Goal::Uninstall => self.is_other_tool(),
        };
        if !is_refused {
            return Ok(());
        }
        Err(Error::refused(format!(
            "the webhook is managed by {self}, so nothing was changed: {}",
            self.instruction(goal)
        )))
    }

    /// Labels of each object (fluxcd/kustomize-controller and helm-controller, origin labels).
    fn from_flux(metadata: &Value) -> Option<Self> {
        let find = |kind, group: &str| {
            let of = |key| label(metadata, &format!("{group}.toolkit.fluxcd.io/{key}"));
            Some(Self::Flux {
                kind,
                name: of("name")?.to_owned(),
                namespace: of("namespace")?.to_owned(),
            })
        };
        find(FluxKind::Kustomization, "kustomize").or_else(|| find(FluxKind::HelmRelease, "helm"))
    }

    /// The tracking annotation `APPLICATION:GROUP/KIND:NAMESPACE/NAME` (argo-cd `util/argo/resource_tracking.go`). The
    /// label `app.kubernetes.io/instance` means nothing without it, because charts set it too.
    fn from_argo_cd(metadata: &Value) -> Option<Self> {
        let tracking = annotation(metadata, "argocd.argoproj.io/tracking-id");
        let tracked = tracking.and_then(|id| Some(id.split_once(':')?.0));
        let application = tracked.or_else(|| label(metadata, "argocd.argoproj.io/instance"))?;
        Some(Self::ArgoCd {
            application: application.to_owned(),
        })
    }

    /// Labels of each object (operator-lifecycle-manager `pkg/lib/ownerutil/util.go`).
    fn from_olm(metadata: &Value) -> Option<Self> {
        if label(metadata, "olm.owner.kind") != Some("ClusterServiceVersion") {
            return None;
        }
        Some(Self::Olm {
            csv: label(metadata, "olm.owner")?.to_owned(),
            namespace: label(metadata, "olm.owner.namespace")?.to_owned(),
        })
    }

    /// Annotations of each object of a release (helm `pkg/action/validate.go`). The label alone also results from
    /// `helm template`, whose output Helm does not know.
    fn from_helm(metadata: &Value) -> Option<Self> {
        if label(metadata, MANAGED_BY) != Some("Helm") {
            return None;
        }
        Some(Self::Helm {
            release: annotation(metadata, "meta.helm.sh/release-name")?.to_owned(),
            namespace: annotation(metadata, "meta.helm.sh/release-namespace")?.to_owned(),
        })
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OcExtreg => f.write_str("oc extreg"),
            Self::Helm { release, namespace } => {
                write!(f, "Helm release {release} in namespace {namespace}")
            }
            Self::Olm { csv, namespace } => {
                write!(
                    f,
                    "OLM, ClusterServiceVersion {csv} in namespace {namespace}"
                )
            }
            Self::ArgoCd { application } => write!(f, "Argo CD application {application}"),
            Self::Flux {
                kind,
                name,
                namespace,
            } => write!(f, "Flux {kind} {name} in namespace {namespace}"),
            Self::Files => f.write_str("files (kubectl apply, kustomize or similar)"),
        }
    }
}

impl FluxKind {
    /// The kind as an argument of `flux`.
    const fn argument(self) -> &'static str {
        match self {
            Self::Kustomization => "kustomization",
            Self::HelmRelease => "helmrelease",
        }
    }
}

impl fmt::Display for FluxKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kustomization => "Kustomization",
            Self::HelmRelease => "HelmRelease",
        })
    }
}

fn label<'a>(metadata: &'a Value, key: &str) -> Option<&'a str> {
    metadata.get("labels")?.get(key)?.as_str()
}

fn annotation<'a>(metadata: &'a Value, key: &str) -> Option<&'a str> {
    metadata.get("annotations")?.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::installation::kinds::CONFIGURATION;

    fn owner(metadata: &Value) -> Owner {
        Owner::from_object(&Object {
            kind: CONFIGURATION,
            body: json!({ "metadata": metadata }),
        })
    }

    fn helm() -> Value {
        json!({
            "labels": {MANAGED_BY: "Helm"},
            "annotations": {
                "meta.helm.sh/release-name": "hooks",
                "meta.helm.sh/release-namespace": "extreg-system",
            },
        })
    }

    #[test]
    fn each_tool_is_recognized_by_its_marks() {
        let tracking =
            "prod:admissionregistration.k8s.io/MutatingWebhookConfiguration:/extreg-webhook";
        let mut flux_helm = helm();
        flux_helm["labels"]["helm.toolkit.fluxcd.io/name"] = json!("extreg");
        flux_helm["labels"]["helm.toolkit.fluxcd.io/namespace"] = json!("flux-system");
        let mut release_without_namespace = helm();
        release_without_namespace["annotations"] = json!({"meta.helm.sh/release-name": "hooks"});
        for (metadata, want) in [
            (json!({"labels": {MANAGED_BY: MANAGER}}), "oc extreg"),
            (helm(), "Helm release hooks in namespace extreg-system"),
            (
                json!({"labels": {"olm.owner": "extreg.v0.1.0", "olm.owner.kind": "ClusterServiceVersion", "olm.owner.namespace": "operators"}}),
                "OLM, ClusterServiceVersion extreg.v0.1.0 in namespace operators",
            ),
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": tracking}, "labels": {MANAGED_BY: "Helm", "app.kubernetes.io/instance": "prod"}}),
                "Argo CD application prod",
            ),
            // Exported and applied by Argo CD.
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": tracking}, "labels": {MANAGED_BY: MANAGER}}),
                "Argo CD application prod",
            ),
            (
                json!({"labels": {"argocd.argoproj.io/instance": "prod"}}),
                "Argo CD application prod",
            ),
            (
                json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}),
                "Flux Kustomization apps in namespace flux-system",
            ),
            (
                flux_helm,
                "Flux HelmRelease extreg in namespace flux-system",
            ),
            (json!({}), "files (kubectl apply, kustomize or similar)"),
        ] {
            assert_eq!(owner(&metadata).to_string(), want, "{metadata}");
        }
        for metadata in [
            json!({"labels": {MANAGED_BY: "Helm"}}),
            json!({"labels": {"app.kubernetes.io/instance": "prod"}}),
            json!({"labels": {"olm.owner": "x", "olm.owner.kind": "OperatorGroup", "olm.owner.namespace": "y"}}),
            json!({"annotations": {"argocd.argoproj.io/tracking-id": "no-colon"}}),
            release_without_namespace,
        ] {
            assert_eq!(owner(&metadata), Owner::Files, "{metadata}");
        }
    }

    #[test]
    fn only_other_tools_refuse_and_they_name_their_own_command() {
        assert!(Owner::OcExtreg.refuse(Goal::Change).is_ok());
        assert!(Owner::OcExtreg.refuse(Goal::Upgrade).is_ok());
        assert!(Owner::Files.refuse(Goal::Uninstall).is_ok());
        assert!(Owner::Files.refuse(Goal::Upgrade).is_err());
        let helm = owner(&helm());
        for (goal, command) in [
            (
                Goal::Change,
                "helm upgrade hooks CHART -n extreg-system --reset-then-reuse-values --set",
            ),
            (Goal::Upgrade, "helm upgrade hooks CHART -n extreg-system"),
            (Goal::Uninstall, "helm uninstall hooks -n extreg-system"),
        ] {
            let Err(Error::Refused(why)) = helm.refuse(goal) else {
                panic!("{goal:?} is not refused");
            };
            assert!(why.contains(command), "{why}");
            assert!(why.contains("nothing was changed"), "{why}");
        }
    }
}
