//! An entry of one of the cluster's lists: a registry, a part of one, or `*.` and a domain.
//!
//! Nodes match them by two rules. Allowed pulls (`allowedRegistries`, the scopes of signature
//! policies) go into policy.json, where whole names are compared (containers/image
//! `docker/policyconfiguration/naming.go`, `DockerReferenceNamespaces`). Entries that are blocked, insecure or
//! mirrored go into registries.conf, where an entry is a prefix that also ends at a colon, so that a
//! host without a port matches all its ports (containers/image
//! `pkg/sysregistriesv2/system_registries_v2.go`, `refMatchingPrefix`). Both read `index.docker.io` as
//! `docker.io`, and no other name of Docker Hub.

use super::Target;

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope<'a>(pub(crate) &'a str);

impl<'a> Scope<'a> {
    /// Whether policy.json allows an image by it.
    pub(crate) fn admits(self, target: &Target) -> bool {
        let host = node_host(&target.host);
        if let Some(under) = self.wildcard() {
            let name = host.split_once(':').map_or(host, |(name, _)| name);
            return is_under(name, under);
        }
        let name = format!("{host}/{}", target.repository);
        let version = |mark: char, version: &str| {
            self.0
                .strip_prefix(name.as_str())
                .and_then(|rest| rest.strip_prefix(mark))
                .is_some_and(|rest| rest == version)
        };
        let tag = if target.tag.is_empty() {
            "latest"
        } else {
            &target.tag
        };
        is_segment_prefix(self.0, &name)
            || (target.digest.is_empty() && version(':', tag))
            || (!target.digest.is_empty() && version('@', &target.digest))
    }

    /// The length of the prefix of the image's name that registries.conf matches; none if it does not match.
    /// The longest wins.
    pub(crate) fn prefix_of(self, target: &Target) -> Option<usize> {
        let host = node_host(&target.host);
        if let Some(under) = self.wildcard() {
            let matches = is_under(host, under)
                || host
                    .split_once(':')
                    .is_some_and(|(name, _)| is_under(name, under));
            return matches.then_some(self.0.len());
        }
        let whole = target.at(&format!("{host}/{}", target.repository));
        let rest = whole.strip_prefix(self.0)?;
        (rest.is_empty() || rest.starts_with([':', '/', '@'])).then_some(self.0.len())
    }

    /// The rest of the image's name: `/app` for `quay.io/acme`.
    pub(crate) fn rest_of(self, target: &Target) -> String {
        let host = node_host(&target.host);
        let name = format!("{host}/{}", target.repository);
        if self.wildcard().is_some() {
            return format!("/{}", target.repository);
        }
        name.strip_prefix(self.0).unwrap_or_default().to_owned()
    }

    /// `example.com` of `*.example.com`.
    fn wildcard(self) -> Option<&'a str> {
        self.0.strip_prefix("*.")
    }
}

/// The host as nodes read it (distribution `reference.ParseNormalizedNamed`).
fn node_host(host: &str) -> &str {
    match host {
        "index.docker.io" => "docker.io",
        host => host,
    }
}

fn is_segment_prefix(prefix: &str, name: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_under(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .and_then(|front| front.strip_suffix('.'))
        .is_some_and(|front| !front.is_empty())
}

#[cfg(test)]
mod tests {
    use extreg_core::image::ImageRef;

    use super::*;

    fn target(written: &str) -> Target {
        let image = ImageRef::parse(written).unwrap();
        Target::of(&image, image.registry())
    }

    const DIGEST: &str = "@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";

    #[test]
    fn entries_match_as_nodes_do() {
        let pinned = format!("quay.io/acme/app{DIGEST}");
        for (entry, image, admits, prefix) in [
            ("docker.io", "docker.io/nginx", true, true),
            ("docker.io/library", "docker.io/nginx", true, true),
            ("docker.io", "index.docker.io/acme/app", true, true),
            ("docker.io", "registry-1.docker.io/acme/app", false, false),
            ("docker.io", "docker.io.evil.com/acme/app", false, false),
            ("docker.io", "evil-docker.io/acme/app", false, false),
            ("quay.io", "quay.io/acme/app:1", true, true),
            ("quay.io", "quay.io:443/acme/app:1", false, true),
            ("quay.io:443", "quay.io:443/acme/app:1", true, true),
            ("quay.io/acme", "quay.io/acme/app", true, true),
            ("quay.io/acme", "quay.io/acmecorp/app", false, false),
            ("quay.io/acme/app", "quay.io/acme/app:1", true, true),
            ("quay.io/acme/app", "quay.io/acme/app-2:1", false, false),
            ("quay.io/acme/app:1", "quay.io/acme/app:1", true, true),
            ("quay.io/acme/app:1", "quay.io/acme/app:12", false, false),
            ("quay.io/acme/app:latest", "quay.io/acme/app", true, false),
            (pinned.as_str(), pinned.as_str(), true, true),
            ("*.example.com", "reg.example.com/a", true, true),
            ("*.example.com", "eu.reg.example.com/a", true, true),
            ("*.example.com", "reg.example.com:5000/a", true, true),
            ("*.example.com", "example.com/a", false, false),
            ("*.example.com", "evilexample.com/a", false, false),
            ("*.example.com", "reg.example.com.evil.com/a", false, false),
            ("", "quay.io/acme/app", false, false),
        ] {
            let target = target(image);
            assert_eq!(Scope(entry).admits(&target), admits, "{entry} {image}");
            assert_eq!(
                Scope(entry).prefix_of(&target),
                prefix.then_some(entry.len()),
                "{entry} {image}"
            );
        }
    }

    #[test]
    fn the_rest_after_an_entry_is_appended_to_a_mirror() {
        for (entry, image, want) in [
            ("quay.io", "quay.io/acme/app:1", "/acme/app"),
            ("quay.io/acme", "quay.io/acme/app:1", "/app"),
            ("quay.io/acme/app", "quay.io/acme/app:1", ""),
            ("*.example.com", "reg.example.com/acme/app", "/acme/app"),
            ("docker.io", "index.docker.io/nginx", "/library/nginx"),
        ] {
            assert_eq!(
                Scope(entry).rest_of(&target(image)),
                want,
                "{entry} {image}"
            );
        }
    }
}
