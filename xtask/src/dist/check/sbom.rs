//! The bill of materials: valid, and the same crates as in the program and in `cargo tree`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use jsonschema::{Registry, Validator};
use serde_json::Value;

use crate::dist::dependencies::Dependencies;
use crate::dist::folder::{Archive, Folder};
use crate::step;

/// The folder of the schema and of those that it refers to, by their URIs.
const SCHEMAS: &str = "crates/report/tests/data/schema";
const SCHEMA: &str = "cyclonedx-1.6.json";
const REFERENCES: [(&str, &str); 2] = [
    (
        "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json",
        "cyclonedx-spdx.json",
    ),
    (
        "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json",
        "cyclonedx-jsf-0.82.json",
    ),
];

/// Checks the bill of an archive.
pub(super) fn check(archive: &Archive, folder: &Folder) -> Result<()> {
    let name = archive.product.sbom(archive.target);
    let bom: Value = serde_json::from_slice(&folder.read(&name)?).with_context(|| name.clone())?;
    let faults: Vec<String> = validator()?
        .iter_errors(&bom)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    ensure!(
        faults.is_empty(),
        "{name} is invalid: {}",
        faults.join("; ")
    );
    let listed =
        crates_of(&bom).with_context(|| format!("{name}: a component without a version"))?;
    let wanted = Dependencies::read(archive.product, archive.target)?.names();
    same(&name, &listed, "cargo tree", &wanted)?;
    for program in archive.product.programs() {
        let limits = auditable_info::Limits::default();
        let inside = auditable_info::audit_info_from_slice(
            archive.program(program)?,
            limits.decompressed_json_size,
        )
        .with_context(|| format!("{program}: read the list of its crates"))?;
        let inside: BTreeSet<String> = inside
            .packages
            .iter()
            .map(|package| format!("{} {}", package.name, package.version))
            .collect();
        same(&name, &listed, program, &inside)?;
    }
    Ok(())
}

/// Components and the product's own package, which has the name of the product.
fn crates_of(bom: &Value) -> Option<BTreeSet<String>> {
    let main = bom.pointer("/metadata/component")?;
    let (package, version) = main.get("bom-ref")?.as_str()?.split_once('@')?;
    let mut crates = BTreeSet::from([format!("{package} {version}")]);
    for component in bom.get("components")?.as_array()? {
        let part = |name: &str| component.get(name)?.as_str();
        crates.insert(format!("{} {}", part("name")?, part("version")?));
    }
    Some(crates)
}

fn same(
    name: &str,
    listed: &BTreeSet<String>,
    other: &str,
    crates: &BTreeSet<String>,
) -> Result<()> {
    let mut differ: Vec<&String> = listed.symmetric_difference(crates).collect();
    differ.truncate(5);
    ensure!(
        differ.is_empty(),
        "{name} and {other} list different crates: {}",
        differ
            .iter()
            .map(|one| one.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    );
    Ok(())
}

fn validator() -> Result<Validator> {
    let read = |file: &str| -> Result<Value> {
        let path = step::root()?.join(SCHEMAS).join(file);
        let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
        Ok(serde_json::from_slice(&bytes)?)
    };
    let mut registry = Registry::new();
    for (uri, file) in REFERENCES {
        registry = registry.add(uri, read(file)?)?;
    }
    let registry = registry.prepare()?;
    Ok(jsonschema::options()
        .should_validate_formats(true)
        .with_registry(&registry)
        .build(&read(SCHEMA)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::Commit;
    use crate::dist::target::{Product, Target};

    #[test]
    fn each_bill_is_valid_and_lists_what_cargo_compiles() {
        let commit = Commit {
            revision: None,
            time: jiff::Timestamp::UNIX_EPOCH,
        };
        let validator = validator().unwrap();
        for (product, target) in [
            (Product::Webhook, Target::LinuxS390x),
            (Product::Plugin, Target::WindowsAmd64),
        ] {
            let crates = Dependencies::read(product, target).unwrap();
            let mut bom = crates.cyclonedx(product, target, &commit);
            assert!(validator.is_valid(&bom), "{:?}", validator.validate(&bom));
            assert_eq!(crates_of(&bom).unwrap(), crates.names());
            // What is compiled for one target only, and what `cargo metadata` adds but no program contains.
            let has = |name: &str| crates.names().iter().any(|one| one.starts_with(name));
            assert_eq!(has("windows-sys "), target == Target::WindowsAmd64);
            assert!(has("rustls ") && !has("ring "));
            bom["components"][0]["type"] = "part".into();
            assert!(!validator.is_valid(&bom));
        }
    }
}
