//! A place in documents.

use std::fmt;

use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{Origin, Place};
use serde::{Deserialize, Serialize};

/// A place in documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SavedPlace {
    /// The object's namespace; can be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The object's `apiVersion`.
    pub api_version: String,
    /// The object's kind.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The container, tag or key; empty for the whole object.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub part: String,
    /// The file that it was read from; none for a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<SavedFile>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SavedFile {
    /// Its path as given.
    pub path: String,
}

impl SavedPlace {
    /// The document's form of a place: without the line, which moves.
    pub fn of(place: &Place) -> Self {
        let api = place.object.kind.api();
        Self {
            namespace: place.object.namespace.to_string(),
            api_version: api.api_version(),
            kind: api.kind.to_owned(),
            name: place.object.name.to_string(),
            part: place.part.to_string(),
            file: match &place.origin {
                Origin::Cluster => None,
                Origin::File { path, .. } => Some(SavedFile {
                    path: path.to_string(),
                }),
            },
        }
    }

    /// `deployments.apps`; none for a kind that this version does not read.
    pub fn resource(&self) -> Option<String> {
        Kind::of(&self.api_version, &self.kind).map(|kind| kind.api().resource())
    }
}

/// In the format of [`extreg_snapshot::place::ObjectId`]: `deployment.apps/cart in shop, web`.
impl fmt::Display for SavedPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.to_lowercase();
        match self.api_version.split_once('/') {
            Some((group, _)) => write!(f, "{kind}.{group}/{}", self.name)?,
            None => write!(f, "{kind}/{}", self.name)?,
        }
        if !self.namespace.is_empty() {
            write!(f, " in {}", self.namespace)?;
        }
        if !self.part.is_empty() {
            write!(f, ", {}", self.part)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::testing::{object, place};

    #[test]
    fn it_is_displayed_as_the_object_is() {
        for kind in Kind::ALL {
            let object = object(kind, "shop", "cart");
            let whole = SavedPlace::of(&place(&object, "", "spec"));
            assert_eq!(whole.to_string(), object.to_string());
            assert_eq!(whole.resource(), Some(kind.api().resource()));
            let part = SavedPlace::of(&place(&object, "web", "spec"));
            assert_eq!(part.to_string(), format!("{object}, web"));
        }
    }
}
