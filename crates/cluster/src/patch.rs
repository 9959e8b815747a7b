//! JSON Patch (RFC 6902): changes only the named fields, and only if its tests pass.

use http::Method;
use serde_json::Value;

use crate::{Cluster, ClusterError, DryRun, MANAGER, Object, ObjectRef};

impl Cluster {
    /// Patches an object. A failed `test` returns 422 (see
    /// [`ClusterError::is_test_failed`]) and changes nothing.
    pub async fn json_patch(
        &self,
        object: &ObjectRef,
        operations: &[Value],
        dry_run: DryRun,
    ) -> Result<Object, ClusterError> {
        let path = format!(
            "{}?fieldManager={MANAGER}{}",
            object.path(),
            dry_run.query()
        );
        let media = Some("application/json-patch+json");
        let operations = Value::Array(operations.to_vec());
        let body = self.send(Method::PATCH, &path, media, Some(&operations));
        Ok(Object {
            kind: object.kind,
            body: body.await?,
        })
    }
}
