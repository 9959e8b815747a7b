//! The crates in a program, as `cargo tree` lists them for its package and target, and their two forms: what
//! cargo-auditable adds to the program, and a bill of materials in CycloneDX.
//!
//! `cargo metadata`, which other tools read, resolves the features of the whole workspace, and so lists crates that are
//! in no program.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::target::{Product, Target};
use crate::commit::Commit;
use crate::step;

/// The version of CycloneDX.
const SPEC: &str = "1.6";

/// A crate, sorted by name and version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Crate {
    pub(super) name: String,
    pub(super) version: String,
    license: String,
    /// Whether it is in this workspace, and so in no registry.
    is_ours: bool,
}

/// Crates and what each depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dependencies {
    root: Crate,
    crates: BTreeMap<Crate, BTreeSet<Crate>>,
}

impl Dependencies {
    /// What cargo compiles for the product.
    pub(super) fn read(product: Product, target: Target) -> Result<Self> {
        let output = step::cargo(["tree", "--locked", "--edges", "normal", "--prefix", "depth"])?
            .args(["--format", "\t{p}\t{l}"])
            .args(["--package", product.package(), "--target", target.triple()])
            .output()
            .context("start cargo tree")?;
        anyhow::ensure!(
            output.status.success(),
            "cargo tree failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Self::parse(&String::from_utf8(output.stdout)?)
    }

    /// Parses lines of depth, crate and license; a crate that was listed with its dependencies before is marked.
    fn parse(tree: &str) -> Result<Self> {
        let mut crates: BTreeMap<Crate, BTreeSet<Crate>> = BTreeMap::new();
        let mut path: Vec<Crate> = Vec::new();
        for line in tree.lines() {
            let (depth, found) = parse_line(line)
                .with_context(|| format!("cargo tree printed an unknown line: {line}"))?;
            path.truncate(depth);
            if let Some(parent) = path.last() {
                crates
                    .entry(parent.clone())
                    .or_default()
                    .insert(found.clone());
            }
            crates.entry(found.clone()).or_default();
            path.push(found);
        }
        let root = path
            .into_iter()
            .next()
            .context("cargo tree printed nothing")?;
        Ok(Self { root, crates })
    }

    /// All crates as `NAME VERSION`.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.crates
            .keys()
            .map(|one| format!("{} {}", one.name, one.version))
            .collect()
    }

    /// The file that cargo itself writes for cargo-auditable with an unstable flag
    /// (<https://doc.rust-lang.org/cargo/reference/unstable.html#sbom>).
    pub(super) fn precursor(&self) -> Value {
        let position = |wanted: &Crate| self.crates.keys().position(|one| one == wanted);
        let crates: Vec<Value> = self
            .crates
            .iter()
            .map(|(one, needs)| {
                let needs: Vec<Value> = needs
                    .iter()
                    .filter_map(position)
                    .map(|index| json!({ "index": index, "kind": "normal" }))
                    .collect();
                json!({ "id": one.id(), "kind": ["lib"], "features": [], "dependencies": needs })
            })
            .collect();
        json!({
            "version": 1,
            "root": position(&self.root),
            "crates": crates,
            "rustc": {
                "version": "", "wrapper": null, "workspace_wrapper": null,
                "commit_hash": "", "host": "", "verbose_version": "",
            },
        })
    }

    /// The bill of materials of a product.
    pub(super) fn cyclonedx(&self, product: Product, target: Target, commit: &Commit) -> Value {
        let mut main = self.root.component("application");
        if let Some(fields) = main.as_object_mut() {
            fields.insert("name".to_owned(), product.name().into());
        }
        let components: Vec<Value> = self
            .crates
            .keys()
            .filter(|one| **one != self.root)
            .map(|one| one.component("library"))
            .collect();
        let dependencies: Vec<Value> = self
            .crates
            .iter()
            .map(|(one, needs)| {
                let needs: Vec<String> = needs.iter().map(Crate::reference).collect();
                json!({ "ref": one.reference(), "dependsOn": needs })
            })
            .collect();
        json!({
            "bomFormat": "CycloneDX",
            "specVersion": SPEC,
            "version": 1,
            "metadata": {
                "timestamp": commit.time.to_string(),
                "component": main,
                "properties": [{ "name": "cdx:rustc:target", "value": target.triple() }],
            },
            "components": components,
            "dependencies": dependencies,
        })
    }
}

impl Crate {
    fn reference(&self) -> String {
        if self.is_ours {
            format!("{}@{}", self.name, self.version)
        } else {
            format!("pkg:cargo/{}@{}", self.name, self.version)
        }
    }

