//! An API server with the resources that the webhook and the importer list.

use extreg_fakes::Api;
use kube::{Client, Config};
use serde_json::json;

pub(crate) const NAMESPACES: &str = "/api/v1/namespaces";
pub(crate) const BUILDERS: &str = "/api/v1/serviceaccounts?metadata.name=builder";
pub(crate) const SECRETS: &str = "/api/v1/secrets?metadata.name=dockerhub";
pub(crate) const IMAGE_CONFIG: &str = "/apis/config.openshift.io/v1/images?metadata.name=cluster";
pub(crate) const POLICIES: &str = "/apis/extreg.io/v1alpha1/registrypolicies";
pub(crate) const LEASE: &str =
    "/apis/coordination.k8s.io/v1/namespaces/extreg-system/leases/extreg-webhook";

/// An API server without any of these objects.
pub(crate) fn empty() -> Api {
    let lists = [NAMESPACES, BUILDERS, SECRETS, IMAGE_CONFIG, POLICIES];
    Api::at(lists.map(|list| (list, json!([]))))
}

/// The same on loopback, and a client for it.
pub(crate) fn start() -> (Api, Client) {
    let api = empty().start();
    let client = client(&api.url);
    (api, client)
}

pub(crate) fn client(url: &str) -> Client {
    extreg_certs::crypto::install();
    let mut config = Config::new(url.parse().unwrap());
    config.default_retry = false;
    Client::try_from(config).unwrap()
}
