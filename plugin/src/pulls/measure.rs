//! The pull limit that a registry reports to a client.

use extreg_audit::budget::Identity;
use extreg_registry::{Client, Login, RateLimit, RegistryError};

use crate::context::Context;

/// Docker Hub's image for reading the remaining limit; its headers cost nothing.
const DOCKER_HUB: (&str, &str) = ("ratelimitpreview/test", "latest");

/// The image whose headers are requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) repository: String,
    /// A tag or a digest.
    pub(crate) reference: String,
}

/// The result for one identity.
#[derive(Clone, Debug)]
pub(crate) struct Measurement {
    pub(crate) identity: Identity,
    pub(crate) result: Measured,
}

/// The answer of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    /// This limit.
    Limited(RateLimit),
    /// An answer without a limit in its headers.
    Untold,
    /// The login was refused.
    Refused(String),
    /// No answer.
    Failed(String),
}

impl Probe {
    /// The image that a registry provides for this, if known.
    pub(crate) fn of_registry(registry: &str) -> Option<Self> {
        let (repository, reference) = DOCKER_HUB;
        (registry == "docker.io").then(|| Self {
            repository: repository.to_owned(),
            reference: reference.to_owned(),
        })
    }
}

/// Requests the headers of an image, and waits if the registry reports a delay.
pub(crate) async fn measure(
    client: &Client,
    registry: &str,
    probe: &Probe,
    login: &Login,
    context: &Context,
) -> Measurement {
    let ask = async || {
        client
            .head(registry, &probe.repository, &probe.reference, login)
            .await
    };
    let identity = match login.username() {
        Some(username) => Identity::Account(username.to_owned()),
        None => Identity::Anonymous,
    };
    Measurement {
        result: match context.patience().retry(registry, ask).await {
            Ok(head) => head.limit.map_or(Measured::Untold, Measured::Limited),
            // A request that is refused because of its limit still reports the limit.
            Err(RegistryError::TooManyRequests {
                limit: Some(limit), ..
            }) => Measured::Limited(RateLimit {
                remaining: Some(0),
                ..limit
            }),
            Err(error @ (RegistryError::Unauthorized | RegistryError::Denied)) => {
                Measured::Refused(error.to_string())
            }
            Err(error) => Measured::Failed(error.to_string()),
        },
        identity,
    }
}
