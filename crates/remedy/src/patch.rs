//! Commands that are a patch. A patch tests what it replaces, so that a patch that runs late changes
//! only what was read.

use std::sync::Arc;

use extreg_core::object::opt_out::TAG_ANNOTATION;
use extreg_snapshot::WebhookRecord;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ObjectId;
use serde_json::{Value, json};

use super::{Action, ClusterList, SpecTag};

/// How `oc patch` reads its patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatchKind {
    /// RFC 6902: a list of operations.
    Json,
    /// RFC 7386: lists are replaced as a whole.
    Merge,
}

/// The patch of an action that is one.
pub(super) fn patch(action: &Action) -> Option<(PatchKind, Value)> {
    let operations = match action {
        Action::SetPushSecret { build, secret } => {
            let secret = match build.kind {
                Kind::ShipwrightBuild | Kind::BuildRun => json!(&**secret),
                _ => json!({"name": &**secret}),
            };
            let body = json!({"spec": {"output": {"pushSecret": secret}}});
            return Some((PatchKind::Merge, body));
        }
        Action::SetLookup { .. } => {
            let body = json!({"spec": {"lookupPolicy": {"local": true}}});
            return Some((PatchKind::Merge, body));
        }
        Action::SetClusterList { list, registries } => {
            return Some((PatchKind::Merge, cluster_list(*list, registries)));
        }
        Action::ResumeCronJob { .. } => {
            return Some((PatchKind::Merge, json!({"spec": {"suspend": false}})));
        }
        Action::RollingUpdate { .. } => {
            let body = json!({"spec": {"updateStrategy": {"type": "RollingUpdate"}}});
            return Some((PatchKind::Merge, body));
        }
        Action::SetPullSecret { holder, secret, .. } => {
            json!([add(
                &format!("{}/pullSecret", pointer(holder)),
                json!({"name": &**secret})
            )])
        }
        Action::AddPullSecret { workload, secret } => {
            let template = match workload.kind {
                Kind::CronJob => "/spec/jobTemplate/spec/template/spec",
                Kind::Pod => "/spec",
                _ => "/spec/template/spec",
            };
            let path = format!("{template}/imagePullSecrets/-");
            json!([add(&path, json!({"name": &**secret}))])
        }
        Action::SetSchedule { tag, scheduled } => {
            let mut operations = vec![is_tag(tag), import_policy(tag, "scheduled", *scheduled)];
            if !scheduled {
                operations.extend(opt_out(tag));
            }
            operations.into()
        }
        Action::Secure { tag } => {
            json!([is_tag(tag), import_policy(tag, "insecure", false)])
        }
        Action::Unreference { tag } => {
            json!([is_tag(tag), add(&at(tag, "reference"), false)])
        }
        Action::FollowImage { tag, image } => {
            let path = at(tag, "from/name");
            json!([is_tag(tag), test(&path, &tag.from), replace(&path, image)])
        }
        Action::SetTriggers {
            was: Some(was),
            text,
            ..
        } => {
            let path = "/metadata/annotations/image.openshift.io~1triggers";
            json!([test(path, was), replace(path, text)])
        }
        Action::AddConfigTrigger {
            has_list,
            tag,
            namespace,
            containers,
            ..
        } => config_trigger(*has_list, tag, namespace.as_ref(), containers),
        Action::ResumeConfigTrigger { index, tag, .. } => {
            let change = format!("/spec/triggers/{index}/imageChangeParams");
            json!([
                test(&format!("{change}/from/name"), tag),
                add(&format!("{change}/automatic"), true),
            ])
        }
        Action::RepointConfigTrigger {
            index,
            tag,
            container,
            ..
        } => {
            let change = format!("/spec/triggers/{index}/imageChangeParams");
            json!([
                test(&format!("{change}/from/name"), tag),
                add(&format!("{change}/containerNames"), json!([&**container])),
            ])
        }
        Action::SetOutput { was, image, .. } => {
            let path = "/spec/output/to";
            json!([
                test(&format!("{path}/name"), was),
                add(path, json!({"kind": "DockerImage", "name": &**image})),
            ])
        }
        Action::VerifyRegistry { index, registry } => {
            let path = format!("/spec/registrySources/insecureRegistries/{index}");
            json!([test(&path, registry), {"op": "remove", "path": path}])
        }
        Action::VerifyImports { index, registry } => {
            let path = format!("/spec/allowedRegistriesForImport/{index}");
            json!([
                test(&format!("{path}/domainName"), registry),
                add(&format!("{path}/insecure"), false),
            ])
        }
        _ => return None,
    };
    Some((PatchKind::Json, operations))
}

