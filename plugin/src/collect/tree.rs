//! The objects of the output of `oc adm inspect`, and the lists that are missing in it.

use std::{collections::BTreeSet, sync::Arc};

use extreg_cluster::collect::{GLOBAL_PULL_SECRET, PULL_SECRET};
use extreg_documents::{TreeFacts, TreeItem, TreePlace, TreeSource, Visit, read_tree};
use extreg_snapshot::{
    coverage::{Gap, GapReason, GapSubject},
    kind::{Kind, Purpose},
    place::Origin,
    read::{ReadOptions, Reader, SecretValues},
};
use extreg_terminal::Printer;

use crate::error::Error;

/// Reads a tree, or only one namespace and the cluster-scoped resources of it.
///
/// # Errors
/// If it is not a tree, and not an archive of one.
pub(super) async fn read(
    source: &TreeSource,
    namespace: Option<&str>,
    options: ReadOptions,
    printer: &Printer,
) -> Result<Reader, Error> {
    let options = ReadOptions {
        secrets: SecretValues::Elided,
        ..options
    };
    let name = source.name();
    if printer.has_status() {
        printer.status(&format!("reading {name}"));
    } else {
        printer.note(format!("reading {name}"));
    }
    let (from, namespace) = (source.clone(), namespace.map(str::to_owned));
    let read = tokio::task::spawn_blocking(move || read_all(&from, namespace.as_deref(), &options));
    let (reader, facts, errors) = read
        .await
        .map_err(|_| Error::failed(format!("{name} was not read completely")))??;
    printer.clear_status();
    for error in errors {
        printer.error(&format!("error: {error}"));
    }
    if facts.places.is_empty() && facts.namespaces.is_empty() {
        printer.note(format!(
            "{name} is not output of oc adm inspect: it has neither namespaces nor \
             cluster-scoped-resources"
        ));
    }
    Ok(reader)
}

fn read_all(
    source: &TreeSource,
    namespace: Option<&str>,
    options: &ReadOptions,
) -> Result<(Reader, TreeFacts, Vec<String>), Error> {
    let is_wanted = |place: &TreePlace| {
        let asked = place.namespace.is_empty() || namespace.is_none_or(|n| n == place.namespace);
        asked && kind_of(place).is_some()
    };
    let visitor = || Visitor {
        reader: Reader::new(options.clone()),
        errors: Vec::new(),
    };
    let (facts, visitors) = read_tree(source, &is_wanted, &visitor)
        .map_err(|error| Error::failed(error.to_string()))?;
    let mut all = Reader::new(options.clone());
    let mut errors = Vec::new();
    for visitor in visitors {
        all.merge(visitor.reader);
        errors.extend(visitor.errors);
    }
    errors.sort();
    account(&mut all, &facts, namespace);
    Ok((all, facts, errors))
}

/// Records the lists of the tree, the kinds that the API does not serve, and the missing lists.
fn account(reader: &mut Reader, facts: &TreeFacts, namespace: Option<&str>) {
    let namespaces: BTreeSet<&str> = facts
        .namespaces
        .iter()
        .map(String::as_str)
        .filter(|name| namespace.is_none_or(|asked| asked == *name))
        .collect();
    let pull_secret = TreePlace {
        namespace: PULL_SECRET.0.to_owned(),
        group: String::new(),
        resource: Kind::Secret.api().plural.to_owned(),
    };
    if !facts.places.is_empty() && !facts.places.contains(&pull_secret) {
        reader.coverage_mut().gaps.insert(Gap {
            what: GapSubject::Fact(GLOBAL_PULL_SECRET.to_owned()),
            why: GapReason::NotCollected,
            message: String::new(),
        });
    }
    for kind in Kind::ALL {
        let api = kind.api();
        let place = |namespace: &str| TreePlace {
            namespace: namespace.to_owned(),
            group: api.group.to_owned(),
            resource: api.plural.to_owned(),
        };
        let served = facts.served.as_ref().map(|served| {
            let resources = served.get(api.group);
            resources.is_some_and(|resources| resources.contains(api.plural))
        });
        if served == Some(false) {
            reader.coverage_mut().not_served.insert(kind);
            continue;
        }
        if !api.namespaced {
            // The tree contains only the requested namespaces.
            if facts.places.contains(&place("")) {
                if kind != Kind::Namespace {
                    reader.listed(kind, "");
                }
            } else {
                missing(reader, kind, "");
            }
            continue;
        }
        for name in &namespaces {
            if facts.places.contains(&place(name)) {
                reader.listed(kind, name);
            } else if kind.purpose() == Purpose::Credentials || served == Some(true) {
                missing(reader, kind, name);
            }
        }
    }
}

fn missing(reader: &mut Reader, kind: Kind, namespace: &str) {
    reader.coverage_mut().gaps.insert(Gap {
        what: GapSubject::List {
            kind,
            namespace: namespace.into(),
        },
        why: GapReason::NotCollected,
        message: String::new(),
    });
}

/// The input of one thread.
struct Visitor {
    reader: Reader,
    errors: Vec<String>,
}

impl Visitor {
    fn unreadable(&mut self, text: String) {
        self.reader.coverage_mut().gaps.insert(Gap {
            what: GapSubject::Document(text.clone()),
            why: GapReason::Unreadable,
            message: String::new(),
        });
        self.errors.push(text);
    }

    fn parsed(&mut self, item: &TreeItem<'_>, kind: Kind, origin: &Origin) {
        match item.parsed() {
            Ok(objects) => {
                for json in objects {
                    let read = self
                        .reader
                        .read(kind, &json, origin.clone(), &item.place.namespace);
                    if let Err(error) = read {
                        self.unreadable(format!("{origin}: {error}"));
                    }
                }
            }
            Err((line, message)) => self.unreadable(format!("{}:{line}: {message}", item.path)),
        }
    }
}

impl Visit for Visitor {
    fn object(&mut self, item: &TreeItem<'_>) {
        let Some(kind) = kind_of(item.place) else {
            return;
        };
        let origin = Origin::File {
            path: Arc::clone(item.path),
            line: item.line,
        };
        let dumped = item.dumped();
        let read = dumped.is_some_and(|json| {
            let namespace = &item.place.namespace;
            self.reader
                .read(kind, &json, origin.clone(), namespace)
                .is_ok()
        });
        // The full parser decides about everything that the fast path does not accept.
        if !read {
            self.parsed(item, kind, &origin);
        }
    }

    fn broken(&mut self, path: &str, line: Option<usize>, message: &str) {
        self.unreadable(match line {
            Some(line) => format!("{path}:{line}: {message}"),
            None => format!("{path}: {message}"),
        });
    }
}

fn kind_of(place: &TreePlace) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| {
        let api = kind.api();
        api.group == place.group
            && api.plural == place.resource
            && (api.namespaced || place.namespace.is_empty())
    })
}
