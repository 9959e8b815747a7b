//! Lists from their first page to their last: the one place where a continue token is followed, and
//! where one that has expired is dealt with.

use serde_json::value::RawValue;

use super::{Cluster, Page, PageQuery};
use crate::error::Error;

/// What the pages of a list are read into.
pub(crate) trait Pages {
    /// Reads a page.
    ///
    /// # Errors
    /// If it is not a list.
    async fn read(&mut self, page: Page) -> Result<Next, Error>;

    /// Forgets what was read: the list begins again.
    fn restart(&mut self);
}

/// Where a list goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Next {
    /// Where the next page begins; empty if there is none.
    pub(crate) token: String,
    /// How many items it should have; none for as many as before.
    pub(crate) limit: Option<u32>,
}

/// Items, read one by one.
struct Items<Begin, Read, Kept> {
    begin: Begin,
    read: Read,
    kept: Kept,
}

impl Cluster {
    /// Reads a list page by page, each request in its turn. A list that expires half-way (410: the
    /// server has forgotten where it was) is read once more from its beginning.
    ///
    /// # Errors
    /// If a request fails, a page cannot be read, or the list expires twice.
    pub(crate) async fn read_list(
        &self,
        path: &str,
        query: PageQuery,
        pages: &mut impl Pages,
    ) -> Result<(), Error> {
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
                Err(Error::Api { code: 410, .. }) if !query.token.is_empty() => {
                    if has_expired {
                        return Err(Error::failed(
                            "the list expired half-way twice: it changes faster than it can be read",
                        ));
                    }
                    has_expired = true;
                    query.token.clear();
                    pages.restart();
                    continue;
                }
                Err(error) => return Err(error),
            };
            drop(turn);
            if next.token.is_empty() {
                return Ok(());
            }
            query.token = next.token;
            query.limit = next.limit.unwrap_or(query.limit);
        }
    }

    /// Reads the items of a list into what `begin` makes.
    ///
    /// # Errors
    /// As [`Self::read_list`], or as `read`.
    pub(crate) async fn read_items<Kept>(
        &self,
        path: &str,
        query: PageQuery,
        begin: impl Fn() -> Kept,
        read: impl FnMut(&mut Kept, &RawValue) -> Result<(), Error>,
    ) -> Result<Kept, Error> {
        let kept = begin();
        let mut items = Items { begin, read, kept };
        self.read_list(path, query, &mut items).await?;
        Ok(items.kept)
    }
}

impl<Begin, Read, Kept> Pages for Items<Begin, Read, Kept>
where
    Begin: Fn() -> Kept,
    Read: FnMut(&mut Kept, &RawValue) -> Result<(), Error>,
{
    async fn read(&mut self, page: Page) -> Result<Next, Error> {
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
