//! Help, usage errors, version and completion, without a cluster.

use std::process::Command;

use super::common::{extreg, has_facts};

fn stdout(args: &[&str]) -> String {
    let run = extreg().args(args).assert().success();
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

#[test]
fn help_pages() {
    insta::assert_snapshot!("overview", stdout(&[]));
    insta::assert_snapshot!("check-help", stdout(&["check", "--help"]));
}

/// Usage and flags of a help page and of the pages of its subcommands.
fn commands(command: &[&str], tree: &mut String) {
    let short = stdout(&[command, &["-h"]].concat());
    let long = stdout(&[command, &["--help"]].concat());
    for page in [&short, &long] {
        assert!(page.contains("\nUsage: oc extreg"), "{page}");
        assert!(page.lines().all(|line| line.len() <= 120), "{page}");
    }
    let own = match command {
        [] => &short,
        _ => short.split_once("\nGlobal:").unwrap().0,
    };
    let section = |name: &str| -> Vec<&str> {
        let lines = own.lines().skip_while(|line| *line != name).skip(1);
        lines.take_while(|line| line.starts_with("  ")).collect()
    };
    *tree += &[&["oc extreg"], command].concat().join(" ");
    for line in section("Arguments:") {
        let name = line.trim_start().split("  ").next().unwrap();
        if line.starts_with("  <") || line.starts_with("  [") {
            tree.extend([" ", name]);
        }
    }
    tree.push('\n');
    for line in own.lines().filter(|line| !line.starts_with("       ")) {
        let line = line.trim_start();
        if line.starts_with('-') {
            tree.extend(["  ", line.split("  ").next().unwrap(), "\n"]);
        }
    }
    let subcommands = section("Commands:").into_iter().chain(section("Topics:"));
    for line in subcommands.filter(|line| !line.starts_with("   ")) {
        let name = line.split_whitespace().next().unwrap();
        if name != "help" {
            commands(&[command, &[name]].concat(), tree);
        }
    }
}

#[test]
fn every_command_has_flags_and_two_help_pages() {
    let mut tree = String::new();
    commands(&[], &mut tree);
    insta::assert_snapshot!("flags", tree);
}

#[test]
fn diff_has_the_flags_of_check() {
    let own = |args: &[&str]| {
        let page = stdout(args);
        let (own, _) = page.split_once("\nGlobal:").unwrap();
        own.to_owned()
    };
    for (what, flag) in [("setup", "--no-build"), ("webhook", "--failure-policy")] {
        let page = own(&["diff", what, "-h"]);
        assert!(page.contains(flag), "{page}");
        for other in ["--dry-run", "--export", "--output", "--wait"] {
            assert!(!page.contains(other), "{other}: {page}");
        }
    }
}

#[test]
fn topics() {
    let topic = |name: &str| stdout(&["help", name]);
    let codes = topic("exit-codes");
    let each = codes
        .lines()
        .filter(|line| line.starts_with("   ") || line.starts_with("  1"));
    let each: Vec<&str> = each
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(each, ["0", "1", "2", "3", "4", "5", "6", "124", "130"]);
    assert!(codes.contains("130, 124, 2, 6, 1, 5, 4, 3, 0"), "{codes}");
    let order = [
        "flag",
        "EXTREG_<FLAG>",
        ".extreg.yaml",
        "$XDG_CONFIG_HOME/oc-extreg/config.yaml",
    ];
    has_facts(&topic("environment"), &order);
    let read = ["KUBECONFIG, NO_COLOR, CLICOLOR_FORCE, TERM, HTTPS_PROXY, NO_PROXY, KUBECTL_PATH"];
    has_facts(&topic("environment"), &read);
    has_facts(
        &topic("exceptions"),
        &[
            "extreg.io/ignore: \"true\"",
            "extreg.io/scheduled: \"false\"",
            "mode: Off",
            "namespaceSelector",
            "oc label namespace NAME extreg.io/ignore=true",
            "oc extreg webhook uninstall --yes",
            "oc extreg check --explain -f FILE",
            "extreg.io/ignore-checks:",
            "extreg.io/ignore-checks.CONTAINER",
            "--exceptions FILE",
            "--write-baseline FILE",
            "--baseline FILE",
            "oc extreg except add",
            "--no-exceptions",
            "--no-annotation-exceptions",
            "--max-exception-days",
        ],
    );
    // One line for each command with its formats.
    let formats = topic("formats");
    let table = formats.split("\n\n").nth(1).unwrap();
    insta::assert_snapshot!("formats", table);
    // A topic is not a command.
    extreg().arg("exit-codes").assert().code(2).stdout("");
}

#[test]
fn overview_fits_a_screen() {
    let page = stdout(&[]);
    assert!(page.lines().count() <= 30, "{page}");
}

#[test]
fn kubectl_plugin_names_kubectl_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("kubectl-extreg");
    std::os::unix::fs::symlink(assert_cmd::cargo::cargo_bin("oc-extreg"), &link).unwrap();
    for args in [&[][..], &["-h"], &["completion", "--help"], &["wrong"]] {
        let run = Command::new(&link).args(args).env_clear().output().unwrap();
        let printed = [run.stdout, run.stderr].concat();
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.contains("kubectl extreg"), "{printed}");
        assert!(!printed.contains("oc extreg"), "{printed}");
    }
    let run = Command::new(&link)
        .arg("-h")
        .env_clear()
        .env("KUBECTL_PATH", "/usr/bin/oc")
        .output()
        .unwrap();
    assert!(
        String::from_utf8(run.stdout)
            .unwrap()
            .contains("Usage: oc extreg")
    );
}

