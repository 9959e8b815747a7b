//! Queries registries by HEAD, which does not count as a pull, with the credentials that an import
//! would use, if the caller can read them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use extreg_flow::{Image, InRegistry};
use extreg_registry::{Client, Login, RegistryError};
use futures::{StreamExt as _, future::join_all, stream};

use crate::{args::EndpointArgs, context::Context, error::Error};

/// The maximum number of images to query, which limits the load and the time.
const MOST: usize = 200;
/// Concurrent requests to one registry.
const CONCURRENCY: usize = 4;
/// The time limit for an answer; after that, the other links are shown without it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long `--watch` reuses an answer.
const HOLDS: Duration = Duration::from_mins(1);

/// The answers of registries.
pub(super) struct Registries {
    client: Client,
    known: BTreeMap<Image, (Instant, InRegistry)>,
}

impl Registries {
    /// Sends no request yet.
    ///
    /// # Errors
    /// If the file of a certificate authority is invalid.
    pub(super) fn new(endpoints: &EndpointArgs, context: &Context) -> Result<Self, Error> {
        Ok(Self {
            client: context.registries(endpoints)?,
            known: BTreeMap::new(),
        })
    }

    /// The answers that are recent enough.
    pub(super) fn answers(&self) -> BTreeMap<Image, InRegistry> {
        let known = self.known.iter();
        known
            .filter(|(_, (asked, _))| asked.elapsed() <= HOLDS)
            .map(|(image, (_, answer))| (image.clone(), answer.clone()))
            .collect()
    }

    /// Queries images, each with its login, and returns all answers.
    pub(super) async fn query(
        &mut self,
        open: BTreeMap<Image, Login>,
    ) -> BTreeMap<Image, InRegistry> {
        let mut by_host: BTreeMap<String, Vec<(Image, Login)>> = BTreeMap::new();
        let now = Instant::now();
        for (index, (image, login)) in open.into_iter().enumerate() {
            if index >= MOST {
                let why = format!("{} was not queried: too many images", image.host);
                self.known.insert(image, (now, InRegistry::Unknown(why)));
                continue;
            }
            let host = image.host.clone();
            by_host.entry(host).or_default().push((image, login));
        }
        let client = &self.client;
        let hosts = by_host.into_values().map(|images| one_host(client, images));
        for (image, answer) in join_all(hosts).await.into_iter().flatten() {
            self.known.insert(image, (now, answer));
        }
        let known = self.known.iter();
        known
            .map(|(image, (_, answer))| (image.clone(), answer.clone()))
            .collect()
    }
}

/// Queries one registry, and stops after the first image if the registry cannot be reached.
async fn one_host(client: &Client, images: Vec<(Image, Login)>) -> Vec<(Image, InRegistry)> {
    let mut images = images.into_iter();
    let Some((image, login)) = images.next() else {
        return Vec::new();
    };
    let (first, is_reachable) = head(client, &image, &login).await;
    let mut answers = vec![(image, first.clone())];
    if !is_reachable {
        answers.extend(images.map(|(image, _)| (image, first.clone())));
        return answers;
    }
    let rest = stream::iter(images)
        .map(async |(image, login)| {
            let (answer, _) = head(client, &image, &login).await;
            (image, answer)
        })
        .buffered(CONCURRENCY)
        .collect::<Vec<_>>()
        .await;
    answers.extend(rest);
    answers
}

/// The answer of the registry, and whether the registry can be reached.
async fn head(client: &Client, image: &Image, login: &Login) -> (InRegistry, bool) {
    let host = image.host.as_str();
    let request = client.head(host, &image.repository, image.reference(), login);
    let answer = match tokio::time::timeout(PATIENCE, request).await {
        Ok(answer) => answer,
        Err(_) => Err(RegistryError::TimedOut),
    };
    match answer {
        Ok(head) => {
            let has = match &head.digest {
                // Without a known media type, it can be a list.
                Some(digest) => InRegistry::Has {
                    digest: digest.clone(),
                    is_list: head.is_list().unwrap_or(true),
                },
                None => InRegistry::Unknown(format!("{host} does not report the digest")),
            };
            (has, true)
        }
        Err(RegistryError::NotFound) => (InRegistry::NotFound, true),
        Err(error @ (RegistryError::Unauthorized | RegistryError::Denied)) => {
            (InRegistry::Refused(format!("{host}: {error}")), true)
        }
        Err(error) => {
            let is_reachable = !matches!(
                error,
                RegistryError::Unreachable(_)
                    | RegistryError::TimedOut
                    | RegistryError::TooManyRequests { .. }
            );
            (
                InRegistry::Unknown(format!("{host}: {error}")),
                is_reachable,
            )
        }
    }
}
