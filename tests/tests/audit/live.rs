//! A cluster and the files that it was created from.

use std::collections::BTreeSet;

use super::support::{extreg, files, findings, gaps, plane};

/// Findings that require a cluster: nothing was ever imported, and no other secret, webhook, mirror or global pull
/// secret exists.
const ONLY_LIVE: [&str; 23] = [
    "EXR005 | never-imported | data | ImageStream/feeds | a | fail",
    "EXR005 | never-imported | data | ImageStream/feeds | b | fail",
    "EXR005 | never-imported | data | ImageStream/feeds | c | fail",
    "EXR005 | never-imported | data | ImageStream/feeds | d | fail",
    "EXR005 | never-imported | data | ImageStream/feeds | e | fail",
    "EXR005 | never-imported | legacy | ImageStream/mixed | hub1 | fail",
    "EXR005 | never-imported | legacy | ImageStream/mixed | pinned | fail",
    "EXR005 | never-imported | legacy | ImageStream/mixed | quay | fail",
    "EXR005 | never-imported | legacy | ImageStream/mixed | short | fail",
    "EXR005 | never-imported | shop | ImageStream/cart | latest | fail",
    "EXR005 | never-imported | shop | ImageStream/cart | v1 | fail",
    "EXR007 | anonymous-import | data | ImageStream/feeds | a | fail",
    "EXR007 | anonymous-import | data | ImageStream/feeds | b | fail",
    "EXR007 | anonymous-import | data | ImageStream/feeds | c | fail",
    "EXR007 | anonymous-import | data | ImageStream/feeds | d | fail",
    "EXR007 | anonymous-import | data | ImageStream/feeds | e | fail",
    "EXR007 | anonymous-import | legacy | ImageStream/mixed | hub1 | fail",
    "EXR007 | anonymous-pull | data | CronJob/nightly | job | fail",
    "EXR007 | anonymous-pull | legacy | DeploymentConfig/old | old | fail",
    // 6 scheduled tags, 24 times in 6 hours each: the fifth exceeds the limit of 100.
    "EXR008 | anonymous | data | ImageStream/feeds | e | fail",
    // Secrets that are named, but do not exist.
    "EXR009 | missing-secret | data | CronJob/nightly | hub | fail",
    "EXR009 | missing-secret | legacy | BuildConfig/batch | gone | fail",
    "EXR014 | absent |  | MutatingWebhookConfiguration/extreg-webhook |  | fail",
];

/// Checks that only files cannot decide.
const ONLY_FILES: [&str; 10] = [
    "EXR007 | anonymous-import | data | ImageStream/feeds | a | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | b | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | c | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | d | unknown",
    "EXR007 | anonymous-import | data | ImageStream/feeds | e | unknown",
    "EXR007 | anonymous-import | legacy | ImageStream/mixed | hub1 | unknown",
    "EXR007 | anonymous-pull | data | CronJob/nightly | job | unknown",
    "EXR007 | anonymous-pull | legacy | DeploymentConfig/old | old | unknown",
    // The build waits for a missing secret, and pushes nothing.
    "EXR007 | anonymous-push | legacy | BuildConfig/batch |  | unknown",
    "EXR008 | unknown-identity | data | ImageStream/feeds | a | unknown",
];

#[tokio::test]
async fn a_cluster_and_its_files_have_the_same_findings() {
    let plane = plane().await;
    let live = extreg(plane.kubeconfig(), &["audit", "-A", "-o", "json"]).report(0);
    assert_eq!(gaps(&live), BTreeSet::new());
    let files = files().map(|file| file.display().to_string());
    let args = ["audit", "-f", &files[0], "-f", &files[1], "-o", "json"];
    let offline = extreg(plane.kubeconfig(), &args).report(0);

    let (live_findings, offline_findings) = (findings(&live), findings(&offline));
    let only = |a: &BTreeSet<String>, b: &BTreeSet<String>| -> Vec<String> {
        a.difference(b).cloned().collect()
    };
    assert_eq!(only(&live_findings, &offline_findings), ONLY_LIVE);
    assert_eq!(only(&offline_findings, &live_findings), ONLY_FILES);
    assert!(live_findings.intersection(&offline_findings).count() > 15);

    // For a field that both know completely the words are equal.
    let words = |report: &serde_json::Value| -> BTreeSet<String> {
        let findings = report["sections"][0]["findings"].as_array().unwrap().iter();
        findings
            .filter(|finding| finding["outcome"] == "fail" && finding["check"] != "EXR004")
            .map(|finding| finding["message"].as_str().unwrap().to_owned())
            .collect()
    };
    let unlike: Vec<String> = only(&words(&offline), &words(&live));
    assert_eq!(unlike, Vec::<String>::new());

    // The decisions of the webhook are equal.
    let decisions = |report: &serde_json::Value| -> BTreeSet<String> {
        let all = report["sections"][0]["injections"]
            .as_array()
            .unwrap()
            .iter();
        all.map(|of| {
            let place = &of["place"];
            format!(
                "{} {} {} {} {}",
                place["namespace"], place["kind"], place["name"], place["field"], of["message"]
            )
        })
        .collect()
    };
    assert_eq!(decisions(&live), decisions(&offline));
}

#[tokio::test]
async fn findings_of_one_namespace_are_a_subset() {
    let plane = plane().await;
    let all = findings(&extreg(plane.kubeconfig(), &["audit", "-A", "-o", "json"]).report(0));
    for namespace in ["data", "legacy", "shop"] {
        let args = ["audit", "-n", namespace, "-o", "json"];
        let one = findings(&extreg(plane.kubeconfig(), &args).report(0));
        let is_here = |finding: &&String| finding.contains(&format!(" | {namespace} | "));
        let here = |findings: &BTreeSet<String>| -> BTreeSet<String> {
            findings.iter().filter(is_here).cloned().collect()
        };
        assert_eq!(here(&one), here(&all), "{namespace}");
        let elsewhere: Vec<&String> = one
            .iter()
            .filter(|finding| !is_here(finding) && !finding.contains(" |  | "))
            .collect();
        assert_eq!(elsewhere, Vec::<&String>::new(), "{namespace}");
    }
}

#[tokio::test]
async fn empty_cluster_is_inconclusive() {
    let plane = plane().await;
    let empty = plane.namespace("empty").await.unwrap();
    for format in ["table", "json", "name", "sarif", "junit"] {
        let run = extreg(plane.kubeconfig(), &["audit", "-n", &empty, "-o", format]);
        assert_eq!(run.code, 4, "{format}: {}", run.err);
        assert!(run.err.contains("no objects were read"), "{}", run.err);
    }
    let allowed = extreg(
        plane.kubeconfig(),
        &["audit", "-n", &empty, "-o", "json", "--allow-empty"],
    );
    assert_eq!(allowed.code, 0, "{}", allowed.err);
}
