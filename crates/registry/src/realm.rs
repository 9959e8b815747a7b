//! The target of a login: the token service that a registry names, if it is trusted.
//!
//! A registry names its token service itself, so a hostile one, or an attacker in its
//! place, could redirect a login to a service of this machine or of this network.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;

/// Names that no public registry has: RFC 6762, RFC 6761, ICANN's `.internal`, and Kubernetes' own.
const PRIVATE_SUFFIXES: [&str; 8] = [
    ".local",
    ".internal",
    ".localhost",
    ".lan",
    ".corp",
    ".home.arpa",
    ".svc",
    ".intranet",
];

/// Whether a login can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Realm {
    /// The service is in the registry's own domain.
    Own,
    /// It is in another domain, which is reported.
    Foreign,
    /// It is an address, or this machine, and the registry is neither.
    Refused,
}

impl Realm {
    /// The relation of the token service at `realm` to the registry at `origin`.
    pub(super) fn new(realm: &Uri, origin: &str) -> Self {
        let origin: Option<Uri> = origin.parse().ok();
        let (Some(registry), Some(service)) = (origin.as_ref().and_then(host), host(realm)) else {
            return Self::Refused;
        };
        if registry == service {
            return Self::Own;
        }
        if is_inward(&service) && !is_private(&registry) {
            return Self::Refused;
        }
        if domain(&registry) == domain(&service) {
            Self::Own
        } else {
            Self::Foreign
        }
    }
}

/// A host in lower case, without brackets and without the dot of the root.
fn host(uri: &Uri) -> Option<String> {
    let host = uri.host()?.trim_matches(['[', ']']).trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// Whether a host is an address in any form that a resolver accepts, or this machine.
fn is_inward(host: &str) -> bool {
    address(host).is_some() || is_number(host) || is_localhost(host)
}

/// Whether a registry is on this machine or in a private network, where its token service can be too.
fn is_private(host: &str) -> bool {
    let by_address = address(host).is_some_and(|address| match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    });
    by_address
        || is_localhost(host)
        || !host.contains('.') && address(host).is_none() && !is_number(host)
        || PRIVATE_SUFFIXES.iter().any(|end| host.ends_with(end))
        || host.ends_with(".svc.cluster.local")
}

fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

fn address(host: &str) -> Option<IpAddr> {
    // A zone is not part of the address.
    let host = host.split('%').next().unwrap_or(host);
    host.parse().ok()
}

/// Whether resolvers read a host as an IPv4 address in another form, such as `2130706433` or
/// `0x7f.1` (WHATWG URL, "ends in a number").
fn is_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let digits = last.strip_prefix("0x").unwrap_or(last);
    let is_hex = digits.len() < last.len() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex || !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())
}

const fn is_private_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local()
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.to_ipv4_mapped().map_or_else(
        || address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
        is_private_v4,
    )
}

/// The part of a name that belongs to one owner: its last two labels, or three under a country's second
/// level such as `co.uk`.
fn domain(host: &str) -> &str {
    if address(host).is_some() {
        return host;
    }
    let labels: Vec<&str> = host.rsplit('.').take(3).collect();
    let count = match labels.as_slice() {
        [top, second, _] if top.len() == 2 && second.len() <= 3 => 3,
        _ => 2,
    };
    let length: usize = labels.iter().take(count).map(|label| label.len() + 1).sum();
    host.get((host.len() + 1).saturating_sub(length)..)
        .unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(origin: &str, realm: &str) -> Realm {
        Realm::new(&realm.parse().unwrap(), origin)
    }

    #[test]
    fn a_login_goes_to_the_registrys_own_domain_or_is_announced() {
        for (origin, realm, expected) in [
            // As docker.io, quay.io, ghcr.io, GitLab, Google and Azure name their services.
            (
                "https://registry-1.docker.io",
                "https://auth.docker.io/token",
                Realm::Own,
            ),
            ("https://quay.io", "https://quay.io/v2/auth", Realm::Own),
            ("https://ghcr.io", "https://ghcr.io/token", Realm::Own),
            (
                "https://registry.gitlab.com",
                "https://gitlab.com/jwt/auth",
                Realm::Own,
            ),
            (
                "https://acme.azurecr.io",
                "https://acme.azurecr.io/oauth2/token",
                Realm::Own,
            ),
            (
                "https://registry.redhat.io",
                "https://registry.redhat.io/auth",
                Realm::Own,
            ),
            (
                "https://r.example.com",
                "https://r.example.com:8443/token",
                Realm::Own,
            ),
            (
                "https://r.example.com",
                "https://auth.example.org/token",
                Realm::Foreign,
            ),
            (
                "https://docker.io.evil.example",
                "https://auth.docker.io/token",
                Realm::Foreign,
            ),
            (
                "https://r.acme.co.uk",
                "https://auth.other.co.uk/token",
                Realm::Foreign,
            ),
            (
                "https://r.acme.co.uk",
                "https://auth.acme.co.uk/token",
                Realm::Own,
            ),
            // A registry on this machine or network has its service there.
            (
                "http://127.0.0.1:5000",
                "http://127.0.0.1:5001/token",
                Realm::Own,
            ),
            (
                "http://localhost:5000",
                "http://127.0.0.1:5001/token",
                Realm::Foreign,
            ),
            ("https://10.1.2.3", "https://10.1.2.4/token", Realm::Foreign),
            (
                "https://registry.corp",
                "https://10.0.0.5/token",
                Realm::Foreign,
            ),
            (
                "https://registry.ns.svc:5000",
                "https://10.0.0.5/token",
                Realm::Foreign,
            ),
            (
                "https://203.0.113.7",
                "https://203.0.113.7:8443/token",
                Realm::Own,
            ),
        ] {
            assert_eq!(of(origin, realm), expected, "{origin} {realm}");
        }
    }

    const INWARD: [&str; 17] = [
        "127.0.0.1",
        "127.1",
        "10.0.0.5",
        "192.168.1.1",
        "169.254.169.254",
        "203.0.113.7",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fd00::1]",
        "[2001:db8::1]",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
    ];

    #[test]
    fn a_public_registry_sends_no_login_inward() {
        for origin in [
            "https://registry-1.docker.io",
            "https://r.example.com:5000",
            "https://evil.example",
            "https://203.0.113.9",
        ] {
            for inward in INWARD {
                for realm in [
                    format!("https://{inward}/token"),
                    format!("https://{inward}:6443/token"),
                    format!("https://user@{inward}/token?service=x"),
                ] {
                    assert_eq!(of(origin, &realm), Realm::Refused, "{origin} {realm}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_address_is_a_token_service_of_a_public_registry(
            bits in any::<u32>(),
            wide in any::<u128>(),
            name in "[a-z]{1,9}\\.(com|io|org|dev)",
        ) {
            let origin = format!("https://{name}");
            for realm in [
                format!("https://{}/token", Ipv4Addr::from_bits(bits)),
                format!("https://{bits}/token"),
                format!("https://[{}]/token", Ipv6Addr::from_bits(wide)),
            ] {
                prop_assert_eq!(of(&origin, &realm), Realm::Refused);
            }
        }

        #[test]
        fn a_name_is_its_own_domain(name in "[a-z]{1,9}(\\.[a-z]{1,9}){1,4}") {
            let (origin, realm) = (format!("https://{name}"), format!("https://{name}/token"));
            prop_assert_eq!(of(&origin, &realm), Realm::Own);
            prop_assert!(name.ends_with(domain(&name)));
        }
    }
}
