//! `doctor` with a cluster: each broken link is found, and nothing secret leaves by the bundle.

use std::{
    collections::BTreeMap, fs, io::Read as _, os::unix::fs::PermissionsExt as _, path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_certs::{
    host::Host,
    issue::{self, Issued, Validity},
};
use jiff::{Timestamp, fmt::rfc2822::DateTimePrinter};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{
    common::extreg,
    doctor::{assert_is, doctor, kubeconfig},
};
use extreg_fakes::{Answer, Api, Seen, ok, status};

/// What a cluster holds, by path; lists are made of what begins with the path.
pub(crate) type Objects = BTreeMap<String, Value>;

fn issued() -> Issued {
    let hosts = Host::of_service("extreg-webhook", "extreg-system").unwrap();
    issue::issue(&hosts, Validity::default(), Timestamp::now()).unwrap()
}

const CONFIGURATION: &str =
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/extreg-webhook";
const SERVICE: &str = "/api/v1/namespaces/extreg-system/services/extreg-webhook";
const SECRET: &str = "/api/v1/namespaces/extreg-system/secrets/extreg-webhook-tls";
const DEPLOYMENT: &str = "/apis/apps/v1/namespaces/extreg-system/deployments/extreg-webhook";
const SLICE: &str = "/apis/discovery.k8s.io/v1/namespaces/extreg-system/endpointslices/s";
const NETWORK: &str = "/apis/networking.k8s.io/v1/namespaces/extreg-system/networkpolicies/n";
const APISERVER: &str = "/api/v1/namespaces/openshift-apiserver";
const POLICY: &str = "/apis/extreg.io/v1alpha1/registrypolicies/hub";
const IMAGES: &str = "/apis/apiregistration.k8s.io/v1/apiservices/v1.image.openshift.io";

/// A policy that is not ready.
fn policy(reason: &str, message: &str) -> Value {
    json!({
        "metadata": {"name": "hub"},
        "spec": {"registry": "docker.io", "push": {"secretName": "hub"}},
        "status": {"conditions": [{"type": "Ready", "status": "False", "reason": reason, "message": message}]},
    })
}

/// A webhook in the cluster, as it should be.
fn installed() -> Objects {
    let issued = issued();
    let service = json!({"namespace": "extreg-system", "name": "extreg-webhook"});
    let objects = [
        (
            CONFIGURATION,
            json!({"metadata": {"name": "extreg-webhook"}, "webhooks": [{
                "failurePolicy": "Ignore",
                "clientConfig": {"service": service, "caBundle": STANDARD.encode(&issued.ca_bundle)},
            }]}),
        ),
        (
            SERVICE,
            json!({"metadata": {"name": "extreg-webhook", "namespace": "extreg-system"}, "spec": {"ports": [{"port": 443}]}}),
        ),
        (
            SECRET,
            json!({"metadata": {"name": "extreg-webhook-tls", "namespace": "extreg-system"}, "data": {
                "tls.crt": STANDARD.encode(&issued.chain),
                "tls.key": STANDARD.encode(issued.key.expose_secret()),
            }}),
        ),
        (
            DEPLOYMENT,
            json!({
                "metadata": {"name": "extreg-webhook", "namespace": "extreg-system", "generation": 1},
                "spec": {"replicas": 1},
                "status": {"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": 1},
            }),
        ),
        (
            SLICE,
            json!({"endpoints": [{"conditions": {"ready": true}}]}),
        ),
        (
            NETWORK,
            json!({"spec": {"podSelector": {}, "ingress": [{}]}}),
        ),
        (
            APISERVER,
            json!({"metadata": {"name": "openshift-apiserver"}}),
        ),
        (
            IMAGES,
            json!({"status": {"conditions": [{"type": "Available", "status": "True"}]}}),
        ),
    ];
    objects
        .into_iter()
        .map(|(path, object)| (path.to_owned(), object))
        .collect()
}

/// `forbidden` are verbs with resources that one cannot, e.g. `create secrets`.
pub(crate) fn cluster(objects: Objects, forbidden: &[&str], date: &str) -> Api {
    cluster_unless(objects, forbidden, date, |_| None)
}

/// The same, where `first` may answer instead.
pub(crate) fn cluster_unless(
    objects: Objects,
    forbidden: &[&str],
    date: &str,
    first: impl Fn(&Seen) -> Option<Answer> + Send + Sync + 'static,
) -> Api {
    let date = date.to_owned();
    Api::at(objects)
        .denying(forbidden)
        .listing(&["/api"])
        .unless(move |seen, _| {
            let version = || ok(&json!({"gitVersion": "v1.34.0"})).header("date", &date);
            first(seen).or_else(|| (seen.path == "/version").then(version))
        })
        .start()
}

pub(crate) fn now() -> String {
    let now = Timestamp::now();
    DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&now)
        .unwrap()
}

