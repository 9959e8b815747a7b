//! What of an installation a cluster has: read once, before anything is decided.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_core::policy::{Policy, PolicySet, PolicySpec};
use serde::Deserialize;
use serde_json::Value;

use super::kinds;
use crate::{
    api::{Cluster, Object},
    error::Error,
};

/// Where a configuration leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// To a Service of this namespace.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// To this URL.
    Url(String),
}

/// What a cluster has.
#[derive(Clone, Debug, Default)]
pub(super) struct Installed {
    /// The configuration, if there is one.
    pub(super) configuration: Option<Object>,
    /// The policies; none where the cluster does not know the kind.
    pub(super) policies: Option<Vec<Object>>,
}

impl Installed {
    /// Reads it.
    pub(super) async fn read(cluster: &Cluster) -> Result<Self, Error> {
        let configuration = cluster.get(&kinds::configuration()).await?;
        let policies = match cluster.list(kinds::POLICY, "", "").await {
            Ok(mut policies) => {
                policies.sort_by_key(|policy| policy.text("/metadata/name").to_owned());
                Some(policies)
            }
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            configuration,
            policies,
        })
    }

    /// Where the configuration leads, if there is one and it leads anywhere.
    pub(super) fn target(&self) -> Option<Target> {
        let client = self.client_config()?;
        let text = |pointer: &str| Some(client.pointer(pointer)?.as_str()?.to_owned());
        if let Some(url) = text("/url") {
            return Some(Target::Url(url));
        }
        Some(Target::Service {
            namespace: text("/service/namespace")?,
            name: text("/service/name")?,
        })
    }

    /// The bundle of the configuration, as PEM.
    pub(super) fn ca_bundle(&self) -> Option<String> {
        let encoded = self.client_config()?.get("caBundle")?.as_str()?;
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
    }

    /// The one entry of the configuration.
    pub(super) fn entry(&self) -> Option<&Value> {
        self.configuration.as_ref()?.body.pointer("/webhooks/0")
    }

    /// The policies as the webhook compiles them; what is invalid is left out, as there.
    pub(super) fn policy_set(&self) -> PolicySet {
        policy_set(self.policies.as_deref())
    }

    fn client_config(&self) -> Option<&Value> {
        self.entry()?.get("clientConfig")
    }
}

/// Compiles the policies of a cluster; none for one that does not know the kind.
pub(super) fn policy_set(policies: Option<&[Object]>) -> PolicySet {
    let Some(policies) = policies else {
        return PolicySet::of_cluster(None);
    };
    let compiled = policies.iter().filter_map(|policy| {
        let created = policy.text("/metadata/creationTimestamp");
        Policy::compile(policy.text("/metadata/name"), created, &spec(policy)?).ok()
    });
    PolicySet::of_cluster(Some(compiled.collect()))
}

/// The spec of a policy, if it can be read.
pub(super) fn spec(policy: &Object) -> Option<PolicySpec> {
    PolicySpec::deserialize(policy.body.get("spec")?).ok()
}
