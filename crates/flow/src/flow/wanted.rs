//! Which flows are asked for.

use std::collections::BTreeSet;

use extreg_snapshot::kind::Kind;

use super::{Flow, Subject};
use crate::read::{Workload, WorkloadKind};

/// Which flows are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A name, and of which kind; none for all.
    pub name: Option<(WantedKind, String)>,
    /// Objects that a selector picks, by kind, namespace and name; a flow needs one of them.
    pub picked: Option<BTreeSet<(Kind, String, String)>>,
}

/// What kind of object a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WantedKind {
    /// Any.
    Any,
    /// A BuildConfig.
    BuildConfig,
    /// An ImageStream, or with a colon a tag of one.
    Stream,
    /// A workload.
    Workload(WorkloadKind),
}

impl WantedKind {
    /// As `oc` and `kubectl` take it.
    fn parse(text: &str) -> Option<Self> {
        let word = text.split('.').next().unwrap_or_default().to_lowercase();
        Some(match word.as_str() {
            "bc" | "buildconfig" | "buildconfigs" => Self::BuildConfig,
            "is" | "imagestream" | "imagestreams" | "istag" | "imagestreamtag"
            | "imagestreamtags" => Self::Stream,
            "cj" => Self::Workload(WorkloadKind::CronJob),
            "ds" => Self::Workload(WorkloadKind::DaemonSet),
            "deploy" => Self::Workload(WorkloadKind::Deployment),
            "dc" => Self::Workload(WorkloadKind::DeploymentConfig),
            "sts" => Self::Workload(WorkloadKind::StatefulSet),
            word => {
                let all = WorkloadKind::ALL.into_iter();
                let mut kinds =
                    all.filter(|kind| word == kind.word() || word == kind.kind().api().plural);
                Self::Workload(kinds.next()?)
            }
        })
    }
}

impl Wanted {
    /// Reads `NAME`, `STREAM:TAG` or `KIND/NAME`.
    ///
    /// # Errors
    /// What is wrong with it, in words: a kind that is no part of a flow, a namespace.
    pub fn parse(name: Option<&str>) -> Result<Self, String> {
        let Some(name) = name else {
            return Ok(Self::default());
        };
        let (kind, name) = match name.split_once('/') {
            None => (WantedKind::Any, name),
            Some((kind, name)) => {
                let parsed = WantedKind::parse(kind).ok_or_else(|| {
                    format!(
                        "\"{kind}\" is no kind that a flow is made of: those are buildconfig, \
                         imagestream, deployment, deploymentconfig, statefulset, daemonset, cronjob"
                    )
                })?;
                (parsed, name)
            }
        };
        if name.is_empty() || name.contains('/') {
            return Err(
                "write a name, STREAM:TAG, or KIND/NAME; -n names the namespace".to_owned(),
            );
        }
        Ok(Self {
            name: Some((kind, name.to_owned())),
            picked: None,
        })
    }

    /// Whether a flow is asked for.
    pub fn takes(&self, flow: &Flow<'_>) -> bool {
        let named = self.name.as_ref().is_none_or(|(kind, name)| {
            let stream = match flow.subject {
                Subject::Tag(at) => at.stream == name || at.to_string() == *name,
                Subject::Config(_) | Subject::Workload(_) => false,
            };
            let config = || flow.configs.iter().any(|config| config.name == *name);
            let mut followers = flow.followers.iter().map(|follower| follower.workload);
            match kind {
                WantedKind::Any => {
                    stream || config() || followers.any(|workload| workload.name == *name)
                }
                WantedKind::BuildConfig => config(),
                WantedKind::Stream => stream,
                WantedKind::Workload(of) => {
                    followers.any(|workload| workload.kind == *of && workload.name == *name)
                }
            }
        });
        named && self.picks(flow)
    }

    /// Whether a workload is asked for by its name.
    pub fn names_workload(&self, workload: &Workload) -> bool {
        let is = |(kind, name): &(WantedKind, String)| {
            let kind_is = match kind {
                WantedKind::Any => true,
                WantedKind::Workload(of) => *of == workload.kind,
                WantedKind::BuildConfig | WantedKind::Stream => false,
            };
            kind_is && *name == workload.name
        };
        self.name.as_ref().is_some_and(is) && self.picked.is_none()
    }

    fn picks(&self, flow: &Flow<'_>) -> bool {
        let Some(picked) = &self.picked else {
            return true;
        };
        let has = |kind: Kind, namespace: &str, name: &str| {
            picked.contains(&(kind, namespace.to_owned(), name.to_owned()))
        };
        let stream = match flow.subject {
            Subject::Tag(at) => has(Kind::ImageStream, at.namespace, at.stream),
            Subject::Config(_) | Subject::Workload(_) => false,
        };
        let mut configs = flow.configs.iter();
        let mut followers = flow.followers.iter().map(|follower| follower.workload);
        stream
            || configs.any(|config| has(Kind::BuildConfig, &config.namespace, &config.name))
            || followers.any(|w| has(w.kind.kind(), &w.namespace, &w.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_oc_has_them() {
        for (text, want) in [
            ("app", WantedKind::Any),
            ("bc/app", WantedKind::BuildConfig),
            (
                "imagestreamtag.image.openshift.io/app:v1",
                WantedKind::Stream,
            ),
            (
                "deployment.apps/app",
                WantedKind::Workload(WorkloadKind::Deployment),
            ),
            (
                "dc/app",
                WantedKind::Workload(WorkloadKind::DeploymentConfig),
            ),
            (
                "StatefulSets/app",
                WantedKind::Workload(WorkloadKind::StatefulSet),
            ),
        ] {
            assert_eq!(
                Wanted::parse(Some(text)).unwrap().name.unwrap().0,
                want,
                "{text}"
            );
        }
        for text in ["pod/app", "bc/", "a/b/c", ""] {
            assert!(Wanted::parse(Some(text)).is_err(), "{text}");
        }
        assert_eq!(Wanted::parse(None).unwrap(), Wanted::default());
    }
}
