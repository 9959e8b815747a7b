//! One list. A page is reduced to what is asked about and dropped before the next is asked for.

use std::cell::RefCell;

use extreg_cluster::{ClusterError, Kind, PageQuery, STREAM_LIMIT};
use extreg_flow::{Gap, Listed, World};
use serde_json::value::RawValue;

use super::Source;
use crate::error::Error;

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
        let mut query = PageQuery::all();
        if what == Listed::ImageStreams {
            query.limit = STREAM_LIMIT;
        }
        // What is read twice is kept once, but for pods.
        let begin = || {
            if what == Listed::Pods {
                world.borrow_mut().forget_pods(namespace);
            }
        };
        let read = |(): &mut (), item: &RawValue| {
            let mut world = world.borrow_mut();
            if let Err(error) = world.read(what, item.get()) {
                let (line, column) = (error.line(), error.column());
                let why = format!("an object cannot be read (line {line}, column {column})");
                let place = namespace.unwrap_or_default();
                world.unseen.add(what, place, Gap::Failed(why));
            }
            Ok(())
        };
        let path = Kind::from(what.kind()).path(namespace);
        match self.cluster.read_items(&path, query, begin, read).await {
            Err(
                error @ Error::Cluster(ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_)),
            ) => Err(error),
            ended => Ok(ended),
        }
    }
}
