//! `status` on a terminal, and `-w`.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use super::{common::has_facts, pty::Pty, status::Lists};
use extreg_fakes::{Api, status};

fn command(api: &Api, words: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("oc-extreg"));
    command
        .arg("status")
        .args(words.split_whitespace())
        .args(["-n", "snow", "--no-registry"])
        .env_clear()
        .env("KUBECONFIG", api.kubeconfig())
        .env("HOME", "/nonexistent")
        .current_dir("/");
    command
}

#[test]
fn terminal_output_has_symbols_and_colors() {
    let api = Lists::behind().serve(|_, _| None);
    let pty = Pty::start(command(&api, "app"), 120, 30);
    let (code, screen, written) = pty.finish();
    assert_eq!(code, 0);
    has_facts(
        &screen.join("\n"),
        &[
            "  build     ✓   30m  app-3",
            "  registry  ?        ",
            "  import    ✗   25h  ",
            // Wrapped within its column.
            "\n                     ",
            "<- broken\n  trigger   ✓ ",
            "  rollout   ✓ ",
            "  pods      ✓   27m  ",
            "\nFix: oc extreg import app:latest -n snow",
        ],
    );
    assert!(written.contains("\u{1b}[31m✗\u{1b}[0m"), "{written:?}");
    let pty = Pty::start(command(&api, "app --tree"), 120, 30);
    has_facts(
        &pty.finish().1.join("\n"),
        &[
            "├─ buildconfig/app\n│  └─ build/app-3  ✓  ",
            "├─ docker.io/u/a:latest  ?  ",
            "├─ imagestream/app  ✗  ",
            "25h  <- broken\n└─ deployment/app\n   ├─ trigger  ✓  ",
            "   ├─ rollout  ✓  ",
            "   └─ pods  ✓  ",
            "      └─ pod/app-5d4f-x  sha256:000000000000  28m\n",
        ],
    );
}

#[test]
fn watch_redraws_in_place_until_interrupted() {
    let lists = Lists::behind();
    let api = lists.serve(|_, _| None);
    let pty = Pty::start(command(&api, "app -w"), 120, 30);
    pty.wait_for("<- broken");
    lists.become_like(&Lists::through());
    pty.wait_for("1 runs sha256:111111111111");
    pty.interrupt();
    let (code, screen, written) = pty.finish();
    assert_eq!(code, 130);
    assert_eq!(screen.len(), 7, "{screen:#?}");
    has_facts(
        &screen.join("\n"),
        &[
            "app:latest in snow, from docker.io/u/a:latest\n  build     ✓ ",
            "\n  registry  ? ",
            "\n  import    ✓   29m  ",
            "\n  trigger   ✓ ",
            "\n  rollout   ✓ ",
            "\n  pods      ✓   27m  1 runs sha256:111111111111",
        ],
    );
    // The screen is not cleared before it is drawn again.
    assert!(
        !written.contains("\u{1b}[2J") && !written.contains("?1049"),
        "{written:?}"
    );
    assert_eq!(written.matches("<- broken").count(), 1, "{written:?}");
}

#[test]
fn frame_fits_the_terminal() {
    let api = Lists::behind().serve(|_, _| None);
    let pty = Pty::start(command(&api, "app -w --tree"), 40, 6);
    pty.wait_for("more lines)");
    pty.interrupt();
    let (code, screen, _) = pty.finish();
    assert_eq!(code, 130);
    assert!(screen.len() <= 5, "{screen:#?}");
    assert!(
        screen[0].starts_with("imagestreamtag/app:latest"),
        "{screen:#?}"
    );
}

#[test]
fn watch_without_a_terminal_prints_changes_only() {
    let lists = Lists::behind();
    let api = lists.serve(|_, _| None);
    let mut child = command(&api, "app -w")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let first: Vec<String> = lines.by_ref().take(8).collect();
    assert!(
        first[0].ends_with('Z') && first[1].starts_with("app:latest in snow"),
        "{first:#?}"
    );
    assert!(first[7].contains("  pods  "), "{first:#?}");
    assert_eq!(
        lines.next().unwrap(),
        "Fix: oc extreg import app:latest -n snow"
    );
    // Read again without a change: no output.
    let looked = api.seen().len();
    while api.seen().len() < 2 * looked {
        std::thread::yield_now();
    }
    lists.become_like(&Lists::through());
    let second: Vec<String> = lines.by_ref().take(8).collect();
    assert!(
        second[0].ends_with('Z') && second[7].contains("1 runs sha256:111111111111"),
        "{second:#?}"
    );
    let id = i32::try_from(child.id()).unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(130), &b""[..])
    );
}

#[test]
fn watch_survives_a_failing_server() {
    let lists = Lists::behind();
    let fails = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let failing = std::sync::Arc::clone(&fails);
    let api = lists.serve(move |_, _| {
        let fails = failing.load(std::sync::atomic::Ordering::Relaxed);
        fails.then(|| status(500, "InternalError", "etcd is away"))
    });
    let pty = Pty::start(command(&api, "app -w"), 120, 30);
    pty.wait_for("<- broken");
    fails.store(true, std::sync::atomic::Ordering::Relaxed);
    pty.wait_for("etcd is away");
    fails.store(false, std::sync::atomic::Ordering::Relaxed);
    lists.change("builds", |build| {
        build["status"] = json!({"phase": "Running"});
    });
    pty.wait_for("app-3 is running");
    pty.interrupt();
    assert_eq!(pty.finish().0, 130);
}
