//! A wait for a server that takes longer than a second shows what is waited for.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use extreg_fakes::{
    Api, ok,
    registry::{Auth, Registry, Rules},
};
use serde_json::json;

use super::pty::Pty;

/// The time in which no server answers; longer than the time in which a wait must be shown.
const DELAY: Duration = Duration::from_secs(20);
/// Within one second, and the start of the program on a busy machine.
const SHOWN_WITHIN: Duration = Duration::from_secs(5);

const COMMANDS: [&str; 22] = [
    "audit -n shop",
    "check --pre -n shop",
    "diff webhook",
    "doctor",
    "except list -n shop",
    "fix -n shop",
    "import app -n shop",
    "inventory -n shop",
    "policy show",
    "policy test docker.io/u/a -n shop",
    "promote app:v1 app:prod -n shop",
    "ratelimit --budget --no-measure -n shop",
    "secret check -n shop",
    "secret link hub -n shop",
    "setup app --image docker.io/u/a --source https://x.example/y.git --secret hub -n shop",
    "status app -n shop",
    "tag docker.io/u/a app:v1 -n shop",
    "teardown app -n shop",
    "upgrade",
    "version",
    "webhook install --image registry.example.com/extreg-webhook:1",
    "webhook status",
];

fn plugin(line: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("oc-extreg"));
    command
        .args(line.split_whitespace())
        .env_clear()
        .env("HOME", "/nonexistent")
        .current_dir("/");
    command
}

/// What a command shows before any server answers; the whole screen if that names nothing to wait for in time.
fn shown(command: Command) -> Result<(), String> {
    let pty = Pty::start(command, 120, 30);
    let start = Instant::now();
    let result = loop {
        let screen = pty.screen().join("\n");
        let names = ["waiting for ", "waiting until ", "reading ", "querying "];
        if names.iter().any(|name| screen.contains(name)) {
            break Ok(());
        }
        if start.elapsed() > SHOWN_WITHIN {
            break Err(screen);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    pty.interrupt();
    pty.finish();
    result
}

#[test]
fn every_command_shows_that_it_waits_for_the_api_server() {
    let api = Api::answering(|_| ok(&json!({})).after(DELAY));
    let mut silent = Vec::new();
    // A few at a time: each needs a share of the processor to start.
    for commands in COMMANDS.chunks(4) {
        std::thread::scope(|scope| {
            let run = |line: &'static str| {
                let mut command = plugin(line);
                command.env("KUBECONFIG", api.kubeconfig());
                (line, scope.spawn(move || shown(command)))
            };
            for (line, run) in commands.iter().copied().map(run).collect::<Vec<_>>() {
                if let Err(screen) = run.join().unwrap() {
                    silent.push(format!("{line}: {screen:?}"));
                }
            }
        });
    }
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn a_slow_registry_is_named() {
    let registry = Registry::start(Rules {
        auth: Auth::Open,
        delay: DELAY,
        ..Rules::default()
    });
    let mut command = plugin("ratelimit");
    command.arg(registry.endpoint("docker.io"));
    assert_eq!(shown(command), Ok(()));
}
