//! Where the API serves a kind.

/// A kind and where the API serves it: of those that are read and of any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Api {
    /// API group, empty for the core group.
    pub group: &'static str,
    /// API version.
    pub version: &'static str,
    /// Kind, e.g. `BuildConfig`.
    pub kind: &'static str,
    /// The resource in a URL, e.g. `buildconfigs`.
    pub plural: &'static str,
    /// Whether its objects are in a namespace.
    pub namespaced: bool,
}

impl Api {
    /// OpenShift's Build.
    pub const BUILD: Self = Self::namespaced("build.openshift.io", "Build", "builds");
    /// OpenShift's BuildConfig.
    pub const BUILD_CONFIG: Self =
        Self::namespaced("build.openshift.io", "BuildConfig", "buildconfigs");
    /// Deployment.
    pub const DEPLOYMENT: Self = Self::namespaced("apps", "Deployment", "deployments");
    /// OpenShift's DeploymentConfig.
    pub const DEPLOYMENT_CONFIG: Self =
        Self::namespaced("apps.openshift.io", "DeploymentConfig", "deploymentconfigs");
    /// OpenShift's ImageStream.
    pub const IMAGE_STREAM: Self =
        Self::namespaced("image.openshift.io", "ImageStream", "imagestreams");
    /// OpenShift's ImageStreamImport, which can only be created.
    pub const IMAGE_STREAM_IMPORT: Self = Self::namespaced(
        "image.openshift.io",
        "ImageStreamImport",
        "imagestreamimports",
    );
    /// OpenShift's ImageStreamTag: one tag of an ImageStream, called `STREAM:TAG`.
    pub const IMAGE_STREAM_TAG: Self =
        Self::namespaced("image.openshift.io", "ImageStreamTag", "imagestreamtags");
    /// Namespace.
    pub const NAMESPACE: Self = Self::global("", "Namespace", "namespaces");
    /// OpenShift's Project: a namespace as its members see it.
    pub const PROJECT: Self = Self::global("project.openshift.io", "Project", "projects");
    /// OpenShift's ProjectRequest, with which every user can create a project.
    pub const PROJECT_REQUEST: Self =
        Self::global("project.openshift.io", "ProjectRequest", "projectrequests");
    /// Secret.
    pub const SECRET: Self = Self::namespaced("", "Secret", "secrets");
    /// ServiceAccount.
    pub const SERVICE_ACCOUNT: Self = Self::namespaced("", "ServiceAccount", "serviceaccounts");

    /// A kind of version v1 with namespaces.
    pub const fn namespaced(group: &'static str, kind: &'static str, plural: &'static str) -> Self {
        Self {
            group,
            version: "v1",
            kind,
            plural,
            namespaced: true,
        }
    }

    /// A kind of version v1 without namespaces.
    pub const fn global(group: &'static str, kind: &'static str, plural: &'static str) -> Self {
        Self {
            group,
            version: "v1",
            kind,
            plural,
            namespaced: false,
        }
    }

    /// `plural.group`, or the plural alone for the core group.
    pub fn resource(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// `group/version`, or the version alone for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The path of its group and version: `/api/v1`, `/apis/apps/v1`.
    pub fn group_path(&self) -> String {
        self.group_path_of(self.version)
    }

    /// The path of its objects in `namespace` (ignored for a kind that has none), or everywhere.
    pub fn path(&self, namespace: Option<&str>) -> String {
        self.path_of(self.version, namespace)
    }

    /// The same in another version of its group.
    pub fn path_of(&self, version: &str, namespace: Option<&str>) -> String {
        let root = self.group_path_of(version);
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }

    fn group_path_of(&self, version: &str) -> String {
        match self.group {
            "" => format!("/api/{version}"),
            group => format!("/apis/{group}/{version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let cases = [
            (Api::SECRET, Some("snow"), "/api/v1/namespaces/snow/secrets"),
            (Api::NAMESPACE, Some("snow"), "/api/v1/namespaces"),
            (Api::DEPLOYMENT, None, "/apis/apps/v1/deployments"),
            (
                Api::BUILD_CONFIG,
                Some("snow"),
                "/apis/build.openshift.io/v1/namespaces/snow/buildconfigs",
            ),
        ];
        for (kind, namespace, expected) in cases {
            assert_eq!(kind.path(namespace), expected);
        }
    }
}
