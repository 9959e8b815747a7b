//! Names of registries that are probably misspelled.

use strsim::osa_distance;

/// Well-known registries.
const KNOWN: [&str; 20] = [
    "asia.gcr.io",
    "cgr.dev",
    "codeberg.org",
    "docker.io",
    "eu.gcr.io",
    "gcr.io",
    "ghcr.io",
    "icr.io",
    "index.docker.io",
    "lscr.io",
    "mcr.microsoft.com",
    "nvcr.io",
    "public.ecr.aws",
    "quay.io",
    "registry-1.docker.io",
    "registry.access.redhat.com",
    "registry.gitlab.com",
    "registry.k8s.io",
    "registry.redhat.io",
    "us.gcr.io",
];
/// Sites that are not registries, and the registry of each.
const SITES: [(&str, &str); 6] = [
    ("docker.com", "docker.io"),
    ("github.com", "ghcr.io"),
    ("gitlab.com", "registry.gitlab.com"),
    ("hub.docker.com", "docker.io"),
    ("hub.docker.io", "docker.io"),
    ("www.docker.com", "docker.io"),
];

/// The well-known registry that a host probably means; `None` for one that is well known, or that resembles none.
pub(crate) fn meant(host: &str) -> Option<&'static str> {
    let host = host.to_ascii_lowercase();
    if KNOWN.contains(&&*host) {
        return None;
    }
    if let Some((_, registry)) = SITES.iter().find(|(site, _)| *site == host) {
        return Some(registry);
    }
    // Short names resemble each other by chance.
    let limit = if host.len() < 9 { 1 } else { 2 };
    KNOWN
        .into_iter()
        .map(|known| {
            if letters(&host) == letters(known) {
                (0, known)
            } else {
                (osa_distance(&host, known), known)
            }
        })
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, known)| known)
}

fn letters(host: &str) -> Vec<char> {
    let mut letters: Vec<char> = host.chars().collect();
    letters.sort_unstable();
    letters
}

/// The well-known registry that the first part of a path probably means, e.g. `quay`.
pub(crate) fn meant_by_part(part: &str) -> Option<&'static str> {
    KNOWN.into_iter().find(|known| {
        let (name, _) = known.split_once('.').unwrap_or((known, ""));
        part.eq_ignore_ascii_case(name) || part.eq_ignore_ascii_case(&known.replace('.', ""))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_hosts_are_detected() {
        for (host, expected) in [
            ("docker.oi", Some("docker.io")),
            ("dokcer.io", Some("docker.io")),
            ("docker.i", Some("docker.io")),
            ("dockr.io", Some("docker.io")),
            ("docker.com", Some("docker.io")),
            ("hub.docker.com", Some("docker.io")),
            ("github.com", Some("ghcr.io")),
            ("quay.oi", Some("quay.io")),
            ("qauy.io", Some("quay.io")),
            ("gchr.io", Some("ghcr.io")),
            ("registry.gitlab.co", Some("registry.gitlab.com")),
            ("docker.io", None),
            ("Quay.io", None),
            ("registry.example.com", None),
            ("registry.example.com:5000", None),
            ("harbor.io", None),
            ("localhost:5000", None),
        ] {
            assert_eq!(meant(host), expected, "{host}");
        }
        for known in KNOWN {
            assert_eq!(meant(known), None);
        }
        assert_eq!(meant_by_part("quay"), Some("quay.io"));
        assert_eq!(meant_by_part("quayio"), Some("quay.io"));
        assert_eq!(meant_by_part("acme"), None);
    }
}
