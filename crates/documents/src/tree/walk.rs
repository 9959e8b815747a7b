//! The files of a tree: of a folder, or of an archive as it streams by.

use std::{
    cell::Cell,
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;
use tar::{EntryType, PaxExtensions};

use super::place::{PathKind, may_hold, path_kind};

const BUFFER: usize = 256 << 10;

/// Limits for reading an archive, regardless of its headers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes that can be unpacked from an archive of any size.
    pub(crate) floor: u64,
    /// Bytes that can be unpacked for each byte of the archive. A cluster's YAML compresses to about a
    /// twentieth.
    pub(crate) ratio: u64,
    /// Entries.
    pub(crate) entries: usize,
    /// Bytes of one file that is read.
    pub(crate) entry: u64,
    /// Bytes of a name or another description of an entry.
    pub(crate) header: u64,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self {
        floor: 32 << 20,
        ratio: 200,
        entries: 2_000_000,
        entry: 2 << 30,
        header: 64 << 10,
    };
}

/// The receiver of the files.
pub(crate) trait Sink {
    /// A file to read. `path` is as shown to users.
    fn file(&mut self, path: &str, kind: PathKind, content: &mut dyn BufRead) -> Go;
    /// A file or folder that cannot be read.
    fn broken(&mut self, path: &str, message: &str) -> Go;
}

/// Whether to continue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    On,
    Stop,
}

/// Visits the files of a folder in the order of their paths.
pub(crate) fn walk_folder(root: &Path, sink: &mut dyn Sink) {
    let mut names = Vec::new();
    folder(root, &mut names, sink);
}

/// Visits the files of a tar, or of a gzipped one, in its order.
///
/// # Errors
/// If its start is not an archive, or it exceeds its [`Limits`]. Later errors are
/// passed to the sink.
pub(crate) fn walk_archive(
    name: &str,
    reader: impl Read,
    limits: Limits,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let packed = Cell::new(0);
    let mut reader = BufReader::with_capacity(
        BUFFER,
        Counted {
            inner: reader,
            read: &packed,
        },
    );
    let is_gzip = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    let inner: Box<dyn Read> = if is_gzip {
        Box::new(MultiGzDecoder::new(reader))
    } else {
        Box::new(reader)
    };
    let unpacked = Unpacked {
        inner,
        packed: &packed,
        read: 0,
        limits,
    };
    tar(name, unpacked, limits, sink)
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

/// Links are not followed: a tree has none, and its files can come from any source.
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

fn tar(name: &str, reader: impl Read, limits: Limits, sink: &mut dyn Sink) -> io::Result<()> {
    let mut archive = tar::Archive::new(reader);
    let mut seen = 0_usize;
    // Entries as stored: the library would read a name of any length into memory.
    let mut long_name = None;
    for entry in archive.entries()?.raw(true) {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) if seen > 0 && !is_too_large(&error) => {
                sink.broken(name, &format!("the archive is truncated: {error}"));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        seen += 1;
        if seen > limits.entries {
            return Err(too_large(&format!(
                "the archive has more than {} entries",
                limits.entries
            )));
        }
        match entry.header().entry_type() {
            EntryType::GNULongName => {
                long_name = name_of(&small(&mut entry, limits)?);
                continue;
            }
            EntryType::XHeader => {
                long_name = pax_path(&small(&mut entry, limits)?).or(long_name);
                continue;
            }
            EntryType::Regular => {}
            _ => {
                long_name = None;
                continue;
            }
        }
        let path = match (long_name.take(), entry.path()) {
            (Some(path), _) => path,
            (None, Ok(path)) => path.to_string_lossy().into_owned(),
            (None, Err(_)) => continue,
        };
        let path = path.replace('\\', "/");
        let components: Vec<&str> = path
            .split('/')
            .filter(|name| !name.is_empty() && *name != ".")
            .collect();
        let kind = path_kind(&components);
        if kind == PathKind::Other {
            continue;
        }
        let shown = format!("{name}/{}", components.join("/"));
        let go = if entry.size() > limits.entry {
            let message = format!("larger than {} MiB", limits.entry >> 20);
            sink.broken(&shown, &message)
        } else {
            let mut content = BufReader::with_capacity(BUFFER, entry);
            sink.file(&shown, kind, &mut content)
        };
        if go == Go::Stop {
            return Ok(());
        }
    }
    Ok(())
}

/// The content of an entry that describes the next one.
fn small(entry: &mut impl Read, limits: Limits) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = entry.take(limits.header + 1).read_to_end(&mut content)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > limits.header {
        return Err(too_large(&format!(
            "the archive has a name of more than {} KiB",
            limits.header >> 10
        )));
    }
    Ok(content)
}

fn name_of(content: &[u8]) -> Option<String> {
    let end = content.iter().position(|byte| *byte == 0);
    let name = content.get(..end.unwrap_or(content.len()))?;
    Some(String::from_utf8_lossy(name).into_owned())
}

fn pax_path(content: &[u8]) -> Option<String> {
    let mut records = PaxExtensions::new(content).filter_map(Result::ok);
    let path = records.find(|record| record.key_bytes() == b"path")?;
    Some(String::from_utf8_lossy(path.value_bytes()).into_owned())
}

