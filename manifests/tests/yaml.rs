//! The files of the folder `yaml`.
#![cfg(test)]

#[test]
fn written_files_read_back_the_same() {
    let settings = extreg_manifests::Settings {
        monitoring: true,
        follow_builds: extreg_manifests::FollowBuilds::Everywhere,
        ..Default::default()
    };
    for manifest in extreg_manifests::install(&settings).unwrap() {
        let yaml = manifest.yaml().unwrap();
        let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        assert_eq!(read, manifest.value, "{}", manifest.object);
        assert!(!yaml.contains('\t'), "{}", manifest.object);
    }
}

#[test]
fn no_file_claims_to_be_managed_by_the_plugin() {
    for file in extreg_manifests::folder().unwrap() {
        let label = extreg_manifests::names::MANAGED_BY_LABEL;
        assert!(!file.content.contains(label), "{}", file.name);
    }
}
