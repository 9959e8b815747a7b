//! A key of a docker config without user information.

/// A key without the user and password that a URL can contain.
pub fn shown_key(key: &str) -> String {
    let (scheme, rest) = match key.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), key),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest.get(..end).and_then(|host| host.rfind('@')) {
        Some(at) => format!("{scheme}…{}", rest.get(at..).unwrap_or_default()),
        None => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_information_of_a_url_is_hidden() {
        for (key, want) in [
            ("docker.io", "docker.io"),
            ("https://index.docker.io/v1/", "https://index.docker.io/v1/"),
            (
                "https://u:canary@r.example.com/v2/",
                "https://…@r.example.com/v2/",
            ),
            ("u:can@ry@r.example.com", "…@r.example.com"),
            ("r.example.com/a@b", "r.example.com/a@b"),
        ] {
            assert_eq!(shown_key(key), want);
        }
    }
}
