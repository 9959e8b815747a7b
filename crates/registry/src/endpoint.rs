//! The URL of a registry.

use std::{collections::BTreeMap, str::FromStr};

use extreg_core::registry::RegistryHost;
use http::Uri;

/// Docker Hub's API has another host than its image names.
const DOCKER_HUB: &str = "registry-1.docker.io";

/// Registries with a URL other than their own name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Endpoints(BTreeMap<String, Endpoint>);

/// The URL of one registry in place of its own name. Parses from `HOST=URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    host: String,
    endpoint: Endpoint,
}

/// Why a text is not a valid [`Override`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    /// The URL contains a login.
    #[error("the URL must not contain a login, because it would be shown")]
    Login,
    /// Any other text.
    #[error(
        "use HOST=URL, with https:// (or http://, for tests), such as \
         docker.io=https://mirror.example.com/hub"
    )]
    Syntax,
}

/// The URL of one registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint {
    /// Scheme, host and port: `https://registry-1.docker.io`.
    pub(super) origin: String,
    /// The prefix of a repository's name there, with a final slash; can be empty.
    prefix: String,
}

impl Endpoints {
    /// The endpoint of `host`.
    pub(super) fn of(&self, host: &str) -> Endpoint {
        let host = RegistryHost::of(host);
        if let Some(given) = self.0.get(host.as_str()) {
            return given.clone();
        }
        let name = match host {
            RegistryHost::DockerHub => DOCKER_HUB,
            RegistryHost::Other(name) => name,
        };
        Endpoint {
            origin: format!("https://{name}"),
            prefix: String::new(),
        }
    }
}

/// If one registry has several, the last counts.
impl FromIterator<Override> for Endpoints {
    fn from_iter<I: IntoIterator<Item = Override>>(overrides: I) -> Self {
        let overrides = overrides.into_iter();
        Self(
            overrides
                .map(|Override { host, endpoint }| (host, endpoint))
                .collect(),
        )
    }
}

impl Endpoint {
    /// Whether the override uses plain HTTP.
    pub(super) fn is_plain(&self) -> bool {
        self.origin.starts_with("http://")
    }

    /// A repository's name at the endpoint.
    pub(super) fn repository(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl FromStr for Override {
    type Err = OverrideError;

    fn from_str(text: &str) -> Result<Self, OverrideError> {
        let wrong = OverrideError::Syntax;
        let (host, url) = text.split_once('=').ok_or(wrong)?;
        let host = host.trim();
        let uri: Uri = url.trim().parse().map_err(|_| wrong)?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(wrong)?;
        if authority.as_str().contains('@') {
            return Err(OverrideError::Login);
        }
        if host.is_empty()
            || host.contains('/')
            || !matches!(scheme, "http" | "https")
            || uri.query().is_some()
        {
            return Err(wrong);
        }
        let path = uri.path().trim_matches('/');
        Ok(Self {
            host: RegistryHost::of(host).as_str().to_owned(),
            endpoint: Endpoint {
                origin: format!("{scheme}://{authority}"),
                prefix: if path.is_empty() {
                    String::new()
                } else {
                    format!("{path}/")
                },
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(given: &[&str]) -> Endpoints {
        let given = given.iter().map(|text| text.parse::<Override>().unwrap());
        given.collect()
    }

    #[test]
    fn a_registry_has_its_endpoint() {
        let given = endpoints(&[
            "quay.io=http://127.0.0.1:5000",
            "index.docker.io=https://old.example.com",
            "docker.io=https://mirror.example.com/hub/",
        ]);
        for (endpoints, host, origin, repository) in [
            (
                &Endpoints::default(),
                "docker.io",
                "https://registry-1.docker.io",
                "u/a",
            ),
            (
                &Endpoints::default(),
                "index.docker.io",
                "https://registry-1.docker.io",
                "u/a",
            ),
            (
                &Endpoints::default(),
                "r.example.com:5000",
                "https://r.example.com:5000",
                "u/a",
            ),
            (&given, "quay.io", "http://127.0.0.1:5000", "u/a"),
            (&given, "docker.io", "https://mirror.example.com", "hub/u/a"),
            (&given, "ghcr.io", "https://ghcr.io", "u/a"),
        ] {
            let endpoint = endpoints.of(host);
            assert_eq!(
                (
                    endpoint.origin.as_str(),
                    endpoint.repository("u/a").as_str()
                ),
                (origin, repository),
                "{host}"
            );
        }
    }

    #[test]
    fn an_invalid_endpoint_is_rejected() {
        for text in [
            "docker.io",
            "=https://r.example.com",
            "docker.io=r.example.com",
            "docker.io=ftp://r.example.com",
            "docker.io/u=https://r.example.com",
            "docker.io=https://r.example.com/?x=1",
            "docker.io=https://user:secret@r.example.com",
        ] {
            let why = text.parse::<Override>().unwrap_err().to_string();
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
