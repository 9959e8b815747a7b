//! The templates: the objects of [`extreg_manifests::install`], with the values of the chart in their places.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_manifests::{Manifest, Phase, RenderError, Settings, inject_ca, install, names};
use serde_json::{Value, json};

use super::feature::{CA_BUNDLE, Feature, SECRETS, overlay};
use super::tree::{Entry, FOLLOWED, Node};

/// One template.
#[derive(Clone, Debug)]
pub(super) struct Template {
    /// Kind of its object.
    pub(super) kind: String,
    /// Name of its object.
    pub(super) name: String,
    /// The actions around the object.
    pub(super) guards: Vec<String>,
    /// Whether the object exists only without a feature.
    pub(super) is_alternative: bool,
    /// The object.
    pub(super) node: Node,
}

/// These templates, and those of all objects but the definition of policies, which Helm installs before the templates,
/// and the namespace, which exists before a release in it.
///
/// # Errors
/// A builder returns something that the chart cannot express.
pub(super) fn templates(
    every: &Settings,
    additional: Vec<Template>,
) -> Result<Vec<Template>, RenderError> {
    let mut all: Vec<Template> = objects(every)?.into_iter().map(Template::new).collect();
    for feature in Feature::ALL {
        let mut without: Vec<Option<Manifest>> = objects(&feature.settings_without(every))?
            .into_iter()
            .map(Some)
            .collect();
        // What exists only without a feature is in no other list.
        let compared = all.iter_mut().filter(|template| !template.is_alternative);
        for template in compared {
            let other = without.iter_mut().find(|other| {
                let object = other.as_ref().map(|manifest| &manifest.object);
                object.is_some_and(|it| it.kind == template.kind && it.name == template.name)
            });
            match other.and_then(Option::take) {
                Some(other) => overlay(&mut template.node, &other.value, feature)
                    .map_err(|path| RenderError::new(&template.name, path))?,
                None => template.guards.push(feature.with().to_owned()),
            }
        }
        all.extend(without.into_iter().flatten().map(|manifest| {
            let mut template = Template::new(manifest);
            let guards = feature.without().iter();
            template.guards = guards.map(|&guard| guard.to_owned()).collect();
            template.is_alternative = true;
            template
        }));
    }
    all.extend(additional);
    for template in &mut all {
        fill(template, every)?;
    }
    Ok(all)
}

fn objects(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let mut all = install(settings)?;
    all.retain(|manifest| {
        manifest.phase != Phase::Definition && manifest.object.kind != "Namespace"
    });
    Ok(all)
}

impl Template {
    pub(super) fn new(manifest: Manifest) -> Self {
        Self {
            kind: manifest.object.kind,
            name: manifest.object.name,
            guards: Vec::new(),
            is_alternative: false,
            node: Node::from(&manifest.value),
        }
    }

    /// The text of the file.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for guard in &self.guards {
            text.push_str("{{- ");
            text.push_str(guard);
            text.push_str(" }}\n");
        }
        // A range writes several documents.
        if self.guards.iter().any(|guard| guard.starts_with("range ")) {
            text.push_str("---\n");
        }
        text.push_str(&self.node.write(0));
        for _ in &self.guards {
            text.push_str("{{- end }}\n");
        }
        text
    }

    /// Its file in the folder of templates.
    pub(super) fn file(&self) -> String {
        if self.kind == names::KIND {
            return format!("{}.yaml", names::PLURAL);
        }
        let name = self.name.strip_prefix("extreg-").unwrap_or(&self.name);
        format!("{name}-{}.yaml", self.kind.to_ascii_lowercase())
    }

    /// Puts `to` in the place of a value, which must be `was`.
    fn put(&mut self, path: &[&str], was: &Value, to: Node) -> Result<(), RenderError> {
        let name = &self.name;
        match self.node.at(path) {
            Some(node) if *node == Node::from(was) => {
                *node = to;
                Ok(())
            }
            found => Err(RenderError::new(
                format!("{name}: {}", path.join(".")),
                format!("{found:?} is not {was}"),
            )),
        }
    }

    /// Adds entries to a map or list.
    pub(super) fn add(
        &mut self,
        path: &[&str],
        added: impl IntoIterator<Item = Entry>,
    ) -> Result<(), RenderError> {
        let entries = self.node.at(path).and_then(Node::entries);
        let entries = entries.ok_or_else(|| RenderError::new(&self.name, path.join(".")))?;
        entries.extend(added);
        Ok(())
    }
}

