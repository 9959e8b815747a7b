//! The import budget: what scheduled imports cost each identity, and what the registry allows.
//!
//! OpenShift imports every scheduled tag once in 15 minutes (openshift-controller-manager
//! `openshiftcontrolplane_config.go`, `ScheduledImageImportMinimumIntervalSeconds`), with a GET of
//! each manifest and never a HEAD (openshift-apiserver `importer.go`), and a GET is a pull. So a
//! tag costs 24 pulls in Docker Hub's window of 6 hours, or a multiple of that if its image is
//! a list of several platforms. All imports with one account share its limit; all anonymous
//! imports share that of the cluster's address.
//! import without one share that of the cluster's address.

mod allowance;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Add;

use extreg_core::registry::{RefRole, Resolution, resolve};
use extreg_snapshot::credentials::{Credential, Credentials};
use extreg_snapshot::{Snapshot, StreamRecord, TagOrigin, TagRecord};

pub use self::allowance::{Allowance, Allowances, Limit};
use crate::approval::Target;
use crate::judge::support::mirrored;

/// How often OpenShift imports a scheduled tag, in seconds, unless it is configured otherwise.
pub const IMPORT_INTERVAL_SECONDS: u64 = 900;

/// What scheduled imports cost, by registry and identity.
#[derive(Clone, Debug, Default)]
pub struct Budget<'a> {
    /// One for each identity at each registry that limits pulls, sorted.
    pub loads: Vec<Load<'a>>,
}

/// Imports from one registry with one identity.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    /// The registry.
    pub registry: String,
    /// The identity.
    pub identity: Identity,
    /// The tags, sorted by stream and name.
    pub tags: Vec<TagLoad<'a>>,
}

/// What one scheduled tag costs.
#[derive(Clone, Copy, Debug)]
pub struct TagLoad<'a> {
    /// Its stream.
    pub stream: &'a StreamRecord,
    /// The tag.
    pub tag: &'a TagRecord,
    /// The image that it follows, as written.
    pub image: &'a str,
    /// Pulls in a window.
    pub pulls: Pulls,
}

/// The identity whose limit is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// An account of the registry, by its username, in any namespace.
    Account(String),
    /// The address from which the cluster reaches the registry.
    Anonymous,
    /// Unknown: the credentials could not be read.
    Unknown,
}

/// A number of pulls that is not known exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Pulls {
    /// The minimum.
    #[serde(rename = "min")]
    pub least: u64,
    /// The maximum; none if it is unknown.
    #[serde(rename = "max")]
    pub most: Option<u64>,
}

/// A number of pulls compared to a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// Within the limit in every case.
    Within,
    /// Depends on the type of the images.
    MayExceed,
    /// Exceeds the limit in every case.
    Exceeds,
}

impl<'a> Budget<'a> {
    /// The budget of a cluster, for the registries that limit pulls.
    pub fn of(snapshot: &'a Snapshot, allowances: &Allowances) -> Self {
        let mut loads: BTreeMap<(String, Identity), Vec<TagLoad<'a>>> = BTreeMap::new();
        for stream in &snapshot.streams {
            for tag in &stream.tags {
                if let Some((registry, identity, load)) = load(snapshot, allowances, stream, tag) {
                    loads.entry((registry, identity)).or_default().push(load);
                }
            }
        }
        let loads = loads
            .into_iter()
            .map(|((registry, identity), mut tags)| {
                tags.sort_by_key(|load| (&load.stream.object, &load.tag.name));
                Load {
                    registry,
                    identity,
                    tags,
                }
            })
            .collect();
        Self { loads }
    }
}

impl<'a> Load<'a> {
    /// All pulls in a window.
    pub fn pulls(&self) -> Pulls {
        self.tags
            .iter()
            .fold(Pulls::EXACTLY_NONE, |sum, load| sum + load.pulls)
    }

    /// The tags that no longer fit, in the order of [`Load::tags`], when as many as possible of
    /// them cost their maximum (`Standing::MayExceed`) or their minimum (`Standing::Exceeds`).
    pub fn over(&self, limit: u64) -> Vec<TagLoad<'a>> {
        let at_least = self.pulls().against(limit) == Standing::Exceeds;
        let mut sum = Pulls::EXACTLY_NONE;
        let mut over = Vec::new();
        for load in &self.tags {
            sum = sum + load.pulls;
            let standing = sum.against(limit);
            if standing == Standing::Exceeds || !at_least && standing == Standing::MayExceed {
                over.push(*load);
            }
        }
        over
    }
}