fn look(objects: Objects, forbidden: &'static [&'static str]) -> (i32, BTreeMap<String, String>) {
    let api = cluster(objects, forbidden, &now());
    let (code, found) = doctor(&["--server", &api.url, "--read-only"], &[]);
    let seen = api.seen();
    let writes = seen.iter().filter(|seen| !seen.line.starts_with("GET "));
    for write in writes {
        let allowed = [
            "/apis/authorization.k8s.io/",
            "/apis/authentication.k8s.io/",
            "dryRun=All",
        ];
        assert!(
            allowed.iter().any(|part| write.line.contains(part)),
            "{}",
            write.line
        );
    }
    (code, found)
}

#[test]
fn a_webhook_that_is_well_is_found_well() {
    let (code, found) = look(installed(), &[]);
    for name in [
        "version",
        "clock",
        "user",
        "setup",
        "check",
        "webhook",
        "configuration",
        "bundle",
        "service",
        "pods",
        "endpoints",
        "certificate",
        "network",
    ] {
        assert_is(&found, name, "ok ");
    }
    // There is no namespace to prove it in.
    assert_is(&found, "proof", "skip ");
    assert_eq!(code, 0, "{found:#?}");
}

enum Change {
    /// It is there too.
    Added(Value),
    Removed,
    Forbidden,
    Set(&'static str, Value),
}

#[test]
fn each_broken_link_is_found() {
    let bundle = "/webhooks/0/clientConfig/caBundle";
    let table = [
        (
            CONFIGURATION,
            Change::Removed,
            "configuration",
            "skip the webhook is not installed",
        ),
        (CONFIGURATION, Change::Forbidden, "configuration", "skip "),
        (
            CONFIGURATION,
            Change::Set(bundle, json!("")),
            "bundle",
            "fail the caBundle is empty",
        ),
        (
            CONFIGURATION,
            Change::Set(bundle, json!(STANDARD.encode("x"))),
            "bundle",
            "fail the caBundle: ",
        ),
        (
            SERVICE,
            Change::Set("/spec/ports/0/port", json!(80)),
            "service",
            "fail …has no port 443",
        ),
        (SERVICE, Change::Removed, "service", "fail "),
        (SERVICE, Change::Forbidden, "service", "skip "),
        (
            DEPLOYMENT,
            Change::Set("/status", json!({})),
            "pods",
            "warn ",
        ),
        (SLICE, Change::Removed, "endpoints", "fail no pod is ready"),
        (
            SLICE,
            Change::Set("/endpoints/0/conditions/ready", json!(false)),
            "endpoints",
            "fail no pod is ready",
        ),
        // Signed by somebody else.
        (
            SECRET,
            Change::Set("/data/tls.crt", json!(STANDARD.encode(issued().chain))),
            "certificate",
            "fail the API servers do not accept it",
        ),
        (SECRET, Change::Forbidden, "certificate", "skip "),
        (
            NETWORK,
            Change::Set("/spec/ingress", json!([])),
            "network",
            "fail NetworkPolicies keep out openshift-apiserver and the host network",
        ),
        (APISERVER, Change::Removed, "network", "skip "),
        (
            POLICY,
            Change::Added(policy("SecretsUnknown", "the webhook cannot read it")),
            "policies",
            "fail hub is not ready: the webhook cannot read it",
        ),
        (
            POLICY,
            Change::Added(policy("Invalid", "no glob")),
            "policies",
            "fail hub is not ready: no glob",
        ),
        (
            IMAGES,
            Change::Set(
                "/status/conditions/0",
                json!({"type": "Available", "status": "False", "message": "no endpoints"}),
            ),
            "aggregation",
            "fail kube-apiserver does not reach v1.image.openshift.io: no endpoints",
        ),
    ];
    for (path, change, name, expected) in table {
        let mut objects = installed();
        match change {
            Change::Removed => drop(objects.remove(path)),
            Change::Forbidden => drop(objects.insert(path.to_owned(), json!(403))),
            Change::Added(object) => drop(objects.insert(path.to_owned(), object)),
            Change::Set(pointer, value) => {
                let object = objects.get_mut(path).unwrap();
                *object.pointer_mut(pointer).unwrap() = value;
            }
        }
        let (code, found) = look(objects, &[]);
        assert_is(&found, name, expected);
        assert_eq!(
            code == 3,
            expected.starts_with("fail"),
            "{name}: {expected}"
        );
    }
}

#[test]
fn rights_that_are_lacking_are_named() {
    let namespace = json!({"metadata": {"name": "default"}});
    let objects = Objects::from([("/api/v1/namespaces/default".to_owned(), namespace)]);
    let (code, found) = look(
        objects,
        &[
            "create secrets",
            "list registrypolicies",
            "patch clusterroles",
        ],
    );
    assert_is(
        &found,
        "setup",
        "warn may not set applications up in namespace default: lacks create secrets",
    );
    assert_is(
        &found,
        "check",
        "warn …lacks list registrypolicies.extreg.io",
    );
    assert_is(
        &found,
        "webhook",
        "skip …patch clusterroles.rbac.authorization.k8s.io",
    );
    assert_eq!(code, 0);
}

#[test]
fn a_clock_that_is_off_and_a_login_that_ended_are_found() {
    let api = cluster(Objects::new(), &[], "Tue, 01 Jan 2019 00:00:00 GMT");
    let (code, found) = doctor(&["--server", &api.url], &[]);
    assert_eq!(code, 3);
    assert_is(&found, "clock", "fail …s from the server's");
    let api = Api::answering(|_| status(401, "Unauthorized", "no"));
    let (code, found) = doctor(&["--server", &api.url], &[]);
    assert_eq!(code, 3);
    assert_is(
        &found,
        "answers",
        "fail You must be logged in to the server",
    );
}

/// Every file of the bundle, by its name.
fn unpacked(path: &Path) -> BTreeMap<String, String> {
    let archive = flate2::read::GzDecoder::new(fs::File::open(path).unwrap());
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    files
}

#[test]
fn nothing_secret_is_in_the_bundle() {
    const CANARY: &str = "canary-5c8e";
    let mut objects = installed();
    let encoded = STANDARD.encode(CANARY);
    let url = format!("https://bob:{CANARY}@proxy");
    objects.get_mut(SECRET).unwrap()["data"]["more"] = json!(encoded);
    objects.get_mut(SECRET).unwrap()["metadata"]["annotations"] =
        json!({"kubectl.kubernetes.io/last-applied-configuration": CANARY});
    let deployment = objects.get_mut(DEPLOYMENT).unwrap();
    deployment["spec"]["template"]["spec"]["containers"] = json!([{
        "env": [{"name": "TOKEN", "value": CANARY}],
        "args": [format!("--proxy={url}"), format!("sha256~{CANARY}")],
    }]);
    let dir = tempfile::tempdir().unwrap();
    let api = cluster(objects, &[], &now());
    let file = kubeconfig(
        dir.path(),
        &format!(
            "clusters: [{{name: c, cluster: {{server: '{}', proxy-url: ''}}}}]\n\
             users: [{{name: u, user: {{token: {CANARY}, password: {CANARY}, client-key-data: {encoded}}}}}]\n\
             contexts: [{{name: x, context: {{cluster: c, user: u}}}}]\n\
             current-context: x\n",
            api.url
        ),
    );
    let bundle = dir.path().join("doctor.tar.gz");
    let doctor = || {
        let mut doctor = extreg();
        doctor
            .args(["doctor", "-v", "9", "--kubeconfig", &file, "--bundle"])
            .arg(&bundle)
            .env("HTTPS_PROXY", &url)
            .env("EXTREG_TOKEN", CANARY);
        doctor
    };
    let run = doctor().output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8(run.stdout).unwrap(),
        String::from_utf8(run.stderr).unwrap()
    );
    assert!(said.contains("look through it"), "{said}");
    let mut files = unpacked(&bundle);
    assert!(files["extreg-doctor/extreg-system/secrets.json"].contains("tls.key"));
    assert!(files["extreg-doctor/environment.json"].contains("(not shown)@proxy"));
    files.insert("what was said".to_owned(), said);
    let key = STANDARD.encode("-----BEGIN PRIVATE KEY");
    for (name, text) in &files {
        for secret in [CANARY, &encoded, &key[..20], "PRIVATE KEY"] {
            assert!(!text.contains(secret), "{name} holds {secret}:\n{text}");
        }
    }
    let mode = fs::metadata(&bundle).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // It is not written over.
    let before = fs::read(&bundle).unwrap();
    doctor().assert().code(2);
    assert_eq!(fs::read(&bundle).unwrap(), before);
}
