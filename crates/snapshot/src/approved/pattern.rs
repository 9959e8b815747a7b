//! One entry of a list: a registry, or a part of one.

use extreg_core::dns;
use extreg_core::policy::{GlobError, RepositoryGlob};
use extreg_core::registry::RegistryHost;

/// `host[:port][/path]` or `*.host[:port][/path]`, anchored at both ends of the host.
///
/// A path without a star approves that repository and all below it, at the boundary of a segment. With
/// a star it is a [`RepositoryGlob`], anchored at both ends: `*` matches within a segment, `**` matches
/// any number of segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    host: Host,
    path: Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// This host; `docker.io` matches its three names.
    Exact(String),
    /// Any host with at least one label before this: `.example.com:5000`.
    Under(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Path {
    All,
    /// This repository and all below it.
    Prefix(String),
    Glob(RepositoryGlob),
}

/// Why an entry is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is empty.
    #[error("is empty; write a registry, such as docker.io/acme")]
    Empty,
    /// It is a URL or similar.
    #[error("{0:?} has a scheme; write the host as images name it, such as quay.io/acme")]
    Scheme(String),
    /// It begins with a path.
    #[error("{0:?} names no registry; write the host in front, such as docker.io/{0}")]
    NoHost(String),
    /// Its host is invalid.
    #[error(
        "{entry:?}: {host:?} is not a registry host; write it in lower case as images name it, \
         with its port if it has one, or *.example.com for all below a domain"
    )]
    Host {
        /// The entry.
        entry: String,
        /// Its host.
        host: String,
    },
    /// Its path is invalid.
    #[error("{entry:?}: {error}; an entry has no tag and no digest")]
    Path {
        /// The entry.
        entry: String,
        /// The error in it.
        error: GlobError,
    },
}

impl Pattern {
    pub(super) fn parse(entry: &str) -> Result<Self, PatternError> {
        if entry.is_empty() {
            return Err(PatternError::Empty);
        }
        if entry.contains("://") {
            return Err(PatternError::Scheme(entry.to_owned()));
        }
        let (host, path) = match entry.split_once('/') {
            Some((host, path)) => (host, Some(path)),
            None => (entry, None),
        };
        let host = Host::parse(host).ok_or_else(|| bad_host(entry, host))?;
        let path = match path {
            None => Path::All,
            Some(path) => Path::parse(path).map_err(|error| PatternError::Path {
                entry: entry.to_owned(),
                error,
            })?,
        };
        Ok(Self { host, path })
    }

    /// Whether it matches a whole host, with its port, and a repository.
    pub(super) fn matches(&self, host: &str, repository: &str) -> bool {
        self.host.matches(RegistryHost::of(host).as_str()) && self.path.matches(repository)
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('*') {
            Some(under) if under.starts_with('.') => {
                is_host(under.get(1..)?).then(|| Self::Under(under.to_owned()))
            }
            Some(_) => None,
            None => {
                is_registry(text).then(|| Self::Exact(RegistryHost::of(text).as_str().to_owned()))
            }
        }
    }

    fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == host,
            Self::Under(under) => host
                .strip_suffix(under.as_str())
                .is_some_and(|front| is_host(front) && !front.contains(':')),
        }
    }
}

impl Path {
    fn parse(text: &str) -> Result<Self, GlobError> {
        let glob = RepositoryGlob::parse(text)?;
        Ok(if text.contains('*') {
            Self::Glob(glob)
        } else {
            Self::Prefix(text.to_owned())
        })
    }

    fn matches(&self, repository: &str) -> bool {
        match self {
            Self::All => true,
            Self::Prefix(path) => repository
                .strip_prefix(path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            Self::Glob(glob) => glob.matches(repository),
        }
    }
}

/// The error for a host: it can be a path instead.
fn bad_host(entry: &str, host: &str) -> PatternError {
    let is_path = host
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-".contains(&b));
    if is_path && !host.is_empty() {
        PatternError::NoHost(entry.to_owned())
    } else {
        PatternError::Host {
            entry: entry.to_owned(),
            host: host.to_owned(),
        }
    }
}

/// Whether a reference that begins with it and a slash names a registry by it (library-go
/// `pkg/image/reference/reference.go`, `Parse`).
fn is_registry(host: &str) -> bool {
    is_host(host) && (host.contains(['.', ':']) || host == "localhost")
}

/// Labels of lower case, a port.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (host, None),
    };
    name.split('.').all(dns::is_label)
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
