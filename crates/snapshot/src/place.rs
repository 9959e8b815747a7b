//! Places: an object, a field of it, the image in the field, and where the object was read.

use std::fmt;
use std::sync::Arc;

use crate::kind::Kind;

/// An object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Its namespace; empty if it has none, or a file names none.
    pub namespace: Arc<str>,
    /// Its kind.
    pub kind: Kind,
    /// Its name; the prefix of a generated name and a `*` if it has no other.
    pub name: Arc<str>,
}

/// Where an object was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// In the cluster.
    #[default]
    Cluster,
    /// In a file.
    File {
        /// Its path as given, with `/`.
        path: Arc<str>,
        /// The line on which the object begins, from 1.
        line: usize,
    },
}

/// A place in an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The object.
    pub object: ObjectId,
    /// The name of the part: the container, the tag, the key of a secret; empty for
    /// the whole.
    pub part: Arc<str>,
    /// The field, as shown to users: `spec.template.spec.containers[0].image`; empty for the
    /// whole.
    pub field: Arc<str>,
    /// Where the object was read.
    pub origin: Origin,
}

/// An image as a field names it, and its meaning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageName {
    /// As written.
    pub written: Arc<str>,
    /// The registry's host; empty if unknown (a short name of a workload, a
    /// parameter).
    pub registry: Arc<str>,
    /// The repository in the registry, with `library/` if that is meant; empty if
    /// unknown.
    pub repository: Arc<str>,
    /// The named or running digest; empty if unknown.
    pub digest: Arc<str>,
}

impl ObjectId {
    /// The name as shown to users and in `oc`: `deployment.apps/cart`, `pod/cart-1`.
    pub fn reference(&self) -> String {
        let api = self.kind.api();
        let kind = api.kind.to_lowercase();
        if api.group.is_empty() {
            format!("{kind}/{}", self.name)
        } else {
            format!("{kind}.{}/{}", api.group, self.name)
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reference())?;
        if self.namespace.is_empty() {
            Ok(())
        } else {
            write!(f, " in {}", self.namespace)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster => f.write_str("cluster"),
            Self::File { path, line } => write!(f, "{path}:{line}"),
        }
    }
}
