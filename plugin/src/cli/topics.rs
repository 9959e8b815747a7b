//! Help on what is no command: `oc extreg help exit-codes`, `oc extreg help environment`.

use std::fmt::Write as _;

use clap::Command;

use crate::exit::Exit;

const ENVIRONMENT: &str = "\
Every flag can be set in four places; the first that says something counts:

  1. the flag
  2. EXTREG_<FLAG>, e.g. EXTREG_NAMESPACE=snow, EXTREG_NO_INPUT=1, EXTREG_WORKLOAD=deploymentconfig
  3. .extreg.yaml in this folder or one above it, up to the root of the git checkout
  4. the user's file: $XDG_CONFIG_HOME/oc-extreg/config.yaml, ~/.config/oc-extreg/config.yaml,
     or what --config or EXTREG_CONFIG names

A file maps flags to values; a command's own flags are in a map under its name:

  color: never
  setup:
    workload: deploymentconfig

A project's file cannot say where requests go or as whom, and no file can hold a token.

Also read: KUBECONFIG, NO_COLOR, CLICOLOR_FORCE, TERM, HTTPS_PROXY, NO_PROXY, KUBECTL_PATH.
";

/// Adds the topics to `command`; they show in `help TOPIC` and nowhere else.
pub(super) fn add(command: Command) -> Command {
    [
        ("environment", ENVIRONMENT.to_owned()),
        ("exit-codes", exit_codes()),
    ]
    .into_iter()
    .fold(command, |command, (name, text)| {
        command.subcommand(
            Command::new(name)
                .hide(true)
                .about(text)
                .help_template("{about}")
                .disable_help_flag(true),
        )
    })
}

fn exit_codes() -> String {
    let mut text = String::from("The same for every output format:\n\n");
    let mut codes = Exit::PRECEDENCE;
    codes.sort_by_key(|exit| exit.code());
    for exit in codes {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning());
    }
    text.push_str("\nOf several that hold, in this order: ");
    let order: Vec<String> = Exit::PRECEDENCE
        .iter()
        .map(|exit| exit.code().to_string())
        .collect();
    text.push_str(&order.join(", "));
    text.push_str(".\nOn Windows oc and kubectl report any of them but 0 as 1.\n");
    text
}