fn fill(template: &mut Template, every: &Settings) -> Result<(), RenderError> {
    template.put(
        &["metadata", "labels", names::MANAGED_BY_LABEL],
        &json!(names::MANAGER),
        Node::Text("{{ $.Release.Service }}".to_owned()),
    )?;
    let chart = Node::Text(
        "{{ printf \"%s-%s\" $.Chart.Name $.Chart.Version | replace \"+\" \"_\" }}".to_owned(),
    );
    template.add(
        &["metadata", "labels"],
        [
            Entry::member("helm.sh/chart", chart),
            with("commonLabels", None),
        ],
    )?;
    match (template.kind.as_str(), template.name.as_str()) {
        ("Deployment", names::WEBHOOK) => webhook(template, every),
        ("Deployment", names::IMPORTER) => importer(template, every),
        ("CronJob", names::AUDIT_JOB) => audit_job(template, every),
        ("MutatingWebhookConfiguration", _) => configuration(template, every),
        ("ClusterRole", names::WEBHOOK) => replaced(
            template,
            &Node::from(&json!([SECRETS])),
            &Node::Block("include \"extreg.secrets\" $ | fromJsonArray | toYaml".to_owned()),
        ),
        ("NetworkPolicy", _) => {
            template
                .guards
                .insert(0, "if $.Values.networkPolicy.enabled".to_owned());
            Ok(())
        }
        ("RegistryPolicy", _) => policies(template),
        ("RoleBinding", names::IMPORTER_NAMESPACE) => {
            let namespace = template.node.at(&["metadata", "namespace"]);
            match namespace {
                Some(namespace) if *namespace == Node::Leaf(json!(FOLLOWED)) => Ok(()),
                other => Err(RenderError::new(&template.name, format!("{other:?}"))),
            }
        }
        _ => Ok(()),
    }
}

/// The path of a Deployment's pods.
const POD: [&str; 3] = ["spec", "template", "spec"];

fn webhook(template: &mut Template, every: &Settings) -> Result<(), RenderError> {
    pods(template, every, &[], "$.Values.resources")?;
    template.put(
        &["spec", "replicas"],
        &json!(every.replicas.get()),
        Node::Text("{{ $.Values.replicas }}".to_owned()),
    )?;
    let name = "priorityClassName";
    let class = template.node.at(&POD).and_then(Node::entries);
    let class = class.and_then(|entries| {
        entries
            .iter_mut()
            .find(|it| it.key.as_deref() == Some(name))
    });
    let class = class.ok_or_else(|| RenderError::new(&template.name, name))?;
    class.node = Node::Text("{{ . | quote }}".to_owned());
    class.guards.push(format!("with $.Values.{name}"));
    let args = [&POD[..], &["containers", "0", "args"]].concat();
    let mode = every.mode.as_str().to_ascii_lowercase();
    template.put(
        &[&args[..], &["--mode-cap="]].concat(),
        &json!(format!("--mode-cap={mode}")),
        Node::Text("--mode-cap={{ lower $.Values.mode }}".to_owned()),
    )?;
    template.put(
        &[&args[..], &["--deadline="]].concat(),
        &json!(format!("--deadline={}ms", every.timeout.get() * 750)),
        Node::Text("--deadline={{ mul $.Values.timeoutSeconds 750 }}ms".to_owned()),
    )
}

