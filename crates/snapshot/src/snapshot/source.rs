//! What a snapshot was read from.

/// What is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// A cluster, or what was collected of one.
    #[default]
    Cluster,
    /// Files: nothing is known of a cluster, nor asked.
    Files,
}
