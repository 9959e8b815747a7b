//! The pages of the book: those of `docs`, and the README of the project.
//!
//! mdBook changes the name of a page `README.md` to `index`, but not the links to it, and copies nothing from outside its
//! source. The links to both are replaced here; a file that is not in the book is linked on the project's page, at this
//! version.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use extreg_manifests::names;

use super::VERSION;
use crate::check::map_links;

/// The README of the project, in the book.
const OVERVIEW: &str = "overview.md";

/// A file of the book's source.
pub(crate) struct Page {
    /// Its path in the source.
    pub(crate) path: PathBuf,
    /// Its content.
    pub(crate) content: Vec<u8>,
}

/// The files of the book's source.
pub(crate) fn pages(root: &Path) -> Result<Vec<Page>> {
    let mut files = vec![PathBuf::from("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    files.sort();
    files.iter().map(|file| page(root, file)).collect()
}

fn page(root: &Path, file: &Path) -> Result<Page> {
    let path = in_book(file).with_context(|| format!("{} is outside docs", file.display()))?;
    let content = fs::read(root.join(file)).with_context(|| format!("read {}", file.display()))?;
    if file.extension() != Some(OsStr::new("md")) {
        return Ok(Page { path, content });
    }
    let text = String::from_utf8(content).with_context(|| format!("read {}", file.display()))?;
    let mut text = map_links(&text, |link| replaced(root, file, link));
    if path == Path::new("SUMMARY.md") {
        // After the first page: its entry is the one of the start page.
        text = text.replacen(
            "](index.md)\n",
            &format!("](index.md)\n[Overview]({OVERVIEW})\n"),
            1,
        );
    } else if path == Path::new("index.md") {
        let version = format!("\n\nVersion {VERSION}, [other versions](../index.html).\n\n");
        text = text.replacen("\n\n", &version, 1);
    }
    Ok(Page {
        path,
        content: text.into_bytes(),
    })
}

/// Where a file of the repository is in the book.
fn in_book(file: &Path) -> Option<PathBuf> {
    if file == Path::new("README.md") {
        return Some(PathBuf::from(OVERVIEW));
    }
    let path = file.strip_prefix("docs").ok()?;
    if path.file_name() == Some(OsStr::new("README.md")) {
        return Some(path.with_file_name("index.md"));
    }
    Some(path.to_owned())
}

/// The link on a page to another file, as it is in the book.
fn replaced(root: &Path, page: &Path, link: &str) -> Option<String> {
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, format!("#{anchor}")),
        None => (link, String::new()),
    };
    if path.is_empty() {
        return None;
    }
    let file = normal(&page.parent()?.join(path));
    let Some(target) = in_book(&file) else {
        let kind = if root.join(&file).is_dir() {
            "tree"
        } else {
            "blob"
        };
        let file = file.to_str()?;
        return Some(format!("{}/{kind}/v{VERSION}/{file}{anchor}", names::HOME));
    };
    let from = in_book(page)?;
    let ups = "../".repeat(from.components().count() - 1);
    Some(format!("{ups}{}{anchor}", target.to_str()?))
}

/// The path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                normal.pop();
            }
            Component::Normal(name) => normal.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_those_of_the_book() {
        let root = crate::step::root().unwrap();
        let home = format!("{}/", names::HOME);
        for (page, link, want) in [
            ("docs/README.md", "policy.md", "policy.md"),
            ("docs/README.md", "checks/README.md", "checks/index.md"),
            (
                "docs/README.md",
                "../README.md#the-first-hour",
                "overview.md#the-first-hour",
            ),
            (
                "docs/checks/EXR001.md",
                "../policy.md#mode",
                "../policy.md#mode",
            ),
            ("docs/checks/EXR001.md", "README.md", "../checks/index.md"),
            ("README.md", "docs/README.md", "index.md"),
            ("README.md", "SECURITY.md", "blob/v0.1.0/SECURITY.md"),
            (
                "docs/operations.md",
                "../manifests/yaml",
                "tree/v0.1.0/manifests/yaml",
            ),
            (
                "docs/README.md",
                "schema/audit-report.v1.schema.json",
                "schema/audit-report.v1.schema.json",
            ),
        ] {
            let found = replaced(root, Path::new(page), link).unwrap();
            let found = found.strip_prefix(&home).unwrap_or(&found);
            assert_eq!(found, want.replace("0.1.0", VERSION), "{page}: {link}");
        }
        assert_eq!(replaced(root, Path::new("docs/README.md"), "#here"), None);
    }

    #[test]
    fn the_source_has_every_page_and_its_summary_lists_the_overview() {
        let root = crate::step::root().unwrap();
        let pages = pages(root).unwrap();
        let text = |path: &str| {
            let page = pages.iter().find(|page| page.path == Path::new(path));
            String::from_utf8(page.unwrap().content.clone()).unwrap()
        };
        let summary = text("SUMMARY.md");
        let first = "# Summary\n\n[Documentation](index.md)\n[Overview](overview.md)\n";
        assert!(summary.starts_with(first), "{summary}");
        for page in &pages {
            let path = page.path.to_str().unwrap();
            let is_listed = summary.contains(&format!("]({path})"));
            let is_page = page.path.extension() == Some(OsStr::new("md")) && path != "SUMMARY.md";
            assert_eq!(is_listed, is_page, "{path}");
        }
        assert!(text("index.md").starts_with(&format!(
            "# Documentation\n\nVersion {VERSION}, [other versions](../index.html).\n"
        )));
        assert!(!text("overview.md").contains("](docs/"));
    }
}