fn importer(template: &mut Template, every: &Settings) -> Result<(), RenderError> {
    pods(template, every, &[], "$.Values.followBuilds.resources")?;
    template.put(
        &["spec", "replicas"],
        &json!(2),
        Node::Text("{{ min $.Values.replicas 2 }}".to_owned()),
    )?;
    let selector =
        "{{ printf \"--namespace-selector=%s\" (dict \"matchExpressions\" . | toJson) | quote }}";
    template.add(
        &[&POD[..], &["containers", "0", "args"]].concat(),
        [Entry::item(Node::Text(selector.to_owned()))
            .guarded("with $.Values.namespaceSelector.matchExpressions")],
    )
}

fn audit_job(template: &mut Template, every: &Settings) -> Result<(), RenderError> {
    let schedule = every.audit.clone().unwrap_or_default().schedule;
    template.put(
        &["spec", "schedule"],
        &json!(schedule.cron()),
        Node::Text("{{ $.Values.audit.schedule | quote }}".to_owned()),
    )?;
    template.put(
        &["spec", "timeZone"],
        &json!(schedule.time_zone()),
        Node::Text("{{ $.Values.audit.timeZone | quote }}".to_owned()),
    )?;
    let job = ["spec", "jobTemplate"];
    template.put(
        &[&job[..], &["metadata", "labels", names::MANAGED_BY_LABEL]].concat(),
        &json!(names::MANAGER),
        Node::Text("{{ $.Release.Service }}".to_owned()),
    )?;
    pods(template, every, &job, "$.Values.audit.resources")
}

/// The values of pods, whose controller is below this path.
fn pods(
    template: &mut Template,
    every: &Settings,
    controller: &[&str],
    resources: &str,
) -> Result<(), RenderError> {
    let pod = [controller, &POD].concat();
    let container = [&pod[..], &["containers", "0"]].concat();
    template.put(
        &[&container[..], &["image"]].concat(),
        &json!(every.image()),
        Node::Text("{{ include \"extreg.image\" $ | quote }}".to_owned()),
    )?;
    let policy = Node::Text("{{ . }}".to_owned());
    template.add(
        &container,
        [Entry::member("imagePullPolicy", policy).guarded("with $.Values.image.pullPolicy")],
    )?;
    let path = [&container[..], &["resources"]].concat();
    let node = template.node.at(&path);
    *node.ok_or_else(|| RenderError::new(&template.name, "resources"))? =
        Node::Block(format!("toYaml {resources}"));
    template.add(
        &pod,
        [
            "imagePullSecrets",
            "nodeSelector",
            "tolerations",
            "affinity",
        ]
        .map(|name| with(name, Some(name))),
    )?;
    let metadata = [controller, &["spec", "template", "metadata"]].concat();
    template.put(
        &[&metadata[..], &["labels", names::MANAGED_BY_LABEL]].concat(),
        &json!(names::MANAGER),
        Node::Text("{{ $.Release.Service }}".to_owned()),
    )?;
    let labels = Entry::item(Node::Block("toYaml .".to_owned()))
        .guarded("with merge (dict) $.Values.podLabels $.Values.commonLabels");
    template.add(&[&metadata[..], &["labels"]].concat(), [labels])?;
    template.add(&metadata, [with("podAnnotations", Some("annotations"))])
}

fn configuration(template: &mut Template, every: &Settings) -> Result<(), RenderError> {
    let text = |expression: &str| Node::Text(format!("{{{{ {expression} }}}}"));
    template.put(
        &["webhooks", "0", "failurePolicy"],
        &json!(every.failure_policy.as_str()),
        text("$.Values.failurePolicy"),
    )?;
    template.put(
        &["webhooks", "0", "timeoutSeconds"],
        &json!(every.timeout.get()),
        text("$.Values.timeoutSeconds"),
    )?;
    template.put(
        &["webhooks", "0", "clientConfig", "caBundle"],
        &json!(STANDARD.encode(CA_BUNDLE)),
        text("include \"extreg.caBundle\" $ | quote"),
    )?;
    template.add(
        &["webhooks", "0", "namespaceSelector", "matchExpressions"],
        [with("namespaceSelector.matchExpressions", None)],
    )?;
    let (key, certificate) = inject_ca(every);
    let injected = json!({ key: certificate });
    template.add(
        &["metadata"],
        [Entry::member("annotations", (&injected).into())
            .guarded("if eq $.Values.tls.mode \"cert-manager\"")],
    )
}

