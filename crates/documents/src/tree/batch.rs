//! Objects in transit from the reading thread to the parsing ones: in batches, so that
//! the transfer costs nothing.

use std::{ops::Range, sync::Arc, sync::mpsc::SyncSender};

use serde_json::Value;

use super::{dump, items::ItemText, place::TreePlace, walk::Go};
use crate::yaml;

/// A batch is sent when it has this many bytes.
const FULL: usize = 256 << 10;

/// Receives the objects of a tree, one after the other.
pub trait Visit: Send {
    /// An object.
    fn object(&mut self, item: &TreeItem<'_>);
    /// An unreadable part: a file, or the object that begins on a line of it.
    fn broken(&mut self, path: &str, line: Option<usize>, message: &str);
}

/// Objects of one or more files.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    file: Arc<FileName>,
    line: usize,
    what: What,
}

enum What {
    Object { range: Range<usize>, in_list: bool },
    Broken { has_line: bool, message: String },
}

struct FileName {
    path: Arc<str>,
    place: TreePlace,
}

/// Collects objects into batches and sends them.
pub(crate) struct Batcher {
    sender: SyncSender<Batch>,
    batch: Batch,
    file: Arc<FileName>,
}

/// An object of a tree, not yet parsed.
#[derive(Clone, Copy, Debug)]
pub struct TreeItem<'a> {
    /// The file, as shown to users.
    pub path: &'a Arc<str>,
    /// The line on which the object begins, from 1.
    pub line: usize,
    /// The object's identity according to its path.
    pub place: &'a TreePlace,
    text: &'a str,
    in_list: bool,
}

impl Batcher {
    pub(crate) fn new(sender: SyncSender<Batch>) -> Self {
        let file = FileName {
            path: Arc::default(),
            place: TreePlace::default(),
        };
        Self {
            sender,
            batch: Batch::default(),
            file: Arc::new(file),
        }
    }

    /// The following objects belong to this file.
    pub(crate) fn begin(&mut self, path: &str, place: &TreePlace) {
        self.file = Arc::new(FileName {
            path: path.into(),
            place: place.clone(),
        });
    }

    pub(crate) fn add(&mut self, item: ItemText) -> Go {
        let start = self.batch.bytes.len();
        if self.batch.bytes.is_empty() {
            self.batch.bytes = item.bytes;
        } else {
            self.batch.bytes.extend_from_slice(&item.bytes);
        }
        let range = start..self.batch.bytes.len();
        let in_list = item.in_list;
        self.push(item.line, What::Object { range, in_list })
    }

    pub(crate) fn broken(&mut self, line: Option<usize>, message: &str) -> Go {
        let what = What::Broken {
            has_line: line.is_some(),
            message: message.to_owned(),
        };
        self.push(line.unwrap_or_default(), what)
    }

    pub(crate) fn finish(mut self) {
        self.send();
    }

    fn push(&mut self, line: usize, what: What) -> Go {
        self.batch.entries.push(Entry {
            file: Arc::clone(&self.file),
            line,
            what,
        });
        if self.batch.bytes.len() < FULL {
            return Go::On;
        }
        self.send()
    }

    fn send(&mut self) -> Go {
        let batch = std::mem::take(&mut self.batch);
        match self.sender.send(batch) {
            Ok(()) => Go::On,
            Err(_) => Go::Stop,
        }
    }
}

impl Batch {
    pub(crate) fn visit(&self, visitor: &mut impl Visit) {
        for entry in &self.entries {
            let path = &entry.file.path;
            match &entry.what {
                What::Broken { has_line, message } => {
                    visitor.broken(path, has_line.then_some(entry.line), message);
                }
                What::Object { range, in_list } => {
                    let bytes = self.bytes.get(range.clone()).unwrap_or_default();
                    match str::from_utf8(bytes) {
                        Ok(text) => visitor.object(&TreeItem {
                            path,
                            line: entry.line,
                            place: &entry.file.place,
                            text,
                            in_list: *in_list,
                        }),
                        Err(_) => visitor.broken(path, Some(entry.line), "not UTF-8 text"),
                    }
                }
            }
        }
    }
}

impl TreeItem<'_> {
    /// The object as JSON, if it is in the format of Go's writer; without its managed fields.
    pub fn dumped(&self) -> Option<String> {
        dump::to_json(self.text, self.in_list)
    }

    /// The objects as JSON, parsed by all rules of YAML: one, or the items of a List.
    ///
    /// # Errors
    /// The line in the file, and the error. Quotes nothing of the object.
    pub fn parsed(&self) -> Result<Vec<String>, (usize, String)> {
        let value = yaml::parse(self.text)
            .map_err(|error| (self.line + error.line.saturating_sub(1), error.message))?;
        let mut values = match value {
            Value::Array(items) if self.in_list => items,
            value => vec![value],
        };
        if let [one] = values.as_mut_slice()
            && let Some(Value::Array(items)) = one.get_mut("items").map(Value::take)
        {
            values = items;
        }
        Ok(values.iter().map(Value::to_string).collect())
    }
}
