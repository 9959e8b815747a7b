//! Lists from their first page to their last: the one place where a continue token is used, and
//! where an expired one is handled.

use std::marker::PhantomData;

use serde_json::value::RawValue;

use crate::{Cluster, ClusterError, Page, PageQuery};

/// The destination of the pages of a list.
pub trait Pages {
    /// Why a page cannot be read.
    type Error: From<ClusterError>;

    /// Reads a page.
    ///
    /// # Errors
    /// If it is not a list.
    fn read(&mut self, page: Page) -> impl Future<Output = Result<Next, Self::Error>>;

    /// Drops the items read so far: the list restarts.
    fn restart(&mut self);
}

/// The next page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Next {
    /// The continue token of the next page; empty for none.
    pub token: String,
    /// How many items it should have; `None` for as many as before.
    pub limit: Option<u32>,
}

/// Items, read one by one.
struct Items<Begin, Read, Kept, E> {
    begin: Begin,
    read: Read,
    kept: Kept,
    error: PhantomData<E>,
}

impl Cluster {
    /// Reads a list page by page, one request at a time. A list that expires while reading (410: the
    /// server has dropped its position) is read once more from the beginning.
    ///
    /// # Errors
    /// If a request fails, a page cannot be read, or the list expires twice.
    pub async fn read_list<P: Pages>(
        &self,
        path: &str,
        query: PageQuery,
        pages: &mut P,
    ) -> Result<(), P::Error> {
        let mut query = query;
        let mut has_expired = false;
        loop {
            let turn = self.turn().await;
            let target = query.of(path);
            let page = if query.metadata_only {
                self.page_of_metadata(&target).await
            } else {
                self.page(&target).await
            };
            let next = match page {
                Ok(page) => pages.read(page).await?,
                Err(ClusterError::Api { code: 410, .. }) if !query.token.is_empty() => {
                    if has_expired {
                        return Err(ClusterError::failed(
                            "the list expired twice while reading: it changes too fast",
                        )
                        .into());
                    }
                    has_expired = true;
                    query.token.clear();
                    pages.restart();
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            drop(turn);
            if next.token.is_empty() {
                return Ok(());
            }
            query.token = next.token;
            query.limit = next.limit.unwrap_or(query.limit);
        }
    }

    /// Reads the items of a list into the result of `begin`.
    ///
    /// # Errors
    /// As [`Self::read_list`], or as `read`.
    pub async fn read_items<Kept, E: From<ClusterError>>(
        &self,
        path: &str,
        query: PageQuery,
        begin: impl Fn() -> Kept,
        read: impl FnMut(&mut Kept, &RawValue) -> Result<(), E>,
    ) -> Result<Kept, E> {
        let kept = begin();
        let mut items = Items {
            begin,
            read,
            kept,
            error: PhantomData,
        };
        self.read_list(path, query, &mut items).await?;
        Ok(items.kept)
    }
}

impl<Begin, Read, Kept, E> Pages for Items<Begin, Read, Kept, E>
where
    Begin: Fn() -> Kept,
    Read: FnMut(&mut Kept, &RawValue) -> Result<(), E>,
    E: From<ClusterError>,
{
    type Error = E;

    async fn read(&mut self, page: Page) -> Result<Next, E> {
        let page = page.items()?;
        for item in page.items {
            (self.read)(&mut self.kept, item)?;
        }
        Ok(Next {
            token: page.token,
            limit: None,
        })
    }

    fn restart(&mut self) {
        self.kept = (self.begin)();
    }
}
