//! The import budget: what scheduled imports cost whom, against what the registry allows.
//!
//! OpenShift imports every scheduled tag once in 15 minutes (openshift-controller-manager
//! `openshiftcontrolplane_config.go`, `ScheduledImageImportMinimumIntervalSeconds`), with a GET of
//! each manifest and never a HEAD (openshift-apiserver `importer.go`), and a GET is a pull. So a
//! tag costs 24 pulls in Docker Hub's window of 6 hours, or a multiple of that where its image is
//! a list of several platforms. All that import with one account share its allowance; all that
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
    /// One for each identity at each metered registry that something is imported as, sorted.
    pub loads: Vec<Load<'a>>,
}

/// What is imported from a metered registry as one identity.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    /// The registry.
    pub registry: String,
    /// As whom.
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

/// Whose allowance is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// An account of the registry, by its username, in whatever namespace.
    Account(String),
    /// That of the address from which the cluster reaches the registry.
    Anonymous,
    /// Not known: the credentials could not be looked at.
    Unknown,
}

/// A number of pulls that is not known exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pulls {
    /// No fewer than these.
    pub least: u64,
    /// No more than these; none where there is no telling.
    pub most: Option<u64>,
}

/// Pulls against a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// However many they are, it allows them.
    Within,
    /// It depends on what the images are.
    MayExceed,
    /// It does not allow even the fewest.
    Exceeds,
}

impl<'a> Budget<'a> {
    /// The budget of a cluster, for the registries that meter.
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
    /// them cost what they may (`Standing::MayExceed`) or what they must (`Standing::Exceeds`).
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
    /// None at all.
    pub const EXACTLY_NONE: Self = Self::between(0, 0);

    /// From as many to as many.
    pub const fn between(least: u64, most: u64) -> Self {
        Self {
            least,
            most: Some(most),
        }
    }

    /// These, so many times.
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

    /// Against what is allowed.
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

/// The manifests that one import of a tag fetches. An image that is no list has one. Of a list the
/// mode Legacy fetches the list and one platform, PreserveOriginal the list and all of them
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

/// The cost of a tag, and whose it is; none where it costs nothing.
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
    // A digest is imported until it is there, and then no more.
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
        // The registry is asked only for what the mirror has not.
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
            None => write!(f, "{} or more", self.least),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(username) => write!(f, "as {username}"),
            Self::Anonymous => f.write_str("anonymously"),
            Self::Unknown => f.write_str("as nobody knows whom"),
        }
    }
}
