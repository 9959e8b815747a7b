//! The files of a tree: of a folder, or of an archive as it streams by.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use super::place::{PathKind, may_hold, path_kind};

const BUFFER: usize = 256 << 10;

/// What is done with the files.
pub(super) trait Sink {
    /// A file to read. `path` is as people write it.
    fn file(&mut self, path: &str, kind: PathKind, content: &mut dyn BufRead) -> Go;
    /// A file or folder that cannot be read.
    fn broken(&mut self, path: &str, message: &str) -> Go;
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Go {
    On,
    Stop,
}

/// Goes over the files of a folder in the order of their paths.
pub(super) fn walk_folder(root: &Path, sink: &mut dyn Sink) {
    let mut names = Vec::new();
    folder(root, &mut names, sink);
}

/// Goes over the files of a tar, or of a gzipped one, in its order.
///
/// # Errors
/// If the first of it already is no archive. What breaks later is told to the sink.
pub(super) fn walk_archive(name: &str, reader: impl Read, sink: &mut dyn Sink) -> io::Result<()> {
    let mut reader = BufReader::with_capacity(BUFFER, reader);
    let is_gzip = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    if is_gzip {
        tar(name, MultiGzDecoder::new(reader), sink)
    } else {
        tar(name, reader, sink)
    }
}

fn folder(path: &Path, names: &mut Vec<String>, sink: &mut dyn Sink) -> Go {
    let entries = match sorted_entries(path) {
        Ok(entries) => entries,
        Err(error) => return sink.broken(&shown(path), &error.to_string()),
    };
    for (path, name, is_folder) in entries {
        names.push(name);
        let components: Vec<&str> = names.iter().map(String::as_str).collect();
        let go = if is_folder {
            if may_hold(&components) {
                folder(&path, names, sink)
            } else {
                Go::On
            }
        } else {
            match path_kind(&components) {
                PathKind::Other => Go::On,
                kind => match File::open(&path) {
                    Ok(file) => sink.file(
                        &shown(&path),
                        kind,
                        &mut BufReader::with_capacity(BUFFER, file),
                    ),
                    Err(error) => sink.broken(&shown(&path), &error.to_string()),
                },
            }
        };
        names.pop();
        if go == Go::Stop {
            return Go::Stop;
        }
    }
    Go::On
}

/// Links are not followed: a tree has none, and its files may come from anywhere.
fn sorted_entries(folder: &Path) -> io::Result<Vec<(PathBuf, String, bool)>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() || kind.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            entries.push((entry.path(), name, kind.is_dir()));
        }
    }
    entries.sort();
    Ok(entries)
}

fn tar(name: &str, reader: impl Read, sink: &mut dyn Sink) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader);
    let mut seen = false;
    for entry in archive.entries()? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if seen => {
                sink.broken(name, &format!("the archive breaks off: {error}"));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        seen = true;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = match entry.path() {
            Ok(path) => path.to_string_lossy().replace('\\', "/"),
            Err(_) => continue,
        };
        let components: Vec<&str> = path
            .split('/')
            .filter(|name| !name.is_empty() && *name != ".")
            .collect();
        let kind = path_kind(&components);
        if kind == PathKind::Other {
            continue;
        }
        let shown = format!("{name}/{}", components.join("/"));
        let mut content = BufReader::with_capacity(BUFFER, entry);
        if sink.file(&shown, kind, &mut content) == Go::Stop {
            return Ok(());
        }
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text
    }
}
