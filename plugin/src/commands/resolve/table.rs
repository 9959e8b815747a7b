//! Output for people.

use extreg_core::{credential::Consumer, image::ReferenceAnswer, registry::RefRole};
use extreg_terminal::{Printer, Table, Text};

use super::answer::{Answer, KeyRow, Likelihood, Meaning};

/// Prints the result for one reference.
pub(super) fn print(answer: &Answer<'_>, printer: &Printer) {
    print_reading(&answer.reading, printer);
    if answer.is_refused() {
        if answer.is_parameter() {
            print_field("because", printer, |line| {
                line.plain("it contains a template parameter, whose value decides")
            });
        }
        return;
    }
    printer.line("");
    print_registries(&answer.registries, printer);
    if !answer.keys.is_empty() {
        printer.line("");
        print_keys(&answer.keys, printer);
    }
}

fn print_reading(reading: &ReferenceAnswer<'_>, printer: &Printer) {
    match reading {
        ReferenceAnswer::Invalid { error, reference } => {
            print_field("reference", printer, |line| line.bold(*reference));
            print_field("refused", printer, |line| line.red(error));
        }
        ReferenceAnswer::Parsed(parsed) => {
            let defaulted = &parsed.defaulted;
            print_field("reference", printer, |line| line.bold(parsed.reference));
            for (name, written, meant) in [
                ("registry", parsed.registry, defaulted.registry),
                ("namespace", parsed.namespace, defaulted.namespace),
                ("name", parsed.name, defaulted.name),
                ("tag", parsed.tag, defaulted.tag),
                ("digest", parsed.id, defaulted.id),
            ] {
                print_field(name, printer, |line| part(line, written, meant));
            }
            print_field("Docker Hub", printer, |line| {
                yes_or_no(line, parsed.docker_hub)
            });
        }
    }
}

fn print_field(name: &str, printer: &Printer, value: impl FnOnce(Text) -> Text) {
    printer.line(value(Text::new().plain(format!("{name:<12}"))));
}

/// A part as written, or its replacement in an import and a push.
fn part(line: Text, written: &str, meant: &str) -> Text {
    match (written, meant) {
        ("", "") => line.dim("-"),
        ("", meant) => line.dim(format!("{meant} (default)")),
        (written, _) => line.plain(written),
    }
}

fn print_registries(rows: &[(RefRole, Meaning)], printer: &Printer) {
    let mut table = Table::new(&["FIELD", "DOCKER HUB", "REGISTRY"]);
    for (role, meaning) in rows {
        let hub = match meaning.docker_hub {
            Likelihood::Yes => "yes",
            Likelihood::No => "no",
            Likelihood::Maybe => "maybe",
        };
        let registry = match (&meaning.message, meaning.registries.as_slice()) {
            (Some(why), _) => Text::new().red(format!("none: {why}")),
            (None, [registry]) => registry.as_str().into(),
            (None, list) => format!("first of {}", list.join(", ")).into(),
        };
        table.row([role_title(*role).into(), hub.into(), registry]);
    }
    table.print(printer);
}

fn print_keys(rows: &[KeyRow], printer: &Printer) {
    let mut headers = vec!["KEY"];
    headers.extend(Consumer::ALL.map(consumer_title));
    let mut table = Table::new(&headers);
    for row in rows {
        let found = row.found.iter();
        let found = found.map(|(_, found)| yes_or_no(Text::new(), *found));
        table.row(std::iter::once(row.key.as_str().into()).chain(found));
    }
    table.print(printer);
}

fn yes_or_no(line: Text, yes: bool) -> Text {
    if yes {
        line.green("yes")
    } else {
        line.dim("no")
    }
}

fn role_title(role: RefRole) -> &'static str {
    match role {
        RefRole::Import => "import",
        RefRole::Push => "push",
        RefRole::BasePull => "base image",
        RefRole::SourcePull => "source image",
        RefRole::WorkloadPull => "workload",
    }
}

fn consumer_title(consumer: Consumer) -> &'static str {
    match consumer {
        Consumer::BuildPush => "BUILD PUSH",
        Consumer::BuildPull => "BUILD PULL",
        Consumer::Import => "IMPORT",
        Consumer::Kubelet => "KUBELET",
        Consumer::ContainersImage => "CRI-O",
        Consumer::Shipwright => "SHIPWRIGHT",
    }
}
