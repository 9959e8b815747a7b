//! A row of an inventory.

use serde::Serialize;

use super::InventoryBy;

/// A row of an inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InventoryRow {
    /// Its section.
    pub source: String,
    /// The namespace of a workload or of the row; empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The image, registry or workload; empty in a row of a namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// How many objects name it; objects created by another one are not counted separately.
    pub objects: usize,
    /// How many pods it has.
    pub pods: usize,
    /// How many namespaces it is in.
    pub namespaces: usize,
    /// The images, each with its tag or digest, sorted.
    pub images: Vec<String>,
    /// Their registries, sorted; in parentheses the reason if one is unknown.
    pub registries: Vec<String>,
    /// Their roles, in the words of [`extreg_snapshot::UseRole::word`].
    pub roles: Vec<&'static str>,
    /// The digests that its pods run, sorted: several of one tag where it moved between pulls.
    pub running: Vec<String>,
}

impl InventoryRow {
    /// The names of the columns; with several sections, [`Self::source`] comes first.
    pub const fn columns(by: InventoryBy) -> &'static [&'static str] {
        match by {
            InventoryBy::Image => &["image", "objects", "pods", "namespaces", "roles", "running"],
            InventoryBy::Registry => &[
                "registry",
                "images",
                "objects",
                "pods",
                "namespaces",
                "roles",
            ],
            InventoryBy::Workload => &[
                "namespace",
                "workload",
                "images",
                "pods",
                "roles",
                "running",
            ],
            InventoryBy::Namespace => &[
                "namespace",
                "images",
                "objects",
                "pods",
                "registries",
                "roles",
            ],
        }
    }

    /// The cells of the columns; several values are separated by blanks.
    pub fn cells(&self, by: InventoryBy) -> Vec<String> {
        let count = |number: usize| number.to_string();
        let name = || self.name.clone();
        let roles = self.roles.join(" ");
        match by {
            InventoryBy::Image => vec![
                name(),
                count(self.objects),
                count(self.pods),
                count(self.namespaces),
                roles,
                self.running.join(" "),
            ],
            InventoryBy::Registry => vec![
                name(),
                count(self.images.len()),
                count(self.objects),
                count(self.pods),
                count(self.namespaces),
                roles,
            ],
            InventoryBy::Workload => vec![
                self.namespace.clone(),
                name(),
                self.images.join(" "),
                count(self.pods),
                roles,
                self.running.join(" "),
            ],
            InventoryBy::Namespace => vec![
                self.namespace.clone(),
                count(self.images.len()),
                count(self.objects),
                count(self.pods),
                self.registries.join(" "),
                roles,
            ],
        }
    }
}
