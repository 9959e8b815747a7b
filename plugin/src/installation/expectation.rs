//! The object that proves the webhook, and the result that the engine expects.
//!
//! The plugin uses the same engine as the webhook, with the policies of the cluster. It does not use facts that it
//! cannot know: an ImageStream is decided without secrets and accounts, so it comes first.

use extreg_cluster::{Cluster, Kind, Object};
use extreg_core::{
    engine::Engine,
    facts::{ClusterFacts, Facts, Known, NamespaceFacts, StreamRead},
    object::{PROOF_LABEL, Resource, Subject},
    policy::{Labels, Mode, PolicySet, PolicySpec},
    verdict::Outcome,
};
use serde_json::{Value, json};

use super::{
    installed::{self, Installed, Target},
    kinds,
    settings::{cap_of, mode_cap},
};
use crate::error::Error;

/// Fallback if nothing else is known: an image of docker.io.
const ANY_IMAGE: &str = "docker.io/extreg/proof:proof";

/// The input of the expectation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expectations {
    /// The policies of the cluster; `None` if it does not know the kind.
    pub(crate) policies: Option<Vec<Object>>,
    /// The strongest mode that the webhook allows for any policy; `None` if unknown.
    pub(crate) cap: Option<Mode>,
}

/// An object to write as a dry run, and its expected result.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    /// The object.
    pub(crate) object: Object,
    /// The result by the policies of the cluster.
    pub(crate) outcome: Outcome,
    /// Whether that is certain: facts that only the webhook has may change it.
    pub(crate) certain: bool,
    /// The policy that decides, if any.
    pub(crate) policy: Option<String>,
    /// The strongest mode of the webhook, if known.
    pub(crate) cap: Option<Mode>,
    /// The field that is set.
    field: Field,
}

/// A field that a policy sets.
#[derive(Clone, Copy, Debug)]
enum Field {
    PushSecret,
    Scheduled,
}

impl Probe {
    /// The probe with the strongest expected result in a namespace with these labels. `word` is part of its name and of
    /// the webhook's answer.
    pub(crate) fn best(
        expectations: &Expectations,
        namespace: &str,
        labels: &Labels,
        word: &str,
    ) -> Self {
        let Expectations { policies, cap } = expectations;
        let set = installed::policy_set(policies.as_deref());
        let policies = policies.as_deref().unwrap_or_default();
        // Without policies of the cluster the webhook may use a file with policies in an unknown mode.
        let is_known = !policies.is_empty() || cap.is_some();
        let mut images: Vec<String> = policies
            .iter()
            .filter_map(installed::spec)
            .flat_map(|spec| images(&spec))
            .collect();
        images.push(ANY_IMAGE.to_owned());
        let probes = images.iter().flat_map(|image| {
            [
                Self::stream(image, namespace, word),
                Self::build_config(image, namespace, word),
            ]
        });
        let mut best = Self::stream(ANY_IMAGE, namespace, word);
        best.certain = is_known;
        for mut probe in probes {
            probe.expect(&set, labels);
            probe.certain &= is_known;
            probe.outcome = probe.outcome.min(most(*cap));
            let rank = |probe: &Self| (probe.outcome, probe.certain, probe.policy.is_some());
            if rank(&probe) > rank(&best) {
                best = probe;
            }
        }
        best.cap = *cap;
        best
    }

    /// A probe that only a configuration created for it sends to a webhook.
    pub(crate) fn unseen(namespace: &str, word: &str) -> Self {
        let mut probe = Self::stream(ANY_IMAGE, namespace, word);
        probe.object = probe
            .object
            .label(extreg_manifests::names::IGNORE_LABEL, "true");
        probe
    }

