use proptest::prelude::*;

use super::*;

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

#[test]
fn patterns_match_whole_hosts_and_whole_segments() {
    for (entry, host, repository, want) in [
        ("docker.io", "docker.io", "library/nginx", true),
        ("docker.io", "index.docker.io", "acme/app", true),
        ("docker.io", "registry-1.docker.io", "acme/app", true),
        ("registry-1.docker.io", "docker.io", "acme/app", true),
        ("docker.io", "docker.io.evil.com", "library/nginx", false),
        ("docker.io", "evil-docker.io", "library/nginx", false),
        ("docker.io", "evil.docker.io", "library/nginx", false),
        ("docker.io", "docker.io@x", "library/nginx", false),
        ("docker.io", "x@docker.io", "library/nginx", false),
        ("docker.io", "docker.io:443", "library/nginx", false),
        ("docker.io", "docker.io.", "library/nginx", false),
        ("docker.io", "DOCKER.IO", "library/nginx", false),
        ("docker.io", "dockerXio", "library/nginx", false),
        (
            "docker.io",
            "registry.hub.docker.com",
            "library/nginx",
            false,
        ),
        ("docker.io", "", "docker.io/library/nginx", false),
        ("docker.io", "evil.com", "docker.io/library/nginx", false),
        ("docker.io/acme", "docker.io", "acme", true),
        ("docker.io/acme", "docker.io", "acme/app", true),
        ("docker.io/acme", "docker.io", "acme/team/app", true),
        ("docker.io/acme", "docker.io", "acmecorp/app", false),
        ("docker.io/acme", "docker.io", "evil/acme", false),
        ("docker.io/acme", "docker.io", "evil/acme/app", false),
        ("docker.io/acme", "index.docker.io", "acme/app", true),
        ("docker.io/acme", "quay.io", "acme/app", false),
        ("docker.io/acme/*", "docker.io", "acme/app", true),
        ("docker.io/acme/*", "docker.io", "acme/team/app", false),
        ("docker.io/acme/*", "docker.io", "acme", false),
        ("docker.io/acme/**", "docker.io", "acme/team/app", true),
        ("docker.io/acme-*/app", "docker.io", "acme-one/app", true),
        (
            "docker.io/acme-*/app",
            "docker.io",
            "acme-one/two/app",
            false,
        ),
        ("docker.io/**", "docker.io", "library/nginx", true),
        ("reg.example.com:5000", "reg.example.com:5000", "a/b", true),
        ("reg.example.com:5000", "reg.example.com", "a/b", false),
        ("reg.example.com", "reg.example.com:5000", "a/b", false),
        ("localhost", "localhost", "a", true),
        ("myhost:5000", "myhost:5000", "a", true),
        ("*.example.com", "reg.example.com", "a", true),
        ("*.example.com", "eu.reg.example.com", "a", true),
        ("*.example.com", "example.com", "a", false),
        ("*.example.com", ".example.com", "a", false),
        ("*.example.com", "evilexample.com", "a", false),
        ("*.example.com", "reg.example.com.evil.com", "a", false),
        ("*.example.com", "evil.com:80@reg.example.com", "a", false),
        ("*.example.com", "evil.com/reg.example.com", "a", false),
        ("*.example.com", "reg.example.com:5000", "a", false),
        ("*.example.com:5000", "reg.example.com:5000", "a", true),
        ("*.example.com:5000", "reg.example.com", "a", false),
        ("*.example.com/acme", "reg.example.com", "acme/app", true),
        ("*.example.com/acme", "reg.example.com", "other/app", false),
        ("*.docker.io", "evil.docker.io", "a", true),
        ("*.docker.io", "index.docker.io", "a", false),
    ] {
        assert_eq!(
            pattern(entry).matches(host, repository),
            want,
            "{entry} {host} {repository}"
        );
    }
}

