//! The options of a control plane.

use std::collections::BTreeMap;

/// The features of a control plane; by default OpenShift's resources, and Kubernetes with its defaults.
#[derive(Clone, Debug)]
pub struct Options {
    pub(super) feature_gates: BTreeMap<String, bool>,
    pub(super) runtime_config: Vec<String>,
    pub(super) api_server_args: Vec<String>,
    pub(super) openshift: bool,
    pub(super) audit_log: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            feature_gates: BTreeMap::new(),
            runtime_config: Vec::new(),
            api_server_args: Vec::new(),
            openshift: true,
            audit_log: false,
        }
    }
}

impl Options {
    /// No OpenShift resources: plain Kubernetes.
    #[must_use]
    pub fn without_openshift(mut self) -> Self {
        self.openshift = false;
        self
    }

    /// Turns a feature gate of kube-apiserver on or off.
    #[must_use]
    pub fn feature_gate(mut self, name: &str, on: bool) -> Self {
        self.feature_gates.insert(name.to_owned(), on);
        self
    }

    /// Serves an API that is off by default, such as `admissionregistration.k8s.io/v1beta1`.
    #[must_use]
    pub fn serve(mut self, group_version: &str) -> Self {
        self.runtime_config.push(format!("{group_version}=true"));
        self
    }

    /// Mutating admission policies, a beta feature of Kubernetes 1.34 that is off by default.
    #[must_use]
    pub fn mutating_admission_policies(self) -> Self {
        self.feature_gate("MutatingAdmissionPolicy", true)
            .serve("admissionregistration.k8s.io/v1beta1")
    }

    /// Records every request, for [`crate::ControlPlane::audit_events`]; for OpenShift's resources also the patches of
    /// webhooks.
    #[must_use]
    pub fn audit_log(mut self) -> Self {
        self.audit_log = true;
        self
    }

    /// Another argument of kube-apiserver; overrides ours.
    #[must_use]
    pub fn api_server_arg(mut self, arg: impl Into<String>) -> Self {
        self.api_server_args.push(arg.into());
        self
    }
}
