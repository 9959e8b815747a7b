//! URLs as Go's `net/url` and `net.SplitHostPort` parse them, as far as the keyring uses them.

use std::net::Ipv6Addr;

/// Host and path of a URL, percent escapes decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) host: Vec<u8>,
    pub(super) path: Vec<u8>,
}

/// The key under which `BasicDockerKeyring.Add` files a docker config key; `None` for one that it ignores.
pub(super) fn keyring_key(written: &str) -> Option<Vec<u8>> {
    let schemeless = written
        .strip_prefix("https://")
        .or_else(|| written.strip_prefix("http://"))
        .unwrap_or(written);
    let Url { mut host, path } = Url::parse(schemeless.as_bytes())?;
    let path = match path.get(..4) {
        Some(b"/v1/" | b"/v2/") => path.get(3..).unwrap_or_default(),
        _ => &path,
    };
    if path != b"/" {
        host.extend_from_slice(path);
    }
    Some(host)
}

impl Url {
    /// Parses what follows `https://` (`ParseSchemelessURL`); `None` where Go has an error.
    pub(super) fn parse(schemeless: &[u8]) -> Option<Self> {
        let (url, fragment) = cut(schemeless, b'#');
        if url.iter().any(u8::is_ascii_control) {
            return None;
        }
        let (rest, _query) = cut(url, b'?');
        let slash = rest
            .iter()
            .position(|&byte| byte == b'/')
            .unwrap_or(rest.len());
        let (authority, path) = rest.split_at(slash);
        let host = match authority.iter().rposition(|&byte| byte == b'@') {
            Some(at) => {
                let (user, host) = authority.split_at(at);
                if !is_userinfo(user) || unescape(user, Part::Text).is_none() {
                    return None;
                }
                host.get(1..)?
            }
            None => authority,
        };
        unescape(fragment, Part::Text)?;
        Some(Self {
            host: parse_host(host)?,
            path: unescape(path, Part::Text)?,
        })
    }

    /// The host, whose labels are between its dots, and its port, `""` without one (`SplitURL`).
    pub(super) fn host_and_port(&self) -> (&[u8], &[u8]) {
        split_host_port(&self.host).unwrap_or((&self.host, b""))
    }
}

/// `net.SplitHostPort`; `None` for its errors.
fn split_host_port(host_port: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = host_port.iter().rposition(|&byte| byte == b':')?;
    let (before, port) = (host_port.get(..colon)?, host_port.get(colon + 1..)?);
    let (host, outside) = match before.strip_prefix(b"[") {
        Some(bracketed) => {
            let host = bracketed.strip_suffix(b"]")?;
            (host, [host, port])
        }
        None if before.contains(&b':') => return None,
        None => (before, [before, port]),
    };
    let stray = outside
        .into_iter()
        .flatten()
        .any(|byte| matches!(byte, b'[' | b']'));
    (!stray).then_some((host, port))
}

/// `parseHost`. Several colons are accepted as long as a port follows the last: openshift-apiserver's module is of a
/// Go version before `urlstrictcolons`.
fn parse_host(host: &[u8]) -> Option<Vec<u8>> {
    match host.iter().rposition(|&byte| byte == b'[') {
        Some(0) => return parse_ip_literal(host),
        Some(_) => return None,
        None => {}
    }
    if let Some(colon) = host.iter().rposition(|&byte| byte == b':') {
        let port = host.get(colon + 1..)?;
        if !port.iter().all(u8::is_ascii_digit) {
            return None;
        }
    }
    unescape(host, Part::Host)
}

/// `[address]`, with a zone after `%25` and a port.
fn parse_ip_literal(host: &[u8]) -> Option<Vec<u8>> {
    let close = host.iter().rposition(|&byte| byte == b']')?;
    let (inside, port) = (host.get(1..close)?, host.get(close + 1..)?);
    let digits = port.strip_prefix(b":").unwrap_or(port);
    if digits.len() == port.len() && !port.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zone = inside
        .windows(3)
        .position(|escape| escape == b"%25")
        .unwrap_or(inside.len());
    let (address, zone) = inside.split_at(zone);
    let address = unescape(address, Part::Host)?;
    let zone = unescape(zone, Part::Zone)?;
    if zone.len() == 1 {
        return None;
    }
    std::str::from_utf8(&address)
        .ok()?
        .parse::<Ipv6Addr>()
        .ok()?;
    Some([&b"["[..], &address, &zone, b"]", port].concat())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Path, fragment and user information, where any byte may be escaped.
    Text,
    Host,
    Zone,
}

