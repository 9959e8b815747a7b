//! A small language for rule tables: an object, the known facts, the result.

#![expect(clippy::unwrap_used, reason = "a test panics to fail")]

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::credential::{Keep, SecretMember, SecretReader};
use extreg_core::engine::Engine;
use extreg_core::facts::{
    AccountFact, ClusterFacts, Facts, Known, NamespaceFacts, SecretFact, StreamFact, StreamRead,
    Unlisted,
};
use extreg_core::object::{Operation, Request, Resource, Subject};
use extreg_core::policy::{Mode, Policy, PolicySet};
use extreg_core::verdict::{Decision, Verdict};
use serde_json::Value;

/// The known state of the cluster in a case.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) policies: PolicySet,
    pub(crate) cluster: ClusterFacts,
    pub(crate) namespace: NamespaceFacts,
    pub(crate) stream: StreamRead,
}

impl Default for World {
    fn default() -> Self {
        Self {
            policies: PolicySet::builtin(Mode::Enforce),
            cluster: ClusterFacts::default(),
            namespace: NamespaceFacts::assumed(),
            stream: StreamRead::Absent,
        }
    }
}

impl World {
    pub(crate) fn policy(spec: &str) -> Self {
        let policy = Policy::compile("p", "", &serde_json::from_str(spec).unwrap()).unwrap();
        Self {
            policies: PolicySet::new(vec![policy]),
            ..Self::default()
        }
    }

    /// Facts were queried: a fact that is not given is unknown and not assumed.
    pub(crate) fn queried(mut self) -> Self {
        self.namespace.unlisted = Unlisted::Unknown;
        self
    }

    pub(crate) fn labels(mut self, labels: &[(&str, &str)]) -> Self {
        let labels = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        self.namespace.labels = Known::Known(Arc::new(labels));
        self
    }

    /// The secret `dockerhub` with these keys; none means that it is missing.
    pub(crate) fn secret(self, keys: Option<&[&str]>) -> Self {
        let Some(keys) = keys else {
            return self.fact(None);
        };
        let auths: BTreeMap<_, _> = keys
            .iter()
            .map(|key| (*key, serde_json::json!({"auth": "dTpw"})))
            .collect();
        let json = serde_json::json!({"auths": auths}).to_string();
        self.secret_of("kubernetes.io/dockerconfigjson", ".dockerconfigjson", &json)
    }

    /// The secret `dockerhub` of a type, with one member.
    pub(crate) fn secret_of(self, kind: &str, member: &str, text: &str) -> Self {
        let mut reader = SecretReader::new(Keep::Small);
        if let Some(member) = SecretMember::from_name(member) {
            reader.plain(member, text);
        }
        self.fact(Some(SecretFact::new(reader.finish(kind))))
    }

    fn fact(mut self, fact: Option<SecretFact>) -> Self {
        let fact = Known::Known(fact.map(Arc::new));
        self.namespace.secrets.insert("dockerhub".to_owned(), fact);
        self
    }

    /// The account `builder` with these pull secrets besides its managed one.
    pub(crate) fn builder(mut self, links: &[&str]) -> Self {
        let fact = AccountFact {
            pull_secrets: std::iter::once("builder-dockercfg-abcde")
                .chain(links.iter().copied())
                .map(str::to_owned)
                .collect(),
            managed: Some("builder-dockercfg-abcde".to_owned()),
        };
        self.namespace
            .accounts
            .insert("builder".to_owned(), Known::Known(Some(Arc::new(fact))));
        self
    }

    pub(crate) fn stream(mut self, json: &str) -> Self {
        self.stream = StreamRead::Present(Arc::new(StreamFact::parse(json.as_bytes()).unwrap()));
        self
    }

