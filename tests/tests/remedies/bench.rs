//! One namespace of the control plane, and a shell in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use extreg_tests::{ControlPlane, PluginFolder, with_input};
use serde_json::{Value, json};

use super::cases::Case;
use super::objects::{self, NS};

/// The kinds that are compared in a namespace.
const KINDS: &str = "buildconfigs.build.openshift.io,builds.build.openshift.io,\
    imagestreams.image.openshift.io,deployments.apps,statefulsets.apps,daemonsets.apps,\
    cronjobs.batch,pods,deploymentconfigs.apps.openshift.io,secrets,serviceaccounts";
/// The cluster-scoped kinds that are compared.
const CLUSTER_KINDS: &str = "images.config.openshift.io";
/// Kinds whose status is a separate subresource.
const WITH_STATUS: [&str; 6] = [
    "DaemonSet",
    "Deployment",
    "DeploymentConfig",
    "ImageStream",
    "Pod",
    "StatefulSet",
];

/// The source of a suggested command.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// A finding of the audit of the namespace: check and rule.
    Finding(&'static str, &'static str),
    /// A finding of the audit of the whole cluster: check and rule.
    Cluster(&'static str, &'static str),
    /// A broken link of `status`: its part and its reason.
    Link(&'static str, &'static str),
}

/// Every field: object, JSON pointer and value.
pub(crate) type Fields = BTreeSet<(String, String, String)>;

