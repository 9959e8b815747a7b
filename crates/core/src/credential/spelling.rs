//! How consumers that match like containers/image spell a key.

use std::borrow::Cow;

/// The builder's `normalizeRegistryLocation`.
pub(super) fn rewritten_for_pull(key: &str) -> Cow<'_, str> {
    let Some(rest) = key
        .strip_prefix("http://")
        .or_else(|| key.strip_prefix("https://"))
    else {
        return Cow::Borrowed(key);
    };
    let mut parts: Vec<&str> = rest.split('/').collect();
    if let Some(host) = parts
        .first_mut()
        .filter(|host| matches!(**host, "index.docker.io" | "registry-1.docker.io"))
    {
        *host = "docker.io";
    }
    if matches!(parts.get(1), Some(&("v1" | "v2"))) {
        parts.remove(1);
    }
    let joined = parts.join("/");
    Cow::Owned(
        joined
            .strip_suffix('/')
            .map(str::to_owned)
            .unwrap_or(joined),
    )
}

/// containers/image's `normalizeAuthFileKey`: only a key with a scheme is cut to its host.
pub(super) fn normalized_host(key: &str) -> &str {
    let rest = key.strip_prefix("http://").unwrap_or(key);
    let rest = rest.strip_prefix("https://").unwrap_or(rest);
    if rest.len() == key.len() {
        return hub_as_index(key);
    }
    hub_as_index(rest.split_once('/').map_or(rest, |(host, _)| host))
}

/// The host under which Docker Hub's keys are compared.
pub(super) fn hub_as_index(host: &str) -> &str {
    match host {
        "docker.io" | "registry-1.docker.io" => "index.docker.io",
        host => host,
    }
}
