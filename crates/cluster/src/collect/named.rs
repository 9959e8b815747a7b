//! Objects that are read by their names.

use extreg_snapshot::{
    coverage::GapSubject,
    kind::Kind,
    place::ObjectId,
    read::{ReadOptions, Reader},
};

use super::{GLOBAL_PULL_SECRET, Lister, PULL_SECRET, gap::gap, list::read_object};
use crate::{Cluster, ClusterError, PageQuery};

/// Reads objects by name. One that does not exist is skipped; one that cannot be read is a gap in the list
/// of its kind.
///
/// # Errors
/// [`ClusterError::NotLoggedIn`]; [`ClusterError::Unreachable`].
pub async fn collect_named(
    cluster: &Cluster,
    objects: impl IntoIterator<Item = &ObjectId>,
    options: &ReadOptions,
) -> Result<Reader, ClusterError> {
    let mut reader = Reader::new(options.clone());
    for object in objects {
        let ObjectId {
            namespace,
            kind,
            name,
        } = object;
        let path = kind.api().path(Some(namespace));
        match get(cluster, &format!("{path}/{name}")).await {
            Ok(json) => read_object(&mut reader, *kind, &json, namespace),
            Err(error @ (ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_))) => {
                return Err(error);
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => {
                let what = GapSubject::List {
                    kind: *kind,
                    namespace: namespace.clone(),
                };
                gap(&mut reader, what, &error);
            }
        }
    }
    Ok(reader)
}

impl Lister<'_> {
    /// Reads the requested namespace.
    pub(super) async fn one_namespace(
        &self,
        name: &str,
        mut reader: Reader,
    ) -> Result<Reader, ClusterError> {
        let path = crate::Kind::NAMESPACE.path(None);
        match get(self.cluster, &format!("{path}/{name}")).await {
            Ok(json) => {
                read_object(&mut reader, Kind::Namespace, &json, "");
                Ok(reader)
            }
            Err(error @ ClusterError::NotLoggedIn(_)) => Err(error),
            Err(error) if error.is_not_found() => Err(error),
            Err(error) => {
                let what = GapSubject::List {
                    kind: Kind::Namespace,
                    namespace: name.into(),
                };
                gap(&mut reader, what, &error);
                Ok(reader)
            }
        }
    }

    /// Reads the global pull secret, if the lists do not contain it.
    pub(super) async fn pull_secret(&self, mut reader: Reader) -> Result<Reader, ClusterError> {
        let (namespace, name) = PULL_SECRET;
        let is_listed = match &self.scope.namespace {
            Some(asked) => asked == namespace,
            None => {
                !reader.coverage_mut().is_partial(Kind::Secret, namespace) && !self.is_limited.get()
            }
        };
        // It is part of the cluster's configuration.
        let is_asked = self.scope.kinds.contains(&Kind::ImageConfig)
            && !reader
                .coverage_mut()
                .not_served
                .contains(&Kind::ImageConfig);
        if is_listed || !is_asked {
            return Ok(reader);
        }
        let path = crate::Kind::SECRET.path(Some(namespace));
        let mut answer = get(self.cluster, &format!("{path}/{name}")).await;
        if answer.as_ref().is_err_and(ClusterError::is_forbidden)
            && let Some(listed) = self.listed_secret(&path, name).await?
        {
            answer = listed;
        }
        match answer {
            Ok(json) => read_object(&mut reader, Kind::Secret, &json, namespace),
            Err(error @ ClusterError::NotLoggedIn(_)) => return Err(error),
            Err(error) if error.is_not_found() => reader.listed(Kind::Secret, namespace),
            Err(error) => {
                let what = GapSubject::Fact(GLOBAL_PULL_SECRET.to_owned());
                gap(&mut reader, what, &error);
            }
        }
        Ok(reader)
    }

    /// A secret from a list of one, for a user who can list secrets but not get them; `None` if
    /// the user cannot list them either.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only.
    async fn listed_secret(
        &self,
        path: &str,
        name: &str,
    ) -> Result<Option<Result<String, ClusterError>>, ClusterError> {
        let query = PageQuery {
            fields: format!("metadata.name={name}"),
            ..PageQuery::default()
        };
        let turn = self.cluster.turn().await;
        let page = self.cluster.page(&query.of(path)).await;
        drop(turn);
        match page {
            Err(error @ ClusterError::NotLoggedIn(_)) => Err(error),
            Err(error) if error.is_forbidden() => Ok(None),
            Err(error) => Ok(Some(Err(error))),
            Ok(page) => Ok(Some(page.items().and_then(|page| {
                let first = page.items.first();
                // The server's message for a user who can get it.
                first
                    .map(|item| item.get().to_owned())
                    .ok_or_else(|| ClusterError::Api {
                        code: 404,
                        reason: "NotFound".to_owned(),
                        message: format!("secrets \"{name}\" not found"),
                    })
            }))),
        }
    }
}

async fn get(cluster: &Cluster, path: &str) -> Result<String, ClusterError> {
    let turn = cluster.turn().await;
    let page = cluster.page(path).await?;
    drop(turn);
    Ok(page.text()?.to_owned())
}
