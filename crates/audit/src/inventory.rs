//! The images in use: by image, registry, workload or namespace. Rows of data for tables and
//! documents; nothing is judged.

mod row;

use std::collections::{BTreeMap, BTreeSet};

use extreg_core::image::ImageRef;
use extreg_core::vocabulary;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ObjectId, Origin};
use extreg_snapshot::{ImageUse, Meaning, UseRole};

pub use self::row::InventoryRow;
use crate::report::{Report, Section};

vocabulary! {
    /// What an inventory groups by.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum InventoryBy {
        /// An image, with the tag or digest by which it is named.
        #[default]
        Image => "image",
        /// A registry.
        Registry => "registry",
        /// A top-level object: a Deployment with its pods, a BuildConfig with its Builds.
        Workload => "workload",
        /// A namespace.
        Namespace => "namespace",
    }
    /// Its word.
    pub fn word;
}

/// The rows, sorted: section by section, in each by namespace and name.
pub fn inventory(report: &Report, by: InventoryBy) -> Vec<InventoryRow> {
    report
        .sections
        .iter()
        .flat_map(|section| rows(section, by))
        .collect()
}

fn rows(section: &Section, by: InventoryBy) -> impl Iterator<Item = InventoryRow> {
    let mut groups: BTreeMap<(String, String), Group<'_>> = BTreeMap::new();
    for used in &section.uses {
        if used.meaning == Meaning::Unset {
            continue;
        }
        let owner = section.owners.get(&used.place.object);
        let stands = owner.unwrap_or(&used.place.object);
        let key = match by {
            InventoryBy::Image => (String::new(), image_name(used)),
            InventoryBy::Registry => (String::new(), registry(used)),
            InventoryBy::Workload => (stands.namespace.to_string(), stands.reference()),
            InventoryBy::Namespace => (stands.namespace.to_string(), String::new()),
        };
        groups.entry(key).or_default().add(used, stands);
    }
    groups
        .into_iter()
        .map(|((namespace, name), group)| InventoryRow {
            source: section.source.clone(),
            namespace,
            name,
            objects: set(group.objects).len(),
            pods: set(group.pods).len(),
            namespaces: set(group.namespaces).len(),
            images: set(group.images),
            registries: set(group.registries),
            roles: group.roles.into_iter().map(UseRole::word).collect(),
            running: set(group.running).into_iter().map(str::to_owned).collect(),
        })
}

/// Duplicates are removed at the end: most groups are of one
/// object, and a set of one is large.
#[derive(Default)]
struct Group<'a> {
    objects: Vec<&'a ObjectId>,
    pods: Vec<&'a ObjectId>,
    namespaces: Vec<&'a str>,
    images: Vec<String>,
    registries: Vec<String>,
    roles: BTreeSet<UseRole>,
    running: Vec<&'a str>,
}

/// Sorted, each once.
fn set<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort_unstable();
    items.dedup();
    items.shrink_to_fit();
    items
}

fn push<T: PartialEq>(items: &mut Vec<T>, item: T) {
    // Those of one object are adjacent.
    if items.last() != Some(&item) {
        items.push(item);
    }
}

impl<'a> Group<'a> {
    fn add(&mut self, used: &'a ImageUse, stands: &'a ObjectId) {
        let object = &used.place.object;
        push(&mut self.objects, stands);
        if !object.namespace.is_empty() {
            push(&mut self.namespaces, &object.namespace);
        }
        push(&mut self.images, image_name(used));
        push(&mut self.registries, registry(used));
        self.roles.insert(used.role);
        if object.kind == Kind::Pod {
            push(&mut self.pods, object);
            self.running.extend(running(used));
        }
    }
}

/// The digest that a pod runs. Nothing runs in a manifest: there a digest is only a name.
fn running(used: &ImageUse) -> Option<&str> {
    let digest = &*used.image.digest;
    let only_named = used.place.origin != Origin::Cluster && used.image.written.ends_with(digest);
    (!digest.is_empty() && !only_named).then_some(digest)
}

/// The image in full, with its digest if it has one, else with its tag; as written
/// if its registry is unknown.
fn image_name(used: &ImageUse) -> String {
    let image = &used.image;
    match ImageRef::parse(&image.written) {
        Ok(parsed) if !image.registry.is_empty() && !image.repository.is_empty() => {
            let name = format!("{}/{}", image.registry, image.repository);
            match (parsed.id(), parsed.tag()) {
                ("", "") => format!("{name}:latest"),
                ("", tag) => format!("{name}:{tag}"),
                (digest, _) => format!("{name}@{digest}"),
            }
        }
        _ => image.written.to_string(),
    }
}

