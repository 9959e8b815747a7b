//! The share of the pull limit that scheduled imports use, for each identity. The model is the audit's
//! ([`extreg_audit::budget`]); here it gets data from a cluster and from a registry's answers.

use std::collections::BTreeSet;

use extreg_audit::budget::{Allowances, Budget, Identity, Limit, Pulls, Standing, TagLoad};
use extreg_cluster::{Cluster, collect::ProgressOutput};
use extreg_remedy::SpecTag;
use extreg_snapshot::{
    Snapshot,
    coverage::{GapReason, GapSubject},
    kind::Kind,
};
use extreg_terminal::{Exit, Printer};

use super::measure::{Measured, Measurement};
use crate::{collect::collect_kinds, error::Error};

/// The input for the cost of imports, and for their identities.
const KINDS: [Kind; 7] = [
    Kind::ImageConfig,
    Kind::ImageDigestMirrorSet,
    Kind::ImageTagMirrorSet,
    Kind::ImageContentSourcePolicy,
    Kind::Namespace,
    Kind::Secret,
    Kind::ImageStream,
];

/// The known limits of a registry.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    registry: String,
    allowances: Allowances,
    /// Identities that the registry answered without a limit.
    untold: BTreeSet<Identity>,
}

/// The imports of one identity.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) identity: Identity,
    /// Sorted by namespace, stream and tag.
    pub(crate) tags: Vec<TagCost>,
    pub(crate) pulls: Pulls,
    pub(crate) allowed: Allowed,
    pub(crate) standing: Standing,
    /// Those that exceed the limit.
    pub(crate) over: Vec<TagCost>,
}

/// The pulls of one scheduled tag.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct TagCost {
    pub(crate) namespace: String,
    pub(crate) stream: String,
    pub(crate) tag: String,
    /// The reference as written.
    pub(crate) image: String,
    pub(crate) pulls: Pulls,
    /// Its location.
    #[serde(skip)]
    pub(crate) spec: Option<SpecTag>,
}

/// The limit of an identity in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// As the registry reported.
    Measured(u64),
    /// As the registry publishes; an account counts as a free one.
    Published(u64),
    /// The published anonymous limit, since the identity is unknown.
    Unknown(u64),
    /// The registry answered without a limit.
    Untold,
}

/// The data of a cluster.
#[derive(Clone, Debug)]
pub(crate) struct Coverage {
    streams: Streams,
    /// The unreadable resources, one line each.
    pub(crate) gaps: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Streams {
    Failed,
    Forbidden,
    NotServed,
    Read,
}

impl Known {
    /// From published and measured limits. The anonymous limit of this machine is the cluster's only if both use the
    /// same outgoing address.
    pub(crate) fn new(registry: &str, measured: &[Measurement], same_address: bool) -> Self {
        let mut allowances = Allowances::published();
        let window = allowances
            .of(registry)
            .map(|published| published.window_seconds);
        let mut untold = BTreeSet::new();
        let ours = |one: &&Measurement| same_address || one.identity != Identity::Anonymous;
        for one in measured.iter().filter(ours) {
            match &one.result {
                Measured::Limited(limit) => {
                    // In the window that is counted in.
                    let window = window.unwrap_or(limit.window_seconds);
                    let pulls = limit.limit.saturating_mul(window) / limit.window_seconds.max(1);
                    allowances = allowances.with_measured(registry, one.identity.clone(), pulls);
                }
                Measured::Untold => {
                    untold.insert(one.identity.clone());
                }
                Measured::Refused(_) | Measured::Failed(_) => {}
            }
        }
        Self {
            registry: registry.to_owned(),
            allowances,
            untold,
        }
    }

