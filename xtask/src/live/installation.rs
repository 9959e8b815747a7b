//! The webhook and the importer outside the cluster, and the objects that the plugin installs for them.

use anyhow::{Result, ensure};
use extreg_manifests::{FollowBuilds, Settings, names};
use extreg_tests::{Importer, WebhookServer};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::cluster::{Answer, Cluster, until};
use super::namespaces::{Ground, Namespaces};
use super::scenarios::build_config;
use crate::console;

/// The installation.
#[derive(Debug)]
pub(super) struct Installation {
    webhook: WebhookServer,
    importer: Importer,
    /// Read again when either is restarted.
    _kubeconfigs: [NamedTempFile; 2],
}

impl Installation {
    /// Starts both, with exactly the permissions that they have in a cluster, and installs the configuration for the
    /// namespaces of this run.
    pub(super) fn make(cluster: &Cluster, namespaces: &Namespaces<'_>) -> Result<Self> {
        grant(cluster, namespaces)?;
        let namespace = namespaces.own();
        let kubeconfig = |account: &str| {
            cluster.kubeconfig_as(&format!("system:serviceaccount:{namespace}:{account}"))
        };
        let kubeconfigs = [kubeconfig(names::WEBHOOK)?, kubeconfig(names::IMPORTER)?];
        let [of_webhook, of_importer] = &kubeconfigs;
        // The namespace of its Lease, without which it writes no status of policies.
        let lease = format!("--namespace={namespace}");
        let webhook = WebhookServer::start(of_webhook.path(), &[lease.as_str()])?;
        console::line(&format!("== webhook at {}", webhook.url()));
        let selector = namespaces.selector_document();
        let selector = format!("--namespace-selector={selector}");
        let importer = Importer::start(of_importer.path(), &namespace, &[selector.as_str()])?;
        console::line("== importer follows builds");
        let installation = Self {
            webhook,
            importer,
            _kubeconfigs: kubeconfigs,
        };
        match installation.install(cluster, namespaces) {
            Ok(_) => Ok(installation),
            Err(error) => {
                installation.remove(cluster)?;
                Err(error)
            }
        }
    }

    /// Runs `webhook install`, and waits until the webhook knows the content of the namespaces.
    pub(super) fn install(&self, cluster: &Cluster, namespaces: &Namespaces<'_>) -> Result<Answer> {
        let main = namespaces.pair(Ground::Main)?;
        let words = format!(
            "webhook install --url {} --ca-file {} --mode enforce --namespace-selector {}",
            self.webhook.url(),
            self.webhook.ca_file().display(),
            namespaces.selector()
        );
        let answer = cluster.plugin(&words, None)?.ok()?;
        let probe = build_config("probe", &json!({"kind": "DockerImage", "name": "IMAGE"}));
        until(
            "the webhook injects a push secret and knows that it exists",
            || {
                let words = format!("-n {} create -f - --dry-run=server -o json", main.governed);
                let probed = cluster.oc(&words, Some(&probe.to_string()))?.ok()?;
                let injected = probed.stdout.contains("\"pushSecret\"");
                Ok((injected && probed.warnings().is_empty()).then_some(()))
            },
        )?;
        Ok(answer)
    }

    /// The server, to kill and to restart.
    pub(super) fn webhook(&mut self) -> &mut WebhookServer {
        &mut self.webhook
    }

    /// The importer, to kill and to restart.
    pub(super) fn importer(&mut self) -> &mut Importer {
        &mut self.importer
    }

    /// Removes the configuration and ends both.
    pub(super) fn remove(self, cluster: &Cluster) -> Result<()> {
        uninstall(cluster)?;
        drop((self.webhook, self.importer));
        console::line("== uninstalled the webhook");
        Ok(())
    }

    /// Keeps it running.
    pub(super) fn keep(self, namespaces: &Namespaces<'_>) -> Result<()> {
        let pids = [self.webhook.keep()?, self.importer.keep()?];
        let pids: Vec<String> = pids
            .into_iter()
            .flatten()
            .map(|pid| format!("kill {pid}; "))
            .collect();
        let pid = pids.concat();
        console::line(&format!(
            "== kept; remove with: oc-extreg webhook uninstall --all --yes; {pid}oc delete namespaces -l {}",
            namespaces.label()
        ));
        Ok(())
    }
}

/// Gives both accounts, in a namespace of this run, the permissions that an installation has: the importer's in one
/// namespace only.
pub(super) fn grant(cluster: &Cluster, namespaces: &Namespaces<'_>) -> Result<()> {
    // The namespace whose builds scenarios follow.
    let followed = namespaces.pair(Ground::Main)?.governed.parse()?;
    // All secrets that policies of scenarios name: the webhook only injects secrets that it can read.
    let secrets = ["dockerhub", "quay", "team", "a"].map(str::parse);
    let secrets = secrets.into_iter().collect::<Result<_, _>>()?;
    let settings = Settings {
        namespace: namespaces.own().parse()?,
        follow_builds: FollowBuilds::In([followed].into()),
        secrets,
        ..Settings::default()
    };
    let rights = [
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
    ];
    let objects: Vec<Value> = extreg_manifests::install(&settings)?
        .into_iter()
        .filter(|manifest| rights.contains(&manifest.object.kind.as_str()))
        .map(|manifest| manifest.value)
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects});
    let input = list.to_string();
    cluster.oc("apply -f -", Some(&input))?.ok()?;
    Ok(())
}

/// Runs `webhook uninstall`, which must remove everything.
pub(super) fn uninstall(cluster: &Cluster) -> Result<Answer> {
    let answer = cluster
        .plugin("webhook uninstall --all --yes", None)?
        .ok()?;
    let left = cluster
        .oc(
            "get mutatingwebhookconfigurations -o name -l app.kubernetes.io/managed-by=oc-extreg",
            None,
        )?
        .ok()?;
    ensure!(left.stdout.trim().is_empty(), "left: {}", left.stdout);
    until("the webhook's namespace is gone", || {
        let words = "get namespace extreg-system --ignore-not-found -o name";
        let found = cluster.oc(words, None)?.ok()?;
        Ok(found.stdout.trim().is_empty().then_some(()))
    })?;
    Ok(answer)
}
