//! ImageStreams: what is kept of spec and status.

use extreg_snapshot::{FailedImport, StreamRecord, TagOrigin, TagRecord};

use super::{read_yaml, uses};

const STREAM: &str = r#"
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata:
  name: s
  namespace: shop
  labels: {extreg.io/ignore: "true"}
  annotations: {extreg.io/ignore-checks: EXR005}
spec:
  lookupPolicy: {local: true}
  dockerImageRepository: docker.io/acme/all
  tags:
  - {name: v1, from: {kind: DockerImage, name: "docker.io/acme/app:v0"}}
  - {name: pushed, from: null, annotations: null}
  - {name: alias, from: {kind: ImageStreamTag, name: "base:1", namespace: openshift}, referencePolicy: {type: Local}}
  - name: v1
    from: {kind: DockerImage, name: "docker.io/acme/app:v1"}
    reference: false
    annotations: {extreg.io/scheduled: "false", extreg.io/ignore-checks: EXR006}
    importPolicy: {scheduled: true, insecure: true, importMode: PreserveOriginal}
    referencePolicy: {type: Source}
status:
  dockerImageRepository: image-registry.openshift-image-registry.svc:5000/shop/s
  tags:
  - tag: gone
    items: [{created: "2026-11-01T00:00:00Z", dockerImageReference: "quay.io/acme/gone@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc", image: "sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc"}]
  - tag: v1
    items:
    - {created: "2026-11-20T10:00:00Z", dockerImageReference: "docker.io/acme/app@sha256:aacc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc", image: "sha256:aacc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc"}
    - {created: "2026-10-20T10:00:00Z", dockerImageReference: "docker.io/acme/app@sha256:bb", image: "sha256:bb"}
    conditions: [{type: ImportSuccess, status: "False", reason: Unauthorized, message: "no", lastTransitionTime: "2026-11-21T10:00:00Z"}]
  - {tag: alias, items: null, conditions: [{type: ImportSuccess, status: "True"}]}
  - {tag: pushed, items: [{dockerImageReference: "image-registry.openshift-image-registry.svc:5000/shop/s@sha256:ccdd67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc", image: "sha256:ccdd67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc"}]}
"#;

fn plain(name: &str) -> TagRecord {
    TagRecord {
        name: name.into(),
        ..TagRecord::default()
    }
}

#[test]
fn a_stream_is_reduced_to_its_tags() {
    let snapshot = read_yaml(STREAM);
    let StreamRecord {
        managed,
        looks_up,
        follows_repository,
        repository,
        tags,
        ..
    } = &snapshot.streams[0];
    assert!(!managed && *looks_up);
    assert_eq!(&**follows_repository, "docker.io/acme/all");
    assert_eq!(
        &**repository,
        "image-registry.openshift-image-registry.svc:5000/shop/s"
    );
    let hex = "cc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    assert_eq!(
        *tags,
        [
            TagRecord {
                index: Some(2),
                from: TagOrigin::Stream {
                    name: "base:1".into(),
                    namespace: "openshift".into()
                },
                local: true,
                ..plain("alias")
            },
            TagRecord {
                digest: format!("sha256:ff{hex}").into(),
                created: "2026-11-01T00:00:00Z".into(),
                ..plain("gone")
            },
            TagRecord {
                index: Some(1),
                digest: format!("sha256:ccdd{}", &hex[2..]).into(),
                ..plain("pushed")
            },
            TagRecord {
                index: Some(3),
                from: TagOrigin::Image("docker.io/acme/app:v1".into()),
                scheduled: true,
                has_import_policy: true,
                insecure: true,
                preserves_original: true,
                has_annotations: true,
                opts_out: true,
                digest: format!("sha256:aa{hex}").into(),
                created: "2026-11-20T10:00:00Z".into(),
                failure: Some(FailedImport {
                    reason: "Unauthorized".into(),
                    message: "no".into(),
                    since: "2026-11-21T10:00:00Z".into(),
                }),
                ..plain("v1")
            },
        ]
    );
}

#[test]
fn a_tag_names_one_image() {
    let internal = "image-registry.openshift-image-registry.svc:5000";
    let gone = "sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    let pushed = "sha256:ccdd67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc";
    let of_status = |tag: &str, index: usize, image: &str, meaning: &str| {
        format!(
            "shop ImageStream/s[{tag}] status.tags[{index}].items[0].dockerImageReference = {image:?} \
             import {meaning}"
        )
    };
    assert_eq!(
        uses(&read_yaml(STREAM)),
        [
            r#"shop ImageStream/s spec.dockerImageRepository = "docker.io/acme/all" import External docker.io|acme/all|"#.to_owned(),
            of_status("gone", 0, &format!("quay.io/acme/gone@{gone}"), "External quay.io|acme/gone|ffcc"),
            of_status("pushed", 3, &format!("{internal}/shop/s@{pushed}"), &format!("Internal {internal}|shop/s|ccdd")),
            r#"shop ImageStream/s[v1] spec.tags[3].from.name = "docker.io/acme/app:v1" import External docker.io|acme/app|aacc"#.to_owned(),
        ]
    );
}

#[test]
fn opt_outs_and_suppressions_are_listed() {
    let snapshot = read_yaml(STREAM);
    let opt_outs: Vec<String> = snapshot
        .opt_outs
        .iter()
        .map(|out| {
            format!(
                "{} [{}] {} {}",
                out.place.object, out.place.part, out.place.field, out.by
            )
        })
        .collect();
    assert_eq!(
        opt_outs,
        [
            "imagestream.image.openshift.io/s in shop [] metadata.labels label extreg.io/ignore",
            "imagestream.image.openshift.io/s in shop [v1] spec.tags[3].annotations annotation extreg.io/scheduled",
        ]
    );
    let annotations: Vec<String> = snapshot
        .annotations
        .values()
        .flatten()
        .map(|a| format!("{:?} {}", a.part.as_deref(), a.value))
        .collect();
    assert_eq!(annotations, ["None EXR005", "Some(\"v1\") EXR006"]);
}

#[test]
fn streams_of_the_platform_are_known() {
    for (metadata, want) in [
        (
            r#"labels: {samples.operator.openshift.io/managed: "true"}"#,
            true,
        ),
        (
            r#"labels: {samples.operator.openshift.io/managed: "false"}"#,
            false,
        ),
        (
            "ownerReferences: [{kind: ClusterVersion, name: version}]",
            true,
        ),
        (
            "ownerReferences: [{kind: Deployment, name: version}]",
            false,
        ),
        ("ownerReferences: null", false),
    ] {
        let text = format!(
            "apiVersion: v1\nkind: ImageStream\nmetadata: {{name: s, namespace: openshift, {metadata}}}"
        );
        assert_eq!(read_yaml(&text).streams[0].managed, want, "{metadata}");
    }
}
