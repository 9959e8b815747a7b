//! Help on what is no command: `environment`, `exceptions`, `exit-codes`, `formats`.

use std::fmt::Write as _;

use clap::{Command, builder::PossibleValue};
use extreg_terminal::Exit;

use crate::commands::audit;

const ENVIRONMENT: &str = "\
Every flag can be set in these places; the first that sets it counts:

  1. the flag
  2. EXTREG_<FLAG>, e.g. EXTREG_NAMESPACE=snow, EXTREG_NO_INPUT=1, EXTREG_WORKLOAD=deploymentconfig
  3. .extreg.yaml in this folder or one above it, up to the root of the git checkout (a few flags)
  4. your own file: $XDG_CONFIG_HOME/oc-extreg/config.yaml, ~/.config/oc-extreg/config.yaml,
     or the file of --config or EXTREG_CONFIG

A file maps flags to values; a command's own flags are in a map under its name:

  color: never
  setup:
    workload: deploymentconfig

A project's file comes with a checkout. It can set color, namespace and quiet, and of setup
what its plan shows: how to build, the workload, its schedule and reference policy. Any other
flag in it has no effect and gives a warning.
A command that writes a credential does not take its namespace from it. No file can hold a token.
Each file that sets something is named on stderr and in the audit's report.

Also read: KUBECONFIG, NO_COLOR, CLICOLOR_FORCE, TERM, HTTPS_PROXY, NO_PROXY, KUBECTL_PATH.
";

const EXCEPTIONS: &str = "\
What the webhook leaves alone, and how to have it leave alone more:

  an object                  the label extreg.io/ignore: \"true\"; a BuildConfig's is on its Builds
  a tag of an ImageStream    extreg.io/scheduled: \"false\" in its spec.tags[].annotations
  what a policy is for       its field mode: Off, or its namespaceSelector
  a whole namespace          oc label namespace NAME extreg.io/ignore=true
  everything                 oc extreg webhook uninstall --yes

The labels are the API server's to heed, so they hold with the webhook down. Never touched
are system namespaces, the internal registry, digests, tags with reference: true, and what was
removed on purpose: on an update only what is new counts. \"oc extreg check --explain -f FILE\"
says for each place which of these held.

What the audit is to pass over needs a reason and a last day; what is passed over is still shown:

  one object                 the annotation extreg.io/ignore-checks: \"EXR006 until 2027-01-31: why\"
  one container of it        the same, extreg.io/ignore-checks.CONTAINER
  many                       a file of kind Exceptions, --exceptions FILE
  what was there before      a baseline, --write-baseline FILE and --baseline FILE

\"oc extreg except add\" writes the first three, \"except list\" and \"except prune\" keep them short.
--no-exceptions shows everything as open, --no-annotation-exceptions what only an annotation
suppresses, and --max-exception-days bounds how long any of them can last.
";

/// As many formats fit into a line.
const FORMATS_A_LINE: usize = 6;

/// Adds the topics to `command`; they show in `help TOPIC` and nowhere else.
pub(super) fn add(command: Command) -> Command {
    let formats = formats(&command);
    [
        ("environment", ENVIRONMENT.to_owned()),
        ("exceptions", EXCEPTIONS.to_owned()),
        ("exit-codes", exit_codes()),
        ("formats", formats),
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

/// By the tree itself, so that none is left out.
fn formats(command: &Command) -> String {
    let mut text = String::from(
        "\
The result goes to stdout in the format of -o; without -o as lines for people. Progress,
warnings and errors go to stderr, so that \"-o json | jq\" works at any -v. The exit code does
not depend on the format.

",
    );
    let mut lines = Vec::new();
    collect_formats(command, "", &mut lines);
    for (name, formats) in lines {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {name:<20} {formats}");
    }
    text.push_str(
        "
  json, yaml   for programs. Reports have apiVersion: extreg.io/v1 and a kind; within a
               version fields are only added. Objects are in a List, as the API server has
               them, without managedFields
  name         kind.group/name, one a line
  diff         a unified diff
  table        lines for people; short leaves out what is well

No format shows what a Secret holds. What comes from a cluster or a file is escaped for
terminals, but in json and yaml. Colour is for terminals only: --color, NO_COLOR,
CLICOLOR_FORCE.
",
    );
    text
}

fn collect_formats(command: &Command, above: &str, lines: &mut Vec<(String, String)>) {
    let mut commands: Vec<&Command> = command.get_subcommands().collect();
    commands.sort_by_key(|sub| sub.get_name());
    for sub in commands.into_iter().filter(|sub| !sub.is_hide_set()) {
        let name = format!("{above}{}", sub.get_name());
        let output = sub
            .get_arguments()
            .find(|arg| arg.get_long() == Some("output") && !arg.is_hide_set());
        if let Some(output) = output {
            let values = output.get_possible_values();
            let mut values: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
            if values.is_empty() {
                // Of the audit, which takes a file with each.
                values = audit::formats();
            }
            values.sort_unstable();
            for (index, some) in values.chunks(FORMATS_A_LINE).enumerate() {
                let name = if index == 0 { &name } else { "" };
                lines.push((name.to_owned(), some.join(", ")));
            }
        }
        collect_formats(sub, &format!("{name} "), lines);
    }
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