    fn allowed(&self, identity: &Identity) -> Option<Allowed> {
        if self.untold.contains(identity) {
            return Some(Allowed::Untold);
        }
        match self.allowances.limit(&self.registry, identity) {
            Some(Limit::Measured(pulls)) => Some(Allowed::Measured(pulls)),
            Some(Limit::Published(pulls)) => Some(Allowed::Published(pulls)),
            None => {
                let published = self.allowances.of(&self.registry)?;
                Some(Allowed::Unknown(published.anonymous))
            }
        }
    }
}

/// Reads what counts in a namespace, or in all.
///
/// # Errors
/// [`extreg_cluster::ClusterError::NotLoggedIn`]; [`extreg_cluster::ClusterError::Unreachable`]; 404 if the namespace does not exist.
pub(crate) async fn read(
    cluster: &Cluster,
    namespace: Option<&str>,
    progress: ProgressOutput,
    printer: &Printer,
) -> Result<Snapshot, Error> {
    collect_kinds(cluster, namespace, &KINDS, progress, printer).await
}

/// Compares the imports from a registry with its limits, sorted by identity.
pub(crate) fn weigh(snapshot: &Snapshot, known: &Known) -> Vec<Load> {
    let budget = Budget::of(snapshot, &known.allowances);
    let anonymous = |load: &&extreg_audit::budget::Load<'_>| {
        load.registry == known.registry && load.identity == Identity::Anonymous
    };
    let beside = budget
        .loads
        .iter()
        .find(anonymous)
        .map(extreg_audit::budget::Load::pulls);
    let ours = budget
        .loads
        .iter()
        .filter(|load| load.registry == known.registry);
    let weighed = ours.filter_map(|load| {
        let allowed = known.allowed(&load.identity)?;
        let pulls = load.pulls();
        let (standing, over) = match allowed {
            Allowed::Untold => (Standing::Within, Vec::new()),
            Allowed::Measured(limit) | Allowed::Published(limit) => {
                (pulls.against(limit), load.over(limit))
            }
            // All of them can be anonymous in addition to the known ones, or none.
            Allowed::Unknown(limit) => {
                let most = pulls + beside.unwrap_or(Pulls::EXACTLY_NONE);
                let standing = Pulls { least: 0, ..most }.against(limit);
                let over = match standing {
                    Standing::Within => Vec::new(),
                    Standing::MayExceed | Standing::Exceeds => load.tags.clone(),
                };
                (standing, over)
            }
        };
        Some(Load {
            identity: load.identity.clone(),
            tags: load.tags.iter().map(TagCost::from_tag_load).collect(),
            pulls,
            allowed,
            standing,
            over: over.iter().map(TagCost::from_tag_load).collect(),
        })
    });
    weighed.collect()
}

/// The exit of a run that only counts.
pub(crate) fn exit(loads: &[Load]) -> Exit {
    if loads.iter().any(|load| load.standing == Standing::Exceeds) {
        Exit::No
    } else {
        Exit::Done
    }
}

impl TagCost {
    fn from_tag_load(load: &TagLoad<'_>) -> Self {
        Self {
            namespace: load.stream.object.namespace.to_string(),
            stream: load.stream.object.name.to_string(),
            tag: load.tag.name.to_string(),
            image: load.image.to_owned(),
            pulls: load.pulls,
            spec: SpecTag::new(&load.stream.object, load.tag),
        }
    }
}

impl Allowed {
    /// The limit, if any.
    pub(crate) const fn pulls(self) -> Option<u64> {
        match self {
            Self::Measured(pulls) | Self::Published(pulls) | Self::Unknown(pulls) => Some(pulls),
            Self::Untold => None,
        }
    }
}

impl Coverage {
    /// From the result of [`read`].
    pub(crate) fn new(snapshot: &Snapshot, namespace: Option<&str>) -> Self {
        let coverage = &snapshot.coverage;
        let whole = GapSubject::List {
            kind: Kind::ImageStream,
            namespace: namespace.unwrap_or_default().into(),
        };
        let why = coverage.gaps.iter().find(|gap| gap.what == whole);
        let streams = match why.map(|gap| gap.why) {
            _ if coverage.not_served.contains(&Kind::ImageStream) => Streams::NotServed,
            Some(GapReason::Forbidden) => Streams::Forbidden,
            Some(_) => Streams::Failed,
            None => Streams::Read,
        };
        Self {
            streams,
            gaps: coverage
                .gaps
                .iter()
                .map(extreg_snapshot::coverage::Gap::words)
                .collect(),
        }
    }

    /// The exit of a run in which nothing was counted.
    pub(crate) const fn exit(&self) -> Exit {
        match self.streams {
            Streams::Failed => Exit::Failed,
            Streams::Forbidden => Exit::NotPermitted,
            Streams::NotServed => Exit::Incomplete,
            Streams::Read => Exit::Done,
        }
    }

    /// Whether the cluster has no ImageStreams at all.
    pub(crate) fn is_without_streams(&self) -> bool {
        self.streams == Streams::NotServed
    }
}
