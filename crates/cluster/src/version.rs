//! The version of OpenShift.

use crate::Cluster;

/// The cluster's OpenShift version; `None` on other platforms, or without permission.
pub async fn openshift_version(cluster: &Cluster) -> Option<String> {
    let path = "/apis/config.openshift.io/v1/clusterversions/version";
    let version = cluster.get_path(path).await.ok()?;
    version
        .pointer("/status/desired/version")?
        .as_str()
        .map(str::to_owned)
}
