//! The fields of console objects that we use (openshift/api `console/v1`).

use std::collections::BTreeMap;

use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Object<'a, S> {
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    spec: &'a S,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
}

impl<'a, S> Object<'a, S> {
    pub(super) const fn new(
        api_version: &'a str,
        kind: &'a str,
        name: &'a str,
        labels: BTreeMap<&'a str, &'a str>,
        spec: &'a S,
    ) -> Self {
        Self {
            api_version,
            kind,
            metadata: Metadata { name, labels },
            spec,
        }
    }
}

/// A ConsoleCLIDownload.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Download {
    pub(super) display_name: &'static str,
    pub(super) description: &'static str,
    pub(super) links: Vec<Text>,
}

#[derive(Serialize)]
pub(super) struct Text {
    pub(super) href: String,
    pub(super) text: String,
}

/// A ConsoleLink.
#[derive(Serialize)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: &'static str,
    pub(super) location: Location,
}

#[derive(Serialize)]
pub(super) enum Location {
    HelpMenu,
}

/// A ConsoleQuickStart. Texts are Markdown; `{{copy}}` after a code block adds a button.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuickStart {
    pub(super) display_name: &'static str,
    pub(super) duration_minutes: u32,
    pub(super) icon: String,
    pub(super) description: &'static str,
    pub(super) prerequisites: Vec<&'static str>,
    pub(super) introduction: &'static str,
    pub(super) tasks: Vec<Task>,
    pub(super) conclusion: &'static str,
}

#[derive(Serialize)]
pub(super) struct Task {
    pub(super) title: &'static str,
    pub(super) description: String,
    pub(super) review: Review,
    pub(super) summary: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Review {
    pub(super) instructions: &'static str,
    pub(super) failed_task_help: String,
}

#[derive(Serialize)]
pub(super) struct Summary {
    pub(super) success: &'static str,
    pub(super) failed: &'static str,
}

/// A ConsoleYAMLSample.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sample {
    pub(super) target_resource: Target,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) yaml: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Target {
    pub(super) api_version: String,
    pub(super) kind: String,
}
