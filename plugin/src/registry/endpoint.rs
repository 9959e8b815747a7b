//! Where a registry is asked.

use std::path::PathBuf;

use extreg_core::registry::RegistryHost;
use http::Uri;

/// Docker Hub's API is not at the name that its images have.
const DOCKER_HUB: &str = "registry-1.docker.io";

/// Where registries are asked, and whom to trust there.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Endpoints {
    /// Ask URL in place of the registry HOST: a mirror, or a proxy cache; repeatable
    #[arg(
        long = "registry-endpoint",
        value_name = "HOST=URL",
        value_parser = parse_override,
        value_delimiter = ',',
        help_heading = "Registry",
        hide_short_help = true
    )]
    overrides: Vec<Override>,
    /// Certificate authority to trust of registries, in place of the system's
    #[arg(
        long = "registry-ca",
        value_name = "FILE",
        help_heading = "Registry",
        hide_short_help = true
    )]
    pub(super) certificate_authority: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Override {
    host: String,
    endpoint: Endpoint,
}

/// Where one registry is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint {
    /// Scheme, host and port: `https://registry-1.docker.io`.
    pub(super) origin: String,
    /// What goes before a repository's name there, with a slash at its end; may be empty.
    prefix: String,
}

impl Endpoints {
    /// Whether a registry is asked elsewhere than at its own name.
    pub fn is_elsewhere(&self, host: &str) -> bool {
        let host = RegistryHost::of(host);
        self.overrides
            .iter()
            .any(|other| other.host == host.as_str())
    }

    /// Where `host` is asked.
    pub(super) fn of(&self, host: &str) -> Endpoint {
        let host = RegistryHost::of(host);
        let given = self
            .overrides
            .iter()
            .rev()
            .find(|other| other.host == host.as_str());
        if let Some(given) = given {
            return given.endpoint.clone();
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

impl Endpoint {
    /// Whether it was given as plain HTTP.
    pub(super) fn is_plain(&self) -> bool {
        self.origin.starts_with("http://")
    }

    /// A repository's name there.
    pub(super) fn repository(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

fn parse_override(text: &str) -> Result<Override, String> {
    let wrong = || {
        "use HOST=URL, with https:// (or http://, for a test), e.g. \
         docker.io=https://mirror.example.com/hub"
            .to_owned()
    };
    let (host, url) = text.split_once('=').ok_or_else(wrong)?;
    let host = host.trim();
    let uri: Uri = url.trim().parse().map_err(|_| wrong())?;
    let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or_else(wrong)?;
    if authority.as_str().contains('@') {
        return Err("a login does not belong in a URL: it would be shown".to_owned());
    }
    if host.is_empty()
        || host.contains('/')
        || !matches!(scheme, "http" | "https")
        || uri.query().is_some()
    {
        return Err(wrong());
    }
    let path = uri.path().trim_matches('/');
    Ok(Override {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(given: &[&str]) -> Endpoints {
        Endpoints {
            overrides: given
                .iter()
                .map(|text| parse_override(text).unwrap())
                .collect(),
            certificate_authority: None,
        }
    }

    #[test]
    fn a_registry_is_asked_where_it_is() {
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
    fn what_is_no_endpoint_is_refused() {
        for text in [
            "docker.io",
            "=https://r.example.com",
            "docker.io=r.example.com",
            "docker.io=ftp://r.example.com",
            "docker.io/u=https://r.example.com",
            "docker.io=https://r.example.com/?x=1",
            "docker.io=https://user:secret@r.example.com",
        ] {
            let why = parse_override(text).unwrap_err();
            assert!(!why.contains("secret"), "{why}");
        }
    }
}
