//! The file-based catalog: the package, its channel and its bundle.

use extreg_manifests::{Manifest, ObjectName, Phase, RenderError, names};
use serde::Serialize;
use serde_json::{Value, json};

use super::csv::{SUMMARY, VERSION, relevant};
use super::{CHANNEL, PACKAGE};
use crate::Release;
use crate::icon::{ICON_TYPE, icon_base64};

/// What `opm render` writes for the bundle, and the package and channel that it is in. An upgrade adds its bundle here and
/// an entry that names the version which it replaces.
pub(super) fn catalog(version: &Manifest, release: &Release) -> Result<Vec<Manifest>, RenderError> {
    let bundle = &version.object.name;
    [
        blob(
            "olm.package",
            PACKAGE,
            json!({
                "defaultChannel": CHANNEL,
                "description": SUMMARY,
                "icon": {"base64data": icon_base64(), "mediatype": ICON_TYPE},
            }),
        ),
        blob(
            "olm.channel",
            CHANNEL,
            json!({"package": PACKAGE, "entries": [{"name": bundle}]}),
        ),
        blob(
            "olm.bundle",
            bundle,
            json!({
                "package": PACKAGE,
                "image": release.bundle.to_string(),
                "properties": properties(version),
                "relatedImages": related_images(version, release),
            }),
        ),
    ]
    .into_iter()
    .collect()
}

#[derive(Serialize)]
struct Property {
    #[serde(rename = "type")]
    kind: &'static str,
    value: Value,
}

fn properties(version: &Manifest) -> Vec<Property> {
    vec![
        Property {
            kind: "olm.gvk",
            value: json!({"group": names::GROUP, "kind": names::KIND, "version": names::VERSION}),
        },
        Property {
            kind: "olm.package",
            value: json!({"packageName": PACKAGE, "version": VERSION}),
        },
        Property {
            kind: "olm.csv.metadata",
            value: relevant(version),
        },
    ]
}

/// The bundle's own image has no name.
fn related_images(version: &Manifest, release: &Release) -> Vec<Value> {
    let own = json!({"name": "", "image": release.bundle.to_string()});
    let named = version.value.pointer("/spec/relatedImages");
    let named = named.and_then(Value::as_array).into_iter().flatten();
    std::iter::once(own).chain(named.cloned()).collect()
}

fn blob(schema: &str, name: &str, mut value: Value) -> Result<Manifest, RenderError> {
    let object = ObjectName {
        api_version: String::new(),
        kind: schema.to_owned(),
        namespace: None,
        name: name.to_owned(),
    };
    if let Some(map) = value.as_object_mut() {
        map.insert("schema".to_owned(), schema.into());
        map.insert("name".to_owned(), name.into());
    }
    Manifest::named(Phase::Base, object, &value)
}
