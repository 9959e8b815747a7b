//! Which flows are requested.

use std::collections::BTreeSet;

use extreg_snapshot::{kind::Kind, place::ObjectId};

use super::{Flow, Subject};
use crate::world::{WORKLOADS, Workload};

/// Which flows are requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A name, and its kind if given: BuildConfig, ImageStream (with a colon, one of its tags), or a
    /// workload. None for all flows.
    pub name: Option<(Option<Kind>, String)>,
    /// Objects that match a selector; a flow needs one of them.
    pub picked: Option<BTreeSet<ObjectId>>,
}

impl Wanted {
    /// Parses `NAME`, `STREAM:TAG` or `KIND/NAME`.
    ///
    /// # Errors
    /// Why the name is invalid: for example an unsupported kind, or a namespace.
    pub fn parse(name: Option<&str>) -> Result<Self, String> {
        let Some(name) = name else {
            return Ok(Self::default());
        };
        let (kind, name) = match name.split_once('/') {
            None => (None, name),
            Some((kind, name)) => {
                let parsed = kind_of(kind).ok_or_else(|| {
                    format!(
                        "unsupported kind \"{kind}\": use buildconfig, imagestream, deployment, \
                         deploymentconfig, statefulset, daemonset or cronjob"
                    )
                })?;
                (Some(parsed), name)
            }
        };
        if name.is_empty() || name.contains('/') {
            return Err("use NAME, STREAM:TAG or KIND/NAME, and -n for the namespace".to_owned());
        }
        Ok(Self {
            name: Some((kind, name.to_owned())),
            picked: None,
        })
    }

    /// Whether a flow is requested.
    pub(crate) fn matches(&self, flow: &Flow<'_>) -> bool {
        let named = self.name.as_ref().is_none_or(|(kind, name)| {
            let stream = || match flow.subject {
                Subject::Tag(at) => at.stream == name || at.to_string() == *name,
                Subject::Config(_) | Subject::Workload(_) => false,
            };
            let config = || flow.configs.iter().any(|config| config.name() == name);
            let mut followers = flow.followers.iter().map(|follower| follower.workload);
            match kind {
                None => stream() || config() || followers.any(|workload| workload.name() == name),
                Some(Kind::BuildConfig) => config(),
                Some(Kind::ImageStream) => stream(),
                Some(of) => followers.any(|workload| is(workload, *of, name)),
            }
        });
        named && self.picks(flow)
    }

    /// Whether a workload is requested by its name.
    pub(crate) fn names_workload(&self, workload: Workload<'_>) -> bool {
        let names = |(kind, name): &(Option<Kind>, String)| {
            is(workload, kind.unwrap_or(workload.object.kind), name)
        };
        self.name.as_ref().is_some_and(names) && self.picked.is_none()
    }

    fn picks(&self, flow: &Flow<'_>) -> bool {
        let Some(picked) = &self.picked else {
            return true;
        };
        let stream = match flow.subject {
            Subject::Tag(at) => picked.contains(&at.of_stream()),
            Subject::Config(_) | Subject::Workload(_) => false,
        };
        let mut configs = flow.configs.iter().map(|config| &config.record.object);
        let followers = flow.followers.iter();
        let mut followers = followers.map(|follower| &follower.workload.record.object);
        stream
            || configs.any(|object| picked.contains(object))
            || followers.any(|object| picked.contains(object))
    }
}

fn is(workload: Workload<'_>, kind: Kind, name: &str) -> bool {
    workload.object.kind == kind && workload.name() == name
}

/// A kind as `oc` and `kubectl` accept it.
fn kind_of(text: &str) -> Option<Kind> {
    let word = text.split('.').next().unwrap_or_default().to_lowercase();
    match word.as_str() {
        "bc" => Some(Kind::BuildConfig),
        "is" | "istag" | "imagestreamtag" | "imagestreamtags" => Some(Kind::ImageStream),
        "cj" => Some(Kind::CronJob),
        "ds" => Some(Kind::DaemonSet),
        "deploy" => Some(Kind::Deployment),
        "dc" => Some(Kind::DeploymentConfig),
        "sts" => Some(Kind::StatefulSet),
        word => {
            let mut kinds = Kind::named(word).into_iter();
            kinds.find(|kind| {
                matches!(kind, Kind::BuildConfig | Kind::ImageStream) || WORKLOADS.contains(kind)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_like_oc() {
        for (text, want) in [
            ("app", None),
            ("bc/app", Some(Kind::BuildConfig)),
            (
                "imagestreamtag.image.openshift.io/app:v1",
                Some(Kind::ImageStream),
            ),
            ("deployment.apps/app", Some(Kind::Deployment)),
            ("deployments.v1.apps/app", Some(Kind::Deployment)),
            ("dc/app", Some(Kind::DeploymentConfig)),
            ("StatefulSets/app", Some(Kind::StatefulSet)),
        ] {
            let wanted = Wanted::parse(Some(text)).unwrap();
            assert_eq!(wanted.name.unwrap().0, want, "{text}");
        }
        for text in ["pod/app", "build/app", "bc/", "a/b/c", ""] {
            assert!(Wanted::parse(Some(text)).is_err(), "{text}");
        }
        assert_eq!(Wanted::parse(None).unwrap(), Wanted::default());
    }
}