/// Decodes percent escapes; `None` for a bad one or for a byte that the part must not contain.
fn unescape(data: &[u8], part: Part) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            if part != Part::Text && byte < 0x80 && !is_host_byte(byte) {
                return None;
            }
            decoded.push(byte);
            continue;
        }
        let (escape, tail) = tail.split_at_checked(2)?;
        rest = tail;
        let value = escape.iter().try_fold(0_u8, |sum, &digit| {
            let digit = char::from(digit).to_digit(16)?;
            u8::try_from(digit).ok().map(|digit| sum << 4 | digit)
        })?;
        let fits = match part {
            Part::Text => true,
            Part::Host => value >= 0x80 || escape == b"25",
            Part::Zone => escape == b"25" || value == b' ' || is_host_byte(value),
        };
        if !fits {
            return None;
        }
        decoded.push(value);
    }
    Some(decoded)
}

/// Bytes that Go allows in a host unescaped.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!$&'()*+,;=:[]<>\"-_.~".contains(&byte)
}

/// `validUserinfo`.
fn is_userinfo(user: &[u8]) -> bool {
    user.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte))
}

fn cut(data: &[u8], separator: u8) -> (&[u8], &[u8]) {
    match data.iter().position(|&byte| byte == separator) {
        Some(position) => {
            let (before, after) = data.split_at(position);
            (before, after.get(1..).unwrap_or_default())
        }
        None => (data, b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_normalized() {
        for (written, key) in [
            ("docker.io", Some("docker.io")),
            ("docker.io/", Some("docker.io")),
            ("https://index.docker.io/v1/", Some("index.docker.io")),
            ("https://index.docker.io/v1", Some("index.docker.io/v1")),
            ("http://r.example.com/v2/a/b/", Some("r.example.com/a/b/")),
            (
                "https://user:secret@r.example.com:5000/v1/x",
                Some("r.example.com:5000/x"),
            ),
            ("r.example.com?x=/y", Some("r.example.com")),
            ("r.example.com/a%2Fb#c", Some("r.example.com/a/b")),
            ("[fd00::1]:5000/a", Some("[fd00::1]:5000/a")),
            ("[fe80::1%25eth0]", Some("[fe80::1%eth0]")),
            ("HTTPS://r.example.com", Some("HTTPS://r.example.com")),
            ("", Some("")),
            ("r.example.com:port", None),
            ("r.example.com/%zz", None),
            ("r.example.com#%zz", None),
            ("r example.com", None),
            ("r.example.com\n", None),
            ("r[a-z].example.com", None),
            ("[1.2.3.4]", None),
            ("[::1]x", None),
            ("us er@r.example.com", None),
        ] {
            let expected = key.map(|key| key.as_bytes().to_vec());
            assert_eq!(keyring_key(written), expected, "{written:?}");
        }
    }

    #[test]
    fn ports_are_split() {
        for (host, expected) in [
            ("a.b:1", (vec!["a", "b"], "1")),
            ("a.b", (vec!["a", "b"], "")),
            ("a.b:", (vec!["a", "b"], "")),
            ("a:1:2", (vec!["a:1:2"], "")),
            ("[::1]:5", (vec!["::1"], "5")),
            ("[::1]", (vec!["[::1]"], "")),
            ("", (vec![""], "")),
        ] {
            let url = Url {
                host: host.as_bytes().to_vec(),
                path: Vec::new(),
            };
            let (host_only, port) = url.host_and_port();
            let labels: Vec<_> = host_only
                .split(|&byte| byte == b'.')
                .map(|label| std::str::from_utf8(label).unwrap())
                .collect();
            assert_eq!(
                (labels, std::str::from_utf8(port).unwrap()),
                expected,
                "{host}"
            );
        }
    }
}
