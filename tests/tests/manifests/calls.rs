//! For which requests the API server calls the webhook.
//!
//! The configuration names a webhook that does not exist and the failure policy is Fail: a request for which it would
//! be called is refused, any other succeeds.

use extreg_core::object::Resource;
use extreg_manifests::{FailurePolicy, Settings, Tls};
use extreg_tests::fixtures::{POLICIES, objects};
use extreg_tests::{ControlPlane, ReviewClient, WebhookServer};
use kube::api::{Api, DynamicObject, GroupVersionKind, PostParams};
use kube::discovery::ApiResource;
use serde_json::{Value, json};

use crate::cluster::{RESOURCES, apply, create_namespaces, kubectl};

const IMPORTER: &str = "system:serviceaccount:openshift-infra:image-import-controller";

/// The users of the requests: each is an administrator.
struct Callers {
    user: kube::Client,
    api_server: kube::Client,
    importer: kube::Client,
}

async fn client(plane: &ControlPlane, name: &str) -> kube::Client {
    let kubeconfig = plane.user(name, &["system:masters"]).unwrap();
    ControlPlane::client_of(&kubeconfig).await.unwrap()
}

fn api(client: &kube::Client, namespace: &str, kind: &str) -> Api<DynamicObject> {
    let (group, plural, kind) = RESOURCES.into_iter().find(|(_, _, k)| *k == kind).unwrap();
    let of = GroupVersionKind::gvk(group, "v1", kind);
    let of = ApiResource::from_gvk_with_plural(&of, plural);
    Api::namespaced_with(client.clone(), namespace, &of)
}

fn object(kind: &str, body: &Value) -> DynamicObject {
    let (group, _, _) = RESOURCES.into_iter().find(|(_, _, k)| *k == kind).unwrap();
    let mut object = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": kind,
        "metadata": {"name": "tried"},
    });
    for (key, value) in body.as_object().unwrap() {
        object[key] = value.clone();
    }
    if object["metadata"].get("name").is_none() {
        object["metadata"]["name"] = "tried".into();
    }
    serde_json::from_value(object).unwrap()
}

fn called<T>(result: kube::Result<T>) -> bool {
    match result {
        Ok(_) => false,
        Err(error) if error.to_string().contains("failed calling webhook") => true,
        Err(error) => panic!("{error}"),
    }
}

/// Whether the webhook is called for the creation of `body` in `namespace`. Nothing is stored.
async fn on_create(client: &kube::Client, namespace: &str, kind: &str, body: &Value) -> bool {
    let params = PostParams {
        dry_run: true,
        field_manager: None,
    };
    called(
        api(client, namespace, kind)
            .create(&params, &object(kind, body))
            .await,
    )
}

/// Whether it is called for an update of the object `old` in `team` that adds an annotation and merges `change` into it.
async fn on_update(client: &kube::Client, kind: &str, change: &Value) -> bool {
    let api = api(client, "team", kind);
    let mut object = api.get("old").await.unwrap();
    object
        .metadata
        .annotations
        .get_or_insert_default()
        .insert("note".to_owned(), "1".to_owned());
    json_patch::merge(&mut object.data, change);
    let params = PostParams {
        dry_run: true,
        field_manager: None,
    };
    called(api.replace("old", &params, &object).await)
}

fn hub(more: &Value) -> Value {
    let mut tag =
        json!({"name": "v1", "from": {"kind": "DockerImage", "name": "docker.io/a/b:v1"}});
    for (key, value) in more.as_object().unwrap() {
        tag[key] = value.clone();
    }
    tag
}

/// A build that pushes to Docker Hub, whose output has `more`.
fn pushes(more: &Value) -> Value {
    let mut output = json!({"to": {"kind": "DockerImage", "name": "a/b"}});
    for (key, value) in more.as_object().unwrap() {
        output[key] = value.clone();
    }
    json!({"spec": {"output": output}})
}

/// A build without an output whose `strategy` starts from an image of Docker Hub, with `more`.
fn from_image(strategy: &str, more: &Value) -> Value {
    let mut site = json!({"from": {"kind": "DockerImage", "name": "a/b"}});
    for (key, value) in more.as_object().unwrap() {
        site[key] = value.clone();
    }
    json!({"spec": {"strategy": {strategy: site}}})
}

fn with(object: &Value, more: &Value) -> Value {
    let mut object = object.clone();
    json_patch::merge(&mut object, more);
    object
}

