//! Prints a table to stdout, in color if enabled, and the next commands to stderr.

use extreg_remedy::Caller;
use extreg_report::table::Table;
use extreg_terminal::{Printer, Text};

/// Prints a table, in lines of at most `width` columns if there is one; otherwise a terminal wraps them.
pub(super) fn print_table(table: &Table, width: Option<usize>, caller: Caller, printer: &Printer) {
    for line in table.lines(width) {
        printer.line(line);
        if printer.out_is_closed() {
            return;
        }
    }
    for command in &table.next {
        printer.note(
            Text::new()
                .plain("next: ")
                .bold(command_for(caller, command)),
        );
    }
}

/// A command for the caller; commands that only oc has are unchanged.
pub(super) fn command_for(caller: Caller, command: &str) -> String {
    const SHARED: [&str; 9] = [
        "annotate", "apply", "create", "delete", "edit", "extreg", "get", "label", "patch",
    ];
    let verb = command
        .strip_prefix("oc ")
        .and_then(|rest| rest.split(' ').next());
    match (caller, verb) {
        (Caller::Kubectl, Some(verb)) if SHARED.contains(&verb) => {
            command.replacen("oc ", "kubectl ", 1)
        }
        _ => command.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_commands_use_the_name_of_the_caller() {
        for (command, want) in [
            ("oc extreg audit list", "kubectl extreg audit list"),
            ("oc annotate pod/a b=c", "kubectl annotate pod/a b=c"),
            ("oc tag a b", "oc tag a b"),
            ("edit oc get", "edit oc get"),
        ] {
            assert_eq!(command_for(Caller::Kubectl, command), want);
            assert_eq!(command_for(Caller::Oc, command), command);
        }
    }
}
