//! Reads the state of an installation. An unreadable object is a problem, too.

use std::collections::BTreeSet;

use extreg_certs::{
    host::Host,
    inspect::{self, Certificate as X509},
    verify::verify_chain,
};
use extreg_cluster::{Cluster, Object};
use extreg_manifests::{format_selector, names};
use jiff::Timestamp;
use serde_json::Value;

use super::{Certificate, Configuration, Deployment, Fact, FollowsBuilds, Policy, Status};

use crate::{
    error::Error,
    installation::audit_job,
    installation::importer::{self, Follower, Lease},
    installation::installed::{Installed, Target},
    installation::settings::{extra_requirements, mode_cap},
    installation::{
        drift, handshake, kinds,
        tls::{self, Issuer},
        wait,
    },
};

/// Reads the state.
pub(super) async fn gather(cluster: &Cluster) -> Result<Status, Error> {
    let live = Installed::read(cluster).await?;
    let mut status = Status {
        managed_by: live.owner(),
        ..Status::default()
    };
    match live.target() {
        Some(Target::Service { namespace, name }) => {
            status.configuration =
                Some(configuration(&live, format!("service {namespace}/{name}")));
            status.workload(cluster, &namespace).await?;
            status.lease(cluster, &namespace).await?;
            status.following(cluster, &namespace).await?;
            status.audit(cluster, &namespace).await?;
            status.secret(cluster, &live, &namespace).await?;
        }
        Some(Target::Url(url)) => {
            status.served(&live, &url).await;
            status.configuration = Some(configuration(&live, url));
        }
        None => status.problems.push(format!(
            "{} does not exist: no API server calls the webhook",
            kinds::configuration()
        )),
    }
    status.problems.extend(drift::problems(&live));
    match &live.policies {
        None => status
            .problems
            .push("the cluster does not know RegistryPolicies".to_owned()),
        Some(policies) => status.policies(policies),
    }
    status.healthy = status.problems.is_empty();
    Ok(status)
}

fn configuration(live: &Installed, target: String) -> Configuration {
    let entry = live.entry();
    let text = |key: &str| entry.and_then(|entry| entry.get(key)?.as_str());
    let last = authorities(live).iter().map(|ca| ca.not_after).max();
    Configuration {
        target,
        failure_policy: text("failurePolicy").unwrap_or("Fail").to_owned(),
        timeout_seconds: entry
            .and_then(|entry| entry.get("timeoutSeconds")?.as_i64())
            .unwrap_or(10),
        namespace_selector: format_selector(&extra_requirements(live)),
        ca_not_after: last.map(|at| at.to_string()),
    }
}

fn authorities(live: &Installed) -> Vec<X509> {
    let bundle = live.ca_bundle().unwrap_or_default();
    inspect::inspect(bundle.as_bytes()).unwrap_or_default()
}

impl Status {
    async fn workload(&mut self, cluster: &Cluster, namespace: &str) -> Result<(), Error> {
        let reference = kinds::deployment(namespace);
        let Some(deployment) = self.readable(cluster.get(&reference).await)?.flatten() else {
            self.problems.push(format!("{reference} does not exist"));
            return Ok(());
        };
        if let Some(why) = wait::not_rolled_out(&deployment) {
            self.problems.push(format!("{reference}: {why}"));
        }
        let number = |pointer: &str| {
            let value = deployment.body.pointer(pointer);
            value.and_then(Value::as_i64).unwrap_or_default()
        };
        self.deployment = Some(Deployment {
            image: deployment
                .text("/spec/template/spec/containers/0/image")
                .to_owned(),
            replicas: number("/spec/replicas"),
            available: number("/status/availableReplicas"),
            mode: mode_cap(&deployment).map(|mode| mode.as_str().to_owned()),
        });
        Ok(())
    }

    /// Whether a replica works: one that hangs does not renew its Lease.
    async fn lease(&mut self, cluster: &Cluster, namespace: &str) -> Result<(), Error> {
        let lease = Lease::read(cluster, &kinds::lease(namespace)).await;
        if let Some(lease) = self.readable(lease)?
            && lease.exists()
        {
            let consequence = "the status of policies is out of date";
            self.problems.extend(lease.problem(consequence));
        }
        Ok(())
    }

    /// Whether builds are followed, and the state of the importer.
    async fn following(&mut self, cluster: &Cluster, namespace: &str) -> Result<(), Error> {
        let follower = Follower::read(cluster, namespace).await;
        let Some(follower) = self.readable(follower)? else {
            return Ok(());
        };
        self.follow_builds = match &follower {
            Follower::None => FollowsBuilds::Off,
            Follower::Importer(deployment) => {
                let report = importer::examine(cluster, namespace, deployment, &follower).await;
                if let Some(report) = self.readable(report)? {
                    self.problems.extend(report.problems.iter().cloned());
                    self.importer = Some(report);
                }
                FollowsBuilds::On
            }
            Follower::Webhook(_) => {
                self.problems.push(
                    "the webhook's own pods follow builds, as in an earlier version; run \"upgrade --yes\""
                        .to_owned(),
                );
                FollowsBuilds::On
            }
        };
        Ok(())
    }

