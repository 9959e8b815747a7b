//! One flow on a screen: a line for each link, and what mends the first that is broken.

use super::{Look, age::age, coloured, one_line, sign};
use crate::{
    commands::status::{
        links::{Link, State},
        report::FlowReport,
    },
    printer::Text,
};

/// The lines.
pub(super) fn lines(flow: &FlowReport, look: Look) -> Vec<Text> {
    let from = match &flow.image {
        Some(image) => format!(" in {}, from {image}", flow.namespace),
        None => format!(" in {}", flow.namespace),
    };
    let mut lines = vec![Text::new().bold(flow.name.clone()).plain(from)];
    let first = flow.first_broken();
    let mut workload = "";
    let several = flow
        .links
        .iter()
        .filter(|link| link.part == crate::commands::status::links::Part::Rollout)
        .count()
        > 1;
    for (index, link) in flow.links.iter().enumerate() {
        if several && link.workload != workload {
            workload = &link.workload;
            lines.push(Text::new().plain(format!(" {workload}")));
        }
        lines.push(line(link, first == Some(index), look));
    }
    if let Some(mend) = &flow.mend {
        lines.push(Text::new().bold("Mend it with:").plain(format!(" {mend}")));
    }
    lines
}

fn line(link: &Link, is_first_broken: bool, look: Look) -> Text {
    let width = if look.has_signs { 1 } else { 7 };
    let text = Text::new().plain(format!("  {:<8}  ", link.part.word()));
    let text = coloured(
        text,
        link.state,
        format!("{:<width$}", sign(link.state, look)),
    );
    let text = text.dim(format!("  {:>4}  ", age(link.time, look.now)));
    let message = one_line(&link.message);
    let text = match link.state {
        State::None => text.dim(message),
        _ => text.plain(message),
    };
    if is_first_broken {
        text.red("  <- broken")
    } else {
        text
    }
}
