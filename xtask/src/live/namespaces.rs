//! The namespaces of a run, created on demand and removed at the end.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde_json::{Value, json};

use super::cluster::{Cluster, until};
use super::pair::Pair;
use crate::console;

/// The kind of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ground {
    /// With the policy's secret `dockerhub`.
    Main,
    /// Without it.
    Bare,
    /// Without it, and with another secret for docker.io linked to the account that builds.
    Linked,
    /// Opted out by its label.
    Ignored,
    /// A platform namespace by its name.
    System,
    /// A platform namespace by its run level.
    RunLevel,
    /// For separate policies.
    Policies,
}

impl Ground {
    fn suffix(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Bare => "bare",
            Self::Linked => "linked",
            Self::Ignored => "ignored",
            Self::System => "system",
            Self::RunLevel => "level",
            Self::Policies => "policies",
        }
    }

    fn label(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Ignored => Some(("extreg.io/ignore", "true")),
            Self::RunLevel => Some(("openshift.io/run-level", "1")),
            _ => None,
        }
    }
}

/// All namespaces of a run.
#[derive(Debug)]
pub(super) struct Namespaces<'a> {
    cluster: &'a Cluster,
    run: String,
    made: RefCell<BTreeSet<Ground>>,
}

/// On every namespace of a run.
const RUN_LABEL: &str = "extreg.io/live-run";
/// On the namespaces that the webhook is called for.
const GOVERNED_LABEL: &str = "extreg.io/live";

impl<'a> Namespaces<'a> {
    /// None yet.
    pub(super) fn new(cluster: &'a Cluster) -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
        // Unique enough among concurrent runs on the same cluster.
        let number = u64::from(now.subsec_nanos()) ^ (u64::from(std::process::id()) << 20);
        let namespaces = Self {
            cluster,
            run: format!("{:06x}", number & 0x00ff_ffff),
            made: RefCell::default(),
        };
        let own = namespace(&namespaces.own(), &json!({ RUN_LABEL: namespaces.run }));
        cluster.oc("create -f -", Some(&own.to_string()))?.ok()?;
        Ok(namespaces)
    }

    /// The random suffix.
    pub(super) fn run(&self) -> &str {
        &self.run
    }

    /// The namespace of the webhook's account and Lease.
    pub(super) fn own(&self) -> String {
        format!("extreg-live-{}-webhook", self.run)
    }

    /// Selects every namespace of the run.
    pub(super) fn label(&self) -> String {
        format!("{RUN_LABEL}={}", self.run)
    }

    /// Selects the namespaces that the webhook is called for.
    pub(super) fn selector(&self) -> String {
        format!("{GOVERNED_LABEL}={}", self.run)
    }

    /// The same in the syntax of the webhook's argument.
    pub(super) fn selector_document(&self) -> Value {
        json!({"matchLabels": {GOVERNED_LABEL: self.run}})
    }

    /// The two namespaces of a kind, created if they do not exist.
    pub(super) fn pair(&self, ground: Ground) -> Result<Pair<'a>> {
        let prefix = if ground == Ground::System {
            "openshift-"
        } else {
            ""
        };
        let governed = format!("{prefix}extreg-live-{}-{}", self.run, ground.suffix());
        let pair = Pair {
            cluster: self.cluster,
            plain: format!("{governed}-plain"),
            governed,
        };
        if self.made.borrow_mut().insert(ground) {
            self.make(ground, &pair)?;
        }
        Ok(pair)
    }

    fn make(&self, ground: Ground, pair: &Pair<'_>) -> Result<()> {
        let mut labels = json!({ RUN_LABEL: self.run });
        if let Some((key, value)) = ground.label() {
            set(&mut labels, key, value);
        }
        let plain = namespace(&pair.plain, &labels);
        set(&mut labels, GOVERNED_LABEL, &self.run);
        let governed = namespace(&pair.governed, &labels);
        for object in [plain, governed] {
            let object = object.to_string();
            self.cluster.oc("create -f -", Some(&object))?.ok()?;
        }
        until(&format!("{} has its accounts", pair.governed), || {
            let (account, _) = pair.both("get serviceaccount builder", None)?;
            Ok(account.success.then_some(()))
        })?;
        match ground {
            Ground::Main | Ground::Policies => {
                pair.send("create -f -", &docker_secret("dockerhub"))?;
            }
            Ground::Linked => {
                pair.send("create -f -", &docker_secret("another"))?;
                pair.oc("secrets link builder another --for=pull,mount")?;
            }
            Ground::Bare | Ground::Ignored | Ground::System | Ground::RunLevel => {}
        }
        Ok(())
    }

    /// Requests the removal of all namespaces, without waiting.
    pub(super) fn remove(&self) -> Result<()> {
        let words = format!(
            "delete namespaces -l {} --wait=false --ignore-not-found",
            self.label()
        );
        self.cluster.oc(&words, None)?.ok()?;
        console::line(&format!("== removed the namespaces {}", self.label()));
        Ok(())
    }
}

/// A secret in which every consumer finds a credential for docker.io.
pub(super) fn docker_secret(name: &str) -> Value {
    // live:live, which no registry accepts.
    let entry = json!({"username": "live", "password": "live", "auth": "bGl2ZTpsaXZl"});
    let config = json!({"auths": {"https://index.docker.io/v1/": entry, "docker.io": entry}});
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        // Imports of a public image must be anonymous.
        "metadata": {"name": name, "annotations": {"openshift.io/image.excludeSecret": "true"}},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": config.to_string()},
    })
}

fn namespace(name: &str, labels: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
}

fn set(labels: &mut Value, key: &str, value: &str) {
    if let Some(labels) = labels.as_object_mut() {
        labels.insert(key.to_owned(), json!(value));
    }
}
