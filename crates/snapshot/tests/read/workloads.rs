//! Workloads and builds: the data kept besides their images.

use extreg_snapshot::{BuildPhase, ContainerKind, Meaning};
use serde_json::json;

use super::{describe_use, read, read_yaml, uses};

#[test]
fn a_pod_is_reduced_to_its_containers() {
    let snapshot = read_yaml(
        r#"
apiVersion: v1
kind: Pod
metadata: {name: p-1, namespace: shop, annotations: {extreg.io/ignore-checks.web: EXR006}, ownerReferences: [{apiVersion: a/v1, kind: Other, name: x}, {apiVersion: kafka/v1, kind: Kafka, name: k, controller: true}]}
spec:
  serviceAccount: old
  imagePullSecrets: [{name: hub}]
  containers: [{name: web, image: "docker.io/a/b:1", imagePullPolicy: Always}, {name: log, image: "docker.io/a/c:1"}]
  initContainers: [{name: init, image: "docker.io/a/d:1"}]
status:
  containerStatuses:
  - {name: log, imageID: "sha256:aacc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc", state: {waiting: {reason: ImagePullBackOff, message: "toomanyrequests"}}}
  - {name: web, imageID: "docker-pullable://docker.io/a/b@sha256:bbcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc", state: {running: {}}}
  initContainerStatuses: null
"#,
    );
    let pod = &snapshot.workloads[0];
    assert_eq!(pod.owner, Some(("Kafka".into(), "k".into())));
    assert_eq!(
        (&*pod.account, &pod.pull_secrets[..], pod.replicas),
        ("old", &["hub".into()][..], None)
    );
    assert_eq!(
        pod.waiting,
        [("ImagePullBackOff".into(), "toomanyrequests".into())]
    );
    let containers: Vec<_> = pod
        .containers
        .iter()
        .map(|c| (&*c.name, c.kind, &*c.pull_policy, c.running.get(..9)))
        .collect();
    assert_eq!(
        containers,
        [
            ("web", ContainerKind::Main, "Always", Some("sha256:bb")),
            ("log", ContainerKind::Main, "", None),
            ("init", ContainerKind::Init, "", None),
        ]
    );
    assert_eq!(
        uses(&snapshot),
        [
            r#"shop Pod/p-1[init] spec.initContainers[0].image = "docker.io/a/d:1" run External docker.io|a/d|"#,
            r#"shop Pod/p-1[log] spec.containers[1].image = "docker.io/a/c:1" run External docker.io|a/c|"#,
            r#"shop Pod/p-1[web] spec.containers[0].image = "docker.io/a/b:1" run External docker.io|a/b|bbcc"#,
        ]
    );
    let annotation = &snapshot.annotations.values().next().unwrap()[0];
    assert_eq!(
        (annotation.part.as_deref(), &*annotation.key),
        (Some("web"), "extreg.io/ignore-checks.web")
    );
}

#[test]
fn only_an_object_with_a_known_owner_is_a_copy() {
    let pod = |name: &str, owner: &str, kind: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": owner, "controller": true}]},
            "spec": {"containers": [{"name": "c", "image": "quay.io/a/b"}]}})
    };
    let set = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r", "namespace": "shop"}});
    let elsewhere = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "s", "namespace": "other"}});
    let snapshot = read(&[
        pod("of-r", "r", "ReplicaSet"),
        pod("of-s", "s", "ReplicaSet"),
        pod("of-none", "r", "StatefulSet"),
        set,
        elsewhere,
    ]);
    let owned: Vec<_> = snapshot
        .uses
        .iter()
        .map(|u| (&*u.place.object.name, u.owned))
        .collect();
    assert_eq!(owned, [("of-none", false), ("of-r", true), ("of-s", false)]);
}

#[test]
fn a_triggered_container_has_no_image_yet() {
    let deployment = |image: &str, trigger: &str| {
        let annotation = format!(
            r#"[{{"from":{{"kind":"ImageStreamTag","name":"s:t"}},"fieldPath":"spec.template.spec.containers[?(@.name=={trigger})].image"}}]"#
        );
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d",
            "namespace": "shop", "annotations": {"image.openshift.io/triggers": annotation}},
            "spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}});
        let snapshot = read(&[object]);
        let workload = snapshot.workloads[0].clone();
        (
            snapshot.uses[0].meaning,
            workload.triggers.len(),
            workload.triggers[0].fault.is_some(),
        )
    };
    let good = r#"\"c\""#;
    for (image, trigger, want) in [
        (" ", good, (Meaning::Unset, 1, false)),
        ("", good, (Meaning::Unset, 1, false)),
        ("  ", good, (Meaning::Invalid, 1, false)),
        ("quay.io/a/b", good, (Meaning::External, 1, false)),
        (" ", "'c'", (Meaning::Invalid, 1, true)),
    ] {
        assert_eq!(deployment(image, trigger), want, "{image:?} {trigger}");
    }
    let config = read_yaml(
        r#"
apiVersion: v1
kind: DeploymentConfig
metadata: {name: d, namespace: shop}
spec:
  replicas: ${{REPLICAS}}
  triggers: [{type: ImageChange, imageChangeParams: {automatic: true, containerNames: [c], from: {kind: ImageStreamTag, name: "s:t"}}}]
  template: {spec: {containers: [{name: c, image: " "}, {name: d, image: "${IMAGE}"}]}}
"#,
    );
    let meanings: Vec<_> = config.uses.iter().map(|found| found.meaning).collect();
    assert_eq!(meanings, [Meaning::Unset, Meaning::Parameter]);
    assert_eq!(config.workloads[0].replicas, None);
}

