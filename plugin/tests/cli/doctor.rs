//! `doctor` on the local machine: PATH, kubeconfig, proxies.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
};

use serde_json::Value;

use super::common::{extreg, has_facts};

/// The checks by name, each as `result message`; the worst result of each name.
pub(crate) fn found(out: &str) -> BTreeMap<String, String> {
    let report: Value = serde_json::from_str(out).unwrap();
    let mut found = BTreeMap::new();
    for check in report["checks"].as_array().unwrap() {
        let text = |key: &str| check[key].as_str().unwrap_or_default();
        let line = format!("{} {}", text("result"), text("message"));
        let old = found
            .entry(text("name").to_owned())
            .or_insert_with(String::new);
        let rank = |line: &str| {
            ["ok", "skip", "warn", "fail"]
                .iter()
                .position(|word| line.starts_with(word))
        };
        if rank(&line) >= rank(old) {
            *old = line;
        }
        let is_well = matches!(text("result"), "ok" | "skip");
        assert!(is_well || check["hint"].is_string(), "{check}");
    }
    found
}

pub(crate) fn doctor(args: &[&str], vars: &[(&str, &str)]) -> (i32, BTreeMap<String, String>) {
    let run = extreg()
        .args(["doctor", "-o", "json"])
        .args(args)
        // Without PATH the system uses its default path.
        .env("PATH", "/nonexistent")
        .envs(vars.iter().copied())
        .output()
        .unwrap();
    let out = String::from_utf8(run.stdout).unwrap();
    (run.status.code().unwrap(), found(&out))
}

pub(crate) fn assert_is(found: &BTreeMap<String, String>, name: &str, expected: &str) {
    let got = found.get(name).map(String::as_str).unwrap_or_default();
    assert!(
        got.starts_with(expected.split('…').next().unwrap_or_default())
            && expected.split('…').all(|part| got.contains(part)),
        "{name}: {got} is not {expected}\n{found:#?}"
    );
}

