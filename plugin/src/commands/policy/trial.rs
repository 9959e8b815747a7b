//! What the engine decides about an image alone, and whether a list approves it.

use std::sync::Arc;

use extreg_audit::approval::{Answer, answer};
use extreg_core::{
    engine::Engine,
    facts::{ClusterFacts, Facts, Known, NamespaceFacts, StreamRead},
    object::{Resource, Subject},
    policy::{Labels, Mode, Policy, PolicySet},
    verdict::{Decision, Site},
};
use extreg_snapshot::{Snapshot, UseRole};
use serde_json::{Value, json};

/// The use of an image in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(super) enum Role {
    /// A build pushes it.
    Push,
    /// A tag of an ImageStream is imported from it.
    Import,
    /// A build starts from it.
    Base,
    /// A build copies files out of it.
    Source,
    /// A container runs it.
    Run,
}

/// The input of the decision.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) policies: PolicySet,
    pub(super) cluster: ClusterFacts,
    /// Empty where none is named.
    pub(super) namespace: String,
    pub(super) labels: Known<Arc<Labels>>,
    /// The facts about the cluster's registries, and the given list.
    pub(super) snapshot: Snapshot,
}

/// The result for an image in one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    pub(super) image: String,
    pub(super) role: Role,
    /// Every place that a rule checked, and the kind of its object.
    pub(super) places: Vec<Place>,
    pub(super) answer: Answer,
}

/// A place of an object that contains the image.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct Place {
    pub(super) kind: &'static str,
    pub(super) field: String,
    /// The policy that decides.
    pub(super) policy: Option<String>,
    /// Whether the field would be set.
    pub(super) injects: bool,
    /// The decision as text.
    #[serde(rename = "message")]
    pub(super) words: String,
}

impl Role {
    /// The roles in which a policy can have an effect.
    pub(super) const USUAL: [Self; 3] = [Self::Push, Self::Import, Self::Base];

    /// The value of the flag.
    pub(super) const fn word(self) -> &'static str {
        self.used_as().word()
    }

    const fn used_as(self) -> UseRole {
        match self {
            Self::Push => UseRole::Push,
            Self::Import => UseRole::Import,
            Self::Base => UseRole::Base,
            Self::Source => UseRole::Source,
            Self::Run => UseRole::Run,
        }
    }

    /// The objects that contain an image in this role, as if they were created now.
    fn objects(self, image: &str) -> Vec<(Resource, Value)> {
        let from = json!({"kind": "DockerImage", "name": image});
        let spec = match self {
            Self::Push => json!({"output": {"to": from}}),
            Self::Base => json!({"strategy": {"type": "Docker", "dockerStrategy": {"from": from}}}),
            Self::Source => json!({"source": {"images": [{"from": from}]}}),
            Self::Import => json!({"tags": [{"name": "tried", "from": from}]}),
            Self::Run => return Vec::new(),
        };
        let resources: &[Resource] = match self {
            Self::Import => &[Resource::ImageStreams],
            _ => &[Resource::BuildConfigs, Resource::Builds],
        };
        let object = json!({"metadata": {"name": "tried"}, "spec": spec});
        let with = |resource: &Resource| (*resource, object.clone());
        resources.iter().map(with).collect()
    }
}

impl World {
    /// Tries an image in a role. Assumes that the secrets of policies exist and have the needed
    /// keys: `check` and `secret check` show whether they do.
    pub(super) fn try_image(&self, image: &str, role: Role) -> Trial {
        let namespace = NamespaceFacts {
            labels: self.labels.clone(),
            ..NamespaceFacts::assumed()
        };
        let facts = Facts {
            policies: &self.policies,
            cluster: &self.cluster,
            namespace: &namespace,
            stream: StreamRead::NotRead,
        };
        let mut places = Vec::new();
        for (resource, object) in role.objects(image) {
            let json = object.to_string();
            let Ok(mut subject) = Subject::of_object(resource, &json) else {
                continue;
            };
            subject.namespace = self.namespace.as_str().into();
            let verdict = Engine.evaluate(&subject, &facts);
            places.extend(verdict.sites.iter().map(|site| Place::new(resource, site)));
        }
        Trial {
            image: image.to_owned(),
            role,
            places,
            answer: answer(&self.snapshot, image, role.used_as()),
        }
    }
}

