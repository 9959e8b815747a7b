//! Renders a report as lines, so that they can be printed once or redrawn.

mod age;
mod data;
mod screen;
mod table;
mod tree;

use std::iter;

use extreg_flow::{FlowReport, Report, State};
use extreg_terminal::{Printer, Text};
use jiff::Timestamp;

pub(super) use self::data::data;

/// How lines look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// Whether to use symbols and box-drawing characters.
    pub(super) has_signs: bool,
    pub(super) now: Timestamp,
    /// The maximum width, if there is a limit.
    pub(super) columns: Option<usize>,
    /// Whether the table has every column.
    pub(super) wide: bool,
    /// Whether the flows can be in several namespaces.
    pub(super) all_namespaces: bool,
}

/// This many flows are shown in full.
const MAX_SCREENS: usize = 2;

/// The layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// A screen for one flow, a table for several.
    Auto,
    /// A screen for each of at most [`MAX_SCREENS`] flows of a name, a table for more.
    Named,
    /// A table.
    Table,
    /// Every object of every flow.
    Tree,
}

impl View {
    /// The most flows that are shown in full.
    const fn screens(self) -> usize {
        match self {
            Self::Auto => 1,
            Self::Named => MAX_SCREENS,
            Self::Table | Self::Tree => 0,
        }
    }
}

/// The report as lines. Each flow is rendered when its lines are requested, because there can be many.
pub(super) fn lines<'r>(
    report: &'r Report,
    view: View,
    look: Look,
) -> Box<dyn Iterator<Item = Text> + 'r> {
    let flows = report.flows.as_slice();
    match view {
        _ if flows.is_empty() => Box::new(iter::empty()),
        View::Tree => Box::new(each(flows, move |flow| tree::lines(flow, look))),
        View::Auto | View::Named if flows.len() <= view.screens() => {
            Box::new(each(flows, move |flow| screen::lines(flow, look)))
        }
        View::Auto | View::Named | View::Table => Box::new(table::lines(flows, look)),
    }
}

/// Prints the report.
pub(super) fn print(report: &Report, view: View, look: Look, printer: &Printer) {
    for line in lines(report, view, look).take_while(|_| !printer.out_is_closed()) {
        printer.line(line);
    }
}

/// The lines of each flow, with an empty line between two.
fn each<'r>(
    flows: &'r [FlowReport],
    lines: impl Fn(&'r FlowReport) -> Vec<Text> + 'r,
) -> impl Iterator<Item = Text> + 'r {
    flows.iter().enumerate().flat_map(move |(index, flow)| {
        let gap = (index > 0).then(Text::new);
        gap.into_iter().chain(lines(flow))
    })
}

/// A state as a word or a symbol.
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

/// Appends text in the color of a state.
fn colored(text: Text, state: State, words: impl Into<String>) -> Text {
    match state {
        State::Ok => text.green(words),
        State::Broken => text.red(words),
        State::Waiting | State::Unknown => text.orange(words),
        State::None => text.dim(words),
    }
}

/// The message of a registry or a controller on one line.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}
