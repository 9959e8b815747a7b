//! The index that the search of the book reads, without a server.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// A page that search finds by fewer terms is not in the index as a whole.
pub(super) const FEW_TERMS: usize = 10;

/// The index of elasticlunr: a tree of terms, and the sections of pages that contain them.
pub(super) struct Index {
    urls: Vec<String>,
    /// The number of terms, by section.
    terms: BTreeMap<usize, usize>,
}

impl Index {
    /// Reads `searchindex-HASH.js`, a call of `JSON.parse` with a text.
    pub(super) fn read(book: &Path) -> Result<Self> {
        let mut entries = fs::read_dir(book).with_context(|| format!("read {}", book.display()))?;
        let file = entries.find_map(|entry| {
            let path = entry.ok()?.path();
            let is_index = path.file_stem()?.to_str()?.starts_with("searchindex");
            (is_index && path.extension()? == "js").then_some(path)
        });
        let file = file.context("the book has no search index")?;
        let script =
            fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?;
        let text = script
            .split_once("JSON.parse('")
            .and_then(|(_, rest)| rest.rsplit_once("')"));
        let (text, _) = text.with_context(|| format!("{} has no JSON", file.display()))?;
        let index: Value = serde_json::from_str(&unescaped(text))
            .with_context(|| format!("read {}", file.display()))?;
        let mut terms = BTreeMap::new();
        if let Some(root) = index.pointer("/index/index/body/root") {
            count(root, &mut terms);
        }
        let urls = index.get("doc_urls").and_then(Value::as_array);
        let urls = urls.into_iter().flatten().filter_map(Value::as_str);
        Ok(Self {
            urls: urls.map(str::to_owned).collect(),
            terms,
        })
    }

    /// The number of terms by which search finds the page.
    pub(super) fn terms(&self, page: &Path) -> usize {
        let of_page = self.urls.iter().enumerate().filter(|(_, url)| {
            let (path, _) = url.split_once('#').unwrap_or((url, ""));
            Path::new(path) == page
        });
        of_page
            .filter_map(|(section, _)| self.terms.get(&section))
            .sum()
    }
}

/// Counts the terms below a node, by section.
fn count(node: &Value, terms: &mut BTreeMap<usize, usize>) {
    for (key, child) in node.as_object().into_iter().flatten() {
        if key != "docs" {
            count(child, terms);
            continue;
        }
        for section in child
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            if let Ok(section) = section.parse() {
                *terms.entry(section).or_default() += 1;
            }
        }
    }
}

/// The text of a string of JavaScript in single quotes.
fn unescaped(text: &str) -> String {
    let mut unescaped = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let next = if character == '\\' {
            characters.next()
        } else {
            Some(character)
        };
        unescaped.extend(next);
    }
    unescaped
}
