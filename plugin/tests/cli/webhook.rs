//! `webhook` without a cluster.

use super::common::{ended, extreg};

fn run(args: &str) -> (i32, String, String) {
    ended(
        extreg()
            .arg("webhook")
            .args(args.split_whitespace())
            .env("KUBECONFIG", "/nowhere"),
    )
}

#[test]
fn invalid_settings_fail_before_any_request() {
    let table = [
        ("install --replicas 0", "--replicas: the number of replicas"),
        ("install --call-timeout 31", "--call-timeout: the timeout"),
        ("install --namespace-selector a=(", "--namespace-selector"),
        ("install --url http://h --ca-file /dev/null", "--url: "),
        (
            "install --url https://h --ca-file /dev/null",
            "/dev/null: the CA bundle contains no",
        ),
        ("install --url https://h --ca-file /nowhere/x", "/nowhere/x"),
        ("install --url https://h", "--ca-file"),
        (
            "install --url https://h --ca-file x --replicas 2",
            "cannot be used with",
        ),
        ("install --export --tls own", "cannot print a private key"),
        ("install --export --adopt", "cannot be used with"),
        ("install -n Not_A_Name", "--namespace: "),
        ("install --mode of", "--mode"),
        (
            "install --url https://h --ca-file x --follow-builds",
            "cannot be used with",
        ),
        (
            "install --url https://h --ca-file x --audit-schedule @daily",
            "cannot be used with",
        ),
        (
            "install --audit-schedule daily",
            "`daily` is not a valid schedule",
        ),
        ("install --audit-secrets", "--audit-schedule <SCHEDULE>"),
    ];
    for (args, words) in table {
        let (code, out, err) = run(args);
        assert_eq!((code, out.as_str()), (2, ""), "{args}: {err}");
        assert!(err.contains(words), "{args}: {err}");
    }
}

#[test]
fn export_is_complete_ordered_and_contains_no_key() {
    let (code, names, err) = run("install --export --monitoring -o name");
    assert_eq!(code, 0, "{err}");
    insta::assert_snapshot!("export-names", names);
    for format in ["", "-o json"] {
        let (code, out, err) = run(&format!(
            "install --export {format} --mode warn --namespace-selector team=shop -n hooks"
        ));
        assert_eq!(code, 0, "{err}");
        for words in ["Warn", "--mode-cap=warn", "hooks", "team", "shop"] {
            assert!(out.contains(words), "{words} is not in\n{out}");
        }
        assert!(!out.contains("PRIVATE KEY"));
    }
    let (_, default, _) = run("install --export");
    assert!(default.contains("--mode-cap=audit"), "{default}");
    assert!(!default.contains("importer"), "{default}");
    let (_, everywhere, err) = run("install --export --follow-builds");
    assert!(!err.contains("rolebinding"), "{err}");
    let (_, selected, err) = run("install --export --follow-builds --namespace-selector team=shop");
    for (text, binding) in [(&everywhere, 1), (&selected, 0)] {
        for words in ["name: extreg-importer\n", "/extreg-importer"] {
            assert!(text.contains(words), "{words} is not in\n{text}");
        }
        let bound = "kind: ClusterRoleBinding\nmetadata:\n  labels:\n    app.kubernetes.io/managed-by: oc-extreg\n    \
                     app.kubernetes.io/name: extreg-importer\n  name: extreg-importer-namespace\n";
        assert_eq!(text.matches(bound).count(), binding, "{text}");
    }
    assert!(selected.contains("--namespace-selector="), "{selected}");
    assert!(
        err.contains("kubectl create rolebinding extreg-importer-namespace"),
        "{err}"
    );
}

#[test]
fn the_audit_job_has_the_schedule_and_its_time_zone() {
    let install = |schedule: &str, more: &[&str]| {
        ended(
            extreg()
                .args([
                    "webhook",
                    "install",
                    "--export",
                    "--audit-schedule",
                    schedule,
                ])
                .args(more)
                .env("KUBECONFIG", "/nowhere"),
        )
    };
    let (code, out, err) = install("TZ=Europe/Berlin 0 3 * * MON", &[]);
    assert_eq!(code, 0, "{err}");
    for words in [
        "schedule: 0 3 * * MON\n",
        "timeZone: Europe/Berlin\n",
        "- --without-secrets\n",
    ] {
        assert!(out.contains(words), "{words} is not in\n{out}");
    }
    let (code, out, err) = install("0 3 * * *", &["--audit-secrets"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("timeZone: Etc/UTC\n"), "{out}");
    assert!(!out.contains("--without-secrets"), "{out}");
    let (code, out, err) = install("0 25 * * *", &[]);
    assert_eq!((code, out.as_str()), (2, ""), "{err}");
    assert!(
        err.contains("`25` is not a valid hour of a schedule: use numbers from 0 to 23"),
        "{err}"
    );
}

#[test]
fn external_webhook_without_client_certificates_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.crt");
    std::fs::write(&ca, "-----BEGIN CERTIFICATE-----\n").unwrap();
    let args = format!(
        "install --export --url https://h --ca-file {}",
        ca.display()
    );
    let (code, out, err) = run(&args);
    assert_eq!(code, 0, "{err}");
    for words in ["answers every client that can connect", "--client-ca"] {
        assert!(err.contains(words) && !out.contains(words), "{err}");
    }
    let (_, _, err) = run("install --export");
    assert!(!err.contains("--client-ca"), "{err}");
}
