//! `--export`: prints the objects to stdout. This module has no client and nothing to create one from.

use std::fmt::Write as _;

use extreg_cluster::Object;
use extreg_remedy::Caller;
use extreg_terminal::{Exit, Printer};
use serde_json::json;

use crate::{
    application::{
        plan::{self, Step},
        settings::{Secret, Settings},
    },
    credential::link::Link,
    error::Error,
    print::{DataFormat, ObjectFormat, to_data, yaml_document},
    project,
};

/// Prints the objects. The content of the secret is never included; the YAML has
/// comments that explain how to create it.
pub(super) fn run(
    settings: &Settings,
    format: Option<ObjectFormat>,
    caller: Caller,
    printer: &Printer,
) -> Result<Exit, Error> {
    let namespace = settings.namespace.as_deref().unwrap_or_default();
    let steps = plan::steps(settings, namespace);
    match format {
        None | Some(ObjectFormat::Yaml) => {
            for step in &steps {
                printer.raw(&document(step, settings, caller)?);
            }
        }
        Some(ObjectFormat::Name) => {
            for object in steps.iter().filter_map(object) {
                printer.raw(&format!("{}\n", object.reference()));
            }
        }
        Some(ObjectFormat::Json) => {
            let items: Vec<_> = steps
                .iter()
                .filter_map(object)
                .map(|object| object.body)
                .collect();
            let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
            printer.raw(&to_data(&list, DataFormat::Json)?);
        }
    }
    if let Some(name) = settings.secret_name() {
        printer.note(format!(
            "The secret {name} and its links to service accounts are not part of an export: see \
             the comments in the YAML."
        ));
    }
    Ok(Exit::Done)
}

fn object(step: &Step) -> Option<Object> {
    match step {
        Step::Project(name) => Some(project::namespace(name)),
        Step::Apply(object) => {
            let mut object = object.as_ref().clone();
            if object.text("/metadata/namespace").is_empty()
                && let Some(metadata) = object.body.pointer_mut("/metadata")
                && let Some(metadata) = metadata.as_object_mut()
            {
                metadata.remove("namespace");
            }
            Some(object)
        }
        Step::Secret(_) | Step::Link(_) => None,
    }
}

fn document(step: &Step, settings: &Settings, caller: Caller) -> Result<String, Error> {
    match step {
        Step::Secret(name) => Ok(secret_comment(name, settings, caller)),
        Step::Link(link) => Ok(link_comment(link, settings)),
        Step::Project(_) | Step::Apply(_) => {
            object(step).map_or_else(|| Ok(String::new()), |object| yaml_document(&object.body))
        }
    }
}

fn secret_comment(name: &str, settings: &Settings, caller: Caller) -> String {
    let (host, in_namespace) = (settings.target.host(), in_namespace(settings));
    let mut text = format!("# Secret {name}, type kubernetes.io/dockerconfigjson.");
    if matches!(settings.secret, Secret::Existing(_)) {
        text.push_str(" It must exist.\n");
        return text;
    }
    let keys = settings.target.config_keys().join("\" and \"");
    let namespace = settings.namespace.as_deref().unwrap_or("NAMESPACE");
    let (app, image) = (&settings.name, &settings.target);
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        " Its credential is not exported. Either
#   {caller} setup {app}{in_namespace} --image {image} --no-build --no-stream --workload none \\
#     --username USER --password-stdin < TOKEN
# or seal one with the keys \"{keys}\" (host {host}), each with username, password and auth:
#   apiVersion: bitnami.com/v1alpha1
#   kind: SealedSecret
#   metadata:
#     name: {name}
#     namespace: {namespace}
#   spec:
#     encryptedData:
#       .dockerconfigjson: SEALED
#     template:
#       type: kubernetes.io/dockerconfigjson
"
    );
    text
}

fn link_comment(link: &Link, settings: &Settings) -> String {
    let how = if link.mount { "pull,mount" } else { "pull" };
    format!(
        "# oc secrets link {} {} --for={how}{}\n",
        link.account,
        link.secret,
        in_namespace(settings)
    )
}

fn in_namespace(settings: &Settings) -> String {
    settings
        .namespace
        .as_ref()
        .map(|name| format!(" -n {name}"))
        .unwrap_or_default()
}
