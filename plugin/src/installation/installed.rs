//! The existing installation of a cluster, read once, before any decision. All code that depends on the installed
//! configuration (its namespace, selectors, mode) reads it here.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_cluster::{Cluster, Kind, Object, ObjectRef};
use extreg_core::{
    facts::{Known, Reach},
    policy::{Mode, Policy, PolicySet, PolicySpec, SelectorDocument},
};
use extreg_manifests::names;
use extreg_snapshot::kind::Kind as Read;
use serde::Deserialize;
use serde_json::Value;

use super::owner::Owner;
use crate::error::Error;

/// The configuration that makes the API servers call the webhook.
pub(crate) const CONFIGURATION: Kind = Read::MutatingWebhookConfiguration.api();
/// The policy.
pub(crate) const POLICY: Kind = Read::RegistryPolicy.api();
/// The argument that sets the mode of the installation in the pods of the webhook.
const MODE_ARGUMENT: &str = "--mode-cap=";

/// The configuration with its fixed name.
pub(crate) fn configuration() -> ObjectRef {
    ObjectRef::new(CONFIGURATION, "", names::WEBHOOK)
}

/// The Deployment with its fixed name.
pub(crate) fn deployment(namespace: &str) -> ObjectRef {
    ObjectRef::new(Kind::DEPLOYMENT, namespace, names::WEBHOOK)
}

/// The installed webhook: what determines its effect on an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Installation {
    /// The namespace that it runs in; `None` for an external one.
    pub(crate) own_namespace: Option<String>,
    /// The objects that the API servers call it for.
    pub(crate) reach: Reach,
    /// The strongest mode of any policy.
    pub(crate) cap: Mode,
}

/// As `webhook install` without flags: the default if nothing is known.
impl Default for Installation {
    fn default() -> Self {
        Self {
            own_namespace: Some(names::NAMESPACE.to_owned()),
            reach: Reach::default(),
            cap: Mode::Enforce,
        }
    }
}

impl Installation {
    /// Reads it; `None` if it is not installed, or if the user cannot read it.
    ///
    /// # Errors
    /// If the cluster does not answer, or the configuration is invalid.
    pub(crate) async fn read(cluster: &Cluster) -> Result<Known<Option<Self>>, Error> {
        let configuration = match cluster.get(&configuration()).await {
            Ok(None) => return Ok(Known::Known(None)),
            Ok(configuration) => configuration,
            Err(error) if error.is_forbidden() => return Ok(Known::Unknown),
            Err(error) => return Err(error.into()),
        };
        let live = Installed {
            configuration,
            policies: None,
        };
        let own_namespace = match live.target() {
            Some(Target::Service { namespace, .. }) => Some(namespace),
            Some(Target::Url(_)) | None => None,
        };
        let cap = match &own_namespace {
            None => Mode::Enforce,
            Some(namespace) => match cluster.get(&deployment(namespace)).await {
                Ok(found) => found.as_ref().and_then(mode).unwrap_or(Mode::Enforce),
                Err(error) if error.is_forbidden() => Mode::Enforce,
                Err(error) => return Err(error.into()),
            },
        };
        Ok(Known::Known(Some(Self {
            own_namespace,
            reach: live.reach()?,
            cap,
        })))
    }

    /// The same; as installed without flags if it is not installed or unknown.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) async fn read_or_default(cluster: &Cluster) -> Result<Self, Error> {
        let read = Self::read(cluster).await?;
        Ok(read.known().flatten().unwrap_or_default())
    }
}

/// The mode in the arguments of the webhook's Deployment.
fn mode(deployment: &Object) -> Option<Mode> {
    let arguments = deployment
        .body
        .pointer("/spec/template/spec/containers/0/args")?
        .as_array()?;
    let mut arguments = arguments.iter().filter_map(Value::as_str);
    match arguments.find_map(|argument| argument.strip_prefix(MODE_ARGUMENT))? {
        "off" => Some(Mode::Off),
        "audit" => Some(Mode::Audit),
        "warn" => Some(Mode::Warn),
        "enforce" => Some(Mode::Enforce),
        _ => None,
    }
}

/// The target of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A Service of this namespace.
    Service {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// This URL.
    Url(String),
}

/// The existing objects of an installation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Installed {
    /// The configuration, if it exists.
    pub(crate) configuration: Option<Object>,
    /// The policies; `None` if the cluster does not know the kind.
    pub(crate) policies: Option<Vec<Object>>,
}