fn config_trigger(
    has_list: bool,
    tag: &str,
    namespace: Option<&Arc<str>>,
    containers: &[Arc<str>],
) -> Value {
    let mut from = json!({"kind": "ImageStreamTag", "name": tag});
    if let (Some(namespace), Some(members)) = (namespace, from.as_object_mut()) {
        members.insert("namespace".to_owned(), (&**namespace).into());
    }
    let containers: Vec<&str> = containers.iter().map(|name| &**name).collect();
    let trigger = json!({"type": "ImageChange", "imageChangeParams": {
        "automatic": true, "containerNames": containers, "from": from}});
    if has_list {
        json!([add("/spec/triggers/-", trigger)])
    } else {
        // The default of an absent list remains in effect beside it.
        let list = json!([{"type": "ConfigChange"}, trigger]);
        json!([{"op": "test", "path": "/spec/triggers", "value": null}, add("/spec/triggers", list)])
    }
}

fn cluster_list(list: ClusterList, registries: &[String]) -> Value {
    match list {
        ClusterList::Allowed => {
            json!({"spec": {"registrySources": {"allowedRegistries": registries}}})
        }
        ClusterList::AllowedForImport => {
            let entries: Vec<Value> = registries
                .iter()
                .map(|domain| json!({"domainName": domain, "insecure": false}))
                .collect();
            json!({"spec": {"allowedRegistriesForImport": entries}})
        }
    }
}

fn is_tag(tag: &SpecTag) -> Value {
    test(&at(tag, "name"), &tag.name)
}

/// The annotation that keeps a tag unscheduled.
fn opt_out(tag: &SpecTag) -> Vec<Value> {
    let path = at(tag, "annotations");
    if tag.has_annotations {
        let name = TAG_ANNOTATION.replace('/', "~1");
        return vec![add(&format!("{path}/{name}"), "false")];
    }
    // Do not replace annotations that were added since.
    vec![
        json!({"op": "test", "path": path, "value": null}),
        add(&path, json!({TAG_ANNOTATION: "false"})),
    ]
}

fn import_policy(tag: &SpecTag, field: &str, value: bool) -> Value {
    if tag.has_import_policy {
        add(&at(tag, &format!("importPolicy/{field}")), value)
    } else {
        add(&at(tag, "importPolicy"), json!({field: value}))
    }
}

fn at(tag: &SpecTag, rest: &str) -> String {
    format!("/spec/tags/{}/{rest}", tag.index)
}

fn test(path: &str, value: &str) -> Value {
    json!({"op": "test", "path": path, "value": value})
}

fn add(path: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    json!({"op": "add", "path": path, "value": value})
}

fn replace(path: &str, value: &str) -> Value {
    json!({"op": "replace", "path": path, "value": value})
}

/// The JSON pointer of a field: `/spec/source/images/0` of `spec.source.images[0]`.
fn pointer(field: &str) -> String {
    let path = field.replace(['.', '['], "/").replace(']', "");
    format!("/{path}")
}

impl Action {
    /// The object that it writes.
    pub fn target(&self) -> ObjectId {
        let object = match self {
            Self::SetPushSecret { build, .. }
            | Self::SetPullSecret { build, .. }
            | Self::SetOutput { build, .. } => build,
            Self::AddPullSecret { workload, .. }
            | Self::SetTriggers { workload, .. }
            | Self::AddConfigTrigger { workload, .. }
            | Self::ResumeConfigTrigger { workload, .. }
            | Self::RepointConfigTrigger { workload, .. }
            | Self::SetImage { workload, .. }
            | Self::Rollout { workload, .. }
            | Self::ResumeCronJob { workload }
            | Self::RollingUpdate { workload } => workload,
            Self::LinkSecret { account, .. } => account,
            Self::SetCredential { secret, .. } | Self::SetExcluded { secret, .. } => secret,
            Self::SetSchedule { tag, .. }
            | Self::Secure { tag }
            | Self::Unreference { tag }
            | Self::FollowImage { tag, .. } => &tag.stream,
            Self::CreateTag { stream, .. }
            | Self::ImportTag { stream, .. }
            | Self::CreateStream { stream }
            | Self::SetLookup { stream }
            | Self::Promote { stream, .. }
            | Self::Retag { stream, .. }
            | Self::RestoreTag { stream, .. }
            | Self::DeleteTag { stream, .. } => stream,
            Self::StartBuild { config } => config,
            Self::SetClusterList { .. }
            | Self::VerifyRegistry { .. }
            | Self::VerifyImports { .. } => return of_cluster(Kind::ImageConfig, "cluster"),
            Self::InstallWebhook | Self::UpgradeWebhook | Self::RotateCertificate => {
                let kind = Kind::MutatingWebhookConfiguration;
                return of_cluster(kind, WebhookRecord::NAME);
            }
        };
        object.clone()
    }
}

fn of_cluster(kind: Kind, name: &str) -> ObjectId {
    ObjectId {
        namespace: Arc::default(),
        kind,
        name: name.into(),
    }
}
