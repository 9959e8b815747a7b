//! The links of the documentation: each relative link and anchor exists, each page is in `docs/SUMMARY.md`, and each
//! test that is named after a rule of OpenShift (`trap_28_…`) has that rule in `docs/openshift-semantics.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// A reader of the README does not read on beyond this.
const README_LINES: usize = 160;
const RULES: &str = "docs/openshift-semantics.md";
const SKIPPED: [&str; 4] = ["target", ".git", "artifacts", "corpus"];

/// Fails if a link or a rule does not exist.
///
/// # Errors
/// With one line for each.
pub(super) fn check(root: &Path) -> Result<()> {
    let mut wrong = Vec::new();
    for page in files(root, "md")? {
        wrong.extend(broken_links(root, &page)?);
    }
    wrong.extend(missing_in_summary(root)?);
    wrong.extend(missing_rules(root)?);
    let lines = read(&root.join("README.md"))?.lines().count();
    if lines > README_LINES {
        wrong.push(format!(
            "README.md: {lines} lines; the limit is {README_LINES}"
        ));
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// All files with an extension, sorted.
pub(crate) fn files(root: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            let is_skipped = SKIPPED.iter().any(|name| entry.file_name() == *name);
            if entry.file_type()?.is_dir() && !is_skipped {
                folders.push(path);
            } else if path.extension().is_some_and(|other| other == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn broken_links(root: &Path, page: &Path) -> Result<Vec<String>> {
    let text = read(page)?;
    let name = page.strip_prefix(root).unwrap_or(page).display();
    let folder = page.parent().unwrap_or(root);
    let mut wrong = Vec::new();
    for link in links(&text) {
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if path.is_empty() {
            page.to_owned()
        } else {
            folder.join(path)
        };
        if !target.exists() {
            wrong.push(format!("{name}: {link} does not exist"));
        } else if !anchor.is_empty() && !anchors(&read(&target)?).contains(anchor) {
            wrong.push(format!("{name}: {link} has no such anchor"));
        }
    }
    Ok(wrong)
}

/// The text with the target of each link within the repository replaced by `to`, if it returns one.
pub(crate) fn map_links(text: &str, to: impl Fn(&str) -> Option<String>) -> String {
    let mut mapped = String::with_capacity(text.len());
    for (line, is_prose) in lines(text) {
        let mut rest = line;
        while is_prose && let Some((before, link, after)) = first_link(rest) {
            let target = Some(link).filter(|link| is_relative(link)).and_then(&to);
            mapped.push_str(before);
            mapped.push_str("](");
            mapped.push_str(target.as_deref().unwrap_or(link));
            mapped.push(')');
            rest = after;
        }
        mapped.push_str(rest);
        mapped.push('\n');
    }
    mapped
}

/// The target of the first link of a line, and what is before and after it.
fn first_link(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_once("](")?;
    let (link, after) = rest.split_once(')')?;
    Some((before, link, after))
}

/// The targets of links within the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    prose(text)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split_once(')').map(|(link, _)| link))
        .filter(|link| is_relative(link))
}

fn is_relative(link: &str) -> bool {
    !link.contains("://") && !link.starts_with("mailto:")
}

/// The lines outside code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    lines(text).filter_map(|(line, is_prose)| is_prose.then_some(line))
}

/// The lines, and whether each is outside code blocks.
fn lines(text: &str) -> impl Iterator<Item = (&str, bool)> {
    let mut is_fenced = false;
    text.lines().map(move |line| {
        let is_fence = line.starts_with("```");
        is_fenced ^= is_fence;
        (line, !is_fenced && !is_fence && !line.starts_with("    "))
    })
}

/// The anchors of a page: of its headings, and those that are written out.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let written = text
        .split("<a id=\"")
        .skip(1)
        .filter_map(|rest| rest.split_once('"'));
    headings
        .map(|line| slug(line.trim_start_matches('#').trim()))
        .chain(written.map(|(id, _)| id.to_owned()))
        .collect()
}

/// The anchor that GitHub and mdBook give a heading.
fn slug(heading: &str) -> String {
    let heading = heading.to_lowercase().replace(' ', "-");
    let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_');
    heading.chars().filter(is_kept).collect()
}

fn missing_in_summary(root: &Path) -> Result<Vec<String>> {
    let docs = root.join("docs");
    let summary = read(&docs.join("SUMMARY.md"))?;
    let listed: BTreeSet<PathBuf> = links(&summary).map(|link| docs.join(link)).collect();
    let pages = files(&docs, "md")?.into_iter();
    let missing = pages.filter(|page| !listed.contains(page) && !page.ends_with("SUMMARY.md"));
    Ok(missing
        .map(|page| format!("docs/SUMMARY.md does not list {}", page.display()))
        .collect())
}

fn missing_rules(root: &Path) -> Result<Vec<String>> {
    let anchors = anchors(&read(&root.join(RULES))?);
    let mut wrong = Vec::new();
    for source in files(root, "rs")? {
        for rule in rules(&read(&source)?) {
            if !anchors.contains(&format!("os-{rule}")) {
                wrong.push(format!(
                    "{}: rule {rule} is not in {RULES}",
                    source.display()
                ));
            }
        }
    }
    Ok(wrong)
}

/// The rules that tests are named after (`fn trap_06_07_and_16_…`) and that text links (`#os-28`).
fn rules(source: &str) -> Vec<u32> {
    let named = source.split("fn trap_").skip(1).flat_map(|rest| {
        rest.split('_')
            .map_while(|word| match word {
                "and" => Some(None),
                number => number.parse().ok().map(Some),
            })
            .flatten()
    });
    let page = format!("{}#os-", RULES.trim_start_matches("docs/"));
    let linked = source.split(&page).skip(1).filter_map(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    named.chain(linked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_the_repository_are_found_outside_of_code() {
        let text = "[a](b.md#c) and [d](https://e.f)\n    [g](h)\n```\n[i](j)\n```\n[k](#l)";
        assert_eq!(links(text).collect::<Vec<_>>(), ["b.md#c", "#l"]);
    }

    #[test]
    fn links_are_replaced_outside_of_code() {
        let text = "[a](b.md#c), [d](https://e.f)\n    [g](h)\n[k](#l) `x](y`\n";
        let upper = map_links(text, |link| (link != "#l").then(|| link.to_uppercase()));
        let want = "[a](B.MD#C), [d](https://e.f)\n    [g](h)\n[k](#l) `x](y`\n";
        assert_eq!(upper, want);
        assert_eq!(map_links(text, |_| None), text);
    }

    #[test]
    fn anchors_are_those_of_headings_and_written_ones() {
        let text = "## What it finds, and `where`\n<a id=\"os-1\"></a>\n    # code";
        let want = ["os-1", "what-it-finds-and-where"].map(str::to_owned);
        assert_eq!(anchors(text), BTreeSet::from(want));
    }

    #[test]
    fn the_documentation_of_this_repository_is_complete() {
        check(crate::step::root().unwrap()).unwrap();
    }

    #[test]
    fn a_broken_link_a_missing_page_and_an_unknown_rule_are_reported() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "README.md",
            "[a](docs/gone.md) [b](#gone) [c](docs/a.md#here)",
        );
        write("docs/SUMMARY.md", "[a](openshift-semantics.md)");
        write("docs/a.md", "# Here");
        write(RULES, "<a id=\"os-1\"></a>");
        let test = ["fn", " trap_1_and_2_x() {}"].concat();
        write("src/lib.rs", &test);
        let error = check(root).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 4, "{error}");
        for part in ["docs/gone.md does", "#gone has", "docs/a.md", "rule 2 is"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }

    #[test]
    fn the_rules_of_a_name_are_read() {
        let source = ["fn trap", "_06_07_and_16_the_rules() {} fn trap", "_5_x()"].concat();
        assert_eq!(rules(&source), [6, 7, 16, 5]);
    }
}
