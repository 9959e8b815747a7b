//! `audit --publish`: reports that it writes and removes.

use serde_json::json;

use super::audit_cluster::{PODS, audit, cluster, list, pod};
use extreg_fakes::{ok, status};

#[test]
fn publishes_findings_and_removes_old_reports() {
    let reports = "/apis/openreports.io/v1alpha1/reports";
    let api = cluster(move |path, seen| {
        if seen.line.starts_with("PATCH ") {
            return Some(ok(&seen.body));
        }
        if seen.line.starts_with("DELETE ") {
            return Some(ok("{}"));
        }
        Some(match path {
            PODS => list(&[pod("shop", "a")]),
            "/apis/openreports.io/v1alpha1" => {
                ok(r#"{"resources":[{"name":"reports"},{"name":"clusterreports"}]}"#)
            }
            "/apis/openreports.io/v1alpha1/clusterreports" => list(&[]),
            path if path == reports => list(&[
                json!({"metadata": {"name": "extreg-audit", "namespace": "gone"}}),
                json!({"metadata": {"name": "somebody-elses", "namespace": "gone"}}),
            ]),
            _ => return None,
        })
    });
    let run = audit(&api, &["-A", "--publish"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("published"), "{}", run.err);
    let lines: Vec<String> = api.seen().into_iter().map(|seen| seen.line).collect();
    let begins = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert!(
        begins("PATCH /apis/openreports.io/v1alpha1/") >= 1,
        "{lines:#?}"
    );
    assert_eq!(
        begins("DELETE /apis/openreports.io/v1alpha1/namespaces/gone/reports/extreg-audit"),
        1
    );
    assert_eq!(begins("DELETE "), 1);

    let without = cluster(|path, _| (path == PODS).then(|| list(&[pod("a", "b")])));
    let run = audit(&without, &["-A", "--publish"]);
    assert_eq!(run.code, 1);
    assert!(
        run.err.contains("does not serve openreports.io/v1alpha1"),
        "{}",
        run.err
    );
}

#[test]
fn namespace_run_does_not_write_the_cluster_report() {
    let api = cluster(move |path, seen| {
        if seen.line.starts_with("PATCH ") {
            return Some(ok(&seen.body));
        }
        Some(match path {
            "/api/v1/namespaces/shop/pods" | PODS => list(&[pod("shop", "a")]),
            "/apis/openreports.io/v1alpha1" => {
                ok(r#"{"resources":[{"name":"reports"},{"name":"clusterreports"}]}"#)
            }
            "/apis/openreports.io/v1alpha1/clusterreports"
            | "/apis/openreports.io/v1alpha1/reports"
            | "/apis/openreports.io/v1alpha1/namespaces/shop/reports" => list(&[]),
            _ => return None,
        })
    });
    let touched = |args: &[&str]| {
        let before = api.seen().len();
        let run = audit(&api, args);
        assert_eq!(run.code, 0, "{}", run.err);
        let seen = api.seen().split_off(before);
        let of_cluster = |line: &str| line.contains("/clusterreports");
        (
            seen.iter().any(|seen| of_cluster(&seen.line)),
            run.err.contains("the ClusterReport is unchanged"),
        )
    };
    assert_eq!(touched(&["-A", "--publish"]), (true, false));
    assert_eq!(touched(&["-n", "shop", "--publish"]), (false, true));
}

/// The answer of kube-apiserver for a namespace that is being deleted.
const TERMINATING: &str = "reports.openreports.io \"extreg-audit\" is forbidden: unable to create \
                           new content in namespace b-ending because it is being terminated";

#[test]
fn failed_write_in_one_namespace_does_not_stop_the_rest() {
    let names = ["a-broken", "b-ending", "c-good", "d-good"];
    let api = |broken: bool| {
        cluster(move |path, seen| {
            if seen.line.starts_with("PATCH ") {
                return Some(if path.contains("/b-ending/") {
                    status(403, "Forbidden", TERMINATING)
                } else if broken && path.contains("/a-broken/") {
                    status(500, "InternalError", "broken")
                } else {
                    ok(&seen.body)
                });
            }
            Some(match path {
                PODS => list(&names.map(|name| pod(name, "a"))),
                "/apis/openreports.io/v1alpha1" => {
                    ok(r#"{"resources":[{"name":"reports"},{"name":"clusterreports"}]}"#)
                }
                "/apis/openreports.io/v1alpha1/clusterreports"
                | "/apis/openreports.io/v1alpha1/reports" => list(&[]),
                _ => return None,
            })
        })
    };
    for (broken, code) in [(true, 5), (false, 0)] {
        let api = api(broken);
        let run = audit(&api, &["-A", "--publish"]);
        assert_eq!(run.code, code, "{}", run.err);
        let written = |name: &str| {
            let path = format!("/namespaces/{name}/reports/");
            let mut seen = api.seen().into_iter();
            seen.any(|seen| seen.line.starts_with("PATCH ") && seen.line.contains(&path))
        };
        assert!(names.iter().all(|name| written(name)), "{}", run.err);
        assert!(
            run.err
                .contains("skipped 1 namespace that is being deleted: b-ending"),
            "{}",
            run.err
        );
        assert_eq!(
            run.err.contains("in a-broken: Error from server"),
            broken,
            "{}",
            run.err
        );
    }
}
