//! A table with a row for each flow.

use extreg_flow::{Fix, FlowReport, State, short};
use extreg_terminal::{Cell, Layout, Text};

use super::{Look, age::age, colored, one_line};

/// The maximum length of a reason without `-o wide`.
const WHY: usize = 100;

/// The headers and the rows. Rows are rendered lazily: a large cluster has many.
pub(super) fn lines(flows: &[FlowReport], look: Look) -> impl Iterator<Item = Text> {
    let headers = headers(look);
    let mut layout = Layout::new(&headers);
    for flow in flows {
        layout.fit(&cells(flow, look));
    }
    let head = layout.head(&headers);
    let rows = flows.iter().map(move |flow| layout.row(cells(flow, look)));
    std::iter::once(head).chain(rows)
}

fn headers(look: Look) -> Vec<&'static str> {
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
    headers
}

fn cells(flow: &FlowReport, look: Look) -> Vec<Cell> {
    let deciding = flow.deciding_link();
    let mut cells: Vec<Cell> = Vec::new();
    if look.all_namespaces {
        cells.push(flow.namespace.as_str().into());
    }
    let at = match (flow.state, deciding) {
        (State::Ok | State::None, _) | (_, None) => "-",
        (_, Some(link)) => link.part.word(),
    };
    let time = deciding.and_then(|link| link.time);
    cells.extend([
        flow.name.as_str().into(),
        colored(Text::new(), flow.state, flow.state.word()).into(),
        at.into(),
        age(time, look.now).into(),
    ]);
    if look.wide {
        cells.push(flow.image.as_deref().unwrap_or_default().into());
        cells.push(short(&flow.digest).into());
    }
    let why = deciding.map_or_else(String::new, |link| one_line(&link.message));
    if look.wide {
        cells.push(why.into());
        cells.push(
            flow.fix
                .as_deref()
                .map(Fix::text)
                .unwrap_or_default()
                .into(),
        );
    } else {
        cells.push(cut(&why).into());
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
