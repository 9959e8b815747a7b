//! The names that a serving certificate is issued for.

use std::fmt;
use std::net::IpAddr;

use rustls_pki_types::DnsName;

/// A name under which clients reach the server: a DNS name or an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// A DNS name, lower case, without a final dot; a leading `*.` is allowed.
    Dns(String),
    /// An address, which clients match exactly.
    Ip(IpAddr),
}

/// Why a text is not a valid host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseHostError {
    /// Neither a DNS name nor an address.
    #[error("{0:?} is neither a DNS name nor an IP address")]
    Invalid(String),
    /// A URL that is not `https://host[:port][/path]`.
    #[error("{0:?} is not an https URL with a host")]
    Url(String),
}

impl Host {
    /// Reads a DNS name or an address; IPv6 with or without brackets.
    pub fn parse(text: &str) -> Result<Self, ParseHostError> {
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Ok(Self::Ip(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let checked = name.strip_prefix("*.").unwrap_or(&name);
        match DnsName::try_from(checked) {
            Ok(_) => Ok(Self::Dns(name)),
            Err(_) => Err(ParseHostError::Invalid(text.to_owned())),
        }
    }

    /// The host of a webhook URL such as `https://10.0.0.5:8443/mutate`.
    pub fn of_url(url: &str) -> Result<Self, ParseHostError> {
        let invalid = || ParseHostError::Url(url.to_owned());
        let rest = url.strip_prefix("https://").ok_or_else(invalid)?;
        let authority = rest.split(['/', '?', '#']).next().ok_or_else(invalid)?;
        if authority.contains('@') {
            return Err(invalid());
        }
        let host = if authority.starts_with('[') {
            let end = authority.find(']').ok_or_else(invalid)?;
            authority.get(..=end).ok_or_else(invalid)?
        } else {
            authority.split(':').next().ok_or_else(invalid)?
        };
        Self::parse(host).map_err(|_| invalid())
    }

    /// Every name of a Service inside the cluster. API servers use
    /// `<service>.<namespace>.svc` (k8s.io/apiserver `pkg/util/webhook/client.go`), people and
    /// probes use the rest.
    pub fn of_service(service: &str, namespace: &str) -> Result<Vec<Self>, ParseHostError> {
        [
            format!("{service}.{namespace}.svc"),
            format!("{service}.{namespace}.svc.cluster.local"),
            format!("{service}.{namespace}"),
            service.to_owned(),
        ]
        .iter()
        .map(|name| Self::parse(name))
        .collect()
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => formatter.write_str(name),
            Self::Ip(address) => address.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_names_and_addresses() {
        let table = [
            ("extreg-webhook.ns.svc", Some("extreg-webhook.ns.svc")),
            ("Example.COM.", Some("example.com")),
            ("*.example.com", Some("*.example.com")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("[::1]", Some("::1")),
            ("::1", Some("::1")),
            ("", None),
            ("a b", None),
            ("a..b", None),
            ("https://a", None),
        ];
        for (text, expected) in table {
            let got = Host::parse(text).ok().map(|host| host.to_string());
            assert_eq!(got.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn finds_the_host_of_a_url() {
        let table = [
            ("https://10.0.0.5:8443/mutate", Some("10.0.0.5")),
            ("https://hook.example.com", Some("hook.example.com")),
            ("https://[fd00::1]:443/x", Some("fd00::1")),
            ("https://host?x=1", Some("host")),
            ("http://host/mutate", None),
            ("https://user@host/", None),
            ("https://:8443/", None),
            ("https://[::1", None),
        ];
        for (url, expected) in table {
            let got = Host::of_url(url).ok().map(|host| host.to_string());
            assert_eq!(got.as_deref(), expected, "{url:?}");
        }
    }

    #[test]
    fn a_service_has_four_names() {
        let names: Vec<_> = Host::of_service("hook", "ns")
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "hook.ns.svc",
            "hook.ns.svc.cluster.local",
            "hook.ns",
            "hook",
        ];
        assert_eq!(names, expected);
        assert!(Host::of_service("hook", "").is_err());
    }
}
