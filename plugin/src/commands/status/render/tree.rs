//! Every object of a flow, as a tree.

use extreg_flow::{FlowReport, Node};
use extreg_terminal::Text;

use super::{Look, age::age, colored, one_line, sign};

/// The branches: to an object, to the last object, past an object, past the last object.
const SIGNS: [&str; 4] = ["├─ ", "└─ ", "│  ", "   "];
const LETTERS: [&str; 4] = ["|- ", "`- ", "|  ", "   "];

/// The lines.
pub(super) fn lines(flow: &FlowReport, look: Look) -> Vec<Text> {
    let Some(root) = &flow.objects else {
        return Vec::new();
    };
    let head = Text::new()
        .bold(root.object.clone())
        .plain(format!(" in {}  ", flow.namespace));
    let mut lines = vec![colored(head, flow.state, flow.state.word())];
    below(root, flow, "", look, &mut lines);
    if let Some(fix) = &flow.fix {
        lines.push(Text::new().bold("Fix:").plain(format!(" {}", fix.text())));
    }
    lines
}

fn below(node: &Node, flow: &FlowReport, lead: &str, look: Look, lines: &mut Vec<Text>) {
    let [fork, end, bar, gap] = if look.has_signs { SIGNS } else { LETTERS };
    let count = node.objects.len();
    for (index, child) in node.objects.iter().enumerate() {
        let is_last = index + 1 == count;
        let arm = if is_last { end } else { fork };
        let link = child.link.and_then(|at| flow.links.get(at));
        let mut text = Text::new()
            .dim(format!("{lead}{arm}"))
            .plain(child.object.clone());
        if let Some(link) = link {
            text = colored(text.plain("  "), link.state, sign(link.state, look));
        }
        let messages = [Some(&child.message), link.map(|link| &link.message)];
        for message in messages.into_iter().flatten().filter(|m| !m.is_empty()) {
            text = text.plain(format!("  {}", one_line(message)));
        }
        let age = age(link.map_or(child.time, |link| link.time), look.now);
        if !age.is_empty() {
            text = text.dim(format!("  {age}"));
        }
        if child.link.is_some() && child.link == flow.first_broken() {
            text = text.red("  <- broken");
        }
        lines.push(text);
        let next = if is_last { gap } else { bar };
        below(child, flow, &format!("{lead}{next}"), look, lines);
    }
}
