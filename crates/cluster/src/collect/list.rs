//! One list, page by page. A page is parsed in place and dropped before the next request.

use extreg_snapshot::{
    coverage::{Gap, GapReason, GapSubject},
    kind::Kind,
    place::Origin,
    read::Reader,
};

use super::{Lister, SECRET_TYPES, gap::message};
use crate::{ClusterError, LIMIT, Next, Page, PageQuery, Pages, STREAM_LIMIT};

/// The target length of a page: if items are long, the next page has fewer of them.
const PAGE_BYTES: usize = 8 << 20;
/// The minimum number of items on a page.
const LEAST: u32 = 50;

/// A list of a kind in a namespace or (if empty) in all.
#[derive(Clone, Debug)]
pub(super) struct List {
    pub(super) kind: Kind,
    pub(super) version: String,
    pub(super) namespace: String,
}

/// How a list ended.
#[derive(Debug)]
pub(super) enum End {
    /// All of it was read.
    Complete,
    /// The resource does not exist.
    Absent,
    /// Permission denied.
    Forbidden,
    /// It failed, after this much was read.
    Failed(String),
    /// The server did not answer.
    Unreachable(String),
}

impl List {
    fn path(&self) -> String {
        let namespace = Some(&*self.namespace).filter(|namespace| !namespace.is_empty());
        self.kind.api().path_of(&self.version, namespace)
    }
}

impl Lister<'_> {
    /// Reads a list into the reader.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    pub(super) async fn list(&self, list: &List, reader: &mut Reader) -> Result<End, ClusterError> {
        let labels = self.labels(list.kind);
        let fields: &[&str] = match list.kind {
            Kind::Secret => &SECRET_TYPES,
            _ => &[""],
        };
        for fields in fields {
            let query = PageQuery {
                limit: first_limit(list.kind),
                labels: labels.to_owned(),
                fields: (*fields).to_owned(),
                ..PageQuery::default()
            };
            let mut part = Part {
                lister: self,
                list,
                reader: Reader::new(self.options.clone()),
            };
            let walked = self.cluster.read_list(&list.path(), query, &mut part).await;
            reader.merge(part.reader);
            match walked {
                Ok(()) => {}
                Err(error @ ClusterError::NotLoggedIn(_)) => return Err(error),
                Err(error) => {
                    self.printer.log(2, || error.to_string());
                    return Ok(ended(&error));
                }
            }
        }
        if labels.is_empty() {
            reader.listed(list.kind, &list.namespace);
        } else {
            reader.coverage_mut().read.entry(list.kind).or_default();
        }
        Ok(End::Complete)
    }
}

/// The part of one list that was read.
struct Part<'l> {
    lister: &'l Lister<'l>,
    list: &'l List,
    reader: Reader,
}

impl Pages for Part<'_> {
    type Error = ClusterError;

    async fn read(&mut self, page: Page) -> Result<Next, ClusterError> {
        let size = page.size();
        let read = parse(page, self.list, std::mem::take(&mut self.reader)).await?;
        self.reader = read.reader;
        self.lister
            .progress
            .page(self.list.kind, read.items, read.remaining);
        Ok(Next {
            token: read.token,
            limit: Some(next_limit(read.items, size)),
        })
    }

    fn restart(&mut self) {
        self.lister.printer.note(format!(
            "the list of {} expired while reading: restarting",
            self.list.kind.api().resource()
        ));
        let read = self.reader.coverage_mut().objects();
        self.lister.progress.subtract(read);
        self.reader = Reader::new(self.lister.options.clone());
    }
}

/// The result of a page.
struct PageRead {
    reader: Reader,
    items: usize,
    token: String,
    remaining: Option<u64>,
}

/// Parses a page on another thread, so that answers are received in the meantime.
async fn parse(page: Page, list: &List, mut reader: Reader) -> Result<PageRead, ClusterError> {
    let (kind, namespace) = (list.kind, list.namespace.clone());
    let parsed = tokio::task::spawn_blocking(move || {
        let items = page.items()?;
        for item in &items.items {
            read_object(&mut reader, kind, item.get(), &namespace);
        }
        Ok(PageRead {
            items: items.items.len(),
            token: items.token,
            remaining: items.remaining,
            reader,
        })
    });
    parsed
        .await
        .unwrap_or_else(|_| Err(ClusterError::Failed("cannot parse the page".to_owned())))
}

/// Reads one object. An unreadable object is a gap.
pub(super) fn read_object(reader: &mut Reader, kind: Kind, json: &str, namespace: &str) {
    if let Err(error) = reader.read(kind, json, Origin::Cluster, namespace) {
        reader.coverage_mut().gaps.insert(Gap {
            what: GapSubject::Fact(format!("an object of {}", kind.api().resource())),
            why: GapReason::Unreadable,
            message: error.to_string(),
        });
    }
}

/// Items on the first page, when their length is unknown.
const fn first_limit(kind: Kind) -> u32 {
    match kind {
        Kind::ImageStream => STREAM_LIMIT,
        _ => LIMIT,
    }
}

/// As many items as fill a page, by the length of previous ones.
fn next_limit(items: usize, bytes: usize) -> u32 {
    let fitting = items * PAGE_BYTES / bytes.max(1);
    u32::try_from(fitting).unwrap_or(LIMIT).clamp(LEAST, LIMIT)
}

fn ended(error: &ClusterError) -> End {
    match error {
        ClusterError::Api { code: 403, .. } => End::Forbidden,
        ClusterError::Api { code: 404, .. } => End::Absent,
        ClusterError::Unreachable(text) => End::Unreachable(text.clone()),
        other => End::Failed(message(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let list = |kind, namespace: &str| List {
            kind,
            version: "v1".to_owned(),
            namespace: namespace.to_owned(),
        };
        assert_eq!(list(Kind::Pod, "").path(), "/api/v1/pods");
        assert_eq!(
            list(Kind::BuildConfig, "shop").path(),
            "/apis/build.openshift.io/v1/namespaces/shop/buildconfigs"
        );
    }

    #[test]
    fn long_items_make_shorter_pages() {
        for (items, bytes, want) in [
            (500, 1 << 20, 500),
            (500, 16 << 20, 250),
            (500, 1 << 30, 50),
            (0, 100, 50),
            (1, 0, 500),
        ] {
            assert_eq!(next_limit(items, bytes), want, "{items} in {bytes}");
        }
    }
}
