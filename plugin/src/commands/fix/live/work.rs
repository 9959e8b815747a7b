//! What is written, and in which order.

use extreg_cluster::{Kind, Object, ObjectRef};
use extreg_core::object::Resource;
use serde_json::Value;

/// One thing to write, for one object of the plan or several.
#[derive(Clone, Debug)]
pub(in super::super) struct Work {
    pub(super) stage: Stage,
    /// The objects of the plan that it fixes, by index.
    pub(in super::super) entries: Vec<usize>,
    pub(super) write: Write,
}

/// The order: what a build needs comes before the start of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Streams,
    BuildConfigs,
    Builds,
    Secrets,
    Restarts,
}

/// A write.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// Operations of a JSON Patch, the tests first.
    Patch {
        object: ObjectRef,
        operations: Vec<Value>,
    },
    /// Create a secret.
    Create(Box<Object>),
    /// Cancel a build and start another one.
    Restart {
        build: ObjectRef,
        /// Tests, and the operation that cancels the build.
        operations: Vec<Value>,
        /// The source of the new build, and the subresource that creates it.
        from: ObjectRef,
        part: &'static str,
        /// The secret for the new build, set while it is in phase New.
        secret: Option<String>,
    },
}

impl Work {
    /// A patch of an object.
    pub(in super::super) fn patch(entry: usize, object: ObjectRef, operations: Vec<Value>) -> Self {
        let resource = Resource::of_kind(&object.kind.api_version(), object.kind.kind);
        Self {
            stage: resource.map_or(Stage::Streams, Stage::from_resource),
            entries: vec![entry],
            write: Write::Patch { object, operations },
        }
    }

    /// A secret for builds that wait for it.
    pub(in super::super) fn create(entries: Vec<usize>, secret: Object) -> Self {
        Self {
            stage: Stage::Secrets,
            entries,
            write: Write::Create(Box::new(secret)),
        }
    }

    /// A build to cancel, and another one from its BuildConfig or, without one, as a copy.
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
            write: Write::Restart {
                build,
                operations,
                from,
                part,
                secret,
            },
        }
    }
}
