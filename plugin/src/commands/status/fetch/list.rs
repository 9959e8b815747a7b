//! One list, page by page. A page is reduced to what is asked about and dropped before the next is
//! asked for.

use std::cell::RefCell;

use super::Source;
use crate::{
    api::{Page, PageQuery},
    commands::status::world::{Gap, Listed, World},
    error::Error,
};

/// Items on a page, as kubectl asks for.
const LIMIT: u32 = 500;
/// An ImageStream with the history of its tags is ten times as long as anything else.
const STREAMS: u32 = 50;

impl Source {
    /// Reads a list. Gives back why it could not be read, if it could not.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer at all.
    pub(super) async fn pages(
        &self,
        what: Listed,
        namespace: Option<&str>,
        world: &RefCell<World>,
    ) -> Result<Result<(), Error>, Error> {
        let path = what.api().path(namespace);
        let mut query = PageQuery {
            limit: if what == Listed::ImageStreams {
                STREAMS
            } else {
                LIMIT
            },
            ..PageQuery::default()
        };
        let mut restarted = false;
        loop {
            let page = match self.page(&query.of(&path)).await {
                Ok(page) => page,
                // The server has forgotten where the list was. What is read twice is kept once.
                Err(Error::Api { code: 410, .. }) if !query.token.is_empty() && !restarted => {
                    restarted = true;
                    query.token.clear();
                    if what == Listed::Pods {
                        world.borrow_mut().pods.clear();
                    }
                    continue;
                }
                Err(error @ (Error::NotLoggedIn(_) | Error::Unreachable(_))) => {
                    return Err(error);
                }
                Err(error) => return Ok(Err(error)),
            };
            let items = page.items()?;
            let mut world = world.borrow_mut();
            for item in items.items {
                if let Err(error) = world.read(what, item.get()) {
                    let (line, column) = (error.line(), error.column());
                    let why = format!("an object cannot be read (line {line}, column {column})");
                    let place = namespace.unwrap_or_default();
                    world.unseen.add(what, place, Gap::Failed(why));
                }
            }
            if items.token.is_empty() {
                return Ok(Ok(()));
            }
            query.token = items.token;
        }
    }

    /// A page, in its turn.
    pub(super) async fn page(&self, path: &str) -> Result<Page, Error> {
        let _permit = self.permits.acquire().await;
        self.cluster.page(path).await
    }
}
