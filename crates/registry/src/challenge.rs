//! How to log in to a registry: the `WWW-Authenticate` of its 401.

use http::{HeaderMap, Uri, header};

/// The login that a registry requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// Username and password with every request.
    Basic,
    /// A token, from the named service.
    Bearer(Bearer),
}

/// The source of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    /// The token service.
    pub(super) realm: Uri,
    /// The service that the token is for; can be empty.
    pub(super) service: String,
    /// Whether it reports that the sent token has insufficient scope.
    pub(super) is_too_little: bool,
}

impl Challenge {
    /// The first supported challenge of an answer; Bearer before Basic.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut basic = false;
        for value in headers.get_all(header::WWW_AUTHENTICATE) {
            let Ok(text) = value.to_str() else { continue };
            let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
            if scheme.eq_ignore_ascii_case("bearer") {
                if let Some(bearer) = Bearer::parse(rest) {
                    return Some(Self::Bearer(bearer));
                }
            } else if scheme.eq_ignore_ascii_case("basic") {
                basic = true;
            }
        }
        basic.then_some(Self::Basic)
    }
}

impl Bearer {
    fn parse(text: &str) -> Option<Self> {
        let parameters = parameters(text);
        let get = |wanted: &str| {
            let found = parameters
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.as_str())
        };
        let realm: Uri = get("realm")?.parse().ok()?;
        realm.scheme().zip(realm.authority())?;
        Some(Self {
            realm,
            service: get("service").unwrap_or_default().to_owned(),
            is_too_little: get("error") == Some("insufficient_scope"),
        })
    }
}

/// `name="value", name=value`, as in RFC 9110. Stops at text that it cannot parse.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some((name, tail)) = rest.split_once('=') {
        let Some((value, tail)) = value(tail.trim_start()) else {
            break;
        };
        found.push((name.trim().to_owned(), value));
        rest = tail.trim_start_matches([' ', '\t', ',']);
    }
    found
}

/// A value, quoted or up to the comma, and the text after it.
fn value(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        return unquote(quoted);
    }
    let (value, tail) = text.split_at(text.find(',').unwrap_or(text.len()));
    Some((value.trim().to_owned(), tail))
}

/// The value up to its closing quote, and the text after that.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.chars();
    loop {
        match chars.next()? {
            '"' => return Some((value, chars.as_str())),
            '\\' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(values: &[&'static str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        Challenge::from_headers(&headers)
    }

    fn bearer(realm: &str, service: &str, is_too_little: bool) -> Challenge {
        Challenge::Bearer(Bearer {
            realm: realm.parse().unwrap(),
            service: service.to_owned(),
            is_too_little,
        })
    }

    /// As docker.io, quay.io, ghcr.io, Artifactory and Nexus write it.
    #[test]
    fn challenges_of_registries_are_read() {
        let cases: [(&[&'static str], _); 9] = [
            (
                &[
                    r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:u/a:pull",error="insufficient_scope""#,
                ],
                Some(bearer(
                    "https://auth.docker.io/token",
                    "registry.docker.io",
                    true,
                )),
            ),
            (
                &[r#"Bearer realm="https://quay.io/v2/auth",service="quay.io""#],
                Some(bearer("https://quay.io/v2/auth", "quay.io", false)),
            ),
            (
                &[r#"bearer service="a, \"b\"" , realm=https://r.example.com/t"#],
                Some(bearer("https://r.example.com/t", r#"a, "b""#, false)),
            ),
            (
                &[
                    r#"Basic realm="Nexus""#,
                    r#"Bearer realm="https://r.example.com/t""#,
                ],
                Some(bearer("https://r.example.com/t", "", false)),
            ),
            (&[r#"BASIC realm="Sonatype""#], Some(Challenge::Basic)),
            (&["Basic"], Some(Challenge::Basic)),
            (&[r#"Bearer realm="/token""#], None),
            (&[r#"Bearer realm="https://r.example.com/t"#], None),
            (&["Negotiate"], None),
        ];
        for (values, expected) in cases {
            assert_eq!(of(values), expected, "{values:?}");
        }
    }
}
