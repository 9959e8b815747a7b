//! Checks each link from an API server to the webhook, without changing anything: the configuration, its bundle, the
//! Service, the pods, the certificate, the NetworkPolicies, and at the end an object that is created as a dry run.

use std::time::Duration;

use extreg_certs::{host::Host, inspect, verify::verify_chain};
use extreg_cluster::{Cluster, Kind, Object, ObjectRef, Owned, is_owned};
use extreg_core::policy::SECRETS_UNKNOWN;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    drift,
    expectation::Expectations,
    handshake,
    importer::{self, Follower},
    installed::{Installed, Target},
    kinds, network,
    owner::{Goal, Owner},
    proof, site, tls, wait,
};
use crate::{
    checklist::{Checks, Group, plain},
    context::Context,
    error::Error,
};

const GROUP: Group = Group::Webhook;
/// The installation is complete: wait only briefly for pods that may be restarting.
const PROOF_LIMIT: Duration = Duration::from_secs(2);
const SERVICE: Kind = Kind::namespaced("", "Service", "services");

/// Runs the checks.
pub(crate) async fn walk(cluster: &Cluster, context: &Context, checks: &mut Checks) {
    let status = format!("{} webhook status", context.caller);
    let read = Installed::read(cluster).await;
    let Some(live) = checks.readable(GROUP, "configuration", read, &status) else {
        return;
    };
    let links = Links {
        cluster,
        context,
        owner: live.owner(),
    };
    let Some(entry) = live.entry() else {
        checks.skip(
            GROUP,
            "configuration",
            "the webhook is not installed: nothing is set automatically",
            Some(links.repair()),
        );
        return;
    };
    if let Some(owner) = &links.owner {
        let message = format!("{owner}; to upgrade: {}", owner.instruction(Goal::Upgrade));
        checks.ok(GROUP, "manager", message);
    }
    for problem in drift::problems(&live) {
        checks.warn(GROUP, "drift", problem, links.repair());
    }
    let policy = entry["failurePolicy"].as_str().unwrap_or("Fail");
    let Some(target) = live.target() else {
        let message = "the configuration has neither a Service nor a URL";
        return checks.fail(GROUP, "configuration", message, links.repair());
    };
    match target {
        Target::Service { namespace, name } => {
            let message = format!("calls service {namespace}/{name}; when it is down: {policy}");
            checks.ok(GROUP, "configuration", message);
            links.bundle(&live, checks);
            links.service(&namespace, &name, checks).await;
            links.pods(&namespace, &name, checks).await;
            links.certificate(&live, &namespace, checks).await;
            links.network(&namespace, checks).await;
            links.importer(&namespace, checks).await;
        }
        Target::Url(url) => {
            let message = format!("calls {url}; when it is down: {policy}");
            checks.ok(GROUP, "configuration", message);
            links.bundle(&live, checks);
            links.served(&live, &url, checks).await;
        }
    }
    links.policies(&live, checks);
    links.prove(&live, entry, checks).await;
}

/// The namespace of the webhook, or the default one.
pub(crate) async fn home(cluster: &Cluster) -> String {
    match Installed::read(cluster).await.map(|live| live.target()) {
        Ok(Some(Target::Service { namespace, .. })) => namespace,
        _ => extreg_manifests::names::NAMESPACE.to_owned(),
    }
}

struct Links<'a> {
    cluster: &'a Cluster,
    context: &'a Context,
    owner: Option<Owner>,
}

