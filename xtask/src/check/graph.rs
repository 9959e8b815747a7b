//! Which crate depends on which, as ARCHITECTURE.md draws it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::step;

/// The dependencies of each crate, by the names of their folders.
type Graph = BTreeMap<String, BTreeSet<String>>;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    /// None for an external crate.
    path: Option<String>,
    /// None for a normal dependency.
    kind: Option<String>,
}

/// Checks that ARCHITECTURE.md has the diagram of `packages`, the folders of the crates that ship.
///
/// # Errors
/// If it differs; the error has the expected diagram.
pub(super) fn check(root: &Path, packages: &[String]) -> Result<()> {
    let output = step::cargo(["metadata", "--no-deps", "--format-version", "1"])?
        .output()
        .context("run cargo metadata")?;
    let metadata: Metadata =
        serde_json::from_slice(&output.stdout).context("read what cargo metadata prints")?;
    let ships: BTreeSet<&str> = packages.iter().map(|folder| name(folder)).collect();
    let diagram = draw(&graph(metadata, &ships));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).context("read ARCHITECTURE.md")?;
    if !page.contains(&diagram) {
        bail!("ARCHITECTURE.md: the diagram of the crates is to be:\n\n{diagram}");
    }
    Ok(())
}

fn graph(metadata: Metadata, ships: &BTreeSet<&str>) -> Graph {
    let mut graph = Graph::new();
    for Package {
        manifest_path,
        dependencies,
    } in metadata.packages
    {
        let folder = manifest_path.trim_end_matches("/Cargo.toml");
        let folder = name(folder).to_owned();
        if !ships.contains(folder.as_str()) {
            continue;
        }
        let ours = dependencies.iter().filter(|one| one.kind.is_none());
        let names = ours.filter_map(|one| one.path.as_deref().map(|path| name(path).to_owned()));
        graph.insert(folder, names.collect());
    }
    graph
}

/// Level by level: a crate is above all that it depends on.
fn draw(graph: &Graph) -> String {
    let mut levels: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for name in graph.keys() {
        let below = graph.get(name).into_iter().flatten();
        let below: Vec<&str> = below.map(String::as_str).collect();
        let line = match below.as_slice() {
            [] => name.clone(),
            below => format!("{name} ─► {}", below.join(", ")),
        };
        levels.entry(level(graph, name)).or_default().push(line);
    }
    let mut lines = Vec::new();
    for (level, crates) in levels {
        // Those that depend on nothing share a line.
        let crates = match level {
            0 => vec![crates.join(", ")],
            _ => crates,
        };
        for (index, line) in crates.iter().enumerate() {
            let mark = match index {
                0 => format!("L{level}"),
                _ => "  ".to_owned(),
            };
            lines.push(format!("    {mark}  {line}\n"));
        }
    }
    lines.concat()
}

fn level(graph: &Graph, name: &str) -> usize {
    let below = graph.get(name).into_iter().flatten();
    below
        .map(|below| level(graph, below) + 1)
        .max()
        .unwrap_or_default()
}

fn name(folder: &str) -> &str {
    folder.rsplit('/').next().unwrap_or(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_stands_above_all_that_it_depends_on() {
        let below = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let graph = Graph::from([
            ("a".to_owned(), below(&["b", "d"])),
            ("b".to_owned(), below(&["c"])),
            ("c".to_owned(), below(&[])),
            ("d".to_owned(), below(&[])),
            ("e".to_owned(), below(&["c", "d"])),
        ]);
        assert_eq!(
            draw(&graph),
            "    L0  c, d\n    L1  b ─► c\n        e ─► c, d\n    L2  a ─► b, d\n"
        );
    }

    #[test]
    fn what_only_tests_need_is_not_drawn() {
        let metadata = r#"{"packages": [{"manifest_path": "/x/crates/a/Cargo.toml", "dependencies": [
            {"path": "/x/crates/b", "kind": null}, {"path": "/x/tests", "kind": "dev"}, {"kind": null}]},
            {"manifest_path": "/x/tests/Cargo.toml", "dependencies": []}]}"#;
        let graph = graph(serde_json::from_str(metadata).unwrap(), &["a", "b"].into());
        let below = BTreeSet::from(["b".to_owned()]);
        assert_eq!(graph, Graph::from([("a".to_owned(), below)]));
    }
}
