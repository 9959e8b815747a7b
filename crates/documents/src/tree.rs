//! Reading the output of `oc adm inspect` and `oc adm must-gather`: a folder, or a tar of it, optionally
//! gzipped.
//!
//! A path identifies the content of a file, so most files are not opened at all. One thread reads and splits
//! lists; one thread per core turns objects into JSON and passes them to a separate visitor.
//! Only a few batches of objects are in memory, for a tree of any size.

mod batch;
pub(crate) mod dump;
mod items;
mod place;
#[cfg(test)]
mod tests;
mod walk;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io::{self, BufRead, Read as _},
    num::NonZero,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use serde_json::Value;

use self::{
    batch::{Batch, Batcher},
    items::{ItemError, Items, MAX_ITEM},
    place::PathKind,
    walk::{Go, Limits, Sink, walk_archive, walk_folder},
};
pub use self::{
    batch::{TreeItem, Visit},
    place::TreePlace,
};
use crate::{error::InputError, yaml};

/// The longest list of served resources that is read, in bytes.
const MAX_DISCOVERY: u64 = 16 << 20;

/// The location of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TreeSource {
    /// A folder.
    Folder(PathBuf),
    /// A tar, gzipped or not.
    Archive(PathBuf),
    /// The same on standard input.
    Stdin,
}

/// The content of a tree besides its objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TreeFacts {
    /// The kinds with a file, even if it is an empty list.
    pub places: BTreeSet<TreePlace>,
    /// The namespaces with a folder.
    pub namespaces: BTreeSet<String>,
    /// The resources that the API serves, by group, if the tree contains them.
    pub served: Option<BTreeMap<String, BTreeSet<String>>>,
}

impl TreeSource {
    /// Resolves a name: `-` is standard input.
    ///
    /// # Errors
    /// If the name does not exist.
    pub fn from_name(name: &str) -> Result<Self, InputError> {
        if name == "-" {
            return Ok(Self::Stdin);
        }
        let path = PathBuf::from(name);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(Self::Folder(path)),
            Ok(_) => Ok(Self::Archive(path)),
            Err(cause) => Err(InputError::Read {
                name: name.to_owned(),
                cause,
            }),
        }
    }

    /// The name of the folder or archive itself.
    pub fn name(&self) -> String {
        let (Self::Folder(path) | Self::Archive(path)) = self else {
            return "stdin".to_owned();
        };
        // `.` has no name of its own.
        let whole = fs::canonicalize(path);
        let name = whole.as_deref().unwrap_or(path).file_name();
        name.map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        )
    }
}

/// Reads a tree. `wanted` selects files by their objects; each thread has a separate visitor.
///
/// # Errors
/// If it is not a tree: unreadable, or not an archive. Errors inside it are passed to a visitor.
pub fn read_tree<V: Visit>(
    source: &TreeSource,
    wanted: &(dyn Fn(&TreePlace) -> bool + Sync),
    visitor: &(dyn Fn() -> V + Sync),
) -> Result<(TreeFacts, Vec<V>), InputError> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let (sender, receiver) = mpsc::sync_channel::<Batch>(2 * threads);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut visitor = visitor();
                    loop {
                        let next = receiver
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .recv();
                        match next {
                            Ok(batch) => batch.visit(&mut visitor),
                            Err(_) => return visitor,
                        }
                    }
                })
            })
            .collect();
        let mut scan = Scan {
            wanted,
            facts: TreeFacts::default(),
            batcher: Batcher::new(sender),
        };
        let read = scan.run(source);
        let facts = scan.finish();
        // The panic of a worker was printed on stderr; the results of the remaining workers count.
        let visitors = workers.into_iter().filter_map(|worker| worker.join().ok());
        let visitors = visitors.collect();
        read.map(|()| (facts, visitors))
    })
}

/// The thread that reads.
struct Scan<'w> {
    wanted: &'w (dyn Fn(&TreePlace) -> bool + Sync),
    facts: TreeFacts,
    batcher: Batcher,
}

impl Scan<'_> {
    fn run(&mut self, source: &TreeSource) -> Result<(), InputError> {
        let archive = |path: &Path, cause: io::Error| InputError::Read {
            name: path.display().to_string(),
            cause: match cause.kind() {
                io::ErrorKind::FileTooLarge => cause,
                kind => io::Error::new(kind, format!("not a folder, a tar or a tar.gz: {cause}")),
            },
        };
        match source {
            TreeSource::Folder(path) => {
                walk_folder(path, self);
                Ok(())
            }
            TreeSource::Archive(path) => File::open(path)
                .and_then(|file| {
                    walk_archive(&path.display().to_string(), file, Limits::DEFAULT, self)
                })
                .map_err(|cause| archive(path, cause)),
            TreeSource::Stdin => walk_archive("stdin", io::stdin(), Limits::DEFAULT, self)
                .map_err(|cause| archive(Path::new("stdin"), cause)),
        }
    }

    fn finish(self) -> TreeFacts {
        self.batcher.finish();
        self.facts
    }

    fn objects(&mut self, path: &str, place: TreePlace, content: &mut dyn BufRead) -> Go {
        if !place.namespace.is_empty() {
            self.facts.namespaces.insert(place.namespace.clone());
        }
        if !(self.wanted)(&place) {
            return Go::On;
        }
        self.batcher.begin(path, &place);
        self.facts.places.insert(place);
        for item in Items::new(content) {
            let go = match item {
                Ok(item) => self.batcher.add(item),
                Err(ItemError::Read(error)) => self.batcher.broken(None, &error.to_string()),
                Err(ItemError::TooLong { line }) => self.batcher.broken(
                    Some(line),
                    &format!("an object of more than {} MiB", MAX_ITEM >> 20),
                ),
            };
            if go == Go::Stop {
                return Go::Stop;
            }
        }
        Go::On
    }

    /// A list of served resources that cannot be read is ignored.
    fn discovery(&mut self, content: &mut dyn BufRead) {
        let mut text = String::new();
        let Some(list) = content
            .take(MAX_DISCOVERY)
            .read_to_string(&mut text)
            .ok()
            .and_then(|_| yaml::parse(&text).ok())
        else {
            return;
        };
        let served = self.facts.served.get_or_insert_default();
        for group in array(&list, "items") {
            let name = group.pointer("/metadata/name").and_then(Value::as_str);
            let resources = served
                .entry(name.unwrap_or_default().to_owned())
                .or_default();
            for version in array(group, "versions") {
                for resource in array(version, "resources") {
                    let name = resource.get("resource").and_then(Value::as_str);
                    resources.extend(name.map(str::to_owned));
                }
            }
        }
    }
}

impl Sink for Scan<'_> {
    fn file(&mut self, path: &str, kind: PathKind, content: &mut dyn BufRead) -> Go {
        match kind {
            PathKind::Objects(place) => self.objects(path, place, content),
            PathKind::Discovery => {
                self.discovery(content);
                Go::On
            }
            PathKind::Other => Go::On,
        }
    }

    fn broken(&mut self, path: &str, message: &str) -> Go {
        self.batcher.begin(path, &TreePlace::default());
        self.batcher.broken(None, message)
    }
}

fn array<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