    pub(crate) fn unread(mut self) -> Self {
        self.stream = StreamRead::Failed;
        self
    }

    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            policies: &self.policies,
            cluster: &self.cluster,
            namespace: &self.namespace,
            stream: self.stream.clone(),
        }
    }

    pub(crate) fn with<T>(&self, write: &Write<'_>, look: impl FnOnce(&Verdict<'_>) -> T) -> T {
        let subject = write.subject();
        let facts = self.facts();
        look(&Engine.evaluate(&subject, &facts))
    }

    /// The result of a write, as text (see [`words`]); its patch is applied and run again.
    pub(crate) fn outcome(&self, write: &Write<'_>) -> String {
        self.with(write, |verdict| {
            if let Some(patch) = verdict.patch() {
                write.assert_applies_once(self, patch.as_json());
            }
            words(verdict)
        })
    }

    /// The result for a subject, as text.
    pub(crate) fn of(&self, subject: &Subject<'_>) -> String {
        words(&Engine.evaluate(subject, &self.facts()))
    }
}

/// `set <pointer>` for each edit, `<mode> would set …`, else the reasons; the stream that has to be
/// read; each warning; `nothing` if no rule decided anything.
fn words(verdict: &Verdict<'_>) -> String {
    let mut words: Vec<String> = verdict
        .sites
        .iter()
        .map(|site| match &site.decision {
            Decision::Edit(Mode::Enforce, edit) => format!("set {}", edit.field.pointer()),
            Decision::Edit(mode, edit) => format!("{mode:?} would set {}", edit.field.pointer()),
            Decision::Keep(reason) => format!("{reason:?}"),
        })
        .collect();
    words.extend(
        verdict
            .needs_stream
            .iter()
            .map(|key| format!("needs {}", key.name)),
    );
    words.extend(verdict.warnings());
    if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join("; ")
    }
}

/// A write that is reviewed.
#[derive(Clone, Copy)]
pub(crate) struct Write<'a> {
    resource: Resource,
    operation: Operation,
    user: &'a str,
    namespace: &'a str,
    object: &'a str,
    old: Option<&'a str>,
}

impl<'a> Write<'a> {
    pub(crate) fn create(resource: Resource, object: &'a str) -> Self {
        let (operation, user, namespace) = (Operation::Create, "admin", "snow");
        Self {
            resource,
            operation,
            user,
            namespace,
            object,
            old: None,
        }
    }

    pub(crate) fn update(resource: Resource, old: &'a str, object: &'a str) -> Self {
        Self {
            operation: Operation::Update,
            old: Some(old),
            ..Self::create(resource, object)
        }
    }

    pub(crate) fn by(self, user: &'a str) -> Self {
        Self { user, ..self }
    }

    pub(crate) fn within(self, namespace: &'a str) -> Self {
        Self { namespace, ..self }
    }

    pub(crate) fn subject(&self) -> Subject<'a> {
        let Self {
            resource,
            operation,
            user,
            namespace,
            object,
            old,
        } = *self;
        let name = "python-lyapp";
        let request = Request {
            resource,
            operation,
            namespace,
            name,
            user,
            object,
            old_object: old,
        };
        Subject::of_request(&request).unwrap()
    }

    /// The patch applies, keeps all existing fields, and a second run changes nothing.
    fn assert_applies_once(&self, world: &World, patch: &str) {
        let before: Value = serde_json::from_str(self.object).unwrap();
        let mut after = before.clone();
        let patch: json_patch::Patch = serde_json::from_str(patch).unwrap();
        json_patch::patch(&mut after, &patch).unwrap();
        assert!(
            contains(&after, &before),
            "{after} lost something of {before}"
        );
        let object = after.to_string();
        let again = Write {
            object: &object,
            ..*self
        };
        world.with(&again, |verdict| {
            assert_eq!(verdict.patch(), None, "{object}");
        });
    }
}

/// Whether `big` contains everything in `small`; `null` can become a value.
pub(crate) fn contains(big: &Value, small: &Value) -> bool {
    match (big, small) {
        // An explicit false equals an absent field: the API server drops it.
        (_, Value::Null | Value::Bool(false)) => true,
        (Value::Object(big), Value::Object(small)) => small
            .iter()
            .all(|(key, value)| big.get(key).is_some_and(|b| contains(b, value))),
        (Value::Array(big), Value::Array(small)) => {
            big.len() == small.len() && big.iter().zip(small).all(|(b, s)| contains(b, s))
        }
        _ => big == small,
    }
}
