//! The life of a release on a control plane: installed, recognized by the plugin, upgraded, uninstalled, installed
//! again.

use std::ffi::OsStr;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use extreg_tests::{ControlPlane, workspace_binary};
use serde_json::Value;

use super::{Helm, NAMESPACE, RELEASE, kubectl, objects, succeeded};
use crate::{console, step};

const DEFINITION: &str = "customresourcedefinition.apiextensions.k8s.io/registrypolicies.extreg.io";
const POLICY: &str = "registrypolicy.extreg.io/dockerhub";

/// Checks the release.
pub(super) fn check(helm: &Helm, plane: &ControlPlane) -> Result<()> {
    let build = ["build", "--package", "extreg-plugin", "--bin", "oc-extreg"];
    step::run("plugin", &mut step::cargo(build)?)?;
    let release = Release { helm, plane };
    let notes = release.helm("install", &["--create-namespace"])?;
    ensure!(notes.contains("oc extreg webhook check"), "{notes}");
    ensure!(
        notes.contains("extreg.io/ignore=true"),
        "the notes do not mention the namespace's labels: {notes}"
    );
    ensure!(!notes.contains("WARNING"), "{notes}");
    release.is_recognized()?;

    let notes = release.helm(
        "upgrade",
        &["--set", "mode=Enforce,followBuilds.enabled=true"],
    )?;
    ensure!(!notes.contains("WARNING"), "{notes}");
    ensure!(
        release.mode()? == "Enforce",
        "the upgrade did not change the policy"
    );
    let importer = release.get("deployments -n extreg-system extreg-importer");
    ensure!(importer.is_ok(), "the upgrade did not install the importer");
    release.notes_warn_of_another_definition()?;
    let notes = release.helm("upgrade", &["--set-json", "policies=[]"])?;
    ensure!(
        notes.contains("kubectl delete registrypolicy dockerhub"),
        "the notes do not mention the policy that is kept: {notes}"
    );

    let kinds = release.kinds()?;
    release.uninstall()?;
    release.check_rest(&kinds, &[DEFINITION, POLICY])?;
    // The release takes over what it left.
    release.helm("install", &[])?;
    ensure!(
        release.mode()? == "Audit",
        "the second installation did not change the policy"
    );
    release.uninstall()?;
    release.helm("install", &["--set", "keepPolicies=false"])?;
    release.uninstall()?;
    release.check_rest(&kinds, &[DEFINITION])?;
    console::line("a release was installed, recognized, upgraded and uninstalled");
    Ok(())
}

struct Release<'a> {
    helm: &'a Helm,
    plane: &'a ControlPlane,
}

