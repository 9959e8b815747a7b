//! The policy that an installation starts with.

use serde_json::json;

use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::names;
use crate::namespace::cluster_meta;
use crate::settings::InstallMode;

/// The policy `dockerhub`: docker.io, push secret `dockerhub`, imports scheduled, in this mode.
pub fn registry_policy(mode: InstallMode) -> Result<Manifest, RenderError> {
    let object = ObjectName {
        api_version: names::API_VERSION.to_owned(),
        kind: names::KIND.to_owned(),
        namespace: None,
        name: names::DEFAULT_POLICY.to_owned(),
    };
    let value = json!({
        "apiVersion": names::API_VERSION,
        "kind": names::KIND,
        "metadata": cluster_meta(names::DEFAULT_POLICY),
        "spec": {
            "registry": "docker.io",
            "mode": mode.as_str(),
            "push": { "secretName": names::DEFAULT_SECRET, "target": "Both" },
            "import": { "scheduled": true },
        },
    });
    Manifest::named(Phase::Policy, object, &value)
}