#[test]
fn replicas_have_the_default_of_their_kind() {
    for (api, kind, want) in [
        ("apps/v1", "Deployment", Some(1)),
        ("apps/v1", "StatefulSet", Some(1)),
        ("apps/v1", "DaemonSet", None),
        ("apps.openshift.io/v1", "DeploymentConfig", Some(0)),
        ("batch/v1", "Job", None),
        ("batch/v1", "CronJob", None),
    ] {
        let object = json!({"apiVersion": api, "kind": kind, "metadata": {"generateName": "d-"}});
        let workload = read(&[object]).workloads[0].clone();
        assert_eq!(workload.replicas, want, "{kind}");
        assert_eq!(
            (&*workload.object.name, &*workload.account),
            ("d-*", "default")
        );
    }
}

#[test]
fn suppressions_on_a_pod_template_count() {
    let snapshot = read_yaml(
        r"
apiVersion: batch/v1
kind: CronJob
metadata: {name: c, namespace: shop, annotations: {extreg.io/ignore-checks: EXR001}}
spec: {jobTemplate: {metadata: {annotations: {extreg.io/ignore-checks: EXR002}}, spec: {template: {metadata: {annotations: {extreg.io/ignore-checks: EXR001, extreg.io/ignore-checks.a: EXR003}}}}}}
",
    );
    let values: Vec<_> = snapshot
        .annotations
        .values()
        .flatten()
        .map(|a| &*a.value)
        .collect();
    assert_eq!(values, ["EXR001", "EXR002", "EXR003"]);
}

/// The base can be in a Dockerfile that was not read.
#[test]
fn a_pull_secret_without_a_base_is_kept() {
    let snapshot = read_yaml(
        r"
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: a, namespace: shop}
spec: {strategy: {dockerStrategy: {pullSecret: {name: p}}}}
",
    );
    assert_eq!(snapshot.builds[0].pull_secrets, [("p".into(), "".into())]);
}

#[test]
fn builds_are_reduced_to_their_pushes() {
    let snapshot = read_yaml(
        r#"
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: a, namespace: shop, labels: {extreg.io/ignore: "true"}}
spec:
  serviceAccount: robot
  triggers: [{type: ImageChange, imageChange: {}}]
  source: {images: [{from: {kind: DockerImage, name: "quay.io/s/t"}, pullSecret: {name: q}}]}
  strategy: {sourceStrategy: {from: {kind: ImageStreamTag, name: "python:3"}, pullSecret: {name: p}}}
  output: {to: {kind: DockerImage, name: "docker.io/acme/a:1"}, pushSecret: {}}
---
apiVersion: build.openshift.io/v1
kind: Build
metadata: {name: a-1, namespace: shop, annotations: {openshift.io/build-config.name: a}}
spec: {output: {to: {kind: DockerImage, name: "docker.io/acme/a:1"}, pushSecret: {name: hub}}}
status: {phase: Complete, reason: R, message: M, output: {to: {imageDigest: "sha256:aacc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc"}}}
---
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: b, namespace: shop}
spec:
  triggers: [{type: ImageChange, imageChange: {}}, {type: ImageChange, imageChange: {paused: true, from: {kind: ImageStreamTag, name: "s:t"}}}]
  strategy: {dockerStrategy: {from: {kind: DockerImage, name: "docker.io/a/b"}}}
  output: {to: {kind: DockerImage, name: "docker-registry.default.svc:5000/shop/b:1"}}
