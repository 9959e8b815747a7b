//! Links of a page of the book.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The links of a page that lead nowhere, and the files that it loads from elsewhere.
pub(super) fn faults(page: &Path) -> Result<Vec<String>> {
    let text = read(page)?;
    let folder = page.parent().unwrap_or(page);
    let mut wrong = Vec::new();
    for tag in tags(&text) {
        for link in ["href", "src"]
            .into_iter()
            .filter_map(|name| attribute(tag, name))
        {
            if link.contains("://") || link.starts_with("//") {
                if !tag.starts_with("a ") {
                    wrong.push(format!("loads {link} from the network"));
                }
                continue;
            }
            if link.starts_with("mailto:") || link.starts_with("data:") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                page.to_owned()
            } else {
                folder.join(path)
            };
            if !target.is_file() {
                wrong.push(format!("{link} does not exist"));
            } else if !anchor.is_empty() && !anchors(&read(&target)?).contains(anchor) {
                wrong.push(format!("{link} has no such anchor"));
            }
        }
    }
    Ok(wrong)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn anchors(text: &str) -> BTreeSet<String> {
    tags(text)
        .into_iter()
        .filter_map(|tag| attribute(tag, "id"))
        .map(str::to_owned)
        .collect()
}

/// The tags, without their brackets, and none of what is in a script.
fn tags(text: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = text;
    while let Some((tag, after)) = rest
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'))
    {
        tags.push(tag);
        rest = after;
        if tag.starts_with("script") {
            rest = after.split_once("</script").map_or("", |(_, after)| after);
        }
    }
    tags
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split_once('"').map(|(value, _)| value)
}
