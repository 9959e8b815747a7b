//! The book of the documentation: it has each page, each link leads somewhere, its search finds each page, and it needs
//! neither a network nor a file of this machine.

mod html;
mod search;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::check::files;
use crate::{book, step};

/// The links of this page are relative to the root of a server.
const NOT_FOUND: &str = "404.html";

/// Builds the book and checks it.
///
/// # Errors
/// With one line for each fault.
pub(super) fn check() -> Result<()> {
    let output = tempfile::tempdir().context("create a temporary folder for the book")?;
    let built = book::build(output.path())?;
    let root = step::root()?;
    let mut pages = Vec::new();
    for page in book::pages(root)? {
        let is_page = page.path.extension().is_some_and(|end| end == "md");
        if is_page && page.path != Path::new("SUMMARY.md") {
            pages.push(page.path.with_extension("html"));
        }
    }
    let local = [root.to_owned(), output.path().to_owned()];
    let wrong = faults(&built, &pages, &local)?;
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    Ok(())
}

/// The faults of a book that has to contain these pages and none of these paths.
fn faults(book: &Path, pages: &[PathBuf], local: &[PathBuf]) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    for page in pages {
        if !book.join(page).is_file() {
            wrong.push(format!("{} is not in the book", page.display()));
        }
    }
    for path in files(book, "html")? {
        let name = path.strip_prefix(book)?.display().to_string();
        if name != NOT_FOUND {
            let faults = html::faults(&path)?;
            wrong.extend(faults.into_iter().map(|fault| format!("{name}: {fault}")));
        }
    }
    for end in ["html", "js", "css"] {
        for path in files(book, end)? {
            let text =
                fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            let name = path.strip_prefix(book)?.display();
            for local in local {
                if text.contains(&*local.to_string_lossy()) {
                    wrong.push(format!("{name}: contains the path {}", local.display()));
                }
            }
            if text.contains("url(http") || text.contains("url(//") {
                wrong.push(format!("{name}: loads a file from the network"));
            }
        }
    }
    let found = search::Index::read(book)?;
    for page in pages {
        let terms = found.terms(page);
        if terms < search::FEW_TERMS {
            wrong.push(format!(
                "{}: search finds it by {terms} terms only",
                page.display()
            ));
        }
    }
    Ok(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_a_book_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let book = folder.path();
        let write = |name: &str, text: &str| fs::write(book.join(name), text).unwrap();
        write(
            "a.html",
            "<h1 id=\"a\">A</h1><a href=\"b.html#b\">b</a> <a href=\"b.html#no\">b</a> <a href=\"no.html\">c</a> \
             <a href=\"https://x.example/\">d</a> <img src=\"https://x.example/e.png\"> /home/me/clone",
        );
        write(
            "b.html",
            "<p id=\"b\"></p><script>if (1 < 2) { x = '<a href=\"no.html\">'; }</script>",
        );
        write("f.css", "p { background: url(https://x.example/f.png); }");
        let terms: Vec<String> = ('a'..='z')
            .map(|term| format!(r#","{term}":{{"docs":{{"0":{{"tf":1}}}},"df":1}}"#))
            .collect();
        let terms = terms.concat();
        let index = format!(
            r#"{{"doc_urls":["a.html#a","b.html"],"index":{{"index":{{"body":{{"root":{{"docs":{{}}{terms}}}}}}}}}}}"#
        );
        write(
            "searchindex-1.js",
            &format!("window.search = JSON.parse('{index}'));"),
        );
        let pages = ["a.html", "b.html", "c.html"].map(PathBuf::from);
        let wrong = faults(book, &pages, &[PathBuf::from("/home/me")]).unwrap();
        assert_eq!(
            wrong,
            [
                "c.html is not in the book",
                "a.html: b.html#no has no such anchor",
                "a.html: no.html does not exist",
                "a.html: loads https://x.example/e.png from the network",
                "a.html: contains the path /home/me",
                "f.css: loads a file from the network",
                "b.html: search finds it by 0 terms only",
                "c.html: search finds it by 0 terms only",
            ]
        );
    }
}
