//! `completion reference`: docs/commands.md, from the command tree. A test compares the two.

use std::fmt::{self, Write as _};

use clap::{Arg, Command};
use extreg_terminal::Exit;

use crate::{context::Context, error::Error};

const INTRODUCTION: &str = "\
# Commands

Every command and its flags. `oc extreg COMMAND --help` prints the same.

<!-- Generated: oc-extreg completion reference > docs/commands.md -->
";

const GLOBAL: &str = "\
Every command accepts these flags, after `extreg`. Connection flags have the same meaning as in kubectl.

";

/// Print the reference of all commands as Markdown
#[derive(Clone, Debug, clap::Args)]
#[command(hide = true)]
pub(super) struct Args {}

/// Prints the reference.
pub(super) fn run(context: &Context) -> Result<Exit, Error> {
    let mut root = (context.tree)(context.caller).disable_help_subcommand(true);
    root.build();
    let mut page = INTRODUCTION.to_owned();
    write_all(&root, &mut page).map_err(|error| Error::failed(error.to_string()))?;
    context.printer.raw(&page);
    Ok(Exit::Done)
}

fn write_all(root: &Command, page: &mut String) -> fmt::Result {
    for command in visible(root) {
        write_command(command, page)?;
    }
    write!(page, "\n## Global flags\n\n{GLOBAL}")?;
    write_flags(root.get_arguments().filter(|arg| arg.is_global_set()), page)
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn write_command(command: &Command, page: &mut String) -> fmt::Result {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let usage = command.clone().render_usage().to_string();
    write!(page, "\n## {name}\n\n{about}\n\n```text\n{usage}\n```\n")?;
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_global_set() && !arg.is_hide_set() && arg.get_id() != "help")
        .collect();
    if !own.is_empty() {
        page.push('\n');
        write_flags(own.into_iter(), page)?;
    }
    let after = command.get_after_long_help();
    if let Some(after) = after.or_else(|| command.get_after_help()) {
        write_after(&after.to_string(), page)?;
    }
    visible(command).try_for_each(|sub| write_command(sub, page))
}

/// Converts text to Markdown: indented examples become code.
fn write_after(text: &str, page: &mut String) -> fmt::Result {
    let mut is_code = false;
    for paragraph in text.split("\n\n") {
        let lines = paragraph.strip_prefix("Examples:\n").unwrap_or(paragraph);
        let was_code = std::mem::replace(&mut is_code, lines.starts_with("  "));
        match (was_code, is_code) {
            (false, true) => writeln!(page, "\n```text\n{lines}")?,
            (true, false) => writeln!(page, "```\n\n{lines}")?,
            (true, true) | (false, false) => writeln!(page, "\n{lines}")?,
        }
    }
    if is_code {
        page.push_str("```\n");
    }
    Ok(())
}

fn write_flags<'a>(args: impl Iterator<Item = &'a Arg>, page: &mut String) -> fmt::Result {
    page.push_str("| flag | meaning |\n|---|---|\n");
    for arg in args {
        let help = arg.get_long_help().or_else(|| arg.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(
            page,
            "| `{}` | {}{} |",
            cell(&spelling(arg)),
            cell(&help),
            cell(&default(arg))
        )?;
    }
    Ok(())
}

/// A flag or argument as in the help: `-o, --output <FORMAT>`, `<NAME>`.
fn spelling(arg: &Arg) -> String {
    match arg.get_short() {
        Some(short) if arg.get_long().is_some() => format!("-{short}, {arg}"),
        _ => arg.to_string(),
    }
}

fn default(arg: &Arg) -> String {
    let values: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    if values.is_empty() || arg.is_hide_default_value_set() || !arg.get_action().takes_values() {
        return String::new();
    }
    format!(" [default: {}]", values.join(" "))
}

/// Escapes text for a table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
