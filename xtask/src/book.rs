//! `cargo xtask book`: the documentation as a book of mdBook.
//!
//! Each version is a folder of the output, and `index.html` beside them lists the versions: to publish a version, build it into
//! the folder that holds the earlier ones.

mod source;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tools::CargoTool;
use crate::{console, step};

pub(crate) use source::pages;

/// The version that is built.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where to build.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder that holds the books of all versions
    #[arg(long, value_name = "FOLDER", default_value = "target/book")]
    output: PathBuf,
}

/// Builds the book of this version, and lists all versions.
pub(crate) fn run(args: &Args) -> Result<()> {
    let output = step::root()?.join(&args.output);
    build(&output)?;
    console::line(&format!("wrote {}", output.join(VERSION).display()));
    Ok(())
}

/// Builds the book into a folder of `output` with the name of the version, and returns it. An earlier build is
/// replaced as soon as the new one is complete.
pub(crate) fn build(output: &Path) -> Result<PathBuf> {
    let root = step::root()?;
    fs::create_dir_all(output).with_context(|| format!("create {}", output.display()))?;
    let making = tempfile::tempdir_in(output).context("create a temporary folder for the book")?;
    let source = making.path().join("source");
    for page in pages(root)? {
        write(&source.join("docs").join(&page.path), &page.content)?;
    }
    let settings = root.join("book.toml");
    let copied = fs::copy(&settings, source.join("book.toml"));
    copied.with_context(|| format!("copy {}", settings.display()))?;
    let made = making.path().join("book");
    let mut mdbook = Command::new(CargoTool::Mdbook.install()?);
    mdbook
        .arg("build")
        .arg(&source)
        .arg("--dest-dir")
        .arg(&made);
    step::run("build the book", &mut mdbook)?;
    let book = output.join(VERSION);
    if book.exists() {
        fs::rename(&book, making.path().join("earlier"))
            .with_context(|| format!("replace {}", book.display()))?;
    }
    fs::rename(&made, &book).with_context(|| format!("create {}", book.display()))?;
    write(
        &output.join("index.html"),
        list(&versions(output)?).as_bytes(),
    )?;
    Ok(book)
}

fn write(path: &Path, content: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
    }
    fs::write(path, content).with_context(|| format!("write {}", path.display()))
}

/// The versions of the books in a folder, the newest first.
fn versions(output: &Path) -> Result<Vec<String>> {
    let mut versions = Vec::new();
    for entry in fs::read_dir(output).with_context(|| format!("read {}", output.display()))? {
        let entry = entry?;
        let name = entry.file_name().into_string().unwrap_or_default();
        if number(&name).is_some() && entry.path().join("index.html").is_file() {
            versions.push(name);
        }
    }
    versions.sort_by_key(|name| std::cmp::Reverse(number(name)));
    Ok(versions)
}

/// The numbers of a version, by which it is sorted; none for another name.
fn number(name: &str) -> Option<Vec<u32>> {
    let numbers: Option<Vec<u32>> = name.split('.').map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| numbers.len() == 3)
}

fn list(versions: &[String]) -> String {
    let items: Vec<String> = versions
        .iter()
        .map(|version| format!("<li><a href=\"{version}/index.html\">{version}</a></li>"))
        .collect();
    include_str!("book/versions.html").replace("{{versions}}", &items.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_listed_by_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["0.9.0", "0.10.0", "0.2.1", "latest", "1.0"] {
            write(&folder.path().join(name).join("index.html"), b"").unwrap();
        }
        fs::create_dir(folder.path().join("3.0.0")).unwrap();
        let versions = versions(folder.path()).unwrap();
        assert_eq!(versions, ["0.10.0", "0.9.0", "0.2.1"]);
        let page = list(&versions);
        assert!(!page.contains("{{"), "{page}");
        assert!(
            page.contains("<a href=\"0.10.0/index.html\">0.10.0</a>"),
            "{page}"
        );
    }
}