#[test]
fn an_invalid_entry_is_reported_with_its_error() {
    for (entry, want) in [
        ("", "is empty"),
        ("https://quay.io", "has a scheme"),
        ("docker://quay.io/acme", "has a scheme"),
        ("acme", "names no registry"),
        ("acme/app", "such as docker.io/acme/app"),
        ("my_registry/app", "names no registry"),
        ("/acme", "is not a registry host"),
        ("*", "is not a registry host"),
        ("**", "is not a registry host"),
        ("*/acme", "is not a registry host"),
        ("*example.com", "is not a registry host"),
        ("*.", "is not a registry host"),
        ("*.*.com", "is not a registry host"),
        ("reg.*.com", "is not a registry host"),
        ("Quay.io", "in lower case"),
        ("quay.io.", "is not a registry host"),
        ("quay..io", "is not a registry host"),
        ("quay.io:", "is not a registry host"),
        ("quay.io:port", "is not a registry host"),
        ("docker.io@x", "is not a registry host"),
        ("[::1]:5000/app", "is not a registry host"),
        ("quay.io/", "single slashes"),
        ("quay.io/acme/", "single slashes"),
        ("quay.io//acme", "single slashes"),
        ("quay.io/acme:v1", "without registry port, tag or digest"),
        (
            "quay.io/acme@sha256:aa",
            "without registry port, tag or digest",
        ),
        ("quay.io/Acme", "lower case"),
        ("quay.io/acme\u{1b}[31m", "\\u{1b}"),
        (" quay.io", "is not a registry host"),
    ] {
        let error = Pattern::parse(entry).unwrap_err().to_string();
        assert!(error.contains(want), "{entry:?}: {error}");
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
}

fn host() -> impl Strategy<Value = String> {
    "[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?(\\.[a-z0-9]{1,6}){1,3}(:[0-9]{1,5})?"
}

proptest! {
    /// Any text before or after a host makes another one.
    #[test]
    fn a_longer_host_is_another_host(host in host(), more in "[a-zA-Z0-9.:@/_-]{1,12}") {
        let pattern = pattern(&host);
        prop_assert!(pattern.matches(&host, "a/b"));
        let behind = format!("{host}{more}");
        prop_assert!(!pattern.matches(&behind, "a/b"));
        // In front of docker.io, `index.` makes Docker Hub; nothing else makes a known host another.
        let longer = format!("{more}{host}");
        if RegistryHost::of(&longer) != RegistryHost::of(&host) {
            prop_assert!(!pattern.matches(&longer, "a/b"));
        }
        for end in 1..host.len() {
            prop_assert!(!pattern.matches(&host[..end], "a/b"));
            prop_assert!(!pattern.matches(&host[end..], "a/b"));
        }
    }

    /// A host below a domain has whole labels before it, and nothing after it.
    #[test]
    fn a_wildcard_takes_whole_labels(
        host in host(),
        labels in "[a-z0-9]{1,6}(\\.[a-z0-9]{1,6}){0,2}",
        more in "[a-zA-Z0-9@/_-]{1,12}",
    ) {
        let pattern = pattern(&format!("*.{host}"));
        let under = format!("{labels}.{host}");
        prop_assert!(pattern.matches(&under, "a/b"));
        prop_assert!(!pattern.matches(&host, "a/b"));
        let (glued, behind) = (format!("{labels}{host}"), format!("{under}{more}"));
        prop_assert!(!pattern.matches(&glued, "a/b"));
        prop_assert!(!pattern.matches(&behind, "a/b"));
    }

    /// A path approves everything below it, at the boundary of a segment.
    #[test]
    fn a_path_ends_where_a_segment_ends(
        path in "[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,2}",
        more in "[a-z0-9]{1,8}",
    ) {
        let pattern = pattern(&format!("quay.io/{path}"));
        prop_assert!(pattern.matches("quay.io", &path));
        let under = format!("{path}/{more}");
        prop_assert!(pattern.matches("quay.io", &under));
        let (behind, before) = (format!("{path}{more}"), format!("{more}{path}"));
        prop_assert!(!pattern.matches("quay.io", &behind));
        let is_under = |repository: &str| repository.split('/').zip(path.split('/'))
            .filter(|(a, b)| a == b)
            .count() == path.split('/').count();
        prop_assert_eq!(pattern.matches("quay.io", &before), is_under(&before));
        let inside = format!("{more}/{path}");
        prop_assert_eq!(pattern.matches("quay.io", &inside), is_under(&inside));
    }

    #[test]
    fn no_entry_panics(entry in "\\PC{0,24}", host in "\\PC{0,24}", repository in "\\PC{0,24}") {
        if let Ok(pattern) = Pattern::parse(&entry) {
            pattern.matches(&host, &repository);
        }
    }
}
