//! Names of tags.

use std::fmt;

use extreg_snapshot::{kind::Kind, place::ObjectId};

/// A tag of an ImageStream by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name<'w> {
    pub(crate) namespace: &'w str,
    pub(crate) stream: &'w str,
    pub(crate) tag: &'w str,
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.stream, self.tag)
    }
}

impl Name<'_> {
    /// The ImageStream.
    pub(crate) fn of_stream(self) -> ObjectId {
        ObjectId {
            namespace: self.namespace.into(),
            kind: Kind::ImageStream,
            name: self.stream.into(),
        }
    }

    /// As seen from a namespace: with its own where that is another.
    pub(crate) fn seen_from(&self, namespace: &str) -> String {
        if self.namespace == namespace {
            self.to_string()
        } else {
            format!("{}/{self}", self.namespace)
        }
    }
}