    /// The audit job, and whether its last run succeeded.
    async fn audit(&mut self, cluster: &Cluster, namespace: &str) -> Result<(), Error> {
        let report = audit_job::examine(cluster, namespace).await;
        self.audit = self.readable(report)?.flatten();
        let problem = self.audit.as_ref().and_then(|audit| audit.problem.clone());
        self.problems.extend(problem);
        Ok(())
    }

    /// The certificate that the pods serve, from its secret.
    async fn secret(
        &mut self,
        cluster: &Cluster,
        live: &Installed,
        namespace: &str,
    ) -> Result<(), Error> {
        let reference = kinds::secret(namespace);
        let Some(secret) = self.readable(cluster.get(&reference).await)?.flatten() else {
            self.problems.push(format!("{reference} does not exist"));
            return Ok(());
        };
        let issuer = Issuer::from_secret(&secret);
        let Some(chain) = tls::chain(&secret) else {
            self.problems
                .push(format!("{reference} holds no certificate"));
            return Ok(());
        };
        let host = tls::host(namespace)?;
        self.certificate(live, Some(issuer), chain.as_bytes(), &host);
        Ok(())
    }

    /// The certificate of an external webhook, if it can be reached from here.
    async fn served(&mut self, live: &Installed, url: &str) {
        let Ok(host) = Host::of_url(url) else {
            self.problems.push(format!("{url} is not a valid URL"));
            return;
        };
        match handshake::chain(url).await {
            Ok(chain) => self.certificate(live, None, chain.as_bytes(), &host),
            // The API servers can possibly reach what this machine cannot.
            Err(why) => self
                .problems
                .push(format!("cannot reach {url} from here: {why}")),
        }
    }

    /// `issuer` is `None` for an external webhook.
    fn certificate(&mut self, live: &Installed, issuer: Option<Issuer>, chain: &[u8], host: &Host) {
        let now = Timestamp::now();
        let bundle = live.ca_bundle().unwrap_or_default();
        let verified = verify_chain(chain, bundle.as_bytes(), host, now);
        let leaf = match &verified {
            Ok(leaf) => Some(leaf.clone()),
            Err(error) => {
                self.problems.push(format!(
                    "the API servers do not trust the certificate: {error}"
                ));
                let chain = inspect::inspect(chain).unwrap_or_default();
                chain.into_iter().next()
            }
        };
        let Some(leaf) = leaf else {
            return;
        };
        // Service-ca renews in the last hour.
        let is_renewed = issuer.is_none_or(Issuer::renews);
        if !is_renewed && verified.is_ok() && now > leaf.renew_at() {
            let how = match issuer {
                Some(Issuer::Own) => "renew it with \"webhook cert rotate\"".to_owned(),
                _ => format!("renew it in secret {}", names::SERVING_SECRET),
            };
            self.problems.push(format!(
                "the certificate expires at {}: {how}",
                leaf.not_after
            ));
        }
        self.certificate = Some(Certificate {
            issuer: issuer.map_or("external", Issuer::as_str),
            not_after: leaf.not_after.to_string(),
            trusted: verified.is_ok(),
        });
    }

    fn policies(&mut self, policies: &[Object]) {
        let mut facts = BTreeSet::new();
        for policy in policies {
            let name = policy.text("/metadata/name");
            let list = |pointer: &str| {
                let list = policy.body.pointer(pointer).and_then(Value::as_array);
                list.cloned().unwrap_or_default()
            };
            let conflicts: Vec<String> = list("/status/conflictsWith")
                .iter()
                .filter_map(|other| other.as_str().map(str::to_owned))
                .collect();
            if !conflicts.is_empty() {
                self.problems.push(format!(
                    "policy {name} is as specific as {}",
                    conflicts.join(", ")
                ));
            }
            let ready = wait::condition(policy, "Ready");
            let word = |key: &str| {
                ready
                    .and_then(|ready| ready[key].as_str())
                    .unwrap_or("Unknown")
            };
            if word("status") == "False" {
                self.problems
                    .push(format!("policy {name}: {}", word("message")));
            }
            self.policies.push(Policy {
                name: name.to_owned(),
                registry: policy.text("/spec/registry").to_owned(),
                mode: policy.text("/spec/mode").to_owned(),
                ready: word("status").to_owned(),
                conflicts_with: conflicts,
            });
            facts.extend(list("/status/facts").iter().map(|fact| {
                let text = |key: &str| fact[key].as_str().unwrap_or_default().to_owned();
                Fact {
                    source: text("source"),
                    state: text("state"),
                    message: text("message"),
                }
            }));
        }
        self.facts = facts.into_iter().collect();
    }

    /// Permission errors are reported and skipped.
    fn readable<T>(&mut self, read: Result<T, impl Into<Error>>) -> Result<Option<T>, Error> {
        match read.map_err(Into::into) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_forbidden() => {
                self.problems.push(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
