//! The list that decides, and its decision on an image.

use std::sync::Arc;

use extreg_core::facts::Known;
use extreg_core::registry::InternalRegistry;
use extreg_snapshot::Snapshot;
use extreg_snapshot::approved::Approved;

use super::{Scope, Target};

/// What can be used: a list of approved registries, and those that the cluster blocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Allowance<'a> {
    pub(crate) list: List<'a>,
    blocked: &'a [Arc<str>],
    internal: &'a InternalRegistry,
}

/// The list that decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List<'a> {
    /// The user's.
    Given(&'a Approved),
    /// The cluster's: `registrySources.allowedRegistries`.
    Cluster(&'a [Arc<str>]),
    /// No list exists.
    Absent,
    /// Unknown: the configuration of the cluster could not be read.
    Unknown,
}

impl<'a> Allowance<'a> {
    /// The allowance for a snapshot.
    pub(crate) fn of(snapshot: &'a Snapshot) -> Self {
        let sources = snapshot.cluster.registries.as_ref();
        let list = match (&snapshot.approved, sources) {
            (Some(approved), _) => List::Given(approved),
            (None, Known::Known(Some(sources))) if !sources.allowed.is_empty() => {
                List::Cluster(&sources.allowed)
            }
            (None, Known::Known(_)) => List::Absent,
            (None, Known::Unknown) => List::Unknown,
        };
        let blocked = match sources {
            Known::Known(Some(sources)) => sources.blocked.as_slice(),
            Known::Known(None) | Known::Unknown => &[],
        };
        Self {
            list,
            blocked,
            internal: &snapshot.cluster.internal,
        }
    }

    /// Whether an image is on the list; none without a list.
    pub(crate) fn approves(&self, target: &Target) -> Option<bool> {
        if self.internal.contains(&target.host) {
            return Some(true);
        }
        match self.list {
            List::Given(approved) => Some(approved.covers(&target.host, &target.repository)),
            List::Cluster(allowed) => Some(allowed.iter().any(|entry| Scope(entry).admits(target))),
            List::Absent | List::Unknown => None,
        }
    }

    /// Whether the cluster blocks an image.
    pub(crate) fn blocks(&self, target: &Target) -> bool {
        self.blocked
            .iter()
            .any(|entry| Scope(entry).prefix_of(target).is_some())
    }
}

/// A notice if no list exists.
pub fn notice(snapshot: &Snapshot) -> Option<String> {
    let why = match (Allowance::of(snapshot).list, &snapshot.cluster.registries) {
        (List::Given(_) | List::Cluster(_), _) => return None,
        (List::Unknown, _) => "images.config.openshift.io/cluster could not be read",
        (List::Absent, Known::Known(None)) => "images.config.openshift.io/cluster does not exist",
        (List::Absent, _) => "the cluster has no allowedRegistries",
    };
    Some(format!(
        "no list of approved registries: {why} and no ApprovedRegistries file was given; \
         EXR001 and EXR011 check only blockedRegistries, EXR013 checks nothing"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::RegistrySources;

    fn snapshot(allowed: &[&str], blocked: &[&str]) -> Snapshot {
        let entries = |list: &[&str]| list.iter().map(|entry| (*entry).into()).collect();
        let mut snapshot = Snapshot::default();
        snapshot.cluster.registries = Known::Known(Some(RegistrySources {
            allowed: entries(allowed),
            blocked: entries(blocked),
            ..RegistrySources::default()
        }));
        snapshot
    }

    fn given() -> Approved {
        let json = r#"{"apiVersion":"extreg.io/v1alpha1","kind":"ApprovedRegistries",
            "metadata":{"name":"acme"},"spec":{"registries":["docker.io/acme"]}}"#;
        Approved::compile(&serde_json::from_str(json).unwrap()).unwrap()
    }

    fn target(host: &str, repository: &str) -> Target {
        Target {
            host: host.to_owned(),
            repository: repository.to_owned(),
            ..Target::default()
        }
    }

    #[test]
    fn the_users_list_overrides_the_clusters() {
        let mut snapshot = snapshot(&["quay.io"], &[]);
        let (acme, quay) = (
            target("docker.io", "acme/app"),
            target("quay.io", "acme/app"),
        );
        let approves = |snapshot: &Snapshot, target| Allowance::of(snapshot).approves(target);
        assert_eq!(approves(&snapshot, &acme), Some(false));
        assert_eq!(approves(&snapshot, &quay), Some(true));
        snapshot.approved = Some(given());
        assert_eq!(approves(&snapshot, &acme), Some(true));
        assert_eq!(approves(&snapshot, &quay), Some(false));
        assert_eq!(notice(&snapshot), None);
    }

    #[test]
    fn the_integrated_registry_is_on_every_list() {
        let internal = target(
            "image-registry.openshift-image-registry.svc:5000",
            "shop/app",
        );
        for snapshot in [snapshot(&["quay.io"], &[]), snapshot(&[], &[])] {
            assert_eq!(Allowance::of(&snapshot).approves(&internal), Some(true));
        }
    }

    #[test]
    fn without_a_list_only_the_block_list_applies() {
        let blocking = snapshot(&[], &["ghcr.io"]);
        let allowance = Allowance::of(&blocking);
        assert_eq!(allowance.approves(&target("ghcr.io", "a/b")), None);
        assert!(allowance.blocks(&target("ghcr.io", "a/b")));
        assert!(!allowance.blocks(&target("quay.io", "a/b")));
    }

    #[test]
    fn a_missing_list_is_reported_with_its_reason() {
        let mut absent = Snapshot::default();
        absent.cluster.registries = Known::Known(None);
        for (snapshot, want) in [
            (
                snapshot(&[], &["ghcr.io"]),
                "the cluster has no allowedRegistries",
            ),
            (Snapshot::default(), "could not be read"),
            (absent, "does not exist"),
        ] {
            let text = notice(&snapshot).unwrap();
            assert!(text.contains(want), "{text}");
        }
        assert_eq!(notice(&snapshot(&["quay.io"], &[])), None);
    }
}
