//! The namespace of the webhook, and the labels that all objects carry.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::names;
use crate::settings::Settings;

/// The namespace: Pod Security `restricted`, and excluded from the webhook.
pub(crate) fn namespace(settings: &Settings) -> Namespace {
    let mut metadata = cluster_meta(settings.namespace.as_str());
    let labels = metadata.labels.get_or_insert_default();
    for level in ["enforce", "audit", "warn"] {
        let key = format!("pod-security.kubernetes.io/{level}");
        labels.insert(key, "restricted".to_owned());
    }
    labels.insert(
        names::IGNORE_LABEL.to_owned(),
        names::IGNORE_VALUE.to_owned(),
    );
    Namespace {
        metadata,
        ..Namespace::default()
    }
}

/// Metadata of a cluster-scoped object.
pub(crate) fn cluster_meta(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        labels: Some(labels_of(names::WEBHOOK)),
        ..ObjectMeta::default()
    }
}

/// Metadata of an object in the webhook's namespace.
pub(crate) fn own_meta(name: &str, settings: &Settings) -> ObjectMeta {
    ObjectMeta {
        namespace: Some(settings.namespace.as_str().to_owned()),
        ..cluster_meta(name)
    }
}

/// The labels of all objects of a program.
pub(crate) fn labels_of(program: &str) -> BTreeMap<String, String> {
    let mut labels = selector_of(program);
    labels.insert(
        names::MANAGED_BY_LABEL.to_owned(),
        names::MANAGER.to_owned(),
    );
    labels
}

/// The label by which other objects find the pods of a program.
pub(crate) fn selector_of(program: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(names::NAME_LABEL.to_owned(), program.to_owned())])
}

/// The label by which other objects find the webhook's pods.
pub(crate) fn pod_labels() -> BTreeMap<String, String> {
    selector_of(names::WEBHOOK)
}

/// Metadata of an object of the importer in its own namespace.
pub(crate) fn importer_meta(settings: &Settings) -> ObjectMeta {
    ObjectMeta {
        labels: Some(labels_of(names::IMPORTER)),
        ..own_meta(names::IMPORTER, settings)
    }
}
