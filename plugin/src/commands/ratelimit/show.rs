//! The answer for people: tables on stdout, and on stderr what is to be known of the numbers.

use extreg_terminal::{Printer, Table, Text};

use super::{
    document::{Counted, LoadRow, RateLimits, Row, Who},
    settings::{Settings, Wanted},
};
use crate::context::Context;

/// More gaps than these are counted and not named.
const MOST_GAPS: usize = 10;

/// The tables.
pub(super) fn table(limits: &RateLimits, printer: &Printer) {
    let mut told = Table::new(&["REGISTRY", "AS", "LIMIT", "LEFT", "TOLD FOR"]);
    for row in &limits.measured {
        let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |n| n.to_string());
        told.row([
            limits.registry.clone(),
            row.identity.words(),
            limit(row),
            number(row.remaining),
            row.source.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    told.print(printer);
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
            None => "no limit told".to_owned(),
        };
        let standing = match load.standing {
            "within" => "within",
            "exceeds" => "over",
            _ => "may be over",
        };
        table.row([
            load.identity.words(),
            load.tags.len().to_string(),
            load.pulls.words(),
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
    let who = load.identity.words();
    let title = match load.standing {
        "exceeds" => format!("Too many as {who}:"),
        _ => format!("Perhaps too many as {who}:"),
    };
    printer.line(Text::new().bold(title));
    let mut table = Table::new(&["NAMESPACE", "TAG", "IMAGE", "PULLS"]);
    for tag in &load.over {
        table.row([
            tag.namespace.clone(),
            format!("{}:{}", tag.stream, tag.tag),
            tag.image.clone(),
            tag.pulls.words(),
        ]);
    }
    table.print(printer);
    for step in &load.remedies {
        printer.line(format!("{}:", step.what));
        printer.line(format!("  {}", step.text));
    }
}

/// What is to be known of the numbers.
pub(super) fn notes(limits: &RateLimits, settings: &Settings, context: &Context) {
    let printer = &context.printer;
    let registry = &limits.registry;
    for row in &limits.measured {
        let who = row.identity.words();
        match (row.state, &row.message) {
            ("untold", _) => printer.note(format!(
                "{registry} told no limit as {who}: it is a paid account, or a publisher's image, \
                 or the registry does not meter"
            )),
            ("refused", Some(why)) => {
                printer.error(&format!("error: {registry} as {who}: {why}"));
            }
            // Counting goes on by what is published.
            ("failed", Some(why)) if limits.budget.is_some() => {
                printer.warn(&format!("{registry} as {who}: {why}"));
            }
            ("failed", Some(why)) => printer.error(&format!("error: {registry} as {who}: {why}")),
            _ => {}
        }
    }
    from_here(limits, settings, printer);
    if settings.measure == Wanted::Unnamed {
        printer.note(format!(
            "{registry} is not known to meter pulls, and was not asked: --image names an image to \
             ask it for"
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
        printer.note("The cluster does not serve ImageStreams, so that it imports nothing.");
    } else if limits.published.is_none() {
        printer.note(format!(
            "{registry} publishes no limit on pulls, so that its scheduled tags are not counted"
        ));
    } else if counted.loads.is_empty() {
        printer.note(format!("No scheduled tags of {registry} in {place}."));
    }
    for load in &counted.loads {
        told_of(load, registry, printer);
    }
    for gap in counted.gaps.iter().take(MOST_GAPS) {
        printer.note(format!("not counted, as it could not be read: {gap}"));
    }
    if counted.gaps.len() > MOST_GAPS {
        printer.note(format!("and {} more", counted.gaps.len() - MOST_GAPS));
    }
}

/// What nobody may pull goes by address, and this is not the cluster's.
fn from_here(limits: &RateLimits, settings: &Settings, printer: &Printer) {
    let is_nobodys = |who: &Who| who.kind == "anonymous";
    let mut told = limits.measured.iter();
    if settings.same_address || !told.any(|row| row.limit.is_some() && is_nobodys(&row.identity)) {
        return;
    }
    match &limits.budget {
        None => printer.note(
            "Measured from this machine: what nobody may pull goes by address, and the cluster may \
             have another.",
        ),
        Some(counted) if counted.loads.iter().any(|load| is_nobodys(&load.identity)) => printer
            .note(
                "What nobody may pull goes by address, so that for the cluster the published limit \
                 is taken; if it goes out by the address of this machine, say --same-address.",
            ),
        Some(_) => {}
    }
}

fn told_of(load: &LoadRow, registry: &str, printer: &Printer) {
    match (load.identity.kind, load.basis) {
        ("account", "published") if load.standing != "within" => printer.note(format!(
            "{} is taken for a free account of {registry}, as a paid one is not metered: --secret \
             or --auth-file asks which it is",
            load.identity.words()
        )),
        ("unknown", _) => printer.note(format!(
            "as whom {} {} imported is not known, since secrets could not be read",
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
            "untold" => "none told".to_owned(),
            state => state.to_owned(),
        },
    }
}

/// A window of time in words.
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
    /// In words.
    pub(super) fn words(&self) -> String {
        match (&self.username, self.kind) {
            (Some(username), _) => username.clone(),
            (None, "anonymous") => "nobody".to_owned(),
            (None, _) => "somebody unknown".to_owned(),
        }
    }
}