pub(crate) struct Bench<'a> {
    plane: &'a ControlPlane,
    plugin: PluginFolder,
    /// Of the user who runs the commands.
    kubeconfig: PathBuf,
    pub(crate) namespace: String,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(plane: &'a ControlPlane, case: &Case) -> Self {
        Self {
            plane,
            plugin: PluginFolder::new().unwrap(),
            kubeconfig: plane.kubeconfig().to_owned(),
            namespace: case.name.replace(' ', "-"),
        }
    }

    /// Replaces the placeholder of the namespace.
    pub(crate) fn placed(&self, text: &str) -> String {
        text.replace(NS, &self.namespace)
    }

    /// Creates the namespace with the objects of a case.
    pub(crate) fn prepare(&self, case: &Case) -> Result<(), String> {
        let namespace = &self.namespace;
        // The API server creates no account, and pods run as this one.
        let own = objects::account("default", &json!({"secrets": [{"name": "kept"}]}));
        let mut objects = vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
            own,
        ];
        objects.extend(case.objects.iter().cloned());
        let apply = "kubectl apply --server-side --force-conflicts";
        let list = |items: &[Value]| {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
            self.placed(&list.to_string())
        };
        self.run(&format!("{apply} -n {namespace} -f -"), &list(&objects))?;
        let shows = |object: &Value| {
            let kind = object["kind"].as_str().unwrap_or_default();
            WITH_STATUS.contains(&kind) && !object["status"].is_null()
        };
        objects.retain(shows);
        if objects.is_empty() {
            return Ok(());
        }
        let line = format!("{apply} --subresource=status -n {namespace} -f -");
        self.run(&line, &list(&objects)).map(|_| ())
    }

    /// Continues as a user who can read all of the namespace except one resource.
    pub(crate) fn without(&mut self, refused: &str) -> Result<(), String> {
        let user = format!("{}-user", self.namespace);
        let rules: Vec<Value> = KINDS
            .split(',')
            .map(|resource| resource.split_once('.').unwrap_or((resource, "")))
            .filter(|(plural, _)| *plural != refused)
            .map(|(plural, group)| {
                json!({"apiGroups": [group], "resources": [plural],
                    "verbs": ["get", "list", "watch"]})
            })
            .collect();
        let api = "rbac.authorization.k8s.io";
        let version = format!("{api}/v1");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": version, "kind": "Role", "metadata": {"name": "reader"}, "rules": rules},
            {"apiVersion": version, "kind": "RoleBinding", "metadata": {"name": "reader"},
                "roleRef": {"apiGroup": api, "kind": "Role", "name": "reader"},
                "subjects": [{"apiGroup": api, "kind": "User", "name": user}]},
        ]});
        let line = format!("kubectl apply --server-side -n {} -f -", self.namespace);
        self.run(&line, &list.to_string())?;
        self.kubeconfig = self.plane.user(&user, &[]).unwrap();
        Ok(())
    }

    /// Runs a suggested command as pasted. Flags provide the input that it would prompt for.
    pub(crate) fn paste(&self, command: &str) -> Result<(), String> {
        let line = match command.split_once(" secret set ") {
            Some((program, rest)) => {
                format!("{program} secret set --username u --password-stdin --no-verify {rest}")
            }
            None => command.to_owned(),
        };
        let shown = self.run(&line, objects::TOKEN)?;
        if shown.contains(objects::TOKEN) {
            return Err(format!("{line}\nprints the token"));
        }
        Ok(())
    }

    /// The commands suggested at a source, and all findings of the audit.
    pub(crate) fn suggested(
        &self,
        source: &Source,
    ) -> Result<(Vec<String>, BTreeSet<String>), String> {
        let namespace = &self.namespace;
        let scope = match source {
            Source::Cluster(..) => format!("-A --policy {}", self.approved()),
            Source::Finding(..) | Source::Link(..) => format!("-n {namespace}"),
        };
        let report = self.json(&format!("kubectl extreg audit {scope} -o json"))?;
        let findings = items(&report["sections"][0]["findings"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let mut all = BTreeSet::new();
        let mut commands = Vec::new();
        for finding in findings.iter().filter(|of| of["outcome"] == "fail") {
            let place = &finding["place"];
            let (check, rule) = (text(&finding["check"]), text(&finding["rule"]));
            let object = format!("{}/{}", text(&place["kind"]), text(&place["name"]));
            all.insert(format!("{check} {rule} {object} {}", text(&place["part"])));
            if let Source::Finding(of, wanted) | Source::Cluster(of, wanted) = source
                && *of == check
                && *wanted == rule
            {
                commands.push(command(&finding["fix"]));
            }
        }
        let Source::Link(part, reason) = source else {
            return Ok((commands, all));
        };
        let status = format!("kubectl extreg status -n {namespace} --no-registry -o json");
        let report = self.json(&status)?;
        for flow in items(&report["flows"]) {
            for link in items(&flow["links"]) {
                if link["link"] == *part && link["reason"] == *reason && link["state"] == "broken" {
                    commands.push(command(&link["fix"]));
                }
            }
        }
        Ok((commands, all))
    }

    /// Every field of the namespace, and of the shared cluster-scoped objects.
    pub(crate) fn dump(&self) -> Result<Fields, String> {
        let mut fields = BTreeSet::new();
        let namespace = &self.namespace;
        let line = format!("kubectl get {KINDS},{CLUSTER_KINDS} -n {namespace} -o json");
        for item in items(&self.json(&line)?["items"]) {
            let mut item = item.clone();
            let metadata = item["metadata"].as_object_mut().unwrap();
            // Fields that the API server writes with each change.
            for field in ["managedFields", "resourceVersion", "generation"] {
                metadata.remove(field);
            }
            if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
                annotations.remove("deprecated.daemonset.template.generation");
            }
            let kind = item["kind"].as_str().unwrap_or_default().to_lowercase();
            let name = item["metadata"]["name"].as_str().unwrap_or_default();
            flatten(&format!("{kind}/{name}"), "", &item, &mut fields);
        }
        Ok(fields)
    }

    /// Deletes the cluster-scoped objects of a case.
    pub(crate) fn clean(&self) -> Result<(), String> {
        let line = format!("kubectl delete {CLUSTER_KINDS} --all");
        self.run(&line, "").map(|_| ())
    }

    /// A list of approved registries, for an audit of the cluster.
    fn approved(&self) -> String {
        let path = self.plane.folder().join("approved.yaml");
        std::fs::write(&path, objects::APPROVED).unwrap();
        path.display().to_string()
    }

    fn json(&self, line: &str) -> Result<Value, String> {
        let (_, out, err) = self.shell(line, "");
        serde_json::from_str(&out).map_err(|error| format!("{line}: {error}\n{err}\n{out}"))
    }

    /// Runs a line that must succeed; returns its output.
    fn run(&self, line: &str, stdin: &str) -> Result<String, String> {
        let (is_done, out, err) = self.shell(line, stdin);
        if is_done {
            Ok(out + &err)
        } else {
            Err(format!("{line}\n{out}{err}"))
        }
    }

    /// Runs a line in a shell that has kubectl with the plugin.
    fn shell(&self, line: &str, stdin: &str) -> (bool, String, String) {
        let kubectl = self.plane.kubectl();
        let programs = Path::new(kubectl.get_program()).parent().unwrap();
        let plugin = self.plugin.path().display();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", line])
            .env_clear()
            .env(
                "PATH",
                format!("{}:{plugin}:/usr/bin:/bin", programs.display()),
            )
            .env("KUBECONFIG", &self.kubeconfig)
            .env("KUBECACHEDIR", self.plane.folder().join("kubectl-cache"))
            .env("HOME", "/nonexistent");
        let output = with_input(&mut shell, stdin).unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (
            output.status.success(),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

/// The command of a fix; or its text, in brackets.
fn command(fix: &Value) -> String {
    match fix["command"].as_str() {
        Some(command) => command.to_owned(),
        None => format!("[{fix}]"),
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn flatten(object: &str, at: &str, value: &Value, fields: &mut Fields) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                flatten(object, &format!("{at}/{key}"), value, fields);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                flatten(object, &format!("{at}/{index}"), value, fields);
            }
        }
        // A list of image triggers is compared entry by entry.
        Value::String(text)
            if at.ends_with("image.openshift.io~1triggers") && text.starts_with('[') =>
        {
            match serde_json::from_str(text) {
                Ok(list) => flatten(object, at, &list, fields),
                Err(_) => {
                    fields.insert((object.to_owned(), at.to_owned(), text.clone()));
                }
            }
        }
        leaf => {
            fields.insert((object.to_owned(), at.to_owned(), leaf.to_string()));
        }
    }
}
