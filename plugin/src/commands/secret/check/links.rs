//! Which list of a service account a push searches, by the version of OpenShift.

use extreg_cluster::{Cluster, Kind};
use extreg_snapshot::credentials::PushLinks;
use serde_json::Value;

/// OpenShift 4.15 moved from one list to the other within its patch releases.
const CHANGED_IN: u32 = 15;
/// OpenShift 4.N is Kubernetes 1.(N + 13).
const KUBERNETES_AHEAD: u32 = 13;

/// The list that a push searches, if known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// This list.
    Known(PushLinks),
    /// One of the two lists.
    Either,
}

impl Reads {
    /// By the version of OpenShift, if known: `4.21.3`.
    pub(super) fn from_version(version: Option<&str>) -> Self {
        let mut numbers = version.unwrap_or_default().split('.');
        let mut number = || numbers.next().and_then(|text| text.parse::<u32>().ok());
        match (number(), number()) {
            (Some(4), Some(CHANGED_IN)) | (None, _) | (_, None) => Self::Either,
            (Some(major), Some(minor)) if (major, minor) > (4, CHANGED_IN) => {
                Self::Known(PushLinks::PullSecrets)
            }
            (Some(_), Some(_)) => Self::Known(PushLinks::Mounts),
        }
    }

    /// The name in formats.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Known(PushLinks::PullSecrets) => "imagePullSecrets",
            Self::Known(PushLinks::Mounts) => "secrets",
            Self::Either => "unknown",
        }
    }

    /// Whether a push searches a link.
    pub(super) const fn finds(self, pull: bool, mount: bool) -> &'static str {
        let found = match self {
            Self::Known(PushLinks::PullSecrets) => pull,
            Self::Known(PushLinks::Mounts) => mount,
            Self::Either if pull == mount => pull,
            Self::Either => return "unknown",
        };
        if found { "yes" } else { "no" }
    }
}

/// The version of OpenShift: as reported, else from the version of Kubernetes, which every user can read.
pub(super) async fn version(cluster: &Cluster, openshift: Option<String>) -> Option<String> {
    if openshift.is_some() {
        return openshift;
    }
    // On other clusters the version of Kubernetes is not related to OpenShift's.
    if !cluster.serves(Kind::BUILD_CONFIG).await.ok()? {
        return None;
    }
    of_kubernetes(&cluster.get_path("/version").await.ok()?)
}

fn of_kubernetes(version: &Value) -> Option<String> {
    let minor = version.get("minor")?.as_str()?;
    let digits = minor.trim_end_matches(|c: char| !c.is_ascii_digit());
    let minor: u32 = digits.parse().ok()?;
    Some(format!("4.{}", minor.checked_sub(KUBERNETES_AHEAD)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_version_decides_the_list() {
        for (version, word) in [
            (Some("4.21.3"), "imagePullSecrets"),
            (Some("4.16.0-rc.1"), "imagePullSecrets"),
            (Some("5.0.0"), "imagePullSecrets"),
            (Some("4.15.9"), "unknown"),
            (Some("4.14.50"), "secrets"),
            (Some("4.9"), "secrets"),
            (Some("nightly"), "unknown"),
            (None, "unknown"),
        ] {
            assert_eq!(Reads::from_version(version).word(), word, "{version:?}");
        }
    }

    #[test]
    fn the_version_follows_from_that_of_kubernetes() {
        for (minor, want) in [
            (json!("34"), Some("4.21")),
            (json!("28+"), Some("4.15")),
            (json!("27"), Some("4.14")),
            (json!("9"), None),
            (json!(34), None),
        ] {
            let version = of_kubernetes(&json!({"minor": minor}));
            assert_eq!(version.as_deref(), want, "{minor}");
        }
    }

    #[test]
    fn trap_28_a_link_for_mounts_is_not_found_for_a_push() {
        let versions =
            ["4.21.0", "4.14.0", "4.15.0"].map(|version| Reads::from_version(Some(version)));
        for (pull, mount, want) in [
            (false, true, ["no", "yes", "unknown"]),
            (true, false, ["yes", "no", "unknown"]),
            (true, true, ["yes", "yes", "yes"]),
            (false, false, ["no", "no", "no"]),
        ] {
            assert_eq!(versions.map(|reads| reads.finds(pull, mount)), want);
        }
    }
}
