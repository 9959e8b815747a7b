//! Help on topics that are not commands: `connection`, `environment`, `exceptions`, `exit-codes`, `formats`.

use std::fmt::Write as _;

use clap::{Arg, Command, builder::PossibleValue};
use extreg_terminal::{Exit, wrap};

use crate::{args::CONNECTION, commands::audit};

const ENVIRONMENT: &str = "\
Every flag can be set in these places; the first place that sets it wins:

  1. the flag
  2. EXTREG_<FLAG>, e.g. EXTREG_NAMESPACE=snow, EXTREG_NO_INPUT=1, EXTREG_WORKLOAD=deploymentconfig
  3. .extreg.yaml in this folder or one above it, up to the root of the git checkout (a few flags)
  4. your own file: $XDG_CONFIG_HOME/oc-extreg/config.yaml, ~/.config/oc-extreg/config.yaml,
     or the file of --config or EXTREG_CONFIG

A file maps flags to values; a command's own flags are in a map under its name:

  color: never
  setup:
    workload: deploymentconfig

A project's file comes with a checkout. It can set color, namespace and quiet, and those
flags of setup that its plan shows: build, workload, schedule and reference policy. Any other
flag in it has no effect and gives a warning.
A command that writes a credential ignores its namespace. No file can hold a token.
Every file that sets a flag is listed on stderr and in the audit's report.

Also read: KUBECONFIG, NO_COLOR, CLICOLOR_FORCE, TERM, HTTPS_PROXY, NO_PROXY, KUBECTL_PATH.
";

const EXCEPTIONS: &str = "\
What the webhook skips, and how to make it skip more:

  an object                  the label extreg.io/ignore: \"true\"; a BuildConfig's is on its Builds
  a tag of an ImageStream    extreg.io/scheduled: \"false\" in its spec.tags[].annotations
  images of a policy         its field mode: Off, or its namespaceSelector
  a whole namespace          oc label namespace NAME extreg.io/ignore=true
  everything                 oc extreg webhook uninstall --yes

The API server evaluates the labels, so they work while the webhook is down. Never changed
are system namespaces, the internal registry, digests, tags with reference: true, and what was
removed on purpose: on an update only new fields count. \"oc extreg check --explain -f FILE\"
shows for each field which of these applied.

An audit exception needs a reason and an expiry date; suppressed findings are still shown:

  one object                 the annotation extreg.io/ignore-checks: \"EXR006 until 2027-01-31: why\"
  one container of it        the annotation extreg.io/ignore-checks.CONTAINER
  many objects               a file of kind Exceptions, --exceptions FILE
  existing findings          a baseline, --write-baseline FILE and --baseline FILE

\"oc extreg except add\" writes the first three, \"except list\" and \"except prune\" maintain them.
--no-exceptions shows everything as open, --no-annotation-exceptions what only an annotation
suppresses, and --max-exception-days limits how long an exception can last.
";

/// The width of help pages.
const PAGE_WIDTH: usize = 100;
/// The maximum number of formats in a line.
const FORMATS_A_LINE: usize = 6;

/// Whether a command of the tree is a topic.
pub fn is_topic(command: &Command) -> bool {
    command.is_hide_set() && command.is_disable_help_flag_set()
}

/// Adds the topics to `command`; only `help TOPIC` shows them.
pub(super) fn add(command: Command) -> Command {
    let (connection, formats) = (connection(&command), formats(&command));
    [
        ("connection", connection),
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

/// The flags of the connection, which help pages of commands do not repeat.
fn connection(command: &Command) -> String {
    let mut text = String::from(
        "\
Every command accepts these flags; they mean the same as for oc and kubectl. The default is the
current context of the kubeconfig.

",
    );
    let is_shown = |arg: &&Arg| arg.get_help_heading() == Some(CONNECTION);
    for arg in command.get_arguments().filter(is_shown) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let short = arg
            .get_short()
            .map_or("    ".to_owned(), |short| format!("-{short}, "));
        let mut label = format!("  {short}{:<40} ", long(arg));
        for line in wrap(&help, PAGE_WIDTH.saturating_sub(label.len())) {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{label}{line}");
            label = " ".repeat(label.len());
        }
    }
    text
}

/// `--context <NAME>`, `--disable-compression[=<BOOL>]`. The tree is not built yet, and until then clap cannot display an
/// argument.
fn long(arg: &Arg) -> String {
    let name = arg.get_long().unwrap_or_default();
    match arg.get_value_names() {
        Some([value, ..]) if arg.is_require_equals_set() => format!("--{name}[=<{value}>]"),
        Some([value, ..]) => format!("--{name} <{value}>"),
        _ => format!("--{name}"),
    }
}

/// Generated from the command tree, so that no command is missing.
fn formats(command: &Command) -> String {
    let mut text = String::from(
        "\
The result goes to stdout in the format of -o; by default as text for people. Progress,
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
  json, yaml   for programs; reports have apiVersion: extreg.io/v1 and a kind; within a
               version fields are only added. Objects are in a List, as the API server has
               them, without managedFields
  name         kind.group/name, one a line
  diff         a unified diff
  table        lines for people; short shows only problems

No format shows the data of a Secret. Text from a cluster or a file is escaped for
terminals, except in json and yaml. Color is for terminals only: --color, NO_COLOR,
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
                // The audit's formats, each of which can be written to a file.
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
    text.push_str("\nIf several apply, the first of: ");
    let order: Vec<String> = Exit::PRECEDENCE
        .iter()
        .map(|exit| exit.code().to_string())
        .collect();
    text.push_str(&order.join(", "));
    text.push_str(".\nOn Windows oc and kubectl report every code except 0 as 1.\n");
    text
}