#[test]
fn usage_errors_are_2_with_a_suggestion() {
    let cases: &[(&[&str], &str)] = &[
        (&["verison"], "similar subcommand exists: 'version'"),
        (
            &["version", "--clent"],
            "similar argument exists: '--client'",
        ),
        (&["version", "-o", "jsn"], "similar value exists: 'json'"),
        (&["--quiet"], "requires a subcommand"),
        (&["version", "--timeout", "soon"], "30s, 5m, 1h30m"),
        (&["version", "-v", "11"], "11 is not in 0..=10"),
        (
            &["version", "--config", "/nonexistent"],
            "error: /nonexistent: ",
        ),
    ];
    for (args, expected) in cases {
        let run = extreg().args(*args).assert().code(2).stdout("");
        let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(err.contains(expected), "{args:?}: {err}");
    }
}

#[test]
fn color_flag_is_respected() {
    let help = |args: &[&str]| stdout(args).contains('\u{1b}');
    assert!(!help(&["-h"]));
    assert!(help(&["-h", "--color", "always"]));
    assert!(!help(&["-h", "--color=never"]));
}

#[test]
fn client_version_needs_no_cluster() {
    let version: serde_json::Value =
        serde_json::from_str(&stdout(&["version", "--client", "-o", "json"])).unwrap();
    assert_eq!(
        version["clientVersion"]["version"],
        env!("CARGO_PKG_VERSION")
    );
    let yaml = stdout(&["version", "--client", "-o", "yaml"]);
    let start = "apiVersion: extreg.io/v1\nkind: VersionReport\nclientVersion:\n";
    assert!(yaml.starts_with(start), "{yaml}");
    assert!(stdout(&["version", "--client"]).starts_with("Client Version: "));
    assert_eq!(stdout(&["version", "--client", "-qq"]), "");
}

#[test]
fn every_shell_has_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = stdout(&["completion", shell]);
        assert!(
            script.contains("oc-extreg") && script.contains("version"),
            "{shell}"
        );
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("man1");
    let args = ["completion", "man", "--dir", folder.to_str().unwrap()];
    let written = stdout(&args);
    let pages: Vec<&str> = written
        .lines()
        .map(|line| line.rsplit('/').next().unwrap())
        .collect();
    for page in [
        "oc-extreg.1",
        "oc-extreg-setup.1",
        "oc-extreg-webhook.1",
        "oc-extreg-webhook-cert-rotate.1",
    ] {
        assert!(pages.contains(&page), "{page} of {pages:?}");
    }
    // Hidden commands have no page.
    for word in ["environment", "man", "help"] {
        let page = format!("-{word}.1");
        assert!(!pages.iter().any(|name| name.ends_with(&page)), "{word}");
    }
    let page = std::fs::read_to_string(folder.join("oc-extreg-setup.1")).unwrap();
    assert!(page.contains(".TH oc-extreg-setup 1"), "{page}");
    assert!(page.contains("oc extreg setup"), "{page}");
    assert_eq!(stdout(&args), written, "it writes over its own");
}

#[test]
fn closed_pipe_is_not_an_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = Command::new(assert_cmd::cargo::cargo_bin("oc-extreg"))
        .args(["completion", "bash"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(
        (run.status.code(), run.stderr.as_slice()),
        (Some(0), &b""[..])
    );
}
