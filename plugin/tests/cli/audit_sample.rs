//! Every finding of the sample tree: what is wrong with a small cluster, reported once, and nothing
//! else. The tree comes from `cluster.yaml` beside it, with `registrySources` that block ghcr.io and trust
//! registry.lab.example.com:5000, an import list, and mirrors of docker.io.

use std::path::Path;

use super::audit::{DATA, run_in};

/// Check, rule, namespace, object, part and outcome, in the order of the lines.
const EXPECTED: [&str; 55] = [
    // ghcr.io is blocked, and the second container of proxy uses it.
    "EXR001 | blocked | legacy | Deployment/proxy | side | fail",
    // Registries are blocked, but no allow-list exists. Imports have an allow-list: no EXR003.
    "EXR002 | only-blocked |  | Image/cluster |  | fail",
    "EXR004 | cluster-insecure |  | Image/cluster | registry.lab.example.com:5000 | fail",
    "EXR004 | tag-insecure | legacy | ImageStream/mixed | quay | fail",
    // All imports of the tree except nginx failed: the name server could not resolve a registry. Tag prod
    // follows another tag, ref is a reference, and pinned is a digest.
    "EXR005 | import-failed | data | ImageStream/feeds | a | fail",
    "EXR005 | import-failed | data | ImageStream/feeds | b | fail",
    "EXR005 | import-failed | data | ImageStream/feeds | c | fail",
    "EXR005 | import-failed | data | ImageStream/feeds | d | fail",
    "EXR005 | import-failed | data | ImageStream/feeds | e | fail",
    "EXR005 | import-failed | legacy | ImageStream/mixed | hub1 | fail",
    "EXR005 | import-failed | legacy | ImageStream/mixed | quay | fail",
    "EXR005 | import-failed | shop | ImageStream/cart | latest | fail",
    "EXR005 | import-failed | shop | ImageStream/cart | v1 | fail",
    "EXR005 | not-scheduled | legacy | ImageStream/mixed | quay | fail",
    "EXR005 | not-scheduled | legacy | ImageStream/mixed | short | fail",
    "EXR005 | not-scheduled | shop | ImageStream/cart | v1 | fail",
    "EXR005 | repository-never-scheduled | legacy | ImageStream/follow |  | fail",
    // Deployment cart has a trigger, container side a digest. OpenShift creates the deployer's pod,
    // and its image cannot be changed.
    "EXR006 | latest | legacy | Deployment/proxy | init | fail",
    "EXR006 | latest | legacy | Deployment/proxy | proxy | fail",
    "EXR006 | latest | legacy | Pod/proxy-1 | proxy | fail",
    "EXR006 | tag | data | CronJob/nightly | job | fail",
    "EXR006 | tag | legacy | DeploymentConfig/old | old | fail",
    // Only docker.io counts pulls. Whether a credential exists is unknown: the values
    // of secrets, ServiceAccounts and the global pull secret are missing. A tag that is
    // pinned is not imported again, a reference never; BuildConfig batch waits for its secret.
    "EXR007 | anonymous-build-pull | shop | BuildConfig/search |  | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | a | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | b | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | c | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | d | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | e | unknown",
    "EXR007 | anonymous-import | legacy | ImageStream/follow |  | unknown",
    "EXR007 | anonymous-import | legacy | ImageStream/mixed | hub1 | unknown",
    "EXR007 | anonymous-import | legacy | ImageStream/mixed | short | unknown",
    "EXR007 | anonymous-import | shop | ImageStream/cart | latest | unknown",
    "EXR007 | anonymous-import | shop | ImageStream/cart | v1 | unknown",
    "EXR007 | anonymous-pull | data | CronJob/nightly | job | unknown",
    "EXR007 | anonymous-pull | legacy | Deployment/proxy | init | unknown",
    "EXR007 | anonymous-pull | legacy | Deployment/proxy | proxy | unknown",
    "EXR007 | anonymous-pull | legacy | DeploymentConfig/old | old | unknown",
    "EXR007 | anonymous-pull | legacy | Pod/proxy-1 | proxy | unknown",
    "EXR007 | anonymous-pull | shop | Deployment/cart | cart | unknown",
    "EXR007 | anonymous-push | shop | BuildConfig/cart |  | unknown",
    "EXR007 | anonymous-push | shop | BuildConfig/search |  | unknown",
    // Seven scheduled tags of docker.io, reported once at the first.
    "EXR008 | unknown-identity | data | ImageStream/feeds | a | unknown",
    // Secrets that OpenShift creates for its own registry are skipped.
    "EXR009 | missing-secret | data | CronJob/nightly | hub | fail",
    "EXR009 | missing-secret | legacy | BuildConfig/batch | gone | fail",
    "EXR009 | unreadable | legacy | Secret/hub-broken |  | unknown",
    "EXR009 | unreadable | legacy | Secret/hub-two |  | unknown",
    "EXR009 | unreadable | shop | Secret/dockerhub |  | unknown",
    // A workload's short name is resolved by search; a push and an import have a default registry.
    "EXR010 | implied | legacy | BuildConfig/batch |  | fail",
    "EXR010 | implied | legacy | ImageStream/mixed | short | fail",
    "EXR010 | searched | legacy | Deployment/proxy | init | fail",
    "EXR010 | searched | legacy | Deployment/proxy | proxy | fail",
    "EXR010 | searched | legacy | Pod/proxy-1 | proxy | fail",
    // A tree contains no webhook configurations.
    "EXR014 | absent |  | MutatingWebhookConfiguration/extreg-webhook |  | unknown",
    "EXR015 | hidden-source |  | ImageDigestMirrorSet/hub | docker.io | fail",
    "EXR015 | hidden-source |  | ImageTagMirrorSet/hub | docker.io | fail",
];

#[test]
fn sample_has_exactly_the_expected_findings() {
    let args = ["audit", "--must-gather", "inspect", "-o", "json"];
    let report = run_in(Path::new(DATA), &args, "").json();
    let mut found: Vec<String> = report["sections"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| {
            let place = &finding["place"];
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            [
                text(&finding["check"]),
                text(&finding["rule"]),
                text(&place["namespace"]),
                format!("{}/{}", text(&place["kind"]), text(&place["name"])),
                text(&place["part"]),
                text(&finding["outcome"]),
            ]
            .join(" | ")
        })
        .collect();
    found.sort();
    assert!(EXPECTED.is_sorted(), "the table is out of order");
    assert_eq!(found, EXPECTED);
}
