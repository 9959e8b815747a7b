//! The words of texts: string literals, comments, Markdown and names of items are searched for words of `glossary.tsv`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use regex::Regex;

use super::links::files;

const GLOSSARY: &str = include_str!("glossary.tsv");
/// Folders of data: recorded, or of a format of its own.
const DATA: [&str; 5] = [
    "/data/",
    "/snapshots/",
    "/corpus/",
    "/recorded/",
    "/vectors/",
];
/// Texts of other programs: the file, the word and the reason, separated by tabs.
const EXCEPTIONS: &str = include_str!("exceptions.tsv");
const MAX_EXCEPTIONS: usize = 10;

struct Glossary {
    entries: Vec<(Regex, &'static str)>,
    /// String literals and comments of Rust.
    texts: Regex,
    /// Names of items.
    names: Regex,
    /// Blocks of code in Markdown.
    blocks: Regex,
}

/// Fails if a text has a word of the glossary.
///
/// # Errors
/// With file, line, word and the better one, for each.
pub(super) fn check(root: &Path) -> Result<()> {
    let glossary = Glossary::read()?;
    let exceptions = exceptions()?;
    let mut wrong = Vec::new();
    for extension in ["rs", "md"] {
        for path in files(root, extension)? {
            let shown = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .display()
                .to_string();
            if DATA.iter().any(|folder| shown.contains(folder)) {
                continue;
            }
            let text =
                fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let found = if extension == "rs" {
                glossary.in_rust(&text)
            } else {
                glossary.in_markdown(&text)
            };
            let excepted = |word: &str| {
                let mut all = exceptions.iter();
                all.any(|(file, other)| shown == *file && word.eq_ignore_ascii_case(other))
            };
            let found = found.into_iter().filter(|(_, word, _)| !excepted(word));
            wrong.extend(
                found.map(|(line, word, better)| {
                    format!("{shown}:{line}: {word:?}: write {better}")
                }),
            );
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// The files and words of the exceptions.
fn exceptions() -> Result<Vec<(&'static str, &'static str)>> {
    let mut all = Vec::new();
    for line in EXCEPTIONS.lines() {
        let mut parts = line.split('\t');
        let (Some(file), Some(word), Some(_reason)) = (parts.next(), parts.next(), parts.next())
        else {
            bail!("exceptions.tsv: no file, word and reason in {line:?}");
        };
        all.push((file, word));
    }
    if all.len() > MAX_EXCEPTIONS {
        bail!("exceptions.tsv: more than {MAX_EXCEPTIONS} exceptions");
    }
    Ok(all)
}

/// A line, a word in it, and what to write instead.
type Hit = (usize, String, &'static str);

impl Glossary {
    fn read() -> Result<Self> {
        let mut entries = Vec::new();
        for line in GLOSSARY.lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (pattern, better) = line
                .split_once('\t')
                .with_context(|| format!("glossary.tsv: no tab in {line:?}"))?;
            let whole = format!(r"(?i)(?:^|[^\w`/-])({pattern})(?:$|[^\w-])");
            let regex = Regex::new(&whole).with_context(|| format!("glossary.tsv: {pattern}"))?;
            entries.push((regex, better));
        }
        Ok(Self {
            entries,
            texts: Regex::new(
                r###"(?s)r##".*?"##|r#".*?"#|\br"[^"]*"|"(?:[^"\\]|\\.)*"|//[^\n]*|'(?:\\.|[^'\\])'"###,
            )?,
            names: Regex::new(
                r"\b(?:fn|struct|enum|trait|mod|const|static|type)\s+([A-Za-z_][A-Za-z0-9_]*)",
            )?,
            blocks: Regex::new(r"(?s)```.*?```")?,
        })
    }

    fn in_rust(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        for found in self.texts.find_iter(text) {
            self.search(text, found.start(), found.as_str(), &mut hits);
        }
        for name in self.names.captures_iter(text).filter_map(|all| all.get(1)) {
            self.search(text, name.start(), &words(name.as_str()), &mut hits);
        }
        sorted(hits)
    }

    fn in_markdown(&self, text: &str) -> Vec<Hit> {
        let blank = |block: &regex::Captures<'_>| {
            let lines = block
                .get(0)
                .map_or(0, |all| all.as_str().matches('\n').count());
            "\n".repeat(lines)
        };
        let prose = self.blocks.replace_all(text, blank);
        let mut hits = Vec::new();
        self.search(&prose, 0, &prose, &mut hits);
        sorted(hits)
    }

    /// Searches a part of a text that starts at a place of it.
    fn search(&self, text: &str, start: usize, part: &str, hits: &mut Vec<Hit>) {
        for (regex, better) in &self.entries {
            for word in regex.captures_iter(part).filter_map(|all| all.get(1)) {
                let before = text
                    .get(..start.saturating_add(word.start()))
                    .unwrap_or(text);
                let line = before.matches('\n').count().saturating_add(1);
                hits.push((line, word.as_str().to_owned(), *better));
            }
        }
    }
}

fn sorted(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort();
    hits.dedup();
    hits
}

/// The words of a name, in lower case: `ImageRef` and `image_ref` are `image ref`.
fn words(name: &str) -> String {
    let mut words = String::new();
    for character in name.chars() {
        if character == '_' {
            words.push(' ');
            continue;
        }
        if character.is_ascii_uppercase() && words.ends_with(|c: char| c.is_ascii_lowercase()) {
            words.push(' ');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word of the glossary, spelled so that this file passes.
    const BAD: &str = concat!("no", "body");

    #[test]
    fn texts_names_and_prose_are_searched() {
        let glossary = Glossary::read().unwrap();
        let rust = format!(
            "// {BAD} reads\nlet {BAD} = \"\\\"{BAD}\\\"\";\nfn {BAD}_knows() {{}}\nlet c = '\"';\nr#\"x {BAD}\"#"
        );
        let lines: Vec<usize> = glossary
            .in_rust(&rust)
            .into_iter()
            .map(|hit| hit.0)
            .collect();
        assert_eq!(lines, [1, 2, 3, 5]);
        let page = format!("one\n```\n{BAD}\n```\n{BAD} knows, `{BAD}` does not\n");
        let lines: Vec<usize> = glossary
            .in_markdown(&page)
            .into_iter()
            .map(|hit| hit.0)
            .collect();
        assert_eq!(lines, [5]);
    }
}
