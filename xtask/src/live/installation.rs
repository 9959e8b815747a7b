//! The webhook outside the cluster and what the plugin installs for it.

use anyhow::{Result, ensure};
use extreg_manifests::{Settings, names};
use extreg_tests::WebhookServer;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::cluster::{Answer, Cluster, until};
use super::namespaces::{Ground, Namespaces};
use super::scenarios::build_config;
use crate::say;

/// What is installed.
#[derive(Debug)]
pub(super) struct Installation {
    webhook: WebhookServer,
    /// Read again when the webhook is restarted.
    _kubeconfig: NamedTempFile,
}

impl Installation {
    /// Starts the webhook, with the rights that it has in a cluster and no more, and installs its
    /// configuration for the namespaces of this run.
    pub(super) fn make(cluster: &Cluster, namespaces: &Namespaces<'_>) -> Result<Self> {
        grant(cluster, namespaces)?;
        let namespace = namespaces.own();
        let account = format!("system:serviceaccount:{namespace}:{}", names::WEBHOOK);
        let kubeconfig = cluster.kubeconfig_as(&account)?;
        // Where its Leases are, without which it writes no status of policies and follows no builds.
        let lease = format!("--namespace={namespace}");
        let followed = format!("--follow-namespaces={}", namespaces.selector_document());
        let more = [lease.as_str(), "--follow-builds", followed.as_str()];
        let webhook = WebhookServer::start(kubeconfig.path(), &more)?;
        say::line(&format!("== webhook at {}", webhook.url()));
        let installation = Self {
            webhook,
            _kubeconfig: kubeconfig,
        };
        match installation.install(cluster, namespaces) {
            Ok(_) => Ok(installation),
            Err(error) => {
                installation.remove(cluster)?;
                Err(error)
            }
        }
    }

    /// `webhook install`, until the webhook knows what the namespaces hold.
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
            "the webhook injects a push secret and knows that it is there",
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

    /// Removes the configuration and ends the webhook.
    pub(super) fn remove(self, cluster: &Cluster) -> Result<()> {
        uninstall(cluster)?;
        drop(self.webhook);
        say::line("== uninstalled the webhook");
        Ok(())
    }

    /// Leaves it running.
    pub(super) fn keep(self, namespaces: &Namespaces<'_>) -> Result<()> {
        let pid = self.webhook.keep()?;
        let pid = pid.map_or_else(String::new, |pid| format!("kill {pid}; "));
        say::line(&format!(
            "== left; remove with: oc-extreg webhook uninstall --all --yes; {pid}oc delete namespaces -l {}",
            namespaces.label()
        ));
        Ok(())
    }
}

/// Gives the webhook's account, in a namespace of this run, the rights that an installation has.
pub(super) fn grant(cluster: &Cluster, namespaces: &Namespaces<'_>) -> Result<()> {
    let settings = Settings {
        namespace: namespaces.own().parse()?,
        follow_builds: true,
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

/// `webhook uninstall`, which leaves nothing.
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