impl Links<'_> {
    fn hint(&self, command: &str) -> String {
        format!("{} {command}", self.context.caller)
    }

    /// How to repair the installation: by the tool that manages it.
    fn repair(&self) -> String {
        match &self.owner {
            Some(owner) if owner.is_other_tool() => owner.instruction(Goal::Change),
            _ => self.hint("webhook install"),
        }
    }

    /// A command of the host for an object, or for all objects of a kind.
    fn get(&self, what: &str, namespace: &str) -> String {
        let host = self.context.caller.program();
        format!("{host} get {what} -n {namespace} -o yaml")
    }

    fn bundle(&self, live: &Installed, checks: &mut Checks) {
        let bundle = live.ca_bundle().unwrap_or_default();
        let hint = self.repair();
        let now = Timestamp::now();
        match inspect::inspect(bundle.as_bytes()) {
            Err(_) if bundle.is_empty() => {
                let message = "the caBundle is empty: the API servers trust no certificate";
                checks.fail(GROUP, "bundle", message, hint);
            }
            Err(error) => checks.fail(GROUP, "bundle", format!("the caBundle: {error}"), hint),
            Ok(all) => match all.iter().map(|ca| ca.not_after).max() {
                Some(end) if end > now => {
                    let message = match all.len() {
                        1 => format!("1 authority, valid until {end}"),
                        count => format!("{count} authorities, valid until {end}"),
                    };
                    checks.ok(GROUP, "bundle", message);
                }
                Some(end) => {
                    let message = format!("the last authority of the caBundle expired at {end}");
                    checks.fail(GROUP, "bundle", message, self.hint("webhook cert rotate"));
                }
                None => checks.fail(
                    GROUP,
                    "bundle",
                    "the caBundle contains no certificate",
                    hint,
                ),
            },
        }
    }

    async fn service(&self, namespace: &str, name: &str, checks: &mut Checks) {
        let reference = ObjectRef::new(SERVICE, namespace, name);
        let hint = self.repair();
        let read = self.cluster.get(&reference).await;
        match checks.readable(GROUP, "service", read, &hint) {
            None => {}
            Some(None) => {
                let message = format!("{reference} does not exist in namespace {namespace}");
                checks.fail(GROUP, "service", message, hint);
            }
            Some(Some(service)) => {
                let ports = service
                    .body
                    .pointer("/spec/ports")
                    .and_then(Value::as_array);
                let wanted = i64::from(extreg_manifests::names::SERVICE_PORT);
                if ports.is_some_and(|all| all.iter().any(|port| port["port"] == wanted)) {
                    checks.ok(GROUP, "service", format!("{reference} has port {wanted}"));
                } else {
                    let message = format!("{reference} has no port {wanted}");
                    checks.fail(GROUP, "service", message, hint);
                }
            }
        }
    }

    async fn pods(&self, namespace: &str, service: &str, checks: &mut Checks) {
        let hint = self.get("pods", namespace);
        let reference = kinds::deployment(namespace);
        let read = self.cluster.get(&reference).await;
        match checks.readable(GROUP, "pods", read, &hint) {
            None => {}
            Some(None) => {
                let message = format!("{reference} does not exist");
                checks.fail(GROUP, "pods", message, self.repair());
            }
            Some(Some(deployment)) => {
                if let Some(why) = wait::not_rolled_out(&deployment) {
                    checks.warn(GROUP, "pods", format!("{reference}: {why}"), &hint);
                } else {
                    let image = deployment.text("/spec/template/spec/containers/0/image");
                    checks.ok(GROUP, "pods", format!("{reference} runs {image}"));
                }
            }
        }
        let selector = format!("kubernetes.io/service-name={service}");
        let slices = self
            .cluster
            .list(kinds::ENDPOINT_SLICE, namespace, &selector)
            .await;
        if let Some(slices) = checks.readable(GROUP, "endpoints", slices, &hint) {
            match slices.iter().map(ready).sum::<usize>() {
                0 => {
                    let message = "no pod is ready";
                    checks.fail(GROUP, "endpoints", message, hint);
                }
                number => checks.ok(GROUP, "endpoints", format!("{number} ready")),
            }
        }
    }

    async fn certificate(&self, live: &Installed, namespace: &str, checks: &mut Checks) {
        let reference = kinds::secret(namespace);
        let read = self.cluster.get(&reference).await;
        let hint = self.hint("webhook status");
        let Some(found) = checks.readable(GROUP, "certificate", read, &hint) else {
            return;
        };
        let install = self.repair();
        let Some(secret) = found else {
            let message = format!("{reference} does not exist");
            return checks.fail(GROUP, "certificate", message, install);
        };
        let (Some(chain), Ok(host)) = (tls::chain(&secret), tls::host(namespace)) else {
            let message = format!("{reference} contains no certificate");
            return checks.fail(GROUP, "certificate", message, install);
        };
        let renewal = match is_owned(&secret) {
            Owned::Ours => self.hint("webhook cert rotate"),
            // Service-ca recreates a deleted secret.
            Owned::Theirs => format!(
                "{} delete {reference} -n {namespace}",
                self.context.caller.program()
            ),
        };
        verified(live, chain.as_bytes(), &host, renewal, checks);
    }

    async fn served(&self, live: &Installed, url: &str, checks: &mut Checks) {
        let hint = self.hint("webhook status");
        let Ok(host) = Host::of_url(url) else {
            let message = format!("{url} is not a valid URL");
            return checks.fail(GROUP, "certificate", message, self.repair());
        };
        match handshake::chain(url).await {
            Ok(chain) => verified(live, chain.as_bytes(), &host, hint, checks),
            // The API servers may reach an address that this machine cannot.
            Err(why) => checks.warn(
                GROUP,
                "certificate",
                format!("{url} cannot be reached from here: {why}"),
                hint,
            ),
        }
    }

    async fn network(&self, namespace: &str, checks: &mut Checks) {
        let hint = self.get("networkpolicies", namespace);
        let policies = self
            .cluster
            .list(network::NETWORK_POLICY, namespace, "")
            .await;
        let Some(policies) = checks.readable(GROUP, "network", policies, &hint) else {
            return;
        };
        let caller = ObjectRef::new(Kind::NAMESPACE, "", network::OPENSHIFT_APISERVER);
        let labels = match self.cluster.get(&caller).await {
            Ok(Some(found)) => Some(found),
            // In other clusters kube-apiserver calls the webhook directly.
            Ok(None) => None,
            Err(error) => {
                return checks.skip(GROUP, "network", plain(&error), None);
            }
        };
        let Some(labels) = labels else {
            return checks.skip(
                GROUP,
                "network",
                "the cluster has no OpenShift API server whose calls would pass \
                 NetworkPolicies",
                None,
            );
        };
        let refused = network::refused(&policies, &labels);
        if refused.is_empty() {
            checks.ok(
                GROUP,
                "network",
                "NetworkPolicies admit openshift-apiserver and the host network",
            );
        } else {
            let message = format!("NetworkPolicies block {}", refused.join(" and "));
            checks.fail(GROUP, "network", message, self.repair());
        }
    }

    /// The program that follows builds, if any.
    async fn importer(&self, namespace: &str, checks: &mut Checks) {
        const NAME: &str = "importer";
        let hint = self.hint("webhook status");
        let read = Follower::read(self.cluster, namespace).await;
        let Some(follower) = checks.readable(GROUP, NAME, read, &hint) else {
            return;
        };
        let deployment = match &follower {
            Follower::None => {
                let message =
                    "builds are not followed: pushed images are imported on schedule only";
                let hint = self.hint("webhook install --follow-builds");
                return checks.skip(GROUP, NAME, message, Some(hint));
            }
            Follower::Webhook(_) => {
                let message = "the webhook's own pods follow builds, as in an earlier version";
                return checks.warn(GROUP, NAME, message, self.hint("upgrade --yes"));
            }
            Follower::Importer(deployment) => deployment,
        };
        let report = importer::examine(self.cluster, namespace, deployment, &follower).await;
        let Some(report) = checks.readable(GROUP, NAME, report, &hint) else {
            return;
        };
        if report.problems.is_empty() {
            let leader = report.leader.unwrap_or_default();
            checks.ok(GROUP, NAME, format!("builds are followed by {leader}"));
        }
        for problem in report.problems {
            checks.warn(GROUP, NAME, problem, &hint);
        }
    }

    /// Policies that are not or only partly in effect, from the status that the webhook writes: its permissions count.
    fn policies(&self, live: &Installed, checks: &mut Checks) {
        for policy in live.policies.iter().flatten() {
            let conditions = policy.body.pointer("/status/conditions");
            let text = |condition: &Value, key: &str| {
                let text = condition.get(key).and_then(Value::as_str);
                text.unwrap_or_default().to_owned()
            };
            let mut conditions = conditions.and_then(Value::as_array).into_iter().flatten();
            let Some(condition) =
                conditions.find(|it| text(it, "type") == "Ready" && text(it, "status") == "False")
            else {
                continue;
            };
            let name = policy.text("/metadata/name");
            let hint = if text(condition, "reason") == SECRETS_UNKNOWN {
                self.hint("webhook upgrade")
            } else {
                self.hint(&format!("policy show {name}"))
            };
            let message = format!("{name} is not ready: {}", text(condition, "message"));
            checks.fail(GROUP, "policies", message, hint);
        }
    }

    /// The result from OpenShift's API server: whether the object matches the policies.
    async fn prove(&self, live: &Installed, entry: &Value, checks: &mut Checks) {
        let hint = self.hint("webhook check");
        match self.try_to_prove(live, entry).await {
            Ok(Some(words)) => checks.ok(GROUP, "proof", words),
            Ok(None) => checks.skip(
                GROUP,
                "proof",
                "no namespace that the webhook is called for lets you create an ImageStream",
                Some(hint),
            ),
            Err(Error::Refused(why)) => checks.fail(GROUP, "proof", why, hint),
            Err(error) if error.is_forbidden() => {
                checks.skip(GROUP, "proof", plain(&error), Some(hint));
            }
            Err(error) => checks.fail(GROUP, "proof", plain(&error), hint),
        }
    }

    async fn try_to_prove(&self, live: &Installed, entry: &Value) -> Result<Option<String>, Error> {
        let expectations = Expectations::read(self.cluster, live).await?;
        let site = site::choose(self.cluster, entry, &expectations, None).await?;
        let Some(site) = site else {
            return Ok(None);
        };
        let limit = wait::limit(self.context, PROOF_LIMIT);
        let proven = proof::prove(self.cluster, &site, &expectations, limit).await?;
        let words = proven.description();
        Ok(Some(format!("in namespace {} {words}", site.namespace)))
    }
}

