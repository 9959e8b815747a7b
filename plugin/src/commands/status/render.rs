//! How it looks. Everything is lines, so that they can be printed once or drawn again and again.

mod age;
mod data;
mod screen;
mod table;
mod tree;

use extreg_flow::{FlowReport, Report, State};
use extreg_terminal::{Printer, Text};
use jiff::Timestamp;

pub(super) use self::data::data;

/// How people get it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Whether it may have signs and lines beside letters.
    pub(super) has_signs: bool,
    pub(super) now: Timestamp,
    /// How wide it may be, where there is a limit.
    pub(super) columns: Option<usize>,
    /// Whether the table has every column.
    pub(super) wide: bool,
    /// Whether the flows may be of several namespaces.
    pub(super) all_namespaces: bool,
}

/// What people are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// A screen for one flow, a table for several.
    Auto,
    /// A table.
    Table,
    /// Every object of every flow.
    Tree,
}

/// The report as lines.
pub(super) fn lines(report: &Report, view: View, look: Look) -> Vec<Text> {
    match (view, report.flows.as_slice()) {
        (_, []) => Vec::new(),
        (View::Tree, flows) => each(flows, |flow| tree::lines(flow, look)),
        (View::Auto, [flow]) => screen::lines(flow, look),
        (View::Auto | View::Table, flows) => table::lines(flows, look).collect(),
    }
}

/// Prints the report. Many flows are long, so each is printed before the next is drawn.
pub(super) fn print(report: &Report, view: View, look: Look, printer: &Printer) {
    let flows = match (view, report.flows.as_slice()) {
        (_, []) => return,
        (View::Auto, [flow]) => {
            for line in screen::lines(flow, look) {
                printer.line(line);
            }
            return;
        }
        (View::Auto | View::Table, flows) => {
            for line in table::lines(flows, look).take_while(|_| !printer.out_is_closed()) {
                printer.line(line);
            }
            return;
        }
        (View::Tree, flows) => flows,
    };
    for (index, flow) in flows.iter().enumerate() {
        if printer.out_is_closed() {
            return;
        }
        if index > 0 {
            printer.line("");
        }
        for line in tree::lines(flow, look) {
            printer.line(line);
        }
    }
}

fn each(flows: &[FlowReport], lines: impl Fn(&FlowReport) -> Vec<Text>) -> Vec<Text> {
    let mut all = Vec::new();
    for (index, flow) in flows.iter().enumerate() {
        if index > 0 {
            all.push(Text::new());
        }
        all.extend(lines(flow));
    }
    all
}

/// A state as a word or, where there are signs, a sign.
fn sign(state: State, look: Look) -> &'static str {
    match (look.has_signs, state) {
        (false, state) => state.word(),
        (true, State::Ok) => "✓",
        (true, State::Broken) => "✗",
        (true, State::Waiting) => "…",
        (true, State::Unknown) => "?",
        (true, State::None) => "-",
    }
}

/// Text in the colour of a state.
fn coloured(text: Text, state: State, words: impl Into<String>) -> Text {
    match state {
        State::Ok => text.green(words),
        State::Broken => text.red(words),
        State::Waiting | State::Unknown => text.yellow(words),
        State::None => text.dim(words),
    }
}

/// On one line, whatever a registry or a controller said.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}