fn registry(used: &ImageUse) -> String {
    let told = &*used.image.registry;
    let words = match used.meaning {
        _ if !told.is_empty() => told,
        Meaning::Parameter => "(parameter)",
        Meaning::Invalid => "(invalid)",
        Meaning::Searched | Meaning::External | Meaning::Internal | Meaning::Unset => {
            "(short name)"
        }
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::testing::{image_use, object, place};

    fn section() -> Section {
        let cart = object(Kind::Deployment, "shop", "cart");
        let pods = ["cart-6f-aaaaa", "cart-6f-bbbbb"].map(|name| object(Kind::Pod, "shop", name));
        let nginx = "docker.io/library/nginx:1";
        let run = |object: &ObjectId, written: &str, digest: &str| {
            let mut used = image_use(place(object, "web", "spec"), UseRole::Run, written);
            used.image.digest = digest.into();
            used
        };
        let mut uses = vec![
            run(&cart, nginx, ""),
            run(&pods[0], nginx, "sha256:aa"),
            run(&pods[1], nginx, "sha256:bb"),
            run(&object(Kind::Pod, "dev", "probe"), nginx, "sha256:aa"),
            run(
                &object(Kind::CronJob, "dev", "tidy"),
                "quay.io/acme/tidy@sha256:cc",
                "sha256:cc",
            ),
            image_use(
                place(&object(Kind::BuildConfig, "dev", "app"), "", "spec"),
                UseRole::Push,
                "docker.io/acme/app",
            ),
        ];
        for pod in &mut uses[1..3] {
            pod.owned = true;
        }
        let mut short = image_use(
            place(&object(Kind::Job, "dev", "once"), "main", "spec"),
            UseRole::Run,
            "x/busybox",
        );
        short.image.written = "busybox".into();
        short.image.registry = "".into();
        short.image.repository = "".into();
        short.meaning = Meaning::Searched;
        let mut unset = short.clone();
        unset.image.written = " ".into();
        unset.meaning = Meaning::Unset;
        uses.extend([short, unset]);
        Section {
            source: "prod".to_owned(),
            uses,
            owners: pods.into_iter().map(|pod| (pod, cart.clone())).collect(),
            ..Section::default()
        }
    }

    fn table(by: InventoryBy) -> Vec<String> {
        let report = Report {
            sections: vec![section()],
            ..Report::default()
        };
        let rows = inventory(&report, by);
        rows.iter().map(|row| row.cells(by).join(" | ")).collect()
    }

    #[test]
    fn by_image_running_digests_are_listed_for_the_tag() {
        assert_eq!(
            InventoryRow::columns(InventoryBy::Image).join(" | "),
            "image | objects | pods | namespaces | roles | running"
        );
        assert_eq!(
            table(InventoryBy::Image),
            [
                "busybox | 1 | 0 | 1 | run | ",
                "docker.io/acme/app:latest | 1 | 0 | 1 | push | ",
                "docker.io/library/nginx:1 | 2 | 3 | 2 | run | sha256:aa sha256:bb",
                "quay.io/acme/tidy@sha256:cc | 1 | 0 | 1 | run | ",
            ]
        );
    }

    #[test]
    fn by_registry() {
        assert_eq!(
            InventoryRow::columns(InventoryBy::Registry).join(" | "),
            "registry | images | objects | pods | namespaces | roles"
        );
        assert_eq!(
            table(InventoryBy::Registry),
            [
                "(short name) | 1 | 1 | 0 | 1 | run",
                "docker.io | 2 | 3 | 3 | 2 | push run",
                "quay.io | 1 | 1 | 0 | 1 | run",
            ]
        );
    }

    #[test]
    fn by_workload_a_deployment_has_its_pods() {
        assert_eq!(
            InventoryRow::columns(InventoryBy::Workload).join(" | "),
            "namespace | workload | images | pods | roles | running"
        );
        assert_eq!(
            table(InventoryBy::Workload),
            [
                "dev | buildconfig.build.openshift.io/app | docker.io/acme/app:latest | 0 | push | ",
                "dev | cronjob.batch/tidy | quay.io/acme/tidy@sha256:cc | 0 | run | ",
                "dev | job.batch/once | busybox | 0 | run | ",
                "dev | pod/probe | docker.io/library/nginx:1 | 1 | run | sha256:aa",
                "shop | deployment.apps/cart | docker.io/library/nginx:1 | 2 | run | sha256:aa sha256:bb",
            ]
        );
    }

    #[test]
    fn by_namespace() {
        assert_eq!(
            InventoryRow::columns(InventoryBy::Namespace).join(" | "),
            "namespace | images | objects | pods | registries | roles"
        );
        assert_eq!(
            table(InventoryBy::Namespace),
            [
                "dev | 4 | 4 | 1 | (short name) docker.io quay.io | push run",
                "shop | 1 | 1 | 2 | docker.io | run",
            ]
        );
    }

    #[test]
    fn a_manifest_has_no_running_digests() {
        let pod = object(Kind::Pod, "shop", "probe");
        let mut used = image_use(
            place(&pod, "web", "spec"),
            UseRole::Run,
            "quay.io/acme/app@sha256:aa",
        );
        assert_eq!(running(&used), Some("sha256:aa"));
        used.place.origin = Origin::File {
            path: "pod.yaml".into(),
            line: 1,
        };
        assert_eq!(running(&used), None);
        // An inspect tree consists of files too, and has running digests.
        used.image.written = "quay.io/acme/app:1".into();
        assert_eq!(running(&used), Some("sha256:aa"));
    }

    #[test]
    fn each_cluster_has_its_own_rows() {
        let mut other = section();
        other.source = "another".to_owned();
        let report = Report {
            sections: vec![section(), other],
            ..Report::default()
        };
        for by in InventoryBy::ALL {
            let rows = inventory(&report, by);
            let sources: Vec<_> = rows.iter().map(|row| &*row.source).collect();
            let half = rows.len() / 2;
            assert!(sources[..half].iter().all(|source| *source == "prod"));
            assert!(sources[half..].iter().all(|source| *source == "another"));
            for row in &rows {
                assert_eq!(row.cells(by).len(), InventoryRow::columns(by).len());
            }
        }
    }
}
