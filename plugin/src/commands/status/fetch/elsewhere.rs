//! Streams of other namespaces that something in this one follows or writes.

use std::collections::BTreeSet;

use extreg_cluster::{ClusterError, Kind, ObjectRef};
use extreg_flow::{From, Gap, Listed, Output, Stream, World};

use super::{Source, gap_of};
use crate::error::Error;

/// An alias may lead to another alias.
const ROUNDS: usize = 4;

impl Source {
    /// Reads them. What else there is of those namespaces is not looked at, and is told so.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn add_elsewhere(&self, own: &str, world: &mut World) -> Result<(), Error> {
        let mut asked: BTreeSet<(String, String)> = BTreeSet::new();
        for _ in 0..ROUNDS {
            let named = named(own, world);
            let wanted: Vec<_> = named.difference(&asked).cloned().collect();
            if wanted.is_empty() {
                break;
            }
            for (namespace, name) in wanted {
                self.add_stream(&namespace, &name, world).await?;
                asked.insert((namespace, name));
            }
        }
        let others: BTreeSet<&String> = asked.iter().map(|(namespace, _)| namespace).collect();
        for namespace in others {
            for what in Listed::all().filter(|what| *what != Listed::ImageStreams) {
                world.unseen.add(what, namespace, Gap::NotAsked);
            }
        }
        Ok(())
    }

    async fn add_stream(
        &self,
        namespace: &str,
        name: &str,
        world: &mut World,
    ) -> Result<(), Error> {
        let reference = ObjectRef::new(Kind::IMAGE_STREAM, namespace, name);
        match self.cluster.get(&reference).await {
            Ok(None) => {}
            Ok(Some(object)) => {
                if let Ok(stream) = Stream::read(&object.body.to_string()) {
                    let key = (namespace.to_owned(), name.to_owned());
                    world.streams.insert(key, stream);
                }
            }
            Err(error @ (ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_))) => {
                return Err(error.into());
            }
            Err(error) => {
                let gap = gap_of(&error.into());
                world.unseen.add(Listed::ImageStreams, namespace, gap);
            }
        }
        Ok(())
    }
}

fn named(own: &str, world: &World) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    let mut add = |namespace: &str, stream: &str| {
        if namespace != own {
            all.insert((namespace.to_owned(), stream.to_owned()));
        }
    };
    for workload in world.workloads.values() {
        for trigger in &workload.triggers.list {
            add(&trigger.namespace, trigger.stream());
        }
    }
    for config in world.configs.values() {
        if let Output::StreamTag {
            namespace, stream, ..
        } = &config.output
        {
            add(namespace, stream);
        }
    }
    for stream in world.streams.values() {
        for tag in stream.tags.values() {
            if let From::StreamTag {
                namespace, stream, ..
            } = &tag.from
            {
                add(namespace, stream);
            }
        }
    }
    all
}