---
apiVersion: shipwright.io/v1beta1
kind: BuildRun
metadata: {name: r, namespace: shop}
spec: {build: {name: c}, output: {image: "quay.io/a/c", pushSecret: s}}
status: {conditions: [{type: Succeeded, status: "False", reason: Failed, message: M}]}
"#,
    );
    let told_build = |build: &extreg_snapshot::BuildRecord| {
        let secrets: Vec<_> = build
            .pull_secrets
            .iter()
            .map(|(s, i)| format!("{s} for {i}"))
            .collect();
        format!(
            "{} of {:?} as {} to {:?} with {:?} {} pulls {} triggered {}",
            build.object.name,
            build.config.as_deref(),
            build.account,
            build.pushes_to,
            build.push_secret,
            build.has_push_secret,
            secrets.join(", "),
            build.has_image_trigger
        )
    };
    let builds: Vec<_> = snapshot.builds.iter().map(told_build).collect();
    assert_eq!(
        builds,
        [
            r#"a-1 of Some("a") as builder to "docker.io/acme/a:1" with "hub" true pulls  triggered false"#,
            r#"a of None as robot to "docker.io/acme/a:1" with "" true pulls p for python:3, q for quay.io/s/t triggered true"#,
            r#"b of None as builder to "" with "" false pulls  triggered false"#,
            r#"r of Some("c") as pipeline to "quay.io/a/c" with "s" true pulls  triggered false"#,
        ]
    );
    let phase = BuildPhase {
        phase: "Complete".into(),
        reason: "R".into(),
        message: "M".into(),
        pushed: "sha256:aacc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc".into(),
    };
    assert_eq!(snapshot.builds[0].phase, Some(phase));
    assert_eq!(
        snapshot.builds[3].phase.as_ref().map(|p| &*p.phase),
        Some("Failed")
    );
    let pushed: Vec<_> = snapshot
        .uses
        .iter()
        .filter(|u| u.role.word() == "push")
        .map(describe_use)
        .collect();
    assert_eq!(
        pushed,
        [
            r#"shop Build/a-1 spec.output.to.name = "docker.io/acme/a:1" push External docker.io|acme/a|aacc copy"#,
            r#"shop BuildConfig/a spec.output.to.name = "docker.io/acme/a:1" push External docker.io|acme/a|"#,
            r#"shop BuildConfig/b spec.output.to.name = "docker-registry.default.svc:5000/shop/b:1" push Internal docker-registry.default.svc:5000|shop/b|"#,
            r#"shop BuildRun/r spec.output.image = "quay.io/a/c" push External quay.io|a/c|"#,
        ]
    );
    assert_eq!(snapshot.opt_outs.len(), 1);
}

/// Without an integrated registry a stream can stand for an external repository.
#[test]
fn an_output_to_a_stream_outside_pushes_there() {
    let text = |repository: &str, config: &str| {
        format!(
            r#"
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {{name: b, namespace: shop}}
spec: {{output: {{to: {{name: s}}}}}}
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {{name: s, namespace: shop}}
status: {{dockerImageRepository: "{repository}"}}
---
apiVersion: config.openshift.io/v1
kind: Image
metadata: {{name: cluster}}
status: {{internalRegistryHostname: "{config}"}}
"#
        )
    };
    for (repository, config, want) in [
        ("docker.io/acme/s", "", "docker.io/acme/s:latest"),
        ("docker.io/acme/s", "reg.svc:5000", ""),
        (
            "image-registry.openshift-image-registry.svc:5000/shop/s",
            "",
            "",
        ),
        ("", "", ""),
    ] {
        let snapshot = read_yaml(&text(repository, config));
        assert_eq!(&*snapshot.builds[0].pushes_to, want);
        let pushed: Vec<_> = snapshot.uses.iter().map(|u| &*u.image.written).collect();
        let wanted: Vec<&str> = Some(want).into_iter().filter(|w| !w.is_empty()).collect();
        assert_eq!(pushed, wanted);
    }
}

#[test]
fn a_deployer_pod_is_a_copy() {
    let pod = |label: &str| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "old-1-deploy", "namespace": "shop",
            "labels": {label: "old-1"},
            "ownerReferences": [{"apiVersion": "v1", "kind": "ReplicationController", "name": "old-1"}]},
            "spec": {"containers": [{"name": "deployment", "image": "quay.io/openshift/deployer:latest"}]}})
    };
    for (label, owned) in [
        ("openshift.io/deployer-pod-for.name", true),
        ("deployer", false),
    ] {
        assert_eq!(read(&[pod(label)]).uses[0].owned, owned, "{label}");
    }
}

#[test]
fn no_image_holds_a_user_and_a_password() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "image": "https://u:canary@r.example/a:1"}]},
        "status": {"containerStatuses": [{"name": "c", "state": {"waiting":
            {"reason": "InvalidImageName", "message": "no \"https://u:canary@r.example/a:1\""}}}]}});
    let snapshot = read(&[pod]);
    assert_eq!(&*snapshot.uses[0].image.written, "https://…@r.example/a:1");
    assert!(!format!("{snapshot:?}").contains("canary"));
}
