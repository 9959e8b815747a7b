//! The records of a snapshot by object, so that the order in which they were read does not matter.

use std::collections::{BTreeMap, BTreeSet};

use extreg_snapshot::credentials::PulledBy;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ObjectId;
use extreg_snapshot::trigger::ImageTrigger;
use extreg_snapshot::{BuildRecord, ImageUse, Snapshot, StreamRecord, UseRole, WorkloadRecord};

/// The records of a snapshot by object.
pub(super) struct Index<'a> {
    /// The image of a build's strategy, where that names one outside the cluster.
    bases: BTreeMap<&'a ObjectId, &'a str>,
    pub(super) builds: BTreeMap<&'a ObjectId, &'a BuildRecord>,
    pub(super) streams: BTreeMap<&'a ObjectId, &'a StreamRecord>,
    pub(super) workloads: BTreeMap<&'a ObjectId, &'a WorkloadRecord>,
    /// The tags that builds write: namespace and `stream:tag`.
    written: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Index<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let bases = snapshot.uses.iter().filter(|usage| {
            usage.role == UseRole::Base && usage.place.field.starts_with("spec.strategy.")
        });
        Self {
            bases: bases
                .map(|usage| (&usage.place.object, &*usage.image.written))
                .collect(),
            builds: snapshot.builds.iter().map(|r| (&r.object, r)).collect(),
            streams: snapshot.streams.iter().map(|r| (&r.object, r)).collect(),
            workloads: snapshot.workloads.iter().map(|r| (&r.object, r)).collect(),
            written: snapshot
                .builds
                .iter()
                .filter_map(|build| build.writes.as_ref())
                .map(|(namespace, tag)| (&**namespace, &**tag))
                .collect(),
        }
    }
}

impl Index<'_> {
    /// How a build pulls an image.
    pub(super) fn pulled_by(&self, usage: &ImageUse) -> PulledBy<'_> {
        if &*usage.place.field == "spec.source.dockerfile" {
            PulledBy::Dockerfile {
                base: self.bases.get(&usage.place.object).copied(),
            }
        } else {
            PulledBy::Field
        }
    }

    /// Whether a build pushes to the tag of a trigger, and so creates it.
    pub(super) fn is_written(&self, trigger: &ImageTrigger) -> bool {
        trigger.stream_tag().is_some_and(|(stream, tag)| {
            let name = format!("{stream}:{tag}");
            self.written.contains(&(&*trigger.namespace, &*name))
        })
    }

    /// Whether a workload is created by another one that was read, which is judged instead.
    pub(super) fn is_made(&self, workload: &WorkloadRecord) -> bool {
        let Some((kind, name)) = &workload.owner else {
            return false;
        };
        Kind::ALL
            .into_iter()
            .filter(|of| of.api().kind == &**kind)
            .any(|kind| {
                self.workloads.contains_key(&ObjectId {
                    namespace: workload.object.namespace.clone(),
                    kind,
                    name: name.clone(),
                })
            })
    }

    /// Whether a Build or BuildRun is created from a configuration that was read.
    pub(super) fn is_built(&self, build: &BuildRecord) -> bool {
        let kind = match build.object.kind {
            Kind::Build => Kind::BuildConfig,
            Kind::BuildRun => Kind::ShipwrightBuild,
            _ => return false,
        };
        build.config.as_ref().is_some_and(|config| {
            self.builds.contains_key(&ObjectId {
                namespace: build.object.namespace.clone(),
                kind,
                name: config.clone(),
            })
        })
    }
}
