//! Whether a proxy of the environment applies to a server, as in Go's `golang.org/x/net/http/httpproxy`,
//! which `oc` and `kubectl` use. kube compares `NO_PROXY` with the proxy's own host.

use std::net::IpAddr;

use http::Uri;

/// The proxy for a server: `HTTPS_PROXY`, unless `NO_PROXY` names the server. `get` reads a variable.
pub fn proxy_of_environment(server: &Uri, get: impl Fn(&str) -> Option<String>) -> Option<String> {
    let either = |name: &str| {
        let set = |name: &str| get(name).filter(|value| !value.is_empty());
        set(name).or_else(|| set(&name.to_ascii_lowercase()))
    };
    let proxy = either("HTTPS_PROXY")?;
    let is_direct = server.scheme_str() != Some("https")
        || is_direct(server, &either("NO_PROXY").unwrap_or_default());
    (!is_direct).then_some(proxy)
}

fn is_direct(server: &Uri, no_proxy: &str) -> bool {
    let host = server.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let port = server.port_u16().unwrap_or(443);
    let address = host.parse::<IpAddr>().ok();
    if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
        return true;
    }
    no_proxy
        .split(',')
        .map(|entry| entry.trim().to_ascii_lowercase())
        .filter(|entry| !entry.is_empty())
        .any(|entry| is_named(&entry, &host, port, address))
}

fn is_named(entry: &str, host: &str, port: u16, address: Option<IpAddr>) -> bool {
    if entry == "*" {
        return true;
    }
    if let Some((network, bits)) = entry.split_once('/') {
        return address.is_some_and(|address| is_within(address, network, bits));
    }
    let (name, wanted) = split_port(entry);
    if wanted.is_some_and(|wanted| wanted != port) {
        return false;
    }
    if let (Some(address), Ok(named)) = (address, name.parse::<IpAddr>()) {
        return address == named;
    }
    let name = name.strip_prefix('*').unwrap_or(name);
    if name.starts_with('.') {
        // Only hosts below the domain.
        return host.ends_with(name);
    }
    let below = host.strip_suffix(name);
    below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// The host, and the port if there is one; an IPv6 address has its own colons.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(rest) = entry.strip_prefix('[') {
        let (host, port) = rest.split_once(']').unwrap_or((rest, ""));
        return (
            host,
            port.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    match entry.split_once(':') {
        Some((host, port)) if !port.contains(':') => (host, port.parse().ok()),
        _ => (entry, None),
    }
}

fn is_within(address: IpAddr, network: &str, bits: &str) -> bool {
    let Ok(bits) = bits.parse::<u32>() else {
        return false;
    };
    match (address, network.parse::<IpAddr>()) {
        (IpAddr::V4(address), Ok(IpAddr::V4(network))) if bits <= 32 => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        (IpAddr::V6(address), Ok(IpAddr::V6(network))) if bits <= 128 => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            address.to_bits() & mask == network.to_bits() & mask
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_used(server: &str, no_proxy: &str) -> bool {
        let get = |name: &str| match name {
            "https_proxy" => Some("http://proxy:3128".to_owned()),
            "NO_PROXY" => Some(no_proxy.to_owned()),
            _ => None,
        };
        proxy_of_environment(&server.parse().unwrap(), get).is_some()
    }

    /// The cases of Go's documentation of `httpproxy.Config.NoProxy`.
    #[test]
    fn no_proxy_is_read_as_go_reads_it() {
        let table = [
            ("https://api.example.com:6443", "", true),
            ("https://api.example.com:6443", "*", false),
            ("https://api.example.com:6443", "example.com", false),
            ("https://api.example.com:6443", ".example.com", false),
            ("https://api.example.com:6443", "*.example.com", false),
            ("https://example.com:6443", ".example.com", true),
            ("https://example.com:6443", "example.com", false),
            ("https://badexample.com", "example.com", true),
            (
                "https://api.example.com:6443",
                "x, API.example.com:6443",
                false,
            ),
            ("https://api.example.com:6443", "api.example.com:443", true),
            ("https://10.1.2.3:6443", "10.1.0.0/16", false),
            ("https://10.2.2.3:6443", "10.1.0.0/16", true),
            ("https://10.2.2.3:6443", "0.0.0.0/0", false),
            ("https://10.1.2.3:6443", "10.1.2.3", false),
            ("https://[fd00::1]:6443", "fd00::/8", false),
            ("https://[fd00::1]:6443", "[fd00::1]:6443", false),
            ("https://127.0.0.1:6443", "", false),
            ("https://localhost:6443", "", false),
            // The proxy's own name does not matter.
            ("https://api.example.com:6443", "proxy", true),
            ("http://api.example.com", "", false),
        ];
        for (server, no_proxy, used) in table {
            assert_eq!(is_used(server, no_proxy), used, "{server} {no_proxy}");
        }
    }
}
