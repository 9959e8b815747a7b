//! `doctor` with a cluster: it reports each broken link, and the bundle contains no secret.

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

/// Objects of a cluster, by path; a list contains the objects whose path starts with its own.
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

/// A healthy webhook in the cluster.
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

/// `forbidden`: verbs with resources that the user cannot use, such as `create secrets`.
pub(crate) fn cluster(objects: Objects, forbidden: &[&str], date: &str) -> Api {
    cluster_unless(objects, forbidden, date, |_| None)
}

/// The same, but `first` can answer instead.
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

fn doctor_checks(
    objects: Objects,
    forbidden: &'static [&'static str],
) -> (i32, BTreeMap<String, String>) {
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
fn healthy_webhook_passes_every_check() {
    let (code, found) = doctor_checks(installed(), &[]);
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
    // No namespace exists in which to prove it.
    assert_is(&found, "proof", "skip ");
    assert_eq!(code, 0, "{found:#?}");
}

enum Change {
    /// This one exists too.
    Added(Value),
    Removed,
    Forbidden,
    Set(&'static str, Value),
}

#[test]
fn reports_each_broken_link() {
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
        // Signed by another CA.
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
            "fail NetworkPolicies block openshift-apiserver and the host network",
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
            "fail kube-apiserver cannot reach v1.image.openshift.io: no endpoints",
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
        let (code, found) = doctor_checks(objects, &[]);
        assert_is(&found, name, expected);
        assert_eq!(
            code == 3,
            expected.starts_with("fail"),
            "{name}: {expected}"
        );
    }
}

#[test]
fn names_missing_rights() {
    let namespace = json!({"metadata": {"name": "default"}});
    let objects = Objects::from([("/api/v1/namespaces/default".to_owned(), namespace)]);
    let (code, found) = doctor_checks(
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
        "warn you cannot set up applications in namespace default: missing permissions: create secrets",
    );
    assert_is(
        &found,
        "check",
        "warn …missing permissions: list registrypolicies.extreg.io",
    );
    assert_is(
        &found,
        "webhook",
        "skip …patch clusterroles.rbac.authorization.k8s.io",
    );
    assert_eq!(code, 0);
}

#[test]
fn reports_clock_skew_and_expired_login() {
    let api = cluster(Objects::new(), &[], "Tue, 01 Jan 2019 00:00:00 GMT");
    let (code, found) = doctor(&["--server", &api.url], &[]);
    assert_eq!(code, 3);
    assert_is(&found, "clock", "fail …differs from the server's by ");
    let api = Api::answering(|_| status(401, "Unauthorized", "no"));
    let (code, found) = doctor(&["--server", &api.url], &[]);
    assert_eq!(code, 3);
    assert_is(
        &found,
        "answers",
        "fail You must be logged in to the server",
    );
}

/// Every file of the bundle, by name.
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
fn bundle_contains_no_secret() {
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
    let printed = format!(
        "{}{}",
        String::from_utf8(run.stdout).unwrap(),
        String::from_utf8(run.stderr).unwrap()
    );
    assert!(printed.contains("review it"), "{printed}");
    let mut files = unpacked(&bundle);
    assert!(files["extreg-doctor/extreg-system/secrets.json"].contains("tls.key"));
    assert!(files["extreg-doctor/environment.json"].contains("(not shown)@proxy"));
    files.insert("stdout".to_owned(), printed);
    let key = STANDARD.encode("-----BEGIN PRIVATE KEY");
    for (name, text) in &files {
        for secret in [CANARY, &encoded, &key[..20], "PRIVATE KEY"] {
            assert!(!text.contains(secret), "{name} holds {secret}:\n{text}");
        }
    }
    let mode = fs::metadata(&bundle).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // An existing file is not overwritten.
    let before = fs::read(&bundle).unwrap();
    doctor().assert().code(2);
    assert_eq!(fs::read(&bundle).unwrap(), before);
}
