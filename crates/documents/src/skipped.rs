//! Files and folders that were not read, and why: counted, so that nothing is skipped silently.

use std::{collections::BTreeMap, path::PathBuf};

/// Why a file or folder is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// A file without an ending of a manifest.
    Ending,
    /// A hidden file or folder.
    Hidden,
    /// The folder of a Helm chart.
    Chart,
    /// A template with actions of Helm (or another program).
    Template,
    /// Excluded by `--exclude`.
    Excluded,
    /// Text that is not a Kubernetes object, such as the configuration of a program.
    NotKubernetes,
}

/// The files and folders that were not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped(BTreeMap<SkipReason, Vec<PathBuf>>);

impl SkipReason {
    fn description(self, count: usize) -> String {
        let (one, many) = match self {
            Self::Ending => (
                "file that is not .json, .yaml or .yml",
                "files that are not .json, .yaml or .yml",
            ),
            Self::Hidden => ("hidden file or folder", "hidden files or folders"),
            Self::Chart => (
                "Helm chart (render it with helm template, or name its folder)",
                "Helm charts (render them with helm template, or name their folders)",
            ),
            Self::Template => (
                "file with template actions {{ }} (render it first)",
                "files with template actions {{ }} (render them first)",
            ),
            Self::Excluded => ("excluded path", "excluded paths"),
            Self::NotKubernetes => (
                "file without Kubernetes objects",
                "files without Kubernetes objects",
            ),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

impl std::fmt::Display for SkipReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ending => "not .json, .yaml or .yml",
            Self::Hidden => "hidden",
            Self::Chart => "a Helm chart",
            Self::Template => "has template actions {{ }}",
            Self::Excluded => "excluded by --exclude",
            Self::NotKubernetes => "no Kubernetes objects",
        })
    }
}

impl Skipped {
    /// Adds a path.
    pub fn add(&mut self, reason: SkipReason, path: PathBuf) {
        let paths = self.0.entry(reason).or_default();
        // Several documents of a file are consecutive.
        if paths.last() != Some(&path) {
            paths.push(path);
        }
    }

    /// Adds the content of another one.
    pub fn merge(&mut self, other: Self) {
        for (reason, paths) in other.0 {
            self.0.entry(reason).or_default().extend(paths);
        }
    }

    /// The paths that were skipped for a reason.
    pub fn paths(&self, reason: SkipReason) -> &[PathBuf] {
        self.0.get(&reason).map_or(&[], Vec::as_slice)
    }

    /// One line that counts the skipped paths, except files with other extensions, which no user expects to
    /// be read; `None` if no other paths were skipped.
    pub fn summary(&self) -> Option<String> {
        let counted = self
            .0
            .iter()
            .filter(|(reason, _)| **reason != SkipReason::Ending);
        let parts: Vec<String> = counted
            .map(|(reason, paths)| reason.description(paths.len()))
            .collect();
        (!parts.is_empty()).then(|| format!("skipped: {}", parts.join(", ")))
    }

    /// The paths with their reasons.
    pub fn iter(&self) -> impl Iterator<Item = (SkipReason, &PathBuf)> {
        self.0
            .iter()
            .flat_map(|(reason, paths)| paths.iter().map(|path| (*reason, path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_counts_by_reason() {
        let mut skipped = Skipped::default();
        skipped.add(SkipReason::Ending, "README.md".into());
        assert_eq!(skipped.summary(), None);
        skipped.add(SkipReason::Hidden, ".github".into());
        skipped.add(SkipReason::NotKubernetes, "a.json".into());
        skipped.add(SkipReason::NotKubernetes, "a.json".into());
        skipped.add(SkipReason::NotKubernetes, "b.json".into());
        assert_eq!(
            skipped.summary().unwrap(),
            "skipped: 1 hidden file or folder, 2 files without Kubernetes objects"
        );
    }
}