impl Place {
    fn new(resource: Resource, site: &Site<'_>) -> Self {
        Self {
            kind: resource.kind(),
            field: site.field.to_string(),
            policy: site.policy.map(str::to_owned),
            injects: matches!(site.decision, Decision::Edit(Mode::Enforce, _)),
            words: site.words(),
        }
    }
}

impl Trial {
    /// The policy that decides, if one does.
    pub(super) fn policy(&self) -> Option<&str> {
        self.places.iter().find_map(|place| place.policy.as_deref())
    }

    /// Whether something would be set.
    pub(super) fn injects(&self) -> bool {
        self.places.iter().any(|place| place.injects)
    }

    /// Whether a list approves the image; none without a list.
    pub(super) fn approved(&self) -> Option<bool> {
        match &self.answer {
            Answer::Means(candidates) => {
                let all = candidates.iter().map(|candidate| {
                    if candidate.blocked {
                        Some(false)
                    } else {
                        candidate.approved
                    }
                });
                all.reduce(|all, one| match (all, one) {
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                })
                .flatten()
            }
            Answer::Internal => Some(true),
            Answer::Invalid(_) => Some(false),
            Answer::Searched | Answer::Parameter => None,
        }
    }
}

/// Facts for tests and for files without a cluster.
impl From<PolicySet> for World {
    fn from(policies: PolicySet) -> Self {
        Self {
            policies,
            cluster: ClusterFacts::default(),
            namespace: String::new(),
            labels: Known::Unknown,
            snapshot: Snapshot::default(),
        }
    }
}

/// Only the name matters: whether a policy of that name is in the set.
pub(super) fn has(policies: &PolicySet, name: &str) -> bool {
    policies.iter().map(Policy::name).any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        let policy = |name: &str, json: &str| {
            Policy::compile(name, "", &serde_json::from_str(json).unwrap()).unwrap()
        };
        World::from(PolicySet::new(vec![
            policy(
                "hub",
                r#"{"registry":"docker.io","push":{"secretName":"hub"},"pull":{"secretName":"hub"},"import":{"scheduled":true}}"#,
            ),
            policy(
                "acme",
                r#"{"registry":"docker.io","repositories":["acme/*"],"mode":"Warn","push":{"secretName":"acme"}}"#,
            ),
            policy(
                "quay",
                r#"{"registry":"quay.io","push":{"secretName":"quay"},"namespaceSelector":{"matchLabels":{"env":"dev"}}}"#,
            ),
        ]))
    }

    #[test]
    fn the_engine_decides() {
        for (image, role, policy, injects) in [
            ("docker.io/a/b:1", Role::Push, Some("hub"), true),
            ("a/b:1", Role::Push, Some("hub"), true),
            ("docker.io/acme/b", Role::Push, Some("acme"), false),
            ("docker.io/a/b:1", Role::Import, Some("hub"), true),
            ("docker.io/acme/b", Role::Import, Some("acme"), false),
            ("docker.io/a/b:1", Role::Base, Some("hub"), true),
            ("docker.io/a/b:1", Role::Source, Some("hub"), true),
            ("docker.io/a/b:1", Role::Run, None, false),
            ("docker.io.evil.com/a/b", Role::Push, None, false),
            ("quay.io/a/b", Role::Push, None, false),
            (
                "docker.io/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000",
                Role::Import,
                Some("hub"),
                false,
            ),
        ] {
            let trial = world().try_image(image, role);
            assert_eq!(
                trial.policy(),
                policy,
                "{image} {role:?}: {:?}",
                trial.places
            );
            assert_eq!(
                trial.injects(),
                injects,
                "{image} {role:?}: {:?}",
                trial.places
            );
        }
        let kinds: Vec<_> = world()
            .try_image("a/b", Role::Push)
            .places
            .iter()
            .map(|p| p.kind)
            .collect();
        assert_eq!(kinds, ["BuildConfig", "Build"]);
    }

    #[test]
    fn the_labels_of_the_namespace_decide() {
        let mut world = world();
        for (labels, want) in [(&[][..], false), (&[("env", "dev")], true)] {
            let labels = labels
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            world.labels = Known::Known(Arc::new(labels.collect()));
            assert_eq!(world.try_image("quay.io/a/b", Role::Push).injects(), want);
        }
    }
}
