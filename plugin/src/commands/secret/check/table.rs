//! Output for people.

use extreg_terminal::{Printer, Table, Text};

use super::answer::{Answer, ImageAnswer, Outcome, SecretAnswer, State, Use};
use crate::context::Context;

/// Prints the result; `wide` with all details.
pub(super) fn print(answer: &Answer, wide: bool, context: &Context) {
    let printer = &context.printer;
    let title = |text: Text| {
        printer.line("");
        printer.line(text);
    };
    for image in &answer.images {
        let line = Text::new().bold(image.image.clone());
        title(if image.namespace.is_empty() {
            line
        } else {
            line.plain(format!(" in {}", image.namespace))
        });
        print_image(image, wide, printer);
    }
    if !answer.secrets.is_empty() {
        title(Text::new().bold("Secrets"));
        print_secrets(answer, printer);
        for secret in &answer.secrets {
            print_scopes(secret, printer);
        }
        if wide {
            print_links(answer, printer);
        }
    }
    if !answer.problems.is_empty() {
        title(Text::new().bold("Problems"));
        for problem in &answer.problems {
            let line = Text::new().orange(format!("{:<8}  ", problem.severity));
            printer.line(line.plain(problem.message.clone()));
            if wide {
                printer.line(format!("          {}", problem.why));
            }
            printer.line(format!("           fix: {}", problem.fix.text()));
        }
    }
    if answer.images.is_empty() && answer.secrets.is_empty() {
        printer.note("No external image is named, and no docker secret exists.");
    }
    for gap in &answer.gaps {
        printer.warn(&format!("could not be read: {gap}"));
    }
}

fn print_image(image: &ImageAnswer, wide: bool, printer: &Printer) {
    let mut headers = vec!["", "CONSUMER", "FOR", "SECRET", "KEY", "ACCOUNT", ""];
    if wide {
        headers.insert(3, "WRITTEN");
    }
    let mut table = Table::new(&headers);
    for one in &image.uses {
        let mut cells = vec![
            mark(one).to_owned(),
            title(one.consumer).to_owned(),
            one.by.clone(),
            or_dash(&one.secret),
            or_dash(&one.key),
            or_dash(&one.username),
            message(one),
        ];
        if wide {
            cells.insert(3, one.written.clone());
        }
        table.row(cells);
    }
    table.print(printer);
}

fn print_secrets(answer: &Answer, printer: &Printer) {
    let has_namespace = answer
        .secrets
        .iter()
        .any(|secret| !secret.namespace.is_empty());
    let mut headers = vec!["NAME", "KEY", "ACCOUNT", "AUTH", ""];
    if has_namespace {
        headers.insert(0, "NAMESPACE");
    }
    let mut table = Table::new(&headers);
    let mut row = |secret: &SecretAnswer, mut cells: Vec<String>| {
        cells.insert(0, secret.name.clone());
        if has_namespace {
            cells.insert(0, secret.namespace.clone());
        }
        table.row(cells);
    };
    for secret in &answer.secrets {
        let state = match secret.state {
            State::Elided => "its values are omitted",
            State::Missing => "it does not exist",
            State::Readable if secret.keys.is_empty() => "it holds no key",
            State::Readable => "",
            State::Unreadable => "it holds no readable docker config",
            State::WrongType => "this type is not read as a credential",
        };
        if secret.keys.is_empty() {
            let kind = match secret.state {
                State::WrongType => format!("{state}: {}", secret.kind),
                _ => state.to_owned(),
            };
            row(
                secret,
                vec!["-".to_owned(), "-".to_owned(), "-".to_owned(), kind],
            );
        }
        for key in &secret.keys {
            let cells = vec![
                key.key.clone(),
                or_dash(&key.username),
                key.auth.to_owned(),
                key.faults.join("; "),
            ];
            row(secret, cells);
        }
    }
    table.print(printer);
}

fn print_scopes(secret: &SecretAnswer, printer: &Printer) {
    let headers = [
        "REPOSITORY",
        "KEY",
        "PULL",
        "PUSH",
        "DELETE",
        "OTHER REPOS",
        "",
    ];
    let mut table = Table::new(&headers);
    for scope in &secret.scopes {
        table.row([
            scope.repository.clone(),
            scope.key.clone(),
            scope.pull.to_owned(),
            scope.push.to_owned(),
            scope.delete.to_owned(),
            scope.broader.to_owned(),
            scope.message.clone(),
        ]);
    }
    if !secret.scopes.is_empty() {
        printer.line("");
        printer.line(format!("Permissions of {} at its registry:", secret.name));
    }
    table.print(printer);
}

fn print_links(answer: &Answer, printer: &Printer) {
    let mut table = Table::new(&["NAMESPACE", "SECRET", "ACCOUNT", "PULL", "MOUNT", "PUSH"]);
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    for secret in &answer.secrets {
        for link in &secret.links {
            table.row([
                secret.namespace.clone(),
                secret.name.clone(),
                link.account.clone(),
                yes_or_no(link.pull),
                yes_or_no(link.mount),
                link.push.to_owned(),
            ]);
        }
    }
    if let Some(openshift) = &answer.openshift {
        printer.line("");
        printer.line(format!(
            "Links; a push without a push secret searches {} on OpenShift {}:",
            openshift.push_links,
            openshift.version.as_deref().unwrap_or("of unknown version")
        ));
    }
    table.print(printer);
}

/// The mark of a row.
const fn mark(one: &Use) -> &'static str {
    if one.differs {
        return "*";
    }
    match one.outcome {
        _ if one.fails => "!",
        Outcome::Unknown => "?",
        Outcome::Broken | Outcome::Found | Outcome::None => "",
    }
}

fn message(one: &Use) -> String {
    match (one.differs, one.message.as_str()) {
        (true, "") => "different credential".to_owned(),
        (true, message) => format!("different credential; {message}"),
        (false, message) => message.to_owned(),
    }
}

fn title(consumer: &str) -> &str {
    match consumer {
        "buildPush" => "build push",
        "buildPull" => "build pull",
        other => other,
    }
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-" } else { text }.to_owned()
}