fn verified(live: &Installed, chain: &[u8], host: &Host, hint: String, checks: &mut Checks) {
    let bundle = live.ca_bundle().unwrap_or_default();
    match verify_chain(chain, bundle.as_bytes(), host, Timestamp::now()) {
        Ok(leaf) => {
            let authorities = inspect::inspect(bundle.as_bytes()).unwrap_or_default();
            let message = format!("for {host}, valid until {}", leaf.not_after);
            match authorities.iter().map(|ca| ca.not_after).max() {
                Some(end) if end < leaf.not_after => {
                    let message = format!(
                        "{message}, but the last authority of the caBundle expires at {end}"
                    );
                    checks.warn(GROUP, "certificate", message, hint);
                }
                _ => checks.ok(GROUP, "certificate", message),
            }
        }
        Err(error) => {
            let message = format!("the API servers do not accept it: {error}");
            checks.fail(GROUP, "certificate", message, hint);
        }
    }
}

/// The number of ready endpoints of a slice. In the API an absent condition means ready.
fn ready(slice: &Object) -> usize {
    let endpoints = slice.body.get("endpoints").and_then(Value::as_array);
    let all = endpoints.into_iter().flatten();
    all.filter(|endpoint| endpoint.pointer("/conditions/ready") != Some(&Value::Bool(false)))
        .count()
}
