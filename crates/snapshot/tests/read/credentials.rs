//! Secrets, accounts, and the configuration of the cluster.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_core::credential::DockerConfigKey;
use extreg_core::facts::Known;
use extreg_core::policy::{Mode, Policy, PolicySet};
use extreg_snapshot::coverage::{Coverage, Gap, GapReason, GapSubject};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use extreg_snapshot::read::{ReadOptions, Reader, SecretValues};
use extreg_snapshot::{AllowedRegistry, MirrorKind, RegistrySources, SecretKeys};
use serde_json::json;

use super::{read, read_yaml, reader};

const CONFIG: &str = r#"{"auths":{"docker.io":{"auth":"dTpjYW5hcnk="}}}"#;

#[test]
fn a_secret_is_reduced_to_its_keys() {
    let encoded = STANDARD.encode(CONFIG);
    let (first, rest) = encoded.split_at(20);
    let wrapped = format!("{first}\n{rest}\r\n");
    let json_type = "kubernetes.io/dockerconfigjson";
    for (secret, want) in [
        (
            json!({"type": json_type, "data": {".dockerconfigjson": encoded}}),
            "docker.io",
        ),
        (
            json!({"type": json_type, "stringData": {".dockerconfigjson": CONFIG}, "data": {".dockerconfigjson": "bad"}}),
            "docker.io",
        ),
        (
            json!({"type": "kubernetes.io/dockercfg", "stringData": {".dockercfg": r#"{"quay.io":{},"b":{}}"#}}),
            "quay.io b",
        ),
        (
            json!({"type": json_type, "data": {".dockerconfigjson": STANDARD.encode("214 bytes long")}}),
            "elided",
        ),
        (
            json!({"type": json_type, "data": {".dockerconfigjson": "214 bytes long"}}),
            "elided",
        ),
        (
            json!({"type": json_type, "data": {".dockerconfigjson": STANDARD.encode("x bytes long")}}),
            "unreadable",
        ),
        (
            json!({"type": json_type, "data": {".dockercfg": encoded}}),
            "unreadable",
        ),
        (
            json!({"type": json_type, "data": {".dockerconfigjson": wrapped}}),
            "docker.io",
        ),
        (
            json!({"type": json_type, "data": {".dockerconfigjson": "${CONFIG}"}}),
            "elided",
        ),
        (json!({"type": json_type, "data": null}), "unreadable"),
        (
            json!({"type": "Opaque", "data": {".dockerconfigjson": encoded}}),
            "none",
        ),
        (json!({"data": {"password": "canary"}}), "none"),
    ] {
        let mut object = secret.clone();
        object["apiVersion"] = "v1".into();
        object["kind"] = "Secret".into();
        object["metadata"] = json!({"name": "s", "namespace": "shop", "annotations":
            {"kubectl.kubernetes.io/last-applied-configuration": "canary"}});
        let snapshot = read(&[object]);
        let keys = match snapshot.secrets.values().next().map(|secret| &secret.keys) {
            None => "none".to_owned(),
            Some(SecretKeys::Elided) => "elided".to_owned(),
            Some(SecretKeys::Unreadable) => "unreadable".to_owned(),
            Some(SecretKeys::Known(keys)) => {
                let keys: Vec<_> = keys.iter().map(DockerConfigKey::as_written).collect();
                keys.join(" ")
            }
        };
        assert_eq!(keys, want, "{secret}");
        assert!(!format!("{snapshot:?}").contains("canary"));
        let elided = Gap {
            what: GapSubject::Fact("the values of secrets".to_owned()),
            why: GapReason::Elided,
            message: String::new(),
        };
        assert_eq!(snapshot.coverage.gaps.contains(&elided), want == "elided");
    }
}

#[test]
fn values_missing_in_the_source_are_not_read() {
    let options = ReadOptions {
        secrets: SecretValues::Elided,
        ..ReadOptions::default()
    };
    let mut reader = Reader::new(options);
    let secret = json!({"metadata": {"name": "s"}, "type": "kubernetes.io/dockercfg",
        "data": {".dockercfg": STANDARD.encode("{}")}});
    reader
        .read(Kind::Secret, &secret.to_string(), Origin::Cluster, "shop")
        .unwrap();
    let snapshot = reader.finish(String::new());
    assert!(
        snapshot
            .secrets
            .values()
            .all(extreg_snapshot::SecretRecord::is_elided)
    );
}

#[test]
fn an_unreadable_secret_is_not_quoted() {
    for json in [
        r#"{"metadata":{"name":"s"},"type":"kubernetes.io/dockercfg","data":"canary, expected x"}"#,
        r#"{"type":"kubernetes.io/dockercfg","stringData":{".dockercfg":["canary"]}}"#,
        r#"{"type":"kubernetes.io/dockercfg","data":{".dockercfg":"a at line 1"},"metadata":"canary at line 7"}"#,
    ] {
        let mut reader = Reader::new(ReadOptions::default());
        let error = reader
            .read(Kind::Secret, json, Origin::Cluster, "")
            .unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("not a readable Secret: invalid type: "),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("canary"), "{error}");
        assert_eq!(reader.coverage_mut().objects(), 0);
    }
}

#[test]
fn links_and_managed_secrets_are_distinguished() {
    let snapshot = read_yaml(
        r#"
apiVersion: v1
kind: ServiceAccount
metadata: {name: builder, namespace: shop, annotations: {openshift.io/internal-registry-pull-secret-ref: builder-dockercfg-1}}
secrets: [{name: a}, {name: builder-dockercfg-1}, {}]
imagePullSecrets: [{name: builder-dockercfg-1}, null, {name: hub}]
---
apiVersion: v1
kind: Secret
metadata: {name: builder-dockercfg-1, namespace: shop, annotations: {openshift.io/internal-registry-auth-token.service-account: builder}}
type: kubernetes.io/dockercfg
---
apiVersion: v1
kind: Secret
metadata: {name: old, namespace: shop, annotations: {openshift.io/token-secret.name: t, openshift.io/image.excludeSecret: "true"}}
type: kubernetes.io/dockercfg
---
apiVersion: v1
kind: Secret
metadata: {name: own, namespace: shop, annotations: {openshift.io/image.excludeSecret: "false"}}
type: kubernetes.io/dockercfg
"#,
    );
    let account = &snapshot.accounts.values().next().unwrap();
    assert_eq!(
        account.pull_secrets,
        ["builder-dockercfg-1".into(), "hub".into()]
    );
    assert_eq!(account.secrets, ["a".into(), "builder-dockercfg-1".into()]);
    assert_eq!(account.managed.as_deref(), Some("builder-dockercfg-1"));
    let flags: Vec<_> = snapshot
        .secrets
        .values()
        .map(|s| (s.managed, s.excluded))
        .collect();
    assert_eq!(flags, [(true, false), (true, true), (false, false)]);
}

#[test]
fn configuration_is_known_after_it_is_read() {
    let snapshot = read_yaml(
        r#"
apiVersion: config.openshift.io/v1
kind: Image
metadata: {name: cluster}
spec:
  allowedRegistriesForImport: [{domainName: docker.io}, {domainName: lab, insecure: true}]
  registrySources: {allowedRegistries: [a], blockedRegistries: [b], insecureRegistries: [c], containerRuntimeSearchRegistries: [quay.io]}
status: {internalRegistryHostname: "reg.svc:5000", externalRegistryHostnames: [reg.example.com]}
---
apiVersion: config.openshift.io/v1
kind: Image
metadata: {name: other}
spec: {allowedRegistriesForImport: []}
---
apiVersion: config.openshift.io/v1
kind: ImageDigestMirrorSet
metadata: {name: hub}
spec: {imageDigestMirrors: [{source: docker.io, mirrors: [m1, m2], mirrorSourcePolicy: NeverContactSource}]}
---
apiVersion: config.openshift.io/v1
kind: ImageTagMirrorSet
metadata: {name: hub}
spec: {imageTagMirrors: [{source: docker.io/a, mirrors: [m1], mirrorSourcePolicy: AllowContactingSource}]}
---
apiVersion: operator.openshift.io/v1alpha1
kind: ImageContentSourcePolicy
metadata: {name: hub}
spec: {repositoryDigestMirrors: [{source: quay.io, mirrors: [m1]}]}
---
apiVersion: config.openshift.io/v1
kind: ClusterImagePolicy
metadata: {name: signed}
spec: {scopes: [docker.io/acme], policy: {rootOfTrust: {policyType: PublicKey}}}
---
apiVersion: v1
kind: Secret
metadata: {name: pull-secret, namespace: openshift-config}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{}}'}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: shop}
spec: {containers: [{name: a, image: nginx}, {name: b, image: "reg.example.com/a/b"}]}
"#,
    );
    let known = &snapshot.cluster;
    assert_eq!(
        known.registries,
        Known::Known(Some(RegistrySources {
            origin: Origin::Cluster,
            allowed_for_import: vec![
                AllowedRegistry {
                    domain: "docker.io".into(),
                    insecure: false
                },
                AllowedRegistry {
                    domain: "lab".into(),
                    insecure: true
                },
            ],
            allowed: vec!["a".into()],
            blocked: vec!["b".into()],
            insecure: vec!["c".into()],
            search: vec!["quay.io".into()],
        }))
    );
    assert_eq!(known.integrated, Known::Known(true));
    assert!(known.internal.contains("reg.svc:5000") && known.internal.contains("reg.example.com"));
    let rules = known.mirrors.as_ref().known().unwrap();
    let rules: Vec<_> = rules
        .iter()
        .map(|r| (r.kind, &*r.source, r.mirrors.len(), r.never_source))
        .collect();
    assert_eq!(
        rules,
        [
            (MirrorKind::LegacyDigest, "quay.io", 1, false),
            (MirrorKind::Digest, "docker.io", 2, true),
            (MirrorKind::Tag, "docker.io/a", 1, false),
        ]
    );
    let signed = known.signatures.as_ref().known().unwrap();
    assert_eq!(signed[0].scopes, ["docker.io/acme".into()]);
    assert!(matches!(&known.pull_secret, Known::Known(Some(secret)) if !secret.is_elided()));
    let found: Vec<_> = snapshot.uses.iter().map(super::describe_use).collect();
    assert_eq!(
        found,
        [
            r#"shop Pod/p[a] spec.containers[0].image = "nginx" run External quay.io|nginx|"#,
            r#"shop Pod/p[b] spec.containers[1].image = "reg.example.com/a/b" run Internal reg.example.com|a/b|"#,
        ]
    );
}

#[test]
fn an_object_missing_in_a_list_is_known_to_be_absent() {
    let mut reader = Reader::new(ReadOptions::default());
    for kind in [
        Kind::ImageConfig,
        Kind::ImageDigestMirrorSet,
        Kind::ImageTagMirrorSet,
        Kind::ClusterImagePolicy,
        Kind::MutatingWebhookConfiguration,
        Kind::Secret,
    ] {
        reader.listed(kind, "");
    }
    let not_served = [Kind::ImageContentSourcePolicy, Kind::ImagePolicy];
    reader.coverage_mut().not_served.extend(not_served);
    let known = reader.finish("c".to_owned()).cluster;
    assert_eq!(known.registries, Known::Known(None));
    assert_eq!(known.integrated, Known::Known(false));
    assert_eq!(known.mirrors, Known::Known(Vec::new()));
    assert_eq!(known.signatures, Known::Known(Vec::new()));
    assert_eq!(known.webhook, Known::Known(None));
    assert!(matches!(known.pull_secret, Known::Known(None)));
}

/// A file for a future cluster does not define whether a registry exists.
#[test]
fn a_file_without_status_leaves_the_registry_unknown() {
    let images = json!({"metadata": {"name": "cluster"}, "spec": {}}).to_string();
    let file = Origin::File {
        path: "images.yaml".into(),
        line: 1,
    };
    for (origin, want) in [
        (file, Known::Unknown),
        (Origin::Cluster, Known::Known(false)),
    ] {
        let mut reader = Reader::new(ReadOptions::default());
        reader.read(Kind::ImageConfig, &images, origin, "").unwrap();
        assert_eq!(reader.finish(String::new()).cluster.integrated, want);
    }
}

#[test]
fn a_policy_that_is_invalid_is_a_gap_and_not_in_force() {
    let policy = |name: &str, spec: serde_json::Value| {
        json!({"apiVersion": "extreg.io/v1alpha1", "kind": "RegistryPolicy",
            "metadata": {"name": name}, "spec": spec})
    };
    let good = policy("good", json!({"registry": "quay.io"}));
    let bad = policy("bad", json!({"registry": ""}));
    let odd = policy("odd", json!({"registery": "quay.io"}));
    let names = |policies: &PolicySet| {
        policies
            .iter()
            .map(Policy::name)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };

    let snapshot = read(&[good.clone(), bad.clone(), odd]);
    assert_eq!(names(&snapshot.policies), ["good"]);
    let gaps: Vec<String> = snapshot
        .coverage
        .gaps
        .iter()
        .map(|gap| format!("{}: {}", gap.what, gap.message))
        .collect();
    assert_eq!(gaps.len(), 2);
    assert!(
        gaps[0]
            .starts_with("RegistryPolicy bad: spec.registry: Invalid value: \"\": must be a host"),
        "{gaps:?}"
    );
    assert!(
        gaps[1].starts_with("RegistryPolicy odd: spec.registery: unknown field"),
        "{gaps:?}"
    );

    assert_eq!(names(&read(&[bad]).policies), Vec::<String>::new());
    assert_eq!(names(&read(&[]).policies), [Policy::BUILTIN]);
    let given = ReadOptions {
        policies: Some(PolicySet::builtin(Mode::Warn)),
        ..ReadOptions::default()
    };
    let mut reader = Reader::new(given);
    reader.merge(super::reader(&[good]));
    assert_eq!(
        names(&reader.finish(String::new()).policies),
        [Policy::BUILTIN]
    );
}

#[test]
fn the_webhook_is_known_by_its_name() {
    let ca = STANDARD.encode(include_str!("../data/ca.pem"));
    let webhook = |name: &str, bundle: &str| {
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name}, "webhooks": [{"name": "a", "failurePolicy": "Ignore",
        "clientConfig": {"caBundle": bundle}, "rules": [
            {"apiGroups": ["image.openshift.io"], "resources": ["imagestreams", "imagetags"]},
            {"apiGroups": [""], "resources": ["pods"]}]}]})
    };
    let known = |object| match read(&[object]).cluster.webhook {
        Known::Known(known) => known,
        Known::Unknown => None,
    };
    let good = known(webhook("extreg-webhook", &ca)).unwrap();
    assert!(good.has_ca && !good.fails_closed);
    assert_eq!(&*good.ca_not_after, "2036-11-21T20:59:09Z");
    let resources: Vec<&str> = good.resources.iter().map(|r| &**r).collect();
    assert_eq!(
        resources,
        [
            "imagestreams.image.openshift.io",
            "imagetags.image.openshift.io",
            "pods"
        ]
    );

    assert!(known(webhook("other", &ca)).is_none());
    for bundle in ["", "bm90aGluZw==", "%"] {
        let record = known(webhook("extreg-webhook", bundle)).unwrap();
        assert_eq!(
            (record.has_ca, &*record.ca_not_after),
            (false, ""),
            "{bundle}"
        );
    }
    let mut closed = webhook("extreg-webhook", &ca);
    closed["webhooks"][0]["failurePolicy"] = serde_json::Value::Null;
    assert!(known(closed).unwrap().fails_closed);
}

#[test]
fn an_empty_reader_knows_nothing() {
    let snapshot = reader(&[]).finish("c".to_owned());
    assert_eq!(snapshot.cluster_name, "c");
    assert_eq!(snapshot.coverage, Coverage::default());
}
