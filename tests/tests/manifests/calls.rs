//! For which requests the API server calls the webhook.
//!
//! The configuration names a webhook that is not there and the failure policy is Fail: a request for which it would
//! be called is refused, any other goes through.

use extreg_manifests::{FailurePolicy, Settings, Tls};
use extreg_tests::ControlPlane;
use kube::api::{Api, DynamicObject, GroupVersionKind, PostParams};
use kube::discovery::ApiResource;
use serde_json::{Value, json};

use crate::cluster::{RESOURCES, apply, kubectl};

const IMPORTER: &str = "system:serviceaccount:openshift-infra:image-import-controller";

/// Who makes the requests: each may do everything.
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

/// Whether it is called for an update that adds an annotation to the object `old` in `team`.
async fn on_update(client: &kube::Client, kind: &str) -> bool {
    let api = api(client, "team", kind);
    let mut object = api.get("old").await.unwrap();
    object
        .metadata
        .annotations
        .get_or_insert_default()
        .insert("note".to_owned(), "1".to_owned());
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

/// Its own control plane: the configuration would be in the way of every other test.
async fn armed() -> (ControlPlane, Callers) {
    let plane = crate::cluster::start().await;
    let namespaces = [
        ("team", json!({})),
        ("spared", json!({"extreg.io/ignore": "true"})),
        ("not-spared", json!({"extreg.io/ignore": "false"})),
        ("level-1", json!({"openshift.io/run-level": "1"})),
        ("openshift", json!({})),
        ("openshift-x", json!({})),
        ("kube-x", json!({})),
        ("extreg-system", json!({})),
    ];
    for (name, labels) in namespaces {
        let metadata = json!({"name": name, "labels": labels});
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        apply(&plane, &namespace.to_string());
    }
    let callers = Callers {
        user: plane.client().await.unwrap(),
        api_server: client(&plane, "system:apiserver").await,
        importer: client(&plane, IMPORTER).await,
    };
    let stored = [
        ("BuildConfig", json!({"spec": {}})),
        ("Build", json!({"spec": {}})),
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
    while !on_create(&callers.user, "team", "Build", &json!({})).await {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    (plane, callers)
}

#[tokio::test]
async fn the_webhook_is_called_for_what_it_may_change_and_for_nothing_else() {
    let (plane, callers) = armed().await;
    let user = &callers.user;

    let build = json!({"spec": {"output": {"to": {"kind": "DockerImage", "name": "a/b"}}}});
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

    let ignored = json!({"metadata": {"labels": {"extreg.io/ignore": "true"}}});
    let scheduled = hub(&json!({"importPolicy": {"scheduled": true}}));
    let insecure = hub(&json!({"importPolicy": {"insecure": true}}));
    let alias = json!({"name": "a", "from": {"kind": "ImageStreamTag", "name": "v1"}});
    let creations = [
        ("BuildConfig", json!({}), true),
        ("BuildConfig", json!({"spec": null}), true),
        ("BuildConfig", ignored.clone(), false),
        ("Build", json!({"spec": {}}), true),
        ("Build", ignored.clone(), false),
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

    for (kind, expected) in [
        ("BuildConfig", true),
        ("Build", false),
        ("ImageStream", true),
        ("ImageStreamTag", true),
        ("ImageTag", true),
    ] {
        assert_eq!(on_update(user, kind).await, expected, "update of {kind}");
    }

    let import = json!({"spec": {"import": true}});
    assert!(!on_update(&callers.api_server, "BuildConfig").await);
    assert!(on_create(&callers.api_server, "team", "BuildConfig", &build).await);
    assert!(on_create(&callers.api_server, "team", "Build", &build).await);
    assert!(!on_create(&callers.importer, "team", "ImageStreamImport", &import).await);
    assert!(on_create(&callers.importer, "team", "Build", &build).await);

    // A deletion is none of its business.
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