/// Counts the bytes read of the stored archive.
struct Counted<'c, R> {
    inner: R,
    read: &'c Cell<u64>,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        let more = u64::try_from(read).unwrap_or(u64::MAX);
        self.read.set(self.read.get().saturating_add(more));
        Ok(read)
    }
}

/// The unpacked data of an archive, limited in proportion to its size.
struct Unpacked<'c> {
    inner: Box<dyn Read + 'c>,
    packed: &'c Cell<u64>,
    read: u64,
    limits: Limits,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        let more = u64::try_from(read).unwrap_or(u64::MAX);
        self.read = self.read.saturating_add(more);
        let Limits { floor, ratio, .. } = self.limits;
        let most = floor.saturating_add(ratio.saturating_mul(self.packed.get()));
        if self.read > most {
            return Err(too_large(&format!(
                "the archive unpacks to more than {ratio} times its size"
            )));
        }
        Ok(read)
    }
}

fn too_large(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("{what}: if you trust it, unpack it and specify the folder"),
    )
}

fn is_too_large(error: &io::Error) -> bool {
    // The library wraps an error in its own text.
    error.kind() == io::ErrorKind::FileTooLarge || error.to_string().contains("the archive unpacks")
}

fn shown(path: &Path) -> String {
    let text = path.display().to_string();
    if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    /// Reads everything and keeps the names.
    #[derive(Default)]
    struct Names(Vec<String>);

    impl Sink for Names {
        fn file(&mut self, path: &str, _: PathKind, content: &mut dyn BufRead) -> Go {
            let read = io::copy(content, &mut io::sink());
            self.0.push(format!("{path} {}", read.is_ok()));
            Go::On
        }

        fn broken(&mut self, path: &str, message: &str) -> Go {
            self.0.push(format!("{path}: {message}"));
            Go::On
        }
    }

    fn entry(tar: &mut tar::Builder<Vec<u8>>, kind: EntryType, path: &str, content: &[u8]) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_path(path).unwrap();
        header.set_cksum();
        tar.append(&header, content).unwrap();
    }

    fn walked(tar: tar::Builder<Vec<u8>>, is_gzip: bool) -> Result<Vec<String>, String> {
        let mut bytes = tar.into_inner().unwrap();
        if is_gzip {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&bytes).unwrap();
            bytes = gzip.finish().unwrap();
        }
        let limits = Limits {
            floor: 64 << 10,
            ratio: 50,
            entries: 5,
            entry: 1 << 20,
            header: 1 << 10,
        };
        let mut names = Names::default();
        walk_archive("a", &*bytes, limits, &mut names)
            .map(|()| names.0)
            .map_err(|error| error.to_string())
    }

    const PODS: &str = "x/namespaces/a/core/pods.yaml";

    #[test]
    fn an_archive_bomb_is_rejected() {
        let zeros = vec![0; 4 << 20];
        for (kind, path, size, is_gzip, want) in [
            (EntryType::Regular, PODS, 1 << 10, true, "pods.yaml true"),
            (EntryType::Regular, PODS, 900 << 10, false, "pods.yaml true"),
            (
                EntryType::Regular,
                PODS,
                2 << 20,
                false,
                "larger than 1 MiB",
            ),
            (
                EntryType::Regular,
                PODS,
                900 << 10,
                true,
                "more than 50 times its size",
            ),
            // Files that are not read are unpacked too.
            (
                EntryType::Regular,
                "x/other",
                4 << 20,
                true,
                "more than 50 times its size",
            ),
            (
                EntryType::GNULongName,
                "x",
                2 << 10,
                false,
                "a name of more than 1 KiB",
            ),
            (
                EntryType::XHeader,
                "x",
                4 << 20,
                false,
                "a name of more than 1 KiB",
            ),
        ] {
            let mut tar = tar::Builder::new(Vec::new());
            entry(&mut tar, kind, path, &zeros[..size]);
            entry(&mut tar, EntryType::Regular, "x/end", b"");
            let found = match walked(tar, is_gzip) {
                Ok(names) => names.join(","),
                Err(error) => error,
            };
            assert!(found.contains(want), "{kind:?} {path} {size}: {found}");
        }
        let mut tar = tar::Builder::new(Vec::new());
        for _ in 0..6 {
            entry(&mut tar, EntryType::Regular, "x", b"");
        }
        assert!(
            walked(tar, true)
                .unwrap_err()
                .contains("more than 5 entries")
        );
    }

    #[test]
    fn long_names_are_read_in_both_ways_of_writing_them() {
        let folder = "a".repeat(150);
        let path = format!("{folder}/{PODS}");
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        tar.append_data(&mut header, &path, io::empty()).unwrap();
        let record = |length: usize| format!("{length} path={path}\n");
        let length = (0..200)
            .find(|length| record(*length).len() == *length)
            .unwrap();
        entry(
            &mut tar,
            EntryType::XHeader,
            "pax",
            record(length).as_bytes(),
        );
        entry(&mut tar, EntryType::Regular, "short", b"");
        let want = format!("a/{path} true");
        assert_eq!(walked(tar, false).unwrap(), [want.clone(), want]);
    }
}
