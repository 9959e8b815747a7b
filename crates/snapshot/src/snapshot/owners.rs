//! The owner of each object that another one created.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Snapshot;
use crate::kind::Kind;
use crate::place::ObjectId;

/// A pod of a Job of a CronJob is three levels; nothing that is read needs more, and no chain is circular.
const LONGEST_CHAIN: usize = 8;

impl Snapshot {
    /// For each object that another one created, the object at the end of the chain: for a pod its
    /// Deployment and not the ReplicaSet between them. If a link of the chain was not read, the
    /// last known one.
    pub fn owners(&self) -> BTreeMap<ObjectId, ObjectId> {
        let direct: BTreeMap<&ObjectId, ObjectId> = self.direct_owners().collect();
        direct
            .iter()
            .map(|(made, owner)| {
                let mut top = owner;
                for _ in 0..LONGEST_CHAIN {
                    match direct.get(top) {
                        Some(above) => top = above,
                        None => break,
                    }
                }
                ((*made).clone(), top.clone())
            })
            .collect()
    }

    fn direct_owners(&self) -> impl Iterator<Item = (&ObjectId, ObjectId)> {
        let workloads = self.workloads.iter().filter_map(|workload| {
            let (kind, name) = workload.owner.as_ref()?;
            let owner = of_kind(&workload.object, kind_named(kind)?, name);
            Some((&workload.object, owner))
        });
        let builds = self.builds.iter().filter_map(|build| {
            let kind = match build.object.kind {
                Kind::BuildRun => Kind::ShipwrightBuild,
                _ => Kind::BuildConfig,
            };
            let config = build.config.as_ref()?;
            Some((&build.object, of_kind(&build.object, kind, config)))
        });
        workloads.chain(builds)
    }
}

fn of_kind(made: &ObjectId, kind: Kind, name: &Arc<str>) -> ObjectId {
    ObjectId {
        namespace: made.namespace.clone(),
        kind,
        name: name.clone(),
    }
}

/// The first kind with that name: of the two Builds OpenShift's, the one that owns pods.
fn kind_named(name: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.api().kind == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{build_config, object, workload};

    fn owned(object: ObjectId, kind: &str, name: &str) -> super::super::WorkloadRecord {
        let mut record = workload(object, &[]);
        record.owner = Some((kind.into(), name.into()));
        record
    }

    #[test]
    fn a_pod_stands_for_its_deployment() {
        let pod = object(Kind::Pod, "shop", "web-5d9c7b8f6d-x2x4z");
        let set = object(Kind::ReplicaSet, "shop", "web-5d9c7b8f6d");
        let deployment = object(Kind::Deployment, "shop", "web");
        let lonely = object(Kind::Pod, "shop", "lonely");
        let orphan = object(Kind::Pod, "shop", "old-6f-aaaaa");
        let fixed = object(Kind::Pod, "shop", "etcd-node-1");
        let snapshot = Snapshot {
            workloads: vec![
                owned(pod.clone(), "ReplicaSet", "web-5d9c7b8f6d"),
                owned(set.clone(), "Deployment", "web"),
                workload(deployment.clone(), &[]),
                workload(lonely, &[]),
                owned(orphan.clone(), "ReplicaSet", "old-6f"),
                owned(fixed, "Node", "node-1"),
            ],
            ..Snapshot::default()
        };
        let want = [
            (pod, deployment.clone()),
            (set, deployment),
            (orphan, object(Kind::ReplicaSet, "shop", "old-6f")),
        ];
        assert_eq!(snapshot.owners(), BTreeMap::from(want));
    }

    #[test]
    fn a_build_stands_for_its_config() {
        let mut build = build_config("shop", "app-1", "docker.io/acme/app");
        build.object.kind = Kind::Build;
        build.config = Some("app".into());
        let pod = object(Kind::Pod, "shop", "app-1-build");
        let snapshot = Snapshot {
            workloads: vec![owned(pod.clone(), "Build", "app-1")],
            builds: vec![build.clone()],
            ..Snapshot::default()
        };
        let config = object(Kind::BuildConfig, "shop", "app");
        let want = [(pod, config.clone()), (build.object, config)];
        assert_eq!(snapshot.owners(), BTreeMap::from(want));
    }

    #[test]
    fn a_circle_ends() {
        let a = object(Kind::Job, "shop", "a");
        let b = object(Kind::Job, "shop", "b");
        let snapshot = Snapshot {
            workloads: vec![owned(a.clone(), "Job", "b"), owned(b, "Job", "a")],
            ..Snapshot::default()
        };
        assert!(snapshot.owners().contains_key(&a));
    }
}