impl Installed {
    /// Reads it.
    pub(crate) async fn read(cluster: &Cluster) -> Result<Self, Error> {
        let configuration = cluster.get(&configuration()).await?;
        let policies = match cluster.list(POLICY, "", "").await {
            Ok(mut policies) => {
                policies.sort_by_key(|policy| policy.text("/metadata/name").to_owned());
                Some(policies)
            }
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            configuration,
            policies,
        })
    }

    /// The target of the configuration, if it exists and has one.
    pub(crate) fn target(&self) -> Option<Target> {
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

    /// The tool that manages the installation: that of the configuration, if it exists.
    pub(crate) fn owner(&self) -> Option<Owner> {
        self.configuration.as_ref().map(Owner::from_object)
    }

    /// The bundle of the configuration, as PEM.
    pub(crate) fn ca_bundle(&self) -> Option<String> {
        let encoded = self.client_config()?.get("caBundle")?.as_str()?;
        String::from_utf8(STANDARD.decode(encoded).ok()?).ok()
    }

    /// The one entry of the configuration.
    pub(crate) fn entry(&self) -> Option<&Value> {
        self.configuration.as_ref()?.body.pointer("/webhooks/0")
    }

    /// The objects that the API servers call the webhook for.
    ///
    /// # Errors
    /// An invalid selector.
    pub(crate) fn reach(&self) -> Result<Reach, Error> {
        let selector = |key: &str| -> Result<Option<SelectorDocument>, String> {
            let entry = self.entry().and_then(|entry| entry.get(key));
            entry
                .filter(|selector| !selector.is_null())
                .map(SelectorDocument::deserialize)
                .transpose()
                .map_err(|error| format!("{key}: {error}"))
        };
        let compile = || {
            let (namespaces, objects) =
                (selector("namespaceSelector")?, selector("objectSelector")?);
            Reach::compile(namespaces.as_ref(), objects.as_ref()).map_err(|error| error.to_string())
        };
        compile().map_err(|why| Error::failed(format!("{}: {why}", configuration())))
    }

    /// The policies as the webhook compiles them; invalid ones are skipped, as there.
    pub(crate) fn policy_set(&self) -> PolicySet {
        policy_set(self.policies.as_deref())
    }

    fn client_config(&self) -> Option<&Value> {
        self.entry()?.get("clientConfig")
    }
}

/// Compiles the policies of a cluster; `None` if it does not know the kind.
pub(crate) fn policy_set(policies: Option<&[Object]>) -> PolicySet {
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
pub(crate) fn spec(policy: &Object) -> Option<PolicySpec> {
    PolicySpec::deserialize(policy.body.get("spec")?).ok()
}

#[cfg(test)]
mod tests {
    use extreg_core::{facts::Called, policy::Labels};
    use extreg_manifests::{Settings, mutating_webhook_configuration, parse_selector};
    use serde_json::json;

    use super::*;

    #[test]
    fn reach_matches_the_configuration() {
        let settings = Settings {
            namespace: "elsewhere".parse().unwrap(),
            namespace_selector: parse_selector("team in (a,b)").unwrap(),
            ..Settings::default()
        };
        let body = serde_json::to_value(mutating_webhook_configuration(&settings)).unwrap();
        let live = Installed {
            configuration: Some(Object {
                kind: CONFIGURATION,
                body,
            }),
            policies: None,
        };
        let target = Target::Service {
            namespace: "elsewhere".to_owned(),
            name: names::WEBHOOK.to_owned(),
        };
        assert_eq!(live.target(), Some(target));
        let reach = live.reach().unwrap();
        for (name, labels, want) in [
            ("snow", &[("team", "a")][..], Called::Yes),
            ("snow", &[("team", "c")], Called::No),
            (
                "snow",
                &[("team", "a"), ("extreg.io/ignore", "true")],
                Called::No,
            ),
            // The webhook skips its own namespace.
            ("elsewhere", &[("team", "a")], Called::Yes),
            ("extreg-system", &[("team", "a")], Called::Yes),
        ] {
            let pairs = labels.iter();
            let labels: Labels = pairs
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect();
            assert_eq!(
                reach.namespace(name, Some(&labels)),
                want,
                "{name} {labels:?}"
            );
        }
    }

    #[test]
    fn the_mode_is_the_argument_of_the_pods() {
        for (arguments, want) in [
            (json!(["--mode-cap=audit"]), Some(Mode::Audit)),
            (json!(["-v", "--mode-cap=warn"]), Some(Mode::Warn)),
            (json!([]), None),
        ] {
            let body =
                json!({"spec": {"template": {"spec": {"containers": [{"args": arguments}]}}}});
            let kind = Kind::DEPLOYMENT;
            assert_eq!(mode(&Object { kind, body }), want);
        }
    }
}
