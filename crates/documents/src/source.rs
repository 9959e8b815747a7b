//! The names of `-f`: files, folders, stdin.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    error::InputError,
    exclude::Exclude,
    skipped::{SkipReason, Skipped},
};

/// The extensions of the files that are read from a folder (cli-runtime
/// `pkg/resource/builder.go`, `FileExtensions`).
const ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// A source of documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File {
        /// Its path, as given or below the folder as given.
        path: PathBuf,
        /// Whether the user named it, rather than the folder that contains it.
        named: bool,
    },
    /// A file whose content has been read already.
    Loaded {
        /// Its name.
        name: String,
        /// Its content.
        text: Arc<[u8]>,
        /// Whether the user named it, rather than the folder that contains it.
        named: bool,
    },
    /// Text that a program generated.
    Rendered {
        /// Its name in messages.
        name: String,
        /// The text.
        text: Arc<[u8]>,
    },
    /// Standard input.
    Stdin,
}

impl Source {
    /// Its name in messages.
    pub fn name(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Loaded { name, .. } | Self::Rendered { name, .. } => name.clone(),
            Self::Stdin => "stdin".to_owned(),
        }
    }

    pub(crate) const fn is_named(&self) -> bool {
        match self {
            Self::File { named, .. } | Self::Loaded { named, .. } => *named,
            Self::Rendered { .. } | Self::Stdin => true,
        }
    }
}

/// A name that is not valid for `-f`: the error, and how to fix it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadName(String);

impl BadName {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// The result for a list of names.
#[derive(Debug, Default)]
pub struct SourceList {
    /// The sources: in the order of the names, a folder's files in the order of their paths.
    pub sources: Vec<Source>,
    /// The paths in folders that are not read.
    pub skipped: Skipped,
    /// Names that cannot be read.
    pub errors: Vec<InputError>,
}

/// Resolves the names: a file with any extension, a folder's `.json`, `.yaml` and `.yml`
/// files (and those of its subfolders if `recursive`), and stdin for `-`. Below a folder hidden files
/// and folders, Helm charts and excluded paths are skipped and counted.
///
/// # Errors
/// [`BadName`] for a URL, for stdin twice, and for an empty name.
pub fn find_sources(
    names: &[String],
    recursive: bool,
    exclude: &[Exclude],
) -> Result<SourceList, BadName> {
    let mut list = SourceList::default();
    for name in names {
        if name.is_empty() {
            return Err(BadName::new("--filename: an empty name; stdin is \"-\""));
        }
        if name == "-" {
            if list.sources.contains(&Source::Stdin) {
                return Err(BadName::new("--filename: stdin can be read only once"));
            }
            list.sources.push(Source::Stdin);
            continue;
        }
        if name.starts_with("http://") || name.starts_with("https://") {
            return Err(BadName::new(format!(
                "--filename: URLs are not fetched; use a pipe: curl -fsSL {name} | … -f -"
            )));
        }
        let path = PathBuf::from(name);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                let mut walk = Walk {
                    root: &path,
                    recursive,
                    exclude,
                    list: &mut list,
                };
                walk.folder(&path);
            }
            Ok(_) => list.sources.push(Source::File { path, named: true }),
            Err(cause) => list.errors.push(unreadable(&path, cause)),
        }
    }
    Ok(list)
}

/// The traversal of a folder.
struct Walk<'a> {
    root: &'a Path,
    recursive: bool,
    exclude: &'a [Exclude],
    list: &'a mut SourceList,
}

