//! Whether a single image is allowed.

use extreg_core::facts::Known;
use extreg_core::registry::{Resolution, resolve};
use extreg_snapshot::{Snapshot, UseRole};

use super::{Allowance, List, Target, search_list};

/// The decision on an image in one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It means the first of these that exists.
    Means(Vec<Candidate>),
    /// It is in the integrated registry, which is always approved.
    Internal,
    /// A short name with an unknown search list.
    Searched,
    /// It contains a Template parameter.
    Parameter,
    /// It is not an image: the reason.
    Invalid(String),
}

/// An image that a name can mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// `docker.io/library/nginx`.
    pub name: String,
    /// Whether it is on the list that decides; none if the list does not exist or could not be read.
    pub approved: Option<bool>,
    /// Whether the cluster blocks it.
    pub blocked: bool,
}

/// Decides on an image in a field of that role.
pub fn answer(snapshot: &Snapshot, written: &str, role: UseRole) -> Answer {
    let cluster = &snapshot.cluster;
    let allowance = Allowance::of(snapshot);
    let candidate = |target: Target| Candidate {
        approved: allowance.approves(&target),
        blocked: allowance.blocks(&target),
        name: target.name(),
    };
    match resolve(written, role.as_reference(), &cluster.internal) {
        Resolution::Certain(host, image) => {
            let host = match image.registry() {
                "" => host.as_str(),
                host => host,
            };
            Answer::Means(vec![candidate(Target::of(&image, host))])
        }
        Resolution::FirstOf(_, image) => match search_list(role, cluster) {
            Known::Known(hosts) => {
                let targets = hosts.iter().map(|host| Target::of(&image, host));
                Answer::Means(targets.map(candidate).collect())
            }
            Known::Unknown => Answer::Searched,
        },
        Resolution::Internal(_) => Answer::Internal,
        Resolution::Parameter => Answer::Parameter,
        Resolution::Invalid(why) => Answer::Invalid(why.to_string()),
    }
}

/// The name of the list that decides, and its entries; none without a list.
pub fn deciding(snapshot: &Snapshot) -> Option<(String, Vec<String>)> {
    match Allowance::of(snapshot).list {
        List::Given(approved) => Some((
            format!("the list {}", approved.name()),
            approved.entries().to_vec(),
        )),
        List::Cluster(entries) => Some((
            "allowedRegistries of the cluster".to_owned(),
            entries.iter().map(ToString::to_string).collect(),
        )),
        List::Absent | List::Unknown => None,
    }
}

/// Whether an image is known to come from a registry that is not approved.
pub(crate) fn is_unapproved(snapshot: &Snapshot, image: &str) -> bool {
    match answer(snapshot, image, UseRole::Import) {
        Answer::Means(candidates) => candidates
            .iter()
            .any(|candidate| candidate.blocked || candidate.approved == Some(false)),
        Answer::Internal | Answer::Searched | Answer::Parameter | Answer::Invalid(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::testing::{approved, openshift};

    fn candidates(
        snapshot: &Snapshot,
        written: &str,
        role: UseRole,
    ) -> Vec<(String, Option<bool>, bool)> {
        match answer(snapshot, written, role) {
            Answer::Means(all) => all
                .into_iter()
                .map(|one| (one.name, one.approved, one.blocked))
                .collect(),
            other => panic!("{written}: {other:?}"),
        }
    }

    #[test]
    fn the_list_matches_whole_names() {
        let mut snapshot = openshift(&["quay.io"], &["docker.io/evil"]);
        for (given, image, approves, blocked) in [
            (None, "quay.io/a/b", true, false),
            (None, "docker.io/evil/x", false, true),
            (Some("docker.io/acme"), "docker.io/acme/app:v1", true, false),
            (Some("docker.io/acme"), "acme/app", true, false),
            (
                Some("docker.io"),
                "docker.io.evil.com/acme/app",
                false,
                false,
            ),
            (
                Some("docker.io/acme"),
                "docker.io/acmecorp/app",
                false,
                false,
            ),
            (Some("docker.io/acme"), "quay.io/a/b", false, false),
        ] {
            snapshot.approved = given.map(|entry| approved(&[entry]));
            let found = candidates(&snapshot, image, UseRole::Push);
            let [(_, got, is_blocked)] = &*found else {
                panic!("{found:?}")
            };
            assert_eq!(
                (*got, *is_blocked),
                (Some(approves), blocked),
                "{given:?} {image}"
            );
        }
        assert_eq!(
            deciding(&snapshot),
            Some((
                "the list acme".to_owned(),
                vec!["docker.io/acme".to_owned()]
            ))
        );
    }

    #[test]
    fn a_short_name_has_a_candidate_for_each_searched_registry() {
        let mut snapshot = openshift(&[], &[]);
        snapshot.approved = Some(approved(&["docker.io/library"]));
        assert_eq!(
            candidates(&snapshot, "nginx", UseRole::Run),
            [
                (
                    "registry.access.redhat.com/nginx".to_owned(),
                    Some(false),
                    false
                ),
                ("docker.io/library/nginx".to_owned(), Some(true), false),
            ]
        );
        assert_eq!(
            answer(&Snapshot::default(), "nginx", UseRole::Run),
            Answer::Searched
        );
    }

    #[test]
    fn a_name_without_an_external_image_is_reported() {
        let snapshot = Snapshot::default();
        let internal = "image-registry.openshift-image-registry.svc:5000/a/b";
        assert_eq!(answer(&snapshot, internal, UseRole::Run), Answer::Internal);
        assert_eq!(
            answer(&snapshot, "quay.io/a/${APP}", UseRole::Run),
            Answer::Parameter
        );
        assert!(matches!(
            answer(&snapshot, "quay.io/A:b:c", UseRole::Push),
            Answer::Invalid(_)
        ));
        assert_eq!(
            candidates(&snapshot, "quay.io/a/b", UseRole::Run)[0].1,
            None
        );
        assert_eq!(deciding(&snapshot), None);
    }
}