fn script(path: &Path, mode: u32) {
    fs::write(path, "#!/bin/sh\n").unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn checks_local_parts_without_a_cluster() {
    let (code, found) = doctor(&[], &[("PATH", "/nonexistent")]);
    assert_eq!(code, 3);
    assert_is(&found, "program", "ok version");
    assert_is(&found, "channel", "ok built from source; to update: ");
    assert_is(&found, "path", "warn neither oc-extreg nor kubectl-extreg");
    assert_is(&found, "oc", "skip ");
    assert_is(&found, "kubeconfig", "fail no cluster: found no kubeconfig");
    assert_is(&found, "answers", "skip ");
    assert!(!found.contains_key("setup"));
}

#[test]
fn finds_programs_that_shadow_the_plugin() {
    let dir = tempfile::tempdir().unwrap();
    let program = assert_cmd::cargo::cargo_bin("oc-extreg");
    let folder = |name: &str| {
        let folder = dir.path().join(name);
        fs::create_dir(&folder).unwrap();
        folder
    };
    let path = |folders: &[&Path]| {
        std::env::join_paths(folders)
            .unwrap()
            .into_string()
            .unwrap()
    };
    let look = |folders: &[&Path]| doctor(&[], &[("PATH", &path(folders))]).1;

    let ours = folder("ours");
    symlink(&program, ours.join("kubectl-extreg")).unwrap();
    assert_is(
        &look(&[&ours]),
        "path",
        "ok …kubectl-extreg is this program",
    );

    let other = folder("other");
    script(&other.join("kubectl-extreg"), 0o755);
    assert_is(
        &look(&[&other, &ours]),
        "path",
        "warn …/other/kubectl-extreg comes first",
    );
    assert_is(
        &look(&[&ours, &other]),
        "path",
        "warn …/other/kubectl-extreg is another copy after",
    );

    let dead = folder("dead");
    script(&dead.join("oc-extreg"), 0o644);
    assert_is(
        &look(&[&dead, &ours]),
        "path",
        "warn …/dead/oc-extreg is not executable",
    );

    let stray = folder("stray");
    script(&stray.join("oc-extreg-webhook-check"), 0o755);
    assert_is(
        &look(&[&ours, &stray]),
        "stray",
        "fail …is run for \"oc extreg webhook check\" instead of this plugin",
    );
    let foreign = folder("foreign");
    script(&foreign.join("kubectl-extreg-my_own"), 0o755);
    assert_is(
        &look(&[&ours, &foreign]),
        "stray",
        "warn …adds \"kubectl extreg my-own\"",
    );

    let shims = folder("shims");
    script(&shims.join("oc_complete-extreg"), 0o755);
    assert_is(&look(&[&ours, &shims]), "completion", "ok ");
}

#[test]
fn names_the_way_in_which_the_program_was_installed() {
    // Beside the program: a link to it must be on the same file system.
    let program = assert_cmd::cargo::cargo_bin("oc-extreg");
    let dir = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
    let store = dir.path().join("store/extreg/v0.1.0");
    fs::create_dir_all(&store).unwrap();
    fs::hard_link(&program, store.join("oc-extreg")).unwrap();
    let bin = dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    symlink(store.join("oc-extreg"), bin.join("kubectl-extreg")).unwrap();
    let run = || {
        let output = std::process::Command::new(bin.join("kubectl-extreg"))
            .args(["doctor", "-o", "json"])
            .env_clear()
            .env("HOME", dir.path())
            .env("PATH", &bin)
            .output()
            .unwrap();
        found(&String::from_utf8(output.stdout).unwrap())
    };
    assert_is(
        &run(),
        "channel",
        "ok installed from an archive; …store/extreg",
    );
    fs::create_dir(dir.path().join("receipts")).unwrap();
    fs::write(dir.path().join("receipts/extreg.yaml"), "").unwrap();
    assert_is(
        &run(),
        "channel",
        "ok installed with krew; to update: kubectl krew upgrade extreg",
    );
}

pub(crate) fn kubeconfig(dir: &Path, text: &str) -> String {
    let file = dir.join("config");
    fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn checks_every_part_of_a_kubeconfig() {
    let dir = tempfile::tempdir().unwrap();
    let config = |context: &str, cluster: &str, user: &str| {
        format!(
            "clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:1'{cluster}}}}}]\n\
             users: [{{name: u, user: {{{user}}}}}]\n\
             contexts: [{{name: x, context: {{{context}}}}}]\n\
             current-context: x\n"
        )
    };
    let good = "cluster: c, user: u";
    let table = [
        (config(good, "", "token: t"), "credential", "ok a token"),
        (
            config("cluster: d, user: u", "", ""),
            "context",
            "fail …names cluster \"d\"",
        ),
        (
            config("cluster: c, user: v", "", ""),
            "credential",
            "fail …names user \"v\"",
        ),
        (
            config("cluster: c", "", ""),
            "credential",
            "warn …names no user",
        ),
        (
            config(
                good,
                "",
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-helper}",
            ),
            "credential",
            "fail comes from the program \"no-such-helper\"",
        ),
        (
            config(good, ", insecure-skip-tls-verify: true", "token: t"),
            "authority",
            "warn the API server's certificate is not verified",
        ),
        (
            config(good, ", certificate-authority: /nonexistent/ca", "token: t"),
            "authority",
            "fail /nonexistent/ca: ",
        ),
        (
            config(
                good,
                ", proxy-url: 'http://ann:s3cret@proxy:3128'",
                "token: t",
            ),
            "proxy",
            "ok http://(not shown)@proxy:3128, from the kubeconfig",
        ),
    ];
    for (text, name, expected) in table {
        let file = kubeconfig(dir.path(), &text);
        let (code, found) = doctor(&["--kubeconfig", &file], &[]);
        assert_is(&found, name, expected);
        // No server listens on this port, whatever else is wrong.
        assert_eq!(code, 3);
    }
    let file = kubeconfig(
        dir.path(),
        &config(good, "", "token: t")
            .replace("http:", "https:")
            .replace("127.0.0.1", "api.invalid"),
    );
    for (no_proxy, expected) in [
        ("", "ok http://proxy:1, from HTTPS_PROXY"),
        ("api.invalid", "ok none for this server"),
    ] {
        let vars = [("HTTPS_PROXY", "http://proxy:1"), ("NO_PROXY", no_proxy)];
        let (_, found) = doctor(&["--kubeconfig", &file, "--request-timeout", "1s"], &vars);
        assert_is(&found, "proxy", expected);
    }
}

#[test]
fn colors_results_by_severity() {
    let run = extreg()
        .args(["doctor", "--color", "always"])
        .env("PATH", "/nonexistent")
        .output()
        .unwrap();
    let out = String::from_utf8(run.stdout).unwrap();
    let program = assert_cmd::cargo::cargo_bin("oc-extreg");
    let program = program.to_str().unwrap();
    let link = format!("try: \u{1b}[0mln -s {program} ");
    has_facts(
        &out,
        &[
            "\u{1b}[1mPrograms\u{1b}[0m\n",
            "\u{1b}[32mok  \u{1b}[0m  program ",
            env!("CARGO_PKG_VERSION"),
            program,
            "\u{1b}[38;5;166mwarn\u{1b}[0m  path ",
            &link,
            "\u{1b}[2mskip\u{1b}[0m  completion ",
            "try: \u{1b}[0moc extreg completion install\n",
            "\u{1b}[2mskip\u{1b}[0m  oc ",
            "\u{1b}[2mskip\u{1b}[0m  kubectl ",
            "\u{1b}[1mLogin\u{1b}[0m\n",
            "\u{1b}[31mfail\u{1b}[0m  kubeconfig ",
            "try: \u{1b}[0moc login\n",
            "\u{1b}[1mServer\u{1b}[0m\n",
            "\u{1b}[2mskip\u{1b}[0m  answers ",
            "try: \u{1b}[0moc login\n",
        ],
    );
}
