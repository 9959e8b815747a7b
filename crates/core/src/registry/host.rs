use std::fmt;

/// A registry's identity: exact and case-sensitive, with Docker Hub's names as one.
///
/// `docker.io:443`, `DOCKER.IO` and `registry.hub.docker.com` reach Docker Hub on the wire, but OpenShift neither
/// defaults their namespace nor finds docker.io credentials for them, so they are separate registries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RegistryHost<'a> {
    /// `docker.io`, `index.docker.io` or `registry-1.docker.io`.
    DockerHub,
    /// Any other host, with its port if one is written.
    Other(&'a str),
}

impl<'a> RegistryHost<'a> {
    /// [`Self::secret_name`] of Docker Hub.
    pub const DOCKER_HUB_SECRET: &'static str = "dockerhub";

    /// The identity of a written host (library-go `reference.IsRegistryDockerHub`). An empty host is not a registry:
    /// apply the default first.
    pub fn of(host: &'a str) -> Self {
        match host {
            "docker.io" | "index.docker.io" | "registry-1.docker.io" => Self::DockerHub,
            host => Self::Other(host),
        }
    }

    /// The host's usual spelling; `docker.io` for Docker Hub.
    pub fn as_str(&self) -> &'a str {
        match self {
            Self::DockerHub => "docker.io",
            Self::Other(host) => host,
        }
    }

    /// The name of a secret with a credential for it, if nothing names one.
    pub fn secret_name(&self) -> String {
        match self {
            Self::DockerHub => Self::DOCKER_HUB_SECRET.to_owned(),
            Self::Other(host) => host
                .to_ascii_lowercase()
                .replace(|c: char| !c.is_ascii_alphanumeric(), "-")
                .trim_matches('-')
                .to_owned(),
        }
    }
}

impl fmt::Display for RegistryHost<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_named_after_their_registry() {
        for (host, expected) in [
            ("index.docker.io", "dockerhub"),
            ("quay.io", "quay-io"),
            ("Registry.example.com:5000", "registry-example-com-5000"),
            ("[::1]:5000", "1--5000"),
        ] {
            assert_eq!(RegistryHost::of(host).secret_name(), expected);
        }
    }

    #[test]
    fn only_three_spellings_are_docker_hub() {
        for host in ["docker.io", "index.docker.io", "registry-1.docker.io"] {
            assert_eq!(RegistryHost::of(host), RegistryHost::DockerHub, "{host}");
        }
        for host in [
            "DOCKER.IO",
            "docker.io:443",
            "registry.hub.docker.com",
            "quay.io",
            "docker.io.",
        ] {
            assert_eq!(RegistryHost::of(host), RegistryHost::Other(host), "{host}");
            assert_eq!(RegistryHost::of(host).to_string(), host);
        }
        assert_eq!(RegistryHost::of("index.docker.io").to_string(), "docker.io");
    }
}