    /// The path of the field that is set.
    pub(crate) const fn field(&self) -> &'static str {
        match self.field {
            Field::PushSecret => "spec.output.pushSecret",
            Field::Scheduled => "spec.tags[0].importPolicy.scheduled",
        }
    }

    /// Whether an answer contains the change that a policy in mode `Enforce` makes.
    pub(crate) fn is_changed(&self, answer: &Object) -> bool {
        let pointer = match self.field {
            Field::PushSecret => "/spec/output/pushSecret/name",
            Field::Scheduled => "/spec/tags/0/importPolicy/scheduled",
        };
        let value = answer.body.pointer(pointer);
        !matches!(value, None | Some(Value::Null | Value::Bool(false)))
    }

    fn stream(image: &str, namespace: &str, word: &str) -> Self {
        let fields = json!({"spec": {"tags": [{
            "name": "proof",
            "from": {"kind": "DockerImage", "name": image},
        }]}});
        Self {
            object: Object::new(Kind::IMAGE_STREAM, namespace, &name(word), fields)
                .label(PROOF_LABEL, word),
            outcome: Outcome::Untouched,
            certain: true,
            policy: None,
            cap: None,
            field: Field::Scheduled,
        }
    }

    fn build_config(image: &str, namespace: &str, word: &str) -> Self {
        let fields = json!({"spec": {
            "source": {"type": "Dockerfile", "dockerfile": "FROM scratch"},
            "strategy": {"type": "Docker", "dockerStrategy": {}},
            "output": {"to": {"kind": "DockerImage", "name": image}},
        }});
        Self {
            object: Object::new(Kind::BUILD_CONFIG, namespace, &name(word), fields)
                .label(PROOF_LABEL, word),
            outcome: Outcome::Untouched,
            certain: false,
            policy: None,
            cap: None,
            field: Field::PushSecret,
        }
    }

    fn expect(&mut self, policies: &PolicySet, labels: &Labels) {
        let json = self.object.body.to_string();
        let resource = if self.object.kind == Kind::IMAGE_STREAM {
            Resource::ImageStreams
        } else {
            Resource::BuildConfigs
        };
        let Ok(subject) = Subject::of_object(resource, &json) else {
            return;
        };
        let namespace = NamespaceFacts {
            labels: Known::Known(labels.clone().into()),
            ..NamespaceFacts::assumed()
        };
        let facts = Facts {
            policies,
            cluster: &ClusterFacts::default(),
            namespace: &namespace,
            stream: StreamRead::Absent,
        };
        let verdict = Engine.evaluate(&subject, &facts);
        self.outcome = verdict.outcome();
        self.policy = verdict
            .sites
            .iter()
            .find_map(|site| site.policy.map(str::to_owned));
    }
}

/// The strongest mode of a cap.
fn most(cap: Option<Mode>) -> Outcome {
    match cap {
        None | Some(Mode::Enforce) => Outcome::Changed,
        Some(Mode::Warn) => Outcome::Warned,
        Some(Mode::Audit) => Outcome::Audited,
        Some(Mode::Off) => Outcome::Untouched,
    }
}

fn name(word: &str) -> String {
    format!("extreg-proof-{word}")
}

/// An image that matches each glob of a policy.
fn images(spec: &PolicySpec) -> Vec<String> {
    let repositories = if spec.repositories.is_empty() {
        vec!["extreg/proof".to_owned()]
    } else {
        spec.repositories
            .iter()
            .map(|glob| instance(glob))
            .collect()
    };
    repositories
        .into_iter()
        .map(|repository| format!("{}/{repository}:proof", spec.registry))
        .collect()
}

fn instance(glob: &str) -> String {
    glob.replace("**", "extreg/proof").replace('*', "extreg")
}