impl Walk<'_> {
    /// Links to folders below the root are not followed, as in kubectl: no infinite traversal.
    fn folder(&mut self, folder: &Path) {
        let entries = match sorted_entries(folder) {
            Ok(entries) => entries,
            Err(cause) => {
                self.list.errors.push(unreadable(folder, cause));
                return;
            }
        };
        let is_chart = entries
            .iter()
            .any(|(path, _)| path.file_name().is_some_and(|name| name == "Chart.yaml"));
        // A chart named by the user is read; its templates are skipped one by one.
        if is_chart && folder != self.root {
            self.skip(SkipReason::Chart, folder.to_owned());
            return;
        }
        for (path, is_folder) in entries {
            if is_folder && !self.recursive {
                continue;
            }
            if let Some(reason) = self.reason(&path) {
                self.skip(reason, path);
            } else if is_folder {
                self.folder(&path);
            } else if has_ending(&path) {
                let source = Source::File { path, named: false };
                self.list.sources.push(source);
            } else {
                self.skip(SkipReason::Ending, path);
            }
        }
    }

    fn reason(&self, path: &Path) -> Option<SkipReason> {
        let below = path.strip_prefix(self.root).unwrap_or(path);
        if self.exclude.iter().any(|exclude| exclude.matches(below)) {
            return Some(SkipReason::Excluded);
        }
        let name = path.file_name()?.as_encoded_bytes();
        name.starts_with(b".").then_some(SkipReason::Hidden)
    }

    fn skip(&mut self, reason: SkipReason, path: PathBuf) {
        self.list.skipped.add(reason, path);
    }
}

fn sorted_entries(folder: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        entries.push((entry.path(), entry.file_type()?.is_dir()));
    }
    entries.sort();
    Ok(entries)
}

fn has_ending(path: &Path) -> bool {
    path.extension()
        .and_then(|ending| ending.to_str())
        .is_some_and(|ending| ENDINGS.contains(&ending))
}

fn unreadable(path: &Path, cause: io::Error) -> InputError {
    InputError::Read {
        name: path.display().to_string(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_folder_gives_its_manifests_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "b.yml",
            "a.yaml",
            "README.md",
            "sub/c.json",
            "sub/deep/d.yaml",
            ".hidden.yaml",
            ".vscode/settings.json",
            "sub/chart/Chart.yaml",
            "sub/chart/templates/t.yaml",
            "sub/old/e.yaml",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let root = folder.path().to_str().unwrap();
        for (recursive, want) in [
            (false, &["a.yaml", "b.yml"][..]),
            (true, &["a.yaml", "b.yml", "sub/c.json", "sub/deep/d.yaml"]),
        ] {
            let exclude = ["sub/old".parse().unwrap()];
            let list = find_sources(&names(&[root]), recursive, &exclude).unwrap();
            let found: Vec<_> = list.sources.iter().map(Source::name).collect();
            let want: Vec<_> = want.iter().map(|file| format!("{root}/{file}")).collect();
            assert_eq!(found, want);
            let skipped = |reason| {
                let paths = list.skipped.paths(reason).iter();
                let paths = paths.map(|path| path.strip_prefix(root).unwrap().to_str().unwrap());
                paths.collect::<Vec<_>>()
            };
            assert_eq!(skipped(SkipReason::Ending), ["README.md"]);
            if recursive {
                assert_eq!(skipped(SkipReason::Hidden), [".hidden.yaml", ".vscode"]);
                assert_eq!(skipped(SkipReason::Chart), ["sub/chart"]);
                assert_eq!(skipped(SkipReason::Excluded), ["sub/old"]);
            } else {
                assert_eq!(skipped(SkipReason::Hidden), [".hidden.yaml"]);
            }
        }
    }

    #[test]
    fn a_missing_file_is_reported() {
        let list = find_sources(&names(&["/nowhere/x.yaml", "-"]), false, &[]).unwrap();
        assert_eq!(list.sources, [Source::Stdin]);
        assert!(
            list.errors[0]
                .to_string()
                .starts_with("cannot read /nowhere/x.yaml: ")
        );
        for (wrong, part) in [
            (&["-", "-"][..], "only once"),
            (&["https://example.com/x.yaml"], "curl"),
            (&[""], "empty name"),
        ] {
            let error = find_sources(&names(wrong), false, &[]).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
