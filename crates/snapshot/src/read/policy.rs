//! RegistryPolicies.

use extreg_core::policy::{Policy, PolicySpec};
use serde_json::value::RawValue;

use super::item::{Body, Item, Site};
use super::view::{Metadata, PolicyView};

/// Reads a RegistryPolicy; of an invalid one the error is kept.
pub(super) fn read(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: PolicyView<'_> = serde_json::from_str(json)?;
    let metadata = Metadata {
        name: view.metadata.name,
        uid: view.metadata.uid,
        ..Metadata::default()
    };
    let mut item = site.item(&metadata);
    let policy = compile(&item.id.name, &view.metadata.creation_timestamp, view.spec);
    item.body = Body::Policy(Box::new(policy));
    Ok(item)
}

/// With the text of `check`.
fn compile(name: &str, created: &str, spec: Option<&RawValue>) -> Result<Policy, String> {
    let spec = spec.ok_or("spec: missing")?;
    let spec: serde_json::Value =
        serde_json::from_str(spec.get()).map_err(|error| format!("spec: {error}"))?;
    let spec: PolicySpec = serde_path_to_error::deserialize(&spec).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => "spec".to_owned(),
            path => format!("spec.{path}"),
        };
        format!("{path}: {}", error.inner())
    })?;
    Policy::compile(name, created, &spec).map_err(|error| error.to_string())
}
