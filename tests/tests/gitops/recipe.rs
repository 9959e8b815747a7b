//! The files of the recipes.

use std::path::{Path, PathBuf};

use extreg_tests::{ControlPlane, with_input};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/gitops")
}

/// The text of a recipe.
pub(crate) fn text(name: &str) -> String {
    let path = folder().join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The objects of a recipe.
pub(crate) fn objects(name: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&text(name)).unwrap()
}

/// The one object of a kind in a recipe.
pub(crate) fn object(name: &str, kind: &str) -> Value {
    let mut all = objects(name).into_iter();
    all.find(|object| object["kind"] == kind)
        .unwrap_or_else(|| panic!("{name} has no {kind}"))
}

/// The API server accepts a recipe without a warning; unknown fields are errors.
pub(crate) fn assert_accepted(plane: &ControlPlane, name: &str) {
    let mut kubectl = plane.kubectl();
    kubectl.args(["create", "--dry-run=server", "--validate=strict", "-f", "-"]);
    let output = with_input(&mut kubectl, &text(name)).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{name}: {errors}"
    );
}

/// The recipes of a tool.
pub(crate) fn names(tool: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder().join(tool)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| format!("{tool}/{name}"))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{tool}");
    names
}