impl Pulls {
    /// No pulls.
    pub const EXACTLY_NONE: Self = Self::between(0, 0);

    /// A range of pulls.
    pub const fn between(least: u64, most: u64) -> Self {
        Self {
            least,
            most: Some(most),
        }
    }

    /// These pulls, N times.
    #[must_use]
    pub const fn times(self, times: u64) -> Self {
        Self {
            least: self.least.saturating_mul(times),
            most: match self.most {
                Some(most) => Some(most.saturating_mul(times)),
                None => None,
            },
        }
    }

    /// Compares to a limit.
    pub const fn against(self, limit: u64) -> Standing {
        match self.most {
            _ if self.least > limit => Standing::Exceeds,
            Some(most) if most <= limit => Standing::Within,
            _ => Standing::MayExceed,
        }
    }
}

impl Add for Pulls {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            least: self.least.saturating_add(other.least),
            most: self.most.zip(other.most).map(|(a, b)| a.saturating_add(b)),
        }
    }
}

/// The manifests that one import of a tag fetches. An image that is not a list has one. For a list,
/// the mode Legacy fetches the list and one platform, PreserveOriginal the list and all of them
/// (openshift-apiserver `importer.go`, `importSubManifests`).
pub const fn manifests(tag: &TagRecord) -> Pulls {
    match (tag.platforms, tag.preserves_original) {
        (Some(0 | 1), _) => Pulls::between(1, 1),
        (Some(_), false) => Pulls::between(2, 2),
        (Some(platforms), true) => {
            let all = (platforms as u64).saturating_add(1);
            Pulls::between(all, all)
        }
        (None, false) => Pulls::between(1, 2),
        (None, true) => Pulls {
            least: 1,
            most: None,
        },
    }
}

/// The cost of a tag and its identity; none if it costs nothing.
fn load<'a>(
    snapshot: &Snapshot,
    allowances: &Allowances,
    stream: &'a StreamRecord,
    tag: &'a TagRecord,
) -> Option<(String, Identity, TagLoad<'a>)> {
    let TagOrigin::Image(written) = &tag.from else {
        return None;
    };
    if !tag.scheduled || tag.reference {
        return None;
    }
    let Resolution::Certain(host, image) =
        resolve(written, RefRole::Import, &snapshot.cluster.internal)
    else {
        return None;
    };
    // A digest is imported until that succeeds, and never again.
    if !image.id().is_empty() && !tag.digest.is_empty() {
        return None;
    }
    let allowance = allowances.of(host.as_str())?;
    let mut once = manifests(tag);
    let target = Target::of(&image, host.as_str());
    match snapshot
        .cluster
        .mirrors
        .as_ref()
        .known()
        .and_then(|rules| mirrored(rules, &target))
    {
        Some(mirrored) if mirrored.never_source => return None,
        // The registry is queried only for images that the mirror does not have.
        Some(_) => once.least = 0,
        None => {}
    }
    let namespace = &stream.object.namespace;
    let identity = match Credentials::of(snapshot).import(namespace, written) {
        Credential::Found { username, .. } => Identity::Account(username),
        Credential::None => Identity::Anonymous,
        Credential::Unknown(_) => Identity::Unknown,
        // Nothing is imported.
        Credential::Broken { .. } => return None,
    };
    let load = TagLoad {
        stream,
        tag,
        image: written,
        pulls: once.times(allowance.window_seconds / IMPORT_INTERVAL_SECONDS),
    };
    Some((host.as_str().to_owned(), identity, load))
}

impl fmt::Display for Pulls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.most {
            Some(most) if most == self.least => write!(f, "{most}"),
            Some(most) => write!(f, "{} to {most}", self.least),
            None if self.least == 0 => f.write_str("an unknown number of"),
            None => write!(f, "at least {}", self.least),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(username) => write!(f, "as {username}"),
            Self::Anonymous => f.write_str("anonymously"),
            Self::Unknown => f.write_str("with unknown credentials"),
        }
    }
}
