//! Accounts and docker secrets of namespaces, and the logins in them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use extreg_cluster::{
    ClusterError, Kind, Object, ObjectRef, PageQuery,
    collect::{ProgressOutput, Scope, collect},
};
use extreg_core::credential::Consumer;
use extreg_flow::Image;
use extreg_registry::{Login, Logins, logins};
use extreg_snapshot::{
    Snapshot,
    credentials::{Credential, Credentials},
    kind,
    place::ObjectId,
    read::{ReadOptions, Reader},
};
use extreg_terminal::Printer;
use serde_json::value::RawValue;

use super::Source;
use crate::{credential::either_docker_config, error::Error};

impl Source {
    /// Reads accounts and docker secrets of namespaces. Unreadable ones are not known to be absent.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn credentials(
        &self,
        namespaces: BTreeSet<String>,
        printer: &Printer,
    ) -> Result<Snapshot, Error> {
        let options = ReadOptions::default();
        let mut reader = Reader::new(options.clone());
        for namespace in namespaces {
            let scope = Scope {
                namespace: Some(namespace),
                selector: String::new(),
                kinds: vec![kind::Kind::ServiceAccount, kind::Kind::Secret],
                progress: ProgressOutput::Nowhere,
            };
            reader.merge(collect(&self.cluster, &scope, &options, printer).await?);
        }
        Ok(reader.finish(String::new()))
    }

    /// Returns the secrets that do not exist. A push reads secrets of every type, so those that were not
    /// listed are read by name.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn absent(
        &self,
        mut secrets: BTreeSet<(String, String)>,
        listed: &Snapshot,
    ) -> Result<BTreeSet<(String, String)>, Error> {
        let key = |(namespace, name): &(String, String)| {
            (Arc::from(namespace.as_str()), Arc::from(name.as_str()))
        };
        secrets.retain(|secret| !listed.secrets.contains_key(&key(secret)));
        let mut absent = BTreeSet::new();
        for (namespace, name) in secrets {
            let reference = ObjectRef::new(Kind::SECRET, &namespace, &name);
            match self.cluster.get(&reference).await {
                Ok(None) => {
                    absent.insert((namespace, name));
                }
                Err(error @ (ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_))) => {
                    return Err(error.into());
                }
                // After an error it is not known whether it exists.
                Ok(Some(_)) | Err(_) => {}
            }
        }
        Ok(absent)
    }

    /// The logins that imports of their namespaces would use for images.
    ///
    /// # Errors
    /// If the login has expired, or the server does not answer.
    pub(super) async fn logins(
        &self,
        images: BTreeMap<Image, String>,
        credentials: &Snapshot,
    ) -> Result<BTreeMap<Image, Login>, Error> {
        let mut opened: BTreeMap<ObjectId, Option<Logins>> = BTreeMap::new();
        let mut all = BTreeMap::new();
        for (image, namespace) in images {
            let text = image.to_string();
            let found = Credentials::of(credentials).import(&namespace, &text);
            let mut login = None;
            if let Credential::Found { secret, .. } = found {
                if !opened.contains_key(&secret) {
                    opened.insert(secret.clone(), self.logins_of(&secret).await?);
                }
                let logins = opened.get(&secret).and_then(Option::as_ref);
                login =
                    logins.and_then(|logins| logins.of(Consumer::Import, &text)?.login.cloned());
            }
            all.insert(image, login.unwrap_or(Login::Anonymous));
        }
        Ok(all)
    }

    /// Reads the logins of a secret with a list: users who can list secrets cannot always get them.
    async fn logins_of(&self, secret: &ObjectId) -> Result<Option<Logins>, Error> {
        let query = PageQuery {
            fields: format!("metadata.name={}", secret.name),
            ..PageQuery::all()
        };
        let path = Kind::SECRET.path(Some(&secret.namespace));
        let read = |found: &mut Option<Logins>, item: &RawValue| {
            if let Ok(body) = serde_json::from_str(item.get()) {
                let kind = Kind::SECRET;
                let object = Object { kind, body };
                if object.text("/metadata/name") == &*secret.name {
                    let config = either_docker_config(&object);
                    *found = config.and_then(|config| logins(&config).ok());
                }
            }
            Ok::<_, Error>(())
        };
        match self.cluster.read_items(&path, query, || None, read).await {
            Err(
                error @ Error::Cluster(ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_)),
            ) => Err(error),
            found => Ok(found.unwrap_or_default()),
        }
    }
}
