//! The registry usage in a cluster or a tree of files: the only reader of its objects.
//!
//! A [`read::Reader`] takes objects one by one, from any source, and keeps a small record of
//! each; together they are a [`Snapshot`]. The webhook's decision on an object comes from the
//! same engine, [`extreg_core::engine`]. Nothing here does I/O or knows the time.

pub mod approved;
pub mod coverage;
pub mod credentials;
pub mod kind;
pub mod place;
pub mod read;
mod snapshot;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trigger;

pub use self::snapshot::{
    AccountRecord, AllowedRegistry, Annotation, BuildPhase, BuildProgress, BuildRecord,
    ClusterRecord, Condition, ContainerKind, ContainerRecord, FailedImport, ImageUse, Injection,
    InjectionOutcome, Listed, Meaning, MirrorKind, MirrorRule, NamespaceRecord, OptOut, PodRun,
    RegistrySources, Rollout, RunningContainer, SecretKeys, SecretRecord, ShownImage,
    SignaturePolicy, Snapshot, SourceKind, StreamRecord, TagHistory, TagOrigin, TagRecord,
    TriggerSource, UseRole, WebhookRecord, WorkloadRecord,
};