/// A separate control plane: the configuration would affect every other test.
async fn armed() -> (ControlPlane, Callers) {
    let plane = crate::cluster::start().await;
    create_namespaces(&plane);
    let callers = Callers {
        user: plane.client().await.unwrap(),
        api_server: client(&plane, "system:apiserver").await,
        importer: client(&plane, IMPORTER).await,
    };
    let build = pushes(&json!({}));
    let stored = [
        ("BuildConfig", build.clone()),
        ("Build", build.clone()),
        ("ImageStream", json!({"spec": {"tags": [hub(&json!({}))]}})),
        ("ImageStreamTag", json!({"tag": hub(&json!({}))})),
        ("ImageTag", json!({"spec": hub(&json!({}))})),
    ];
    for (kind, body) in stored {
        let api = api(&callers.user, "team", kind);
        let mut body = body;
        body["metadata"] = json!({"name": "old"});
        api.create(&PostParams::default(), &object(kind, &body))
            .await
            .unwrap();
    }
    let settings = Settings {
        failure_policy: FailurePolicy::Fail,
        tls: Tls::External {
            url: "https://127.0.0.1:1".parse().unwrap(),
            ca: plane.pki().ca().parse().unwrap(),
        },
        ..Settings::default()
    };
    let configuration = extreg_manifests::mutating_webhook_configuration(&settings);
    apply(&plane, &serde_json::to_string(&configuration).unwrap());
    // The API server learns of a configuration by a watch.
    while !on_create(&callers.user, "team", "Build", &build).await {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    (plane, callers)
}

#[tokio::test]
async fn webhook_is_called_only_for_objects_that_it_can_change() {
    let (plane, callers) = armed().await;
    let user = &callers.user;

    let build = pushes(&json!({}));
    for (namespace, expected) in [
        ("team", true),
        ("not-spared", true),
        ("spared", false),
        ("level-1", false),
        ("default", false),
        ("openshift", false),
        ("openshift-x", false),
        ("kube-system", false),
        ("kube-x", false),
        ("extreg-system", false),
    ] {
        assert_eq!(
            on_create(user, namespace, "BuildConfig", &build).await,
            expected,
            "{namespace}"
        );
    }

    let secret = json!({"pushSecret": {"name": "s"}});
    let ignored = json!({"metadata": {"labels": {"extreg.io/ignore": "true"}}});
    let scheduled = hub(&json!({"importPolicy": {"scheduled": true}}));
    let insecure = hub(&json!({"importPolicy": {"insecure": true}}));
    let alias = json!({"name": "a", "from": {"kind": "ImageStreamTag", "name": "v1"}});
    let creations = [
        ("BuildConfig", json!({}), false),
        ("BuildConfig", json!({"spec": null}), false),
        ("BuildConfig", json!({"spec": {}}), false),
        ("BuildConfig", json!({"spec": {"output": null}}), false),
        ("BuildConfig", json!({"spec": {"output": {}}}), false),
        ("BuildConfig", pushes(&json!({"to": null})), false),
        ("BuildConfig", build.clone(), true),
        ("BuildConfig", pushes(&json!({"pushSecret": null})), true),
        ("BuildConfig", pushes(&secret), false),
        // If a stream has no repository in the integrated registry, such a build pushes to an external one.
        (
            "BuildConfig",
            pushes(&json!({"to": {"kind": "ImageStreamTag"}})),
            true,
        ),
        (
            "BuildConfig",
            from_image("dockerStrategy", &json!({})),
            true,
        ),
        (
            "BuildConfig",
            from_image("sourceStrategy", &json!({"pullSecret": null})),
            true,
        ),
        ("Build", from_image("customStrategy", &json!({})), true),
        (
            "Build",
            from_image("sourceStrategy", &json!({"pullSecret": {"name": "s"}})),
            false,
        ),
        (
            "Build",
            from_image(
                "sourceStrategy",
                &json!({"from": {"kind": "ImageStreamTag"}}),
            ),
            false,
        ),
        (
            "Build",
            from_image("sourceStrategy", &json!({"from": null})),
            false,
        ),
        (
            "Build",
            json!({"spec": {"strategy": {"sourceStrategy": null}}}),
            false,
        ),
        (
            "Build",
            json!({"spec": {"source": {"images": null}}}),
            false,
        ),
        (
            "Build",
            json!({"spec": {"source": {"images": [
                {"from": {"kind": "ImageStreamTag", "name": "a:b"}},
                {"from": {"kind": "DockerImage", "name": "a/b"}, "pullSecret": {"name": "s"}},
            ]}}}),
            false,
        ),
        (
            "Build",
            json!({"spec": {"source": {"images": [{}, {"from": {"kind": "DockerImage", "name": "a/b"}}]}}}),
            true,
        ),
        ("BuildConfig", with(&build, &ignored), false),
        ("Build", build.clone(), true),
        ("Build", with(&build, &ignored), false),
        ("ImageStream", json!({}), false),
        ("ImageStream", json!({"spec": null}), false),
        ("ImageStream", json!({"spec": {}}), false),
        ("ImageStream", json!({"spec": {"tags": null}}), false),
        ("ImageStream", json!({"spec": {"tags": []}}), false),
        (
            "ImageStream",
            json!({"spec": {"tags": [{"name": "x", "from": null}]}}),
            false,
        ),
        ("ImageStream", json!({"spec": {"tags": [alias]}}), false),
        ("ImageStream", json!({"spec": {"tags": [scheduled]}}), false),
        (
            "ImageStream",
            json!({"spec": {"tags": [{"name": "x"}, scheduled, alias, insecure]}}),
            true,
        ),
        (
            "ImageStream",
            json!({"spec": {"tags": [hub(&json!({"importPolicy": null}))]}}),
            true,
        ),
        ("ImageStreamTag", json!({}), false),
        ("ImageStreamTag", json!({"tag": null}), false),
        ("ImageStreamTag", json!({"tag": {"name": "x"}}), false),
        ("ImageStreamTag", json!({"tag": alias}), false),
        ("ImageStreamTag", json!({"tag": scheduled}), false),
        ("ImageStreamTag", json!({"tag": insecure}), true),
        ("ImageTag", json!({"spec": null}), false),
        ("ImageTag", json!({"spec": alias}), false),
        ("ImageTag", json!({"spec": scheduled}), false),
        ("ImageTag", json!({"spec": hub(&json!({}))}), true),
        ("ImageStreamImport", json!({}), true),
        ("ImageStreamImport", json!({"spec": {"import": true}}), true),
        (
            "ImageStreamImport",
            json!({"spec": {"import": false}}),
            false,
        ),
    ];
    for (kind, body, expected) in creations {
        assert_eq!(
            on_create(user, "team", kind, &body).await,
            expected,
            "{kind} {body}"
        );
    }

    let other = pushes(&json!({"to": {"kind": "DockerImage", "name": "a/c"}}));
    let more = json!({"spec": {"tags": [hub(&json!({})), hub(&json!({"name": "v2"}))]}});
    for (kind, change, expected) in [
        ("BuildConfig", json!({}), false),
        ("BuildConfig", other.clone(), true),
        ("BuildConfig", pushes(&secret), false),
        ("Build", other, false),
        ("ImageStream", json!({}), false),
        ("ImageStream", more, true),
        ("ImageStreamTag", json!({}), true),
        ("ImageTag", json!({}), true),
    ] {
        assert_eq!(
            on_update(user, kind, &change).await,
            expected,
            "update of {kind} with {change}"
        );
    }

    let import = json!({"spec": {"import": true}});
    let other = pushes(&json!({"to": {"kind": "DockerImage", "name": "a/c"}}));
    assert!(!on_update(&callers.api_server, "BuildConfig", &other).await);
    assert!(on_create(&callers.api_server, "team", "BuildConfig", &build).await);
    assert!(on_create(&callers.api_server, "team", "Build", &build).await);
    assert!(!on_create(&callers.importer, "team", "ImageStreamImport", &import).await);
    assert!(on_create(&callers.importer, "team", "Build", &build).await);

    // Deletions are never sent to it.
    let args = [
        "delete",
        "imagestreams.image.openshift.io",
        "old",
        "-n",
        "team",
    ];
    let output = kubectl(&plane, &args, "");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The match conditions only avoid unneeded calls: the webhook is called for every object that it changes, in any mode,
/// under any policy of a table.
#[tokio::test]
async fn the_webhook_is_called_for_every_object_that_it_changes() {
    let (_plane, callers) = armed().await;
    let objects: Vec<(Resource, Value)> = objects()
        .into_iter()
        .map(|(resource, object)| (resource, in_team(object)))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.yaml");
    let mut changed = vec![false; objects.len()];
    for policy in POLICIES {
        let mut flags = vec!["--namespace=extreg-system".to_owned()];
        if let Some(text) = policy {
            std::fs::write(&file, text).unwrap();
            flags.push(format!("--policy={}", file.display()));
        }
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let server = WebhookServer::start_without_cluster(&flags).unwrap();
        let mut client = server.client().await.unwrap();
        for ((resource, object), changed) in objects.iter().zip(&mut changed) {
            *changed |= is_changed(&mut client, *resource, object).await;
        }
    }
    let mut spared = 0;
    for ((resource, object), changed) in objects.iter().zip(changed) {
        let called = on_create(&callers.user, "team", resource.kind(), object).await;
        assert!(called || !changed, "{object}");
        spared += usize::from(!called);
    }
    assert!(spared > 0);
}

/// The object as a user creates it in the namespace `team`.
fn in_team(mut object: Value) -> Value {
    let mut metadata = json!({"name": "tried", "namespace": "team"});
    for part in ["labels", "annotations"] {
        if let Some(value) = object.pointer(&format!("/metadata/{part}")) {
            metadata[part] = value.clone();
        }
    }
    object["metadata"] = metadata;
    object
}

async fn is_changed(client: &mut ReviewClient, resource: Resource, object: &Value) -> bool {
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": "CREATE", "namespace": "team", "name": "tried",
            "resource": {"group": resource.group(), "version": "v1", "resource": resource.name()},
            "userInfo": {"username": "ann"},
            "object": object,
        },
    });
    let answer = client.post(review.to_string()).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    let response = &answer["response"];
    response.get("patch").is_some() || response.pointer("/auditAnnotations/field").is_some()
}
