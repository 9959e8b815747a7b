//! A user with permissions in one namespace only.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::support::{Run, apply, extreg, findings, gaps, kubectl, plane};

/// Every format, and how its output reports an unreadable resource.
const FORMATS: [(&str, Stdout); 12] = [
    ("table", Stdout::Contains("secrets in shop")),
    ("wide", Stdout::Contains("secrets in shop")),
    ("name", Stdout::Nothing),
    ("html", Stdout::Contains("secrets in shop")),
    ("json", Stdout::Contains("secrets in shop")),
    ("yaml", Stdout::Contains("secrets in shop")),
    ("csv", Stdout::Contains("secrets in shop")),
    ("sarif", Stdout::Contains("secrets in shop")),
    ("junit", Stdout::Contains("secrets in shop")),
    ("openreports", Stdout::Contains("secrets in shop")),
    ("markdown", Stdout::Contains("secrets in shop")),
    ("cyclonedx", Stdout::Contains("secrets in shop")),
];

/// The content of stdout for a gap.
#[derive(Clone, Copy)]
enum Stdout {
    Contains(&'static str),
    /// The format has names only: stderr reports it.
    Nothing,
}

/// All resources of namespace shop except its secrets.
const MEMBER: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: member, namespace: shop}
rules:
- {apiGroups: [''], resources: [pods, replicationcontrollers, serviceaccounts, namespaces], verbs: [get, list]}
- {apiGroups: [apps], resources: ['*'], verbs: [get, list]}
- {apiGroups: [batch], resources: ['*'], verbs: [get, list]}
- {apiGroups: [apps.openshift.io, build.openshift.io, image.openshift.io], resources: ['*'], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: member, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: member}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: ann}
";

fn audit(who: &Path, more: &[&str]) -> Run {
    extreg(who, &[&["audit", "-n", "shop"], more].concat())
}

#[tokio::test]
async fn namespace_member_audits_it_and_sees_the_gaps() {
    let plane = plane().await;
    apply(plane, MEMBER);
    let ann = plane.user("ann", &[]).unwrap();

    let report = audit(&ann, &["-o", "json"]).report(0);
    let found = findings(&report);
    assert!(
        found.contains("EXR005 | not-scheduled | shop | ImageStream/cart | v1 | fail"),
        "{found:#?}"
    );
    // Checks that depend on unread resources are inconclusive.
    assert!(
        found.contains("EXR007 | anonymous-push | shop | BuildConfig/cart |  | unknown"),
        "{found:#?}"
    );
    let missing = [
        "clusterimagepolicies.config.openshift.io",
        "imagecontentsourcepolicies.operator.openshift.io",
        "imagedigestmirrorsets.config.openshift.io",
        "imagepolicies.config.openshift.io in shop",
        "images.config.openshift.io",
        "imagetagmirrorsets.config.openshift.io",
        "mutatingwebhookconfigurations.admissionregistration.k8s.io",
        "secrets in shop",
        "the global pull secret",
    ];
    assert_eq!(
        gaps(&report),
        missing.map(|what| format!("{what}: forbidden")).into()
    );

    for (format, stdout) in FORMATS {
        let run = audit(&ann, &["-o", format]);
        assert_eq!(run.code, 0, "{format}: {}", run.err);
        let is_reported = match stdout {
            Stdout::Contains(what) => run.out.contains(what),
            Stdout::Nothing => run.err.contains("audit rbac --export"),
        };
        assert!(is_reported, "{format}: {}\n{}", run.out, run.err);
        let gated = audit(&ann, &["-o", format, "--require-coverage", "100"]);
        assert_eq!(gated.code, 4, "{format}: {}", gated.err);
    }

    // An administrator grants the missing permissions.
    let role = audit_rbac(&ann, &["--export"]);
    assert_eq!(role.code, 0, "{}", role.err);
    apply(plane, &role.out);
    let bind = [
        "create",
        "clusterrolebinding",
        "extreg-audit",
        "--clusterrole=extreg-audit",
        "--user=ann",
    ];
    let bound = kubectl(plane, &bind, "");
    assert_eq!(bound.code, 0, "{}", bound.err);
    let closed = audit(&ann, &["-o", "json", "--require-coverage", "100"]);
    assert_eq!(closed.code, 0, "{}\n{}", closed.err, closed.out);
    let closed = closed.report(0);
    assert_eq!(gaps(&closed), BTreeSet::new());
    let admin = audit(plane.kubeconfig(), &["-o", "json"]).report(0);
    assert_eq!(findings(&closed), findings(&admin));
    let nothing = audit_rbac(&ann, &["--export"]);
    assert_eq!(nothing.code, 0, "{}", nothing.err);
    assert!(nothing.out.contains("kind: ClusterRole"), "{}", nothing.out);
    assert!(
        nothing.err.contains("you have all permissions"),
        "{}",
        nothing.err
    );
}

#[tokio::test]
async fn audit_without_permissions_is_inconclusive() {
    let plane = plane().await;
    let bob = plane.user("bob", &[]).unwrap();
    for (format, _) in FORMATS {
        for scope in [&["-n", "shop"][..], &["-A"]] {
            let args = [&["audit", "-o", format], scope].concat();
            let run = extreg(&bob, &args);
            assert_eq!(run.code, 4, "{args:?}: {}", run.err);
            assert!(run.err.contains("no objects were read"), "{}", run.err);
        }
    }
    let report = extreg(&bob, &["audit", "-A", "-o", "json"]).report(4);
    let found = report["sections"][0]["findings"].as_array().unwrap();
    let failed: Vec<&Value> = found
        .iter()
        .filter(|finding| finding["outcome"] != "unknown")
        .collect();
    assert_eq!(failed, Vec::<&Value>::new());
    assert_eq!(audit_rbac(&bob, &[]).code, 3);
}

fn audit_rbac(who: &Path, more: &[&str]) -> Run {
    extreg(who, &[&["audit", "rbac", "-n", "shop"], more].concat())
}
