//! The dashboard, for Grafana and for OpenShift's console.

use extreg_manifests::{File, RenderError, Settings, console_dashboard, grafana_dashboard, names};
use serde_json::Value;

/// The folder.
pub(crate) const NAME: &str = "dashboards";

/// The dashboard as both read it, the console's for the default namespace of the webhook.
pub(crate) fn folder() -> Result<Vec<File>, RenderError> {
    let mut console = console_dashboard(&Settings::default())?;
    // The tool that applies the file manages the object.
    let labels = console.value.pointer_mut("/metadata/labels");
    if let Some(labels) = labels.and_then(Value::as_object_mut) {
        labels.remove(names::MANAGED_BY_LABEL);
    }
    Ok(vec![
        File {
            name: format!("{NAME}/console-configmap.yaml"),
            content: console.yaml()?,
        },
        File {
            name: format!("{NAME}/grafana.json"),
            content: format!("{:#}\n", grafana_dashboard()),
        },
    ])
}
