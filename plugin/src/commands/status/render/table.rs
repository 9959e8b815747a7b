//! Many flows, a row each.

use extreg_terminal::Text;

use super::{Look, age::age, coloured, one_line};
use crate::commands::status::{
    image::short,
    links::{Fix, State},
    report::FlowReport,
};

/// The longest reason in a row that is not wide.
const WHY: usize = 100;

/// The lines, under their headers. Each is made when it is asked for: of a large cluster there are many.
pub(super) fn lines(flows: &[FlowReport], look: Look) -> impl Iterator<Item = Text> {
    let headers = headers(look);
    let mut widths: Vec<usize> = headers.iter().map(|h| h.chars().count()).collect();
    for flow in flows {
        for (width, cell) in widths.iter_mut().zip(cells(flow, look)) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let head = Text::new().bold(padded(&headers, &widths).concat().trim_end());
    let rows = flows.iter().map(move |flow| row(flow, look, &widths));
    std::iter::once(head).chain(rows)
}

fn headers(look: Look) -> Vec<String> {
    let mut headers = Vec::new();
    if look.all_namespaces {
        headers.push("NAMESPACE");
    }
    headers.extend(["FLOW", "STATE", "AT", "AGE"]);
    if look.wide {
        headers.extend(["IMAGE", "DIGEST"]);
    }
    headers.push("WHY");
    if look.wide {
        headers.push("FIX");
    }
    headers.into_iter().map(str::to_owned).collect()
}

fn row(flow: &FlowReport, look: Look, widths: &[usize]) -> Text {
    let state_at = usize::from(look.all_namespaces) + 1;
    let padded = padded(&cells(flow, look), widths);
    let last = padded.len().saturating_sub(1);
    let mut text = Text::new();
    for (index, cell) in padded.into_iter().enumerate() {
        text = if index == state_at {
            coloured(text, flow.state, cell)
        } else if index == last {
            text.plain(cell.trim_end())
        } else {
            text.plain(cell)
        };
    }
    text
}

fn cells(flow: &FlowReport, look: Look) -> Vec<String> {
    let telling = flow.telling();
    let mut cells = Vec::new();
    if look.all_namespaces {
        cells.push(flow.namespace.clone());
    }
    let at = match (flow.state, telling) {
        (State::Ok | State::None, _) | (_, None) => "-".to_owned(),
        (_, Some(link)) => link.part.word().to_owned(),
    };
    let time = telling.and_then(|link| link.time);
    cells.extend([flow.name.clone(), flow.state.word().to_owned(), at]);
    cells.push(age(time, look.now));
    if look.wide {
        cells.push(flow.image.clone().unwrap_or_default());
        cells.push(short(&flow.digest));
    }
    let why = telling.map_or_else(String::new, |link| one_line(&link.message));
    if look.wide {
        cells.push(why);
        cells.push(flow.fix.as_deref().map(Fix::text).unwrap_or_default());
    } else {
        cells.push(cut(&why));
    }
    cells
}

fn cut(text: &str) -> String {
    if text.chars().count() <= WHY {
        return text.to_owned();
    }
    let start: String = text.chars().take(WHY - 1).collect();
    format!("{start}…")
}

fn padded(cells: &[String], widths: &[usize]) -> Vec<String> {
    let pairs = cells.iter().zip(widths);
    pairs
        .map(|(cell, width)| format!("{cell:<width$}  "))
        .collect()
}
