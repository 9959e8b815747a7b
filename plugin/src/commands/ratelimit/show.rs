//! Output for people: tables on stdout, and notes about the numbers on stderr.

use extreg_audit::budget::Standing;
use extreg_terminal::{Printer, Table, Text};

use super::{
    document::{Counted, LoadRow, RateLimits, Row, Who},
    settings::{Settings, Wanted},
};
use crate::context::Context;

/// The maximum number of gaps that are shown.
const MOST_GAPS: usize = 10;

/// The answer, and the tables.
pub(super) fn table(limits: &RateLimits, printer: &Printer) {
    if let Some(answer) = answer(limits) {
        printer.line(Text::new().bold(answer));
        printer.line("");
    }
    let mut measured = Table::new(&["REGISTRY", "AS", "LIMIT", "LEFT", "LIMIT OF"]);
    for row in &limits.measured {
        let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
        measured.row([
            limits.registry.clone(),
            row.identity.description(),
            limit(row),
            number(row.remaining),
            row.source.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    measured.print(printer);
    if let Some(counted) = limits
        .budget
        .as_ref()
        .filter(|counted| !counted.loads.is_empty())
    {
        if !limits.measured.is_empty() {
            printer.line("");
        }
        loads(limits, counted, printer);
    }
}

/// `docker.io: 99 of 100 pulls remain (anonymous); scheduled imports are within the limit`. Nothing if nothing was
/// measured or counted.
fn answer(limits: &RateLimits) -> Option<String> {
    let measured = limits.measured.iter().map(|row| {
        let who = row.identity.description();
        match (row.remaining, row.limit) {
            (Some(remaining), Some(limit)) => {
                format!("{remaining} of {limit} pulls remain ({who})")
            }
            _ if row.state == "notReported" => format!("no limit reported ({who})"),
            _ => format!("the limit is unknown ({who})"),
        }
    });
    let mut parts: Vec<String> = measured.collect();
    if let Some(counted) = &limits.budget {
        let mut standings = counted.loads.iter().map(|load| load.standing);
        parts.push(
            if standings
                .clone()
                .any(|standing| standing == Standing::Exceeds)
            {
                "scheduled imports exceed the limit"
            } else if standings.all(|standing| standing == Standing::Within) {
                "scheduled imports are within the limit"
            } else {
                "scheduled imports may exceed the limit"
            }
            .to_owned(),
        );
    }
    (!parts.is_empty()).then(|| format!("{}: {}", limits.registry, parts.join("; ")))
}

fn loads(limits: &RateLimits, counted: &Counted, printer: &Printer) {
    let window = limits
        .published
        .as_ref()
        .map_or(0, |table| table.window_seconds);
    let pulls = format!("PULLS IN {}", span(window).to_uppercase());
    let mut table = Table::new(&["IMPORTED AS", "TAGS", &pulls, "ALLOWED", "STANDING"]);
    for load in &counted.loads {
        let allowed = match load.allowed {
            Some(allowed) => format!("{allowed} ({})", load.basis),
            None => "no limit reported".to_owned(),
        };
        let standing = match load.standing {
            Standing::Within => "within",
            Standing::Exceeds => "over",
            Standing::MayExceed => "may exceed",
        };
        table.row([
            load.identity.description(),
            load.tags.len().to_string(),
            load.pulls.to_string(),
            allowed,
            standing.to_owned(),
        ]);
    }
    table.print(printer);
    for load in counted.loads.iter().filter(|load| !load.over.is_empty()) {
        over(load, printer);
    }
}

fn over(load: &LoadRow, printer: &Printer) {
    printer.line("");
    let who = load.identity.description();
    let title = match load.standing {
        Standing::Exceeds => format!("Beyond the limit ({who}):"),
        Standing::Within | Standing::MayExceed => format!("Possibly beyond the limit ({who}):"),
    };
    printer.line(Text::new().bold(title));
    let mut table = Table::new(&["NAMESPACE", "TAG", "IMAGE", "PULLS"]);
    for tag in &load.over {
        table.row([
            tag.namespace.clone(),
            format!("{}:{}", tag.stream, tag.tag),
            tag.image.clone(),
            tag.pulls.to_string(),
        ]);
    }
    table.print(printer);
    for step in &load.remedies {
        printer.line(format!("{}:", step.what));
        printer.line(format!("  {}", step.text));
    }
}

/// Notes about the numbers.
pub(super) fn notes(limits: &RateLimits, settings: &Settings, context: &Context) {
    let printer = &context.printer;
    let registry = &limits.registry;
    for row in &limits.measured {
        let who = row.identity.description();
        match (row.state, &row.message) {
            ("notReported", _) => printer.note(format!(
                "{registry} reported no limit ({who}): it is a paid account, or a publisher's image, \
                 or the registry does not meter"
            )),
            ("refused", Some(why)) => {
                printer.error(&format!("error: {registry} ({who}): {why}"));
            }
            // Counting continues with the published limits.
            ("failed", Some(why)) if limits.budget.is_some() => {
                printer.warn(&format!("{registry} ({who}): {why}"));
            }
            ("failed", Some(why)) => printer.error(&format!("error: {registry} ({who}): {why}")),
            _ => {}
        }
    }
    from_here(limits, settings, printer);
    if settings.measure == Wanted::Unnamed {
        printer.note(format!(
            "{registry} is not known to limit pulls, and was not queried: specify an image \
             with --image"
        ));
    }
    let Some(counted) = &limits.budget else {
        return;
    };
    let place = match &counted.namespace {
        Some(name) => format!("namespace {name}"),
        None => "any namespace".to_owned(),
    };
    if counted.is_without_streams {
        printer.note("The cluster does not serve ImageStreams, so it imports nothing.");
    } else if limits.published.is_none() {
        printer.note(format!(
            "{registry} publishes no pull limit, so its scheduled tags are not counted"
        ));
    } else if counted.loads.is_empty() {
        printer.note(format!("No scheduled tags of {registry} in {place}."));
    }
    for load in &counted.loads {
        note_about(load, registry, printer);
    }
    for gap in counted.gaps.iter().take(MOST_GAPS) {
        printer.note(format!("not counted because it could not be read: {gap}"));
    }
    if counted.gaps.len() > MOST_GAPS {
        printer.note(format!("and {} more", counted.gaps.len() - MOST_GAPS));
    }
}

/// Anonymous limits depend on the address, and this machine's address is not the cluster's.
fn from_here(limits: &RateLimits, settings: &Settings, printer: &Printer) {
    let is_anonymous = |who: &Who| who.kind == "anonymous";
    let mut measured = limits.measured.iter();
    if settings.same_address
        || !measured.any(|row| row.limit.is_some() && is_anonymous(&row.identity))
    {
        return;
    }
    match &limits.budget {
        None => printer.note(
            "Measured from this machine: anonymous limits depend on the IP address, and the cluster can \
             have another one.",
        ),
        Some(counted) if counted.loads.iter().any(|load| is_anonymous(&load.identity)) => printer
            .note(
                "Anonymous limits depend on the IP address, so the published limit is used for the \
                 cluster; if it has the same outgoing address as this machine, use --same-address.",
            ),
        Some(_) => {}
    }
}

fn note_about(load: &LoadRow, registry: &str, printer: &Printer) {
    match (load.identity.kind, load.basis) {
        ("account", "published") if load.standing != Standing::Within => printer.note(format!(
            "{} is assumed to be a free account of {registry}, because a paid one has no limit: \
             use --secret or --auth-file to check it",
            load.identity.description()
        )),
        ("unknown", _) => printer.note(format!(
            "the account with which {} {} imported is unknown, because secrets could not be read",
            load.tags.len(),
            if load.tags.len() == 1 {
                "tag is"
            } else {
                "tags are"
            },
        )),
        _ => {}
    }
}

fn limit(row: &Row) -> String {
    match (row.limit, row.window_seconds) {
        (Some(limit), Some(window)) => format!("{limit} in {}", span(window)),
        _ => match row.state {
            "notReported" => "none reported".to_owned(),
            state => state.to_owned(),
        },
    }
}

/// A time window as text.
fn span(seconds: u64) -> String {
    match seconds {
        seconds if seconds > 0 && seconds.is_multiple_of(3600) => {
            let hours = seconds / 3600;
            format!("{hours} {}", if hours == 1 { "hour" } else { "hours" })
        }
        seconds => format!("{seconds} seconds"),
    }
}

impl Who {
    /// As text.
    pub(super) fn description(&self) -> String {
        match (&self.username, self.kind) {
            (Some(username), _) => username.clone(),
            (None, "anonymous") => "anonymous".to_owned(),
            (None, _) => "an unknown account".to_owned(),
        }
    }
}