fn policies(template: &mut Template) -> Result<(), RenderError> {
    template.guards.push("range $.Values.policies".to_owned());
    template.put(
        &["metadata", "name"],
        &json!(names::DEFAULT_POLICY),
        Node::Text("{{ .name | quote }}".to_owned()),
    )?;
    let keep = json!({"helm.sh/resource-policy": "keep"});
    template.add(
        &["metadata"],
        [Entry::member("annotations", (&keep).into()).guarded("if $.Values.keepPolicies")],
    )?;
    let spec = template.node.at(&["spec"]);
    *spec.ok_or_else(|| RenderError::new(names::DEFAULT_POLICY, "spec"))? =
        Node::Block("toYaml (merge (dict) .spec (dict \"mode\" $.Values.mode))".to_owned());
    Ok(())
}

/// The YAML of a value if it is not empty: under a key, or as a part of the map or list.
fn with(value: &str, key: Option<&str>) -> Entry {
    let block = Node::Block("toYaml .".to_owned());
    let entry = match key {
        Some(key) => Entry::member(key, block),
        None => Entry::item(block),
    };
    entry.guarded(&format!("with $.Values.{value}"))
}

fn replaced(template: &mut Template, from: &Node, to: &Node) -> Result<(), RenderError> {
    match template.node.replace(from, to) {
        0 => Err(RenderError::new(&template.name, format!("no {from:?}"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::feature::every;
    use super::*;

    fn all() -> Vec<Template> {
        let every = every().unwrap();
        let additional = crate::helm::cert_manager::templates(&every).unwrap();
        templates(&every, additional).unwrap()
    }

    #[test]
    fn each_template_has_a_file_of_its_own_and_balanced_actions() {
        let mut files = Vec::new();
        for template in all() {
            let text = template.text();
            let count = |words: &[&str]| -> usize {
                words
                    .iter()
                    .map(|word| text.matches(&format!("{{{{- {word}")).count())
                    .sum()
            };
            assert_eq!(
                count(&["if ", "with ", "range "]),
                count(&["end }}"]),
                "{text}"
            );
            files.push(template.file());
        }
        files.sort();
        let count = files.len();
        files.dedup();
        assert_eq!(files.len(), count, "{files:?}");
    }

    #[test]
    fn every_stand_in_is_replaced() {
        for template in all() {
            let text = template.text();
            for word in [
                SECRETS,
                FOLLOWED,
                super::super::tree::NAMESPACE,
                " oc-extreg\n",
                &STANDARD.encode(CA_BUNDLE),
            ] {
                assert!(!text.contains(word), "{word} is in\n{text}");
            }
        }
    }

    #[test]
    fn objects_of_a_feature_exist_only_with_it() {
        let all = all();
        let guards = |file: &str| {
            let template = all.iter().find(|template| template.file() == file);
            template
                .map(|template| template.guards.clone())
                .unwrap_or_default()
        };
        assert_eq!(guards("webhook-deployment.yaml"), [""; 0]);
        assert_eq!(
            guards("importer-podmonitor.yaml"),
            [
                "if $.Values.monitoring.enabled",
                "if $.Values.followBuilds.enabled"
            ]
        );
        assert_eq!(
            guards("importer-namespace-clusterrolebinding.yaml"),
            [
                "if $.Values.followBuilds.enabled",
                "if not $.Values.followBuilds.namespaces"
            ]
        );
        assert_eq!(
            guards("importer-namespace-rolebinding.yaml"),
            [
                "if $.Values.followBuilds.enabled",
                "range $.Values.followBuilds.namespaces"
            ]
        );
        assert_eq!(
            guards("importer-networkpolicy.yaml"),
            [
                "if $.Values.networkPolicy.enabled",
                "if $.Values.followBuilds.enabled"
            ]
        );
    }
}
