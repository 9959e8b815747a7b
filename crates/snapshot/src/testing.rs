//! Records for tests, with their relevant fields: change the returned record for the rest.
#![expect(
    clippy::unwrap_used,
    reason = "an invalid record in a test fails that test"
)]

mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::credential::{DockerConfigFormat, DockerConfigKeys};
use extreg_core::facts::Known;

pub use self::world::{HUB, World, names};
use crate::approved::{ApiVersion, Approved, ApprovedDocument, ApprovedSpec, Metadata};
use crate::kind::Kind;
use crate::place::{ImageName, ObjectId, Origin, Place};
use crate::snapshot::{
    AccountRecord, BuildRecord, ContainerKind, ContainerRecord, ImageUse, Meaning, MirrorKind,
    MirrorRule, RegistrySources, SecretKeys, SecretRecord, Snapshot, StreamRecord, TagOrigin,
    TagRecord, UseRole, WorkloadRecord,
};
use crate::trigger::ImageTrigger;

/// An object.
pub fn object(kind: Kind, namespace: &str, name: &str) -> ObjectId {
    ObjectId {
        namespace: namespace.into(),
        kind,
        name: name.into(),
    }
}

/// A field of an object in the cluster.
pub fn place(object: &ObjectId, part: &str, field: &str) -> Place {
    Place {
        object: object.clone(),
        part: part.into(),
        field: field.into(),
        origin: Origin::Cluster,
    }
}

/// The reading of an OpenShift with these lists, no mirrors and no signature policies.
pub fn openshift(allowed: &[&str], blocked: &[&str]) -> Snapshot {
    let entries = |list: &[&str]| list.iter().map(|entry| (*entry).into()).collect();
    let mut snapshot = Snapshot::default();
    snapshot.cluster.registries = Known::Known(Some(RegistrySources {
        allowed: entries(allowed),
        blocked: entries(blocked),
        ..RegistrySources::default()
    }));
    snapshot.cluster.mirrors = Known::Known(Vec::new());
    snapshot.cluster.signatures = Known::Known(Vec::new());
    snapshot
}

/// The user's list of approved registries, named `acme`.
pub fn approved(registries: &[&str]) -> Approved {
    let document = ApprovedDocument {
        api_version: ApiVersion::V1Alpha1,
        kind: crate::approved::Kind::ApprovedRegistries,
        metadata: Metadata {
            name: "acme".to_owned(),
            labels: BTreeMap::new(),
            annotations: BTreeMap::new(),
        },
        spec: ApprovedSpec {
            registries: registries.iter().map(|entry| (*entry).to_owned()).collect(),
        },
    };
    Approved::compile(&document).unwrap()
}

/// An image with an explicit registry and repository: `host/repository[:tag][@digest]`.
pub fn image(written: &str) -> ImageName {
    let (registry, rest) = written.split_once('/').unwrap();
    let (rest, digest) = rest.split_once('@').unwrap_or((rest, ""));
    ImageName {
        written: written.into(),
        registry: registry.into(),
        repository: rest.split(':').next().unwrap().into(),
        digest: digest.into(),
    }
}

/// A field that names an image of an external registry.
pub fn image_use(place: Place, role: UseRole, written: &str) -> ImageUse {
    ImageUse {
        place,
        role,
        image: image(written),
        meaning: Meaning::External,
        owned: false,
    }
}

/// A workload with these containers: each a name and an image.
pub fn workload(object: ObjectId, containers: &[(&str, &str)]) -> WorkloadRecord {
    WorkloadRecord {
        replicas: Some(1),
        containers: containers
            .iter()
            .map(|(name, image)| ContainerRecord {
                name: (*name).into(),
                kind: ContainerKind::Main,
                image: (*image).into(),
                pull_policy: Arc::default(),
                running: Arc::default(),
            })
            .collect(),
        ..WorkloadRecord::new(object)
    }
}

/// A trigger on `stream:tag` of a namespace that sets these containers.
pub fn trigger(namespace: &str, tag: &str, containers: &[&str]) -> ImageTrigger {
    ImageTrigger {
        index: 0,
        namespace: namespace.into(),
        tag: tag.into(),
        field: Arc::default(),
        containers: containers.iter().map(|name| (*name).into()).collect(),
        paused: false,
        fault: None,
    }
}

/// An ImageStream.
pub fn stream(namespace: &str, name: &str, tags: Vec<TagRecord>) -> StreamRecord {
    StreamRecord {
        tags,
        ..StreamRecord::new(object(Kind::ImageStream, namespace, name))
    }
}

/// A tag that follows an image and was imported.
pub fn tag(name: &str, image: &str) -> TagRecord {
    TagRecord {
        name: name.into(),
        index: Some(0),
        from: TagOrigin::Image(image.into()),
        has_import_policy: true,
        digest: "sha256:aa".into(),
        created: "2026-11-20T10:00:00Z".into(),
        ..TagRecord::default()
    }
}

/// A mirror rule of an object of this kind.
pub fn mirror(kind: Kind, name: &str, source: &str, mirrors: &[&str]) -> MirrorRule {
    MirrorRule {
        object: object(kind, "", name),
        origin: Origin::Cluster,
        kind: match kind {
            Kind::ImageTagMirrorSet => MirrorKind::Tag,
            Kind::ImageContentSourcePolicy => MirrorKind::LegacyDigest,
            _ => MirrorKind::Digest,
        },
        source: source.into(),
        mirrors: mirrors.iter().map(|mirror| (*mirror).into()).collect(),
        never_source: false,
    }
}

/// A BuildConfig that pushes to it.
pub fn build_config(namespace: &str, name: &str, pushes_to: &str) -> BuildRecord {
    BuildRecord {
        pushes_to: pushes_to.into(),
        ..BuildRecord::new(object(Kind::BuildConfig, namespace, name))
    }
}

/// A ServiceAccount that links these pull secrets.
pub fn account(namespace: &str, name: &str, pull_secrets: &[&str]) -> AccountRecord {
    AccountRecord {
        object: object(Kind::ServiceAccount, namespace, name),
        origin: Origin::Cluster,
        pull_secrets: pull_secrets.iter().map(|name| (*name).into()).collect(),
        secrets: Vec::new(),
        managed: None,
    }
}

/// A secret with this `.dockerconfigjson`.
pub fn secret(namespace: &str, name: &str, config: &str) -> SecretRecord {
    let keys = DockerConfigKeys::parse(config.as_bytes(), DockerConfigFormat::ConfigJson);
    let keys = Arc::new(keys.unwrap());
    SecretRecord {
        object: object(Kind::Secret, namespace, name),
        origin: Origin::Cluster,
        kind: "kubernetes.io/dockerconfigjson".into(),
        managed: false,
        excluded: false,
        keys: SecretKeys::Known(Arc::clone(&keys)),
        push: SecretKeys::Known(keys),
    }
}
