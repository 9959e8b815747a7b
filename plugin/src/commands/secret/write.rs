//! One write of a docker config, in place.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_cluster::{Cluster, DryRun, Object, ObjectRef};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::error::Error;

/// A secret that is ready to be written.
pub(super) struct Ready {
    pub(super) reference: ObjectRef,
    /// The field of its data that holds the docker config.
    pub(super) field: &'static str,
    /// The version that was read.
    pub(super) version: String,
    /// The new content.
    pub(super) document: SecretString,
}

/// One write, of exactly the state that was read, and a check of the result.
pub(super) async fn write(ready: &Ready, cluster: &Cluster, dry_run: DryRun) -> Result<(), Error> {
    let encoded = SecretString::from(STANDARD.encode(ready.document.expose_secret()));
    let at = format!("/data/{}", ready.field);
    let operations = [
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": ready.version}),
        json!({"op": "replace", "path": at, "value": encoded.expose_secret()}),
    ];
    let patched = cluster
        .json_patch(&ready.reference, &operations, dry_run)
        .await?;
    let holds = |secret: &Object| {
        let value = secret.body.pointer(&at);
        value.and_then(Value::as_str) == Some(encoded.expose_secret())
    };
    let is_there = if dry_run == DryRun::None {
        cluster
            .get(&ready.reference)
            .await?
            .as_ref()
            .is_some_and(holds)
    } else {
        holds(&patched)
    };
    if is_there {
        Ok(())
    } else {
        Err(Error::failed(
            "it was written but has other content now: it was changed immediately after",
        ))
    }
}
