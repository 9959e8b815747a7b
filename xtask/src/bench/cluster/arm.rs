//! The objects on a control plane that are needed to measure each way of mutating.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_manifests::match_conditions;
use extreg_tests::ControlPlane;
use serde_json::{Value, json};

use crate::bench::pin::Cpu;
use crate::bench::program::{Programs, answer};
use crate::bench::server::Server;
use crate::step;

/// A way of setting the push secret in a BuildConfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    None,
    Constant,
    Installed,
    Ours,
    Peer,
    Policy,
}

impl Way {
    pub(super) const ALL: [Self; 6] = [
        Self::None,
        Self::Constant,
        Self::Installed,
        Self::Ours,
        Self::Peer,
        Self::Policy,
    ];

    /// For people.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::None => "no webhook",
            Self::Constant => "constant answer",
            Self::Installed => "extreg-webhook, as installed",
            Self::Ours => "extreg-webhook, always called",
            Self::Peer => "controller-runtime",
            Self::Policy => "MutatingAdmissionPolicy",
        }
    }

    /// The namespace of this way, and the value of its label.
    pub(super) fn namespace(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Constant => "constant",
            Self::Installed => "installed",
            Self::Ours => "ours",
            Self::Peer => "peer",
            Self::Policy => "policy",
        }
    }

    fn selector(self) -> Value {
        json!({"matchLabels": {"bench": self.namespace()}})
    }
}

/// The custom resource, a namespace for each way, and in each the secret that is injected.
pub(in crate::bench) fn prepare(plane: &ControlPlane) -> Result<()> {
    let resource = step::root()?.join("manifests/yaml/base/00-customresourcedefinition.yaml");
    answer(plane.kubectl().arg("apply").arg("-f").arg(resource))?;
    answer(plane.kubectl().args([
        "wait",
        "--for=condition=Established",
        "customresourcedefinition/registrypolicies.extreg.io",
    ]))?;
    let policy = step::root()?.join("manifests/yaml/base/11-registrypolicy.yaml");
    answer(plane.kubectl().arg("apply").arg("-f").arg(policy))?;
    for way in Way::ALL {
        let name = way.namespace();
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": name, "labels": {"bench": name}},
        });
        apply(plane, &namespace)?;
        answer(plane.kubectl().args([
            "create",
            "secret",
            "docker-registry",
            "dockerhub",
            "--namespace",
            name,
            "--docker-server=https://index.docker.io/v1/",
            "--docker-username=bench",
            "--docker-password=bench",
        ]))?;
    }
    Ok(())
}

/// The webhooks, each used by one way or two.
#[derive(Debug)]
pub(super) struct Servers {
    constant: Server,
    ours: Server,
    peer: Server,
}

impl Servers {
    /// Starts them beside the load: in a real cluster they are on other machines than the API server.
    pub(super) fn start(programs: &Programs, plane: &ControlPlane) -> Result<Self> {
        Ok(Self {
            constant: Server::constant(programs, Cpu::Other, "mutated")?,
            ours: Server::ours(programs, Cpu::Other, Some(plane.kubeconfig()))?,
            peer: Server::peer(programs, Cpu::Other)?,
        })
    }
}

/// Registers the webhooks and the policy.
pub(super) fn arm(plane: &ControlPlane, programs: &Programs, servers: &Servers) -> Result<()> {
    let ca = STANDARD.encode(std::fs::read(programs.ca())?);
    for (way, server) in [
        (Way::Constant, &servers.constant),
        (Way::Installed, &servers.ours),
        (Way::Ours, &servers.ours),
        (Way::Peer, &servers.peer),
    ] {
        apply(plane, &webhook(way, server, &ca))?;
    }
    for object in policy() {
        apply(plane, &object)?;
    }
    Ok(())
}

/// Retries until a probe succeeds: applied objects take effect with a delay.
pub(super) fn wait(mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..120 {
        if is_so()? {
            return Ok(());
        }
        sleep(Duration::from_millis(250));
    }
    bail!("the applied objects are not in effect after 30 s")
}

fn webhook(way: Way, server: &Server, ca: &str) -> Value {
    let conditions = match way {
        Way::Installed => match_conditions(),
        _ => Vec::new(),
    };
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": format!("bench-{}", way.namespace())},
        "webhooks": [{
            "name": format!("{}.bench.extreg.io", way.namespace()),
            "clientConfig": {"url": format!("https://{}/mutate", server.address()), "caBundle": ca},
            "namespaceSelector": way.selector(),
            "rules": [build_configs()],
            "admissionReviewVersions": ["v1"],
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "reinvocationPolicy": "IfNeeded",
            "matchConditions": conditions,
            "timeoutSeconds": 10,
        }],
    })
}

fn policy() -> [Value; 2] {
    let output = "object.spec.output";
    let pushes = format!(
        "has({output}.to) && {output}.to.kind == 'DockerImage' && !has({output}.pushSecret) && \
         {output}.to.name.matches('^((docker|index[.]docker|registry-1[.]docker)[.]io/|[^./:]+/|[^/]+$)')"
    );
    let patch =
        r#"[JSONPatch{op: "add", path: "/spec/output/pushSecret", value: {"name": "dockerhub"}}]"#;
    let group = "admissionregistration.k8s.io/v1beta1";
    [
        json!({
            "apiVersion": group,
            "kind": "MutatingAdmissionPolicy",
            "metadata": {"name": "bench"},
            "spec": {
                "matchConstraints": {
                    "namespaceSelector": Way::Policy.selector(),
                    "resourceRules": [build_configs()],
                },
                "matchConditions": [{"name": "pushes-to-docker-hub", "expression": pushes}],
                "failurePolicy": "Fail",
                "reinvocationPolicy": "IfNeeded",
                "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
            },
        }),
        json!({
            "apiVersion": group,
            "kind": "MutatingAdmissionPolicyBinding",
            "metadata": {"name": "bench"},
            "spec": {"policyName": "bench"},
        }),
    ]
}

fn build_configs() -> Value {
    json!({
        "apiGroups": ["build.openshift.io"],
        "apiVersions": ["v1"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["buildconfigs"],
    })
}

fn apply(plane: &ControlPlane, object: &Value) -> Result<()> {
    let mut kubectl: Command = plane.kubectl();
    let mut child = kubectl
        .args(["create", "--filename=-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .context("start kubectl")?;
    let mut pipe = child.stdin.take().context("kubectl has no input")?;
    pipe.write_all(object.to_string().as_bytes())?;
    drop(pipe);
    let status = child.wait()?;
    if !status.success() {
        bail!("kubectl create of a {} ended with {status}", object["kind"]);
    }
    Ok(())
}
