//! What is written, in which order.

use extreg_cluster::{Kind, Object, ObjectRef};
use extreg_core::object::Resource;
use serde_json::Value;

/// One thing to write, for one object of the plan or several.
#[derive(Clone, Debug)]
pub(in super::super) struct Work {
    pub(super) stage: Stage,
    /// The objects of the plan that it mends, by index.
    pub(in super::super) entries: Vec<usize>,
    pub(super) deed: Deed,
}

/// The order: what a build needs comes before a build is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Streams,
    BuildConfigs,
    Builds,
    Secrets,
    Restarts,
}

/// What is written.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Operations of a JSON Patch, the tests first.
    Patch {
        object: ObjectRef,
        operations: Vec<Value>,
    },
    /// A secret is made.
    Create(Box<Object>),
    /// A build is cancelled and another one started.
    Restart {
        build: ObjectRef,
        /// Tests and what cancels it.
        operations: Vec<Value>,
        /// Where the new one comes from, and the part that makes it.
        from: ObjectRef,
        part: &'static str,
        /// The secret that the new one is given while it is in phase New.
        secret: Option<String>,
    },
}

impl Work {
    /// A patch of an object.
    pub(in super::super) fn patch(entry: usize, object: ObjectRef, operations: Vec<Value>) -> Self {
        let resource = Resource::of_kind(&object.kind.api_version(), object.kind.kind);
        Self {
            stage: resource.map_or(Stage::Streams, Stage::of),
            entries: vec![entry],
            deed: Deed::Patch { object, operations },
        }
    }

    /// A secret for builds that wait for it.
    pub(in super::super) fn create(entries: Vec<usize>, secret: Object) -> Self {
        Self {
            stage: Stage::Secrets,
            entries,
            deed: Deed::Create(Box::new(secret)),
        }
    }

    /// A build that is cancelled, and another one from its BuildConfig or, without one, from itself.
    pub(in super::super) fn restart(
        entry: usize,
        build: ObjectRef,
        operations: Vec<Value>,
        config: Option<&str>,
        secret: Option<String>,
    ) -> Self {
        let (from, part) = match config {
            Some(name) => (
                ObjectRef::new(Kind::BUILD_CONFIG, &build.namespace, name),
                "instantiate",
            ),
            None => (build.clone(), "clone"),
        };
        Self {
            stage: Stage::Restarts,
            entries: vec![entry],
            deed: Deed::Restart {
                build,
                operations,
                from,
                part,
                secret,
            },
        }
    }
}
