//! The entries of a kubeconfig that are used.

use kube::config::{Context, KubeConfigOptions, Kubeconfig};

/// The entries of a kubeconfig that are used, by name: whether these exist is not checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Name of the context; `None` without a current one.
    pub(crate) context: Option<String>,
    /// The context, if it exists.
    pub(crate) of_context: Option<Context>,
    /// Name of the cluster.
    pub(crate) cluster: Option<String>,
    /// Name of the user.
    pub(crate) user: Option<String>,
}

impl Selection {
    /// The values of the options, else of the context.
    pub(crate) fn new(kubeconfig: &Kubeconfig, options: &KubeConfigOptions) -> Self {
        let context = options
            .context
            .clone()
            .or_else(|| kubeconfig.current_context.clone());
        let of_context = kubeconfig
            .contexts
            .iter()
            .find(|named| Some(&named.name) == context.as_ref())
            .and_then(|named| named.context.clone());
        let cluster = || Some(of_context.as_ref()?.cluster.clone());
        let user = || of_context.as_ref()?.user.clone();
        Self {
            cluster: options.cluster.clone().or_else(cluster),
            user: options.user.clone().or_else(user),
            context,
            of_context,
        }
    }
}
