//! A table on stdout, in colour where that is wanted, and what to do next on stderr.

use extreg_remedy::Caller;
use extreg_report::table::Table;
use extreg_terminal::{Printer, Text};

/// Prints a table. Its lines run as long as they are: a terminal wraps them, a pipe has them whole.
pub(super) fn print_table(table: &Table, caller: Caller, printer: &Printer) {
    for line in table.lines(None) {
        printer.line(line);
        if printer.out_is_closed() {
            return;
        }
    }
    for command in &table.next {
        printer.note(Text::new().plain("next: ").bold(said_by(caller, command)));
    }
}

/// A command as the caller types it; what only oc has stays.
pub(super) fn said_by(caller: Caller, command: &str) -> String {
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
    fn commands_are_the_callers() {
        for (command, want) in [
            ("oc extreg audit list", "kubectl extreg audit list"),
            ("oc annotate pod/a b=c", "kubectl annotate pod/a b=c"),
            ("oc tag a b", "oc tag a b"),
            ("edit oc get", "edit oc get"),
        ] {
            assert_eq!(said_by(Caller::Kubectl, command), want);
            assert_eq!(said_by(Caller::Oc, command), command);
        }
    }
}
