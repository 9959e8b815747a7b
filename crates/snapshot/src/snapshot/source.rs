//! The source of a snapshot.

/// The source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// A cluster, or data collected from one.
    #[default]
    Cluster,
    /// Files: nothing is known about a cluster, and it is not queried.
    Files,
}