impl Expectations {
    /// The expected behavior of the webhook, from the policies and the arguments of its pods.
    ///
    /// # Errors
    /// If the cluster does not answer.
    pub(crate) async fn read(cluster: &Cluster, live: &Installed) -> Result<Self, Error> {
        let deployment = match live.target() {
            Some(Target::Service { namespace, .. }) => {
                match cluster.get(&kinds::deployment(&namespace)).await {
                    Err(error) if error.is_forbidden() => None,
                    found => found?,
                }
            }
            _ => None,
        };
        Ok(Self {
            policies: live.policies.clone(),
            cap: deployment.as_ref().and_then(mode_cap).map(cap_of),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::installation::kinds;

    fn policy(name: &str, spec: &Value) -> Object {
        Object::new(kinds::POLICY, "", name, json!({ "spec": spec }))
    }

    fn best(policies: &[Object], labels: &[(&str, &str)]) -> (String, Outcome, bool) {
        capped(policies, labels, None)
    }

    fn capped(
        policies: &[Object],
        labels: &[(&str, &str)],
        cap: Option<Mode>,
    ) -> (String, Outcome, bool) {
        let expectations = Expectations {
            policies: Some(policies.to_vec()),
            cap,
        };
        let labels = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let probe = Probe::best(&expectations, "snow", &labels, "w");
        let kind = probe.object.kind.kind.to_owned();
        (kind, probe.outcome, probe.certain)
    }

    #[test]
    fn probe_is_decided_by_a_policy() {
        let schedule = json!({"scheduled": true});
        let push = json!({"secretName": "dockerhub"});
        let stream = |outcome| ("ImageStream".to_owned(), outcome, true);
        let table = [
            (
                vec![policy(
                    "a",
                    &json!({"registry": "docker.io", "import": schedule, "push": push}),
                )],
                stream(Outcome::Changed),
            ),
            (
                vec![policy(
                    "a",
                    &json!({"registry": "docker.io", "import": schedule, "mode": "Warn"}),
                )],
                stream(Outcome::Warned),
            ),
            (
                vec![policy(
                    "a",
                    &json!({"registry": "docker.io", "import": schedule, "mode": "Audit"}),
                )],
                stream(Outcome::Audited),
            ),
            (
                vec![
                    policy(
                        "a",
                        &json!({"registry": "docker.io", "import": schedule, "mode": "Audit"}),
                    ),
                    policy(
                        "b",
                        &json!({"registry": "quay.io", "repositories": ["acme/*", "x/**"], "import": schedule}),
                    ),
                ],
                stream(Outcome::Changed),
            ),
            (
                vec![policy(
                    "a",
                    &json!({"registry": "quay.io", "import": schedule,
                    "namespaceSelector": {"matchLabels": {"env": "prod"}}}),
                )],
                stream(Outcome::Untouched),
            ),
            (
                vec![policy(
                    "a",
                    &json!({"registry": "docker.io", "mode": "Off"}),
                )],
                stream(Outcome::Untouched),
            ),
        ];
        for (policies, wanted) in table {
            assert_eq!(best(&policies, &[("env", "dev")]), wanted, "{policies:?}");
        }
        // The facts about its secret may change the decision.
        let only_push = [policy("a", &json!({"registry": "docker.io", "push": push}))];
        assert_eq!(
            best(&only_push, &[]),
            ("BuildConfig".to_owned(), Outcome::Changed, false)
        );
        // A webhook without policies of the cluster may use a file of policies.
        assert!(!best(&[], &[]).2);
        assert_eq!(
            capped(&[], &[], Some(Mode::Warn)),
            stream(Outcome::Untouched)
        );
    }

    #[test]
    fn a_change_is_seen() {
        let probe = Probe::best(&Expectations::default(), "snow", &Labels::new(), "w");
        assert_eq!(probe.field(), "spec.tags[0].importPolicy.scheduled");
        let mut answer = probe.object.clone();
        assert!(!probe.is_changed(&answer));
        answer.body["spec"]["tags"][0]["importPolicy"] = json!({"scheduled": false});
        assert!(!probe.is_changed(&answer));
        answer.body["spec"]["tags"][0]["importPolicy"] = json!({"scheduled": true});
        assert!(probe.is_changed(&answer));
    }

    #[test]
    fn a_glob_has_an_image() {
        use extreg_core::policy::RepositoryGlob;
        for glob in ["acme/app", "acme/*", "**", "acme/**", "*/app-*"] {
            let repository = instance(glob);
            assert!(
                RepositoryGlob::parse(glob).unwrap().matches(&repository),
                "{glob}"
            );
        }
    }
}
