//! The file-based catalog.

use serde_json::{Value, json};

use super::{csv, files, list, release, text, yaml};

fn catalog() -> Vec<Value> {
    let files = files();
    let documents = files["olm/catalog/extreg/catalog.yaml"].split("---\n");
    documents.map(yaml).collect()
}

#[test]
fn package_channel_and_bundle_refer_to_each_other() {
    let [package, channel, bundle] = &catalog()[..] else {
        panic!("three documents")
    };
    assert_eq!(package["schema"], "olm.package");
    assert_eq!(channel["schema"], "olm.channel");
    assert_eq!(bundle["schema"], "olm.bundle");
    assert_eq!(package["defaultChannel"], channel["name"]);
    for part in [channel, bundle] {
        assert_eq!(part["package"], package["name"]);
    }
    // One entry without a version that it replaces is the head of the channel.
    assert_eq!(channel["entries"], json!([{"name": bundle["name"]}]));
    assert_eq!(bundle["name"], csv()["metadata"]["name"]);
    assert_eq!(package["icon"], csv()["spec"]["icon"][0]);
}

#[test]
fn the_bundle_has_its_images_by_digest() {
    let bundle = catalog().remove(2);
    let image = release().bundle.to_string();
    assert_eq!(text(&bundle, "/image"), image);
    let related: Vec<&str> = list(&bundle, "/relatedImages")
        .iter()
        .map(|related| text(related, "/image"))
        .collect();
    assert_eq!(related, [image, release().image.to_string()]);
}

#[test]
fn the_properties_are_those_of_the_bundle() {
    let bundle = catalog().remove(2);
    let csv = csv();
    let value = |kind: &str| {
        let mut of_kind = list(&bundle, "/properties")
            .iter()
            .filter(|one| one["type"] == kind);
        let found = of_kind.next().unwrap()["value"].clone();
        assert!(of_kind.next().is_none(), "{kind}");
        found
    };
    let package = value("olm.package");
    assert_eq!(package["packageName"], bundle["package"]);
    assert_eq!(package["version"], csv["spec"]["version"]);
    let owned = &csv["spec"]["customresourcedefinitions"]["owned"][0];
    let gvk = value("olm.gvk");
    assert_eq!(
        (&gvk["kind"], &gvk["version"]),
        (&owned["kind"], &owned["version"])
    );
    let name = format!("registrypolicies.{}", text(&gvk, "/group"));
    assert_eq!(owned["name"], name.as_str());
    let shown = value("olm.csv.metadata");
    assert_eq!(shown["annotations"], csv["metadata"]["annotations"]);
    assert_eq!(
        shown["crdDescriptions"],
        csv["spec"]["customresourcedefinitions"]
    );
    for field in [
        "description",
        "displayName",
        "installModes",
        "keywords",
        "links",
        "maintainers",
        "maturity",
        "minKubeVersion",
        "provider",
    ] {
        assert!(
            shown[field] == csv["spec"][field] && !shown[field].is_null(),
            "{field}"
        );
    }
}
