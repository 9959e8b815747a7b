//! The connection to the API server: proxies, and the authorities that can sign its certificate.

use std::{env, fs};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_certs::inspect;
use extreg_cluster::{Login, proxy_of_environment};
use http::Uri;
use jiff::Timestamp;
use kube::config::Cluster as KubeCluster;

use super::redact;

use crate::checklist::{Checks, Group};

const GROUP: Group = Group::Network;

/// Runs the checks.
pub(super) fn look(login: Option<&Login>, checks: &mut Checks) {
    let Some((_, Some(cluster))) = login.and_then(|login| login.cluster.as_ref()) else {
        return;
    };
    proxy(cluster, checks);
    authority(cluster, Timestamp::now(), checks);
}

fn proxy(cluster: &KubeCluster, checks: &mut Checks) {
    let server = cluster.server.as_deref().unwrap_or_default();
    if let Some(proxy) = cluster
        .proxy_url
        .as_deref()
        .filter(|proxy| !proxy.is_empty())
    {
        let proxy = redact::text(proxy);
        checks.ok(GROUP, "proxy", format!("{proxy}, from the kubeconfig"));
        return;
    }
    let Ok(server) = server.parse::<Uri>() else {
        checks.fail(
            GROUP,
            "proxy",
            format!(
                "the server in the kubeconfig is not a valid URL: {}",
                redact::text(server)
            ),
            "oc config view",
        );
        return;
    };
    let set = ["HTTPS_PROXY", "https_proxy"]
        .iter()
        .any(|name| env::var(name).is_ok_and(|value| !value.is_empty()));
    match proxy_of_environment(&server, |name| env::var(name).ok()) {
        Some(proxy) => {
            let proxy = redact::text(&proxy);
            checks.ok(GROUP, "proxy", format!("{proxy}, from HTTPS_PROXY"));
        }
        None if set => checks.ok(
            GROUP,
            "proxy",
            "none for this server: it is exempt from HTTPS_PROXY",
        ),
        None => checks.ok(GROUP, "proxy", "none"),
    }
}

fn authority(cluster: &KubeCluster, now: Timestamp, checks: &mut Checks) {
    let renew = "oc login";
    if cluster.insecure_skip_tls_verify == Some(true) {
        checks.warn(
            GROUP,
            "authority",
            "the API server's certificate is not verified (insecure-skip-tls-verify)",
            renew,
        );
        return;
    }
    let pem = match (
        &cluster.certificate_authority_data,
        &cluster.certificate_authority,
    ) {
        (Some(data), _) => STANDARD.decode(data).map_err(|error| error.to_string()),
        (None, Some(file)) => fs::read(file).map_err(|error| format!("{file}: {error}")),
        (None, None) => {
            checks.ok(
                GROUP,
                "authority",
                "the trusted authorities of this machine",
            );
            return;
        }
    };
    let authorities = pem.and_then(|pem| inspect::inspect(&pem).map_err(|error| error.to_string()));
    match authorities {
        Err(why) => checks.fail(GROUP, "authority", why, renew),
        Ok(all) => match all.iter().map(|ca| ca.not_after).max() {
            None => checks.fail(GROUP, "authority", "it contains no certificate", renew),
            Some(end) if end <= now => {
                checks.fail(GROUP, "authority", format!("expired at {end}"), renew);
            }
            Some(end) => checks.ok(
                GROUP,
                "authority",
                format!("{} from the kubeconfig, until {end}", all.len()),
            ),
        },
    }
}