    fn component(&self, kind: &str) -> Value {
        let mut component = json!({
            "type": kind,
            "bom-ref": self.reference(),
            "name": self.name,
            "version": self.version,
        });
        if let Some(fields) = component.as_object_mut() {
            if !self.is_ours {
                fields.insert("purl".to_owned(), self.reference().into());
            }
            if !self.license.is_empty() {
                let licenses = json!([{ "expression": self.license }]);
                fields.insert("licenses".to_owned(), licenses);
            }
        }
        component
    }

    /// As cargo identifies it; ours without a path, which would be one of this machine.
    fn id(&self) -> String {
        let source = if self.is_ours {
            "path+file:///source"
        } else {
            "registry+https://github.com/rust-lang/crates.io-index"
        };
        format!("{source}#{}@{}", self.name, self.version)
    }
}

/// Depth and crate of a line such as `2<tab>serde v1.0.229 (proc-macro)<tab>MIT OR Apache-2.0 (*)`.
fn parse_line(line: &str) -> Option<(usize, Crate)> {
    let mut parts = line.split('\t');
    let depth = parts.next()?.parse().ok()?;
    let mut words = parts.next()?.split(' ');
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    let license = parts.next()?.trim_end_matches("(*)").trim();
    Some((
        depth,
        Crate {
            name,
            version,
            // An old spelling of alternatives.
            license: license.replace('/', " OR "),
            is_ours: words.any(|word| word.starts_with("(/") || word.contains(":\\")),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
0\textreg-webhook v0.1.0 (/src/webhook)\tApache-2.0
1\tserde v1.0.229\tMIT/Apache-2.0
2\tserde_derive v1.0.229 (proc-macro)\tMIT OR Apache-2.0
1\textreg-core v0.1.0 (/src/crates/core)\tApache-2.0
2\tserde v1.0.229\tMIT/Apache-2.0 (*)
";

    #[test]
    fn the_tree_is_read_with_its_edges() {
        let found = Dependencies::parse(TREE).unwrap();
        assert_eq!(
            found.names().into_iter().collect::<Vec<_>>(),
            [
                "extreg-core 0.1.0",
                "extreg-webhook 0.1.0",
                "serde 1.0.229",
                "serde_derive 1.0.229"
            ]
        );
        let edges: Vec<(String, Vec<String>)> = found
            .crates
            .iter()
            .map(|(one, needs)| {
                (
                    one.reference(),
                    needs.iter().map(Crate::reference).collect(),
                )
            })
            .collect();
        let serde = "pkg:cargo/serde@1.0.229".to_owned();
        let derive = "pkg:cargo/serde_derive@1.0.229".to_owned();
        assert_eq!(
            edges,
            [
                ("extreg-core@0.1.0".to_owned(), vec![serde.clone()]),
                (
                    "extreg-webhook@0.1.0".to_owned(),
                    vec!["extreg-core@0.1.0".to_owned(), serde.clone()]
                ),
                (serde, vec![derive.clone()]),
                (derive, vec![]),
            ]
        );
    }

    #[test]
    fn both_forms_name_the_same_crates_and_no_path() {
        let found = Dependencies::parse(TREE).unwrap();
        let commit = Commit {
            revision: None,
            time: "2026-11-30T22:00:00Z".parse().unwrap(),
        };
        let bom = found.cyclonedx(Product::Webhook, Target::LinuxAmd64, &commit);
        assert_eq!(bom["metadata"]["component"]["name"], "extreg-webhook");
        assert_eq!(bom["components"].as_array().unwrap().len(), 3);
        assert_eq!(bom["components"][1]["purl"], "pkg:cargo/serde@1.0.229");
        assert_eq!(
            bom["components"][1]["licenses"][0]["expression"],
            "MIT OR Apache-2.0"
        );
        let precursor = found.precursor();
        assert_eq!(precursor["root"], 1);
        assert_eq!(precursor["crates"].as_array().unwrap().len(), 4);
        assert_eq!(precursor["crates"][1]["dependencies"][0]["index"], 0);
        for text in [bom.to_string(), precursor.to_string()] {
            assert!(!text.contains("/src"), "{text}");
        }
    }

    #[test]
    fn an_unknown_line_is_an_error() {
        let error = Dependencies::parse("0\tserde\tMIT\n")
            .unwrap_err()
            .to_string();
        assert_eq!(error, "cargo tree printed an unknown line: 0\tserde\tMIT");
        assert!(Dependencies::parse("").is_err());
    }
}
