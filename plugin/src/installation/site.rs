//! The namespace for the proof: one that the configuration calls the webhook for, and in which the user can create the
//! probe.

use std::cmp::Reverse;

use extreg_cluster::{Cluster, Kind, Object, ObjectRef, Right};
use extreg_core::{
    facts::{Called, Reach},
    policy::Labels,
    rule::is_system_namespace,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    expectation::{Expectations, Probe},
    installed::{CONFIGURATION, Installed},
};
use crate::error::Error;

/// The maximum number of namespaces to check.
const MOST_REVIEWS: usize = 20;

/// A namespace and its labels.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Its name.
    pub(crate) namespace: String,
    /// Its labels.
    pub(crate) labels: Labels,
}

/// Chooses the namespace with the strongest possible proof, if any; `named` is the user's choice, `entry` the entry of
/// the configuration.
///
/// # Errors
/// [`Error::Refused`] if the webhook is not called for the named namespace.
pub(crate) async fn choose(
    cluster: &Cluster,
    entry: &Value,
    expectations: &Expectations,
    named: Option<&str>,
) -> Result<Option<Site>, Error> {
    let reach = reach(entry)?;
    if let Some(name) = named {
        let found = cluster.get(&namespace(name)).await?;
        let site = found.map(|object| Site::new(&object)).ok_or_else(|| {
            Error::refused(format!(
                "namespace \"{name}\" of --proof-namespace does not exist"
            ))
        })?;
        if !site.is_seen(&reach) {
            return Err(Error::refused(format!(
                "the webhook is not called for namespace \"{name}\" of --proof-namespace: it is a \
                 system namespace, opted out by its label, or not matched by --namespace-selector"
            )));
        }
        return Ok(Some(site));
    }
    let own = cluster.namespace();
    let mut sites = match cluster.list(Kind::NAMESPACE, "", "").await {
        Ok(list) => list,
        // A user who cannot list namespaces can list their own projects.
        Err(error) if error.is_forbidden() => {
            cluster.get(&namespace(own)).await?.into_iter().collect()
        }
        Err(error) => return Err(error.into()),
    };
    sites.retain(|site| site.text("/status/phase") != "Terminating");
    let mut sites: Vec<Site> = sites.iter().map(Site::new).collect();
    sites.retain(|site| site.is_seen(&reach));
    sites.sort_by_cached_key(|site| {
        let probe = site.probe(expectations, "x");
        (
            Reverse((probe.outcome, probe.certain)),
            site.namespace != own,
            site.namespace.clone(),
        )
    });
    for site in sites.into_iter().take(MOST_REVIEWS) {
        let kind = site.probe(expectations, "x").object.kind;
        if extreg_cluster::may(cluster, &Right::new("create", kind, &site.namespace)).await? {
            return Ok(Some(site));
        }
    }
    Ok(None)
}

impl Site {
    /// The probe with the strongest expected result here.
    pub(crate) fn probe(&self, expectations: &Expectations, word: &str) -> Probe {
        Probe::best(expectations, &self.namespace, &self.labels, word)
    }

    fn new(object: &Object) -> Self {
        let labels = object
            .body
            .pointer("/metadata/labels")
            .and_then(|labels| Labels::deserialize(labels).ok());
        Self {
            namespace: object.text("/metadata/name").to_owned(),
            labels: labels.unwrap_or_default(),
        }
    }

    /// Whether the API server calls the webhook for objects in this namespace. Prefixes are in the match conditions,
    /// since selectors do not support them.
    fn is_seen(&self, reach: &Reach) -> bool {
        !is_system_namespace(&self.namespace)
            && reach.namespace(&self.namespace, Some(&self.labels)) == Called::Yes
    }
}

fn namespace(name: &str) -> ObjectRef {
    ObjectRef::new(Kind::NAMESPACE, "", name)
}

fn reach(entry: &Value) -> Result<Reach, Error> {
    let body = serde_json::json!({ "webhooks": [entry] });
    let live = Installed {
        configuration: Some(Object {
            kind: CONFIGURATION,
            body,
        }),
        policies: None,
    };
    live.reach()
}

#[cfg(test)]
mod tests {
    use extreg_manifests::{Settings, mutating_webhook_configuration, parse_selector};

    use serde_json::json;

    use super::*;

    #[test]
    fn webhook_sees_the_namespaces_of_its_configuration() {
        let settings = Settings {
            namespace_selector: parse_selector("team in (a,b)").unwrap(),
            ..Settings::default()
        };
        let configuration =
            serde_json::to_value(mutating_webhook_configuration(&settings)).unwrap();
        let reach = reach(&configuration["webhooks"][0]).unwrap();
        let table = [
            ("snow", "team", "a", true),
            ("snow", "team", "c", false),
            ("snow", "other", "a", false),
            ("openshift-x", "team", "a", false),
            ("kube-x", "team", "a", false),
        ];
        for (name, key, value, seen) in table {
            let body = json!({"metadata": {"name": name, "labels": {key: value}}});
            let site = Site::new(&Object {
                kind: Kind::NAMESPACE,
                body,
            });
            assert_eq!(site.is_seen(&reach), seen, "{name} {key}={value}");
        }
        let opted_out = json!({"metadata": {"name": "snow", "labels": {"team": "a", "extreg.io/ignore": "true"}}});
        let opted_out = Site::new(&Object {
            kind: Kind::NAMESPACE,
            body: opted_out,
        });
        assert!(!opted_out.is_seen(&reach));
    }
}