impl Release<'_> {
    /// `helm install` or `helm upgrade`; returns what it prints.
    fn helm(&self, verb: &str, args: &[&str]) -> Result<String> {
        let mut command = self.command([verb, RELEASE]);
        command
            .arg(&self.helm.chart)
            .args(["-n", NAMESPACE])
            .args(args);
        succeeded(
            &format!("helm {verb} {}", args.join(" ")),
            &command.output()?,
        )
    }

    fn uninstall(&self) -> Result<()> {
        let mut command = self.command(["uninstall", RELEASE, "-n", NAMESPACE]);
        succeeded("helm uninstall", &command.output()?)?;
        Ok(())
    }

    fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.helm.command(args);
        command.env("KUBECONFIG", self.plane.kubeconfig());
        command
    }

    /// The plugin shows the release, and does not change it.
    fn is_recognized(&self) -> Result<()> {
        let status = self.plugin("webhook status -o json")?;
        let status: Value = serde_json::from_slice(&status.stdout).context("read the status")?;
        let owner = status.get("managedBy").cloned().unwrap_or_default();
        let wanted =
            serde_json::json!({"tool": "helm", "release": RELEASE, "namespace": NAMESPACE});
        ensure!(owner == wanted, "webhook status shows {owner}");
        for (args, words) in [
            (
                "webhook install",
                "helm upgrade extreg CHART -n extreg-system",
            ),
            (
                "upgrade --yes",
                "helm upgrade extreg CHART -n extreg-system",
            ),
            (
                "webhook uninstall --all --yes",
                "helm uninstall extreg -n extreg-system",
            ),
        ] {
            let before = self.get("mutatingwebhookconfiguration extreg-webhook")?;
            let output = self.plugin(args)?;
            let message = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.code() == Some(3), "{args}: {message}");
            ensure!(
                message.contains(words),
                "{args}: {words} is not in: {message}"
            );
            let after = self.get("mutatingwebhookconfiguration extreg-webhook")?;
            ensure!(before == after, "{args} changed the configuration");
        }
        Ok(())
    }

    fn plugin(&self, args: &str) -> Result<Output> {
        let mut plugin = Command::new(workspace_binary("oc-extreg")?);
        plugin
            .args(args.split(' '))
            .env("KUBECONFIG", self.plane.kubeconfig())
            .env("XDG_CONFIG_HOME", self.helm.home());
        plugin
            .output()
            .with_context(|| format!("run oc-extreg {args}"))
    }

    fn notes_warn_of_another_definition(&self) -> Result<()> {
        let patch = r#"[{"op":"remove","path":"/spec/versions/0/additionalPrinterColumns/0"}]"#;
        let definition = "registrypolicies.extreg.io";
        let mut edit = self.plane.kubectl();
        edit.args([
            "patch",
            "customresourcedefinition",
            definition,
            "--type=json",
            "-p",
            patch,
        ]);
        succeeded("kubectl patch", &edit.output()?)?;
        let notes = self.helm("upgrade", &[])?;
        ensure!(
            notes.contains("helm show crds CHART | kubectl apply"),
            "{notes}"
        );
        let mut show = self.command(["show", "crds"]);
        let definition = succeeded("helm show crds", &show.arg(&self.helm.chart).output()?)?;
        kubectl(
            self.plane,
            "apply --server-side --force-conflicts -f -",
            &definition,
        )?;
        let notes = self.helm("upgrade", &[])?;
        ensure!(!notes.contains("WARNING"), "{notes}");
        Ok(())
    }

    /// The kinds of all objects that the chart can create here, as kubectl names them.
    fn kinds(&self) -> Result<String> {
        let mut command = self.command(["get", "manifest", RELEASE, "-n", NAMESPACE]);
        let manifest = succeeded("helm get manifest", &command.output()?)?;
        let mut kinds: Vec<String> = objects(&manifest)?
            .iter()
            .filter_map(|object| Some(object.get("kind")?.as_str()?.to_lowercase()))
            .collect();
        kinds.extend(["customresourcedefinition", "registrypolicy"].map(str::to_owned));
        kinds.sort();
        kinds.dedup();
        Ok(kinds.join(","))
    }

    /// Checks the objects of the chart that exist, and that Helm keeps no release.
    fn check_rest(&self, kinds: &str, wanted: &[&str]) -> Result<()> {
        let list = kubectl(
            self.plane,
            &format!("get {kinds} -A -o name -l app.kubernetes.io/name"),
            "",
        )?;
        let releases = kubectl(self.plane, "get secrets -A -o name -l owner=helm", "")?;
        let mut left: Vec<String> = list
            .lines()
            .chain(releases.lines())
            .map(str::to_owned)
            .collect();
        left.sort();
        ensure!(left == wanted, "helm uninstall leaves {left:?}");
        Ok(())
    }

    fn mode(&self) -> Result<String> {
        let policy = self.get("registrypolicy dockerhub")?;
        let mode = policy.pointer("/spec/mode").and_then(Value::as_str);
        Ok(mode.unwrap_or_default().to_owned())
    }

    fn get(&self, what: &str) -> Result<Value> {
        let text = kubectl(self.plane, &format!("get {what} -o json"), "")?;
        serde_json::from_str(&text).with_context(|| format!("read {what}"))
    }
}
