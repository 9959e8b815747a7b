//! Two namespaces that differ by one label: the webhook is called for one of them.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::cluster::{Answer, Cluster, until};
use super::difference::difference;
use super::object::requested_state;

/// An expected difference: a JSON pointer and its value in the governed namespace.
pub(super) type Injected<'a> = (&'a str, Value);

/// A namespace that the webhook is called for, and its twin that it is not called for.
#[derive(Clone, Debug)]
pub(super) struct Pair<'a> {
    pub(super) cluster: &'a Cluster,
    /// The one that the webhook is called for.
    pub(super) governed: String,
    /// Its twin.
    pub(super) plain: String,
}

/// An object to read back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Object<'a> {
    /// A Build.
    Build(&'a str),
    /// A BuildConfig.
    BuildConfig(&'a str),
    /// An ImageStream.
    Stream(&'a str),
    /// An ImageStreamTag.
    StreamTag(&'a str),
}

impl Object<'_> {
    fn path(self, namespace: &str) -> String {
        let (group, resource, name) = match self {
            Self::Build(name) => ("build", "builds", name),
            Self::BuildConfig(name) => ("build", "buildconfigs", name),
            Self::Stream(name) => ("image", "imagestreams", name),
            Self::StreamTag(name) => ("image", "imagestreamtags", name),
        };
        format!("/apis/{group}.openshift.io/v1/namespaces/{namespace}/{resource}/{name}")
    }
}

/// The number of attempts after a conflict.
const ATTEMPTS: usize = 5;

impl Pair<'_> {
    /// Runs `oc WORDS` in both concurrently. The exit codes must be equal.
    pub(super) fn both(&self, words: &str, input: Option<&str>) -> Result<(Answer, Answer)> {
        let run = |namespace: &str| {
            let fill = |text: &str| text.replace("NAMESPACE", namespace);
            let words = format!("-n {namespace} {}", fill(words));
            let input = input.map(fill);
            let mut answer = self.cluster.oc(&words, input.as_deref())?;
            // The import controller writes streams too, so a conflict is retried.
            for _ in 1..ATTEMPTS {
                if !answer.is_conflict() {
                    break;
                }
                answer = self.cluster.oc(&words, input.as_deref())?;
            }
            Ok::<_, anyhow::Error>(answer)
        };
        let (governed, plain) = std::thread::scope(|scope| {
            let plain = scope.spawn(|| run(&self.plain));
            (run(&self.governed), plain.join())
        });
        let Ok(plain) = plain else {
            bail!("the command in {} was lost", self.plain);
        };
        let (governed, plain) = (governed?, plain?);
        ensure!(
            governed.success == plain.success,
            "`{}` ended differently with the webhook: {}\nwithout: {}",
            governed.command,
            governed.output(),
            plain.output()
        );
        ensure!(
            plain.warnings().is_empty(),
            "the webhook was called for {}: {}",
            self.plain,
            plain.output()
        );
        Ok((governed, plain))
    }

    /// Runs `oc WORDS`, which must succeed in both. Returns the result of the governed namespace.
    pub(super) fn oc(&self, words: &str) -> Result<Answer> {
        let (governed, _) = self.both(words, None)?;
        governed.ok()
    }

    /// The same with an object on standard input.
    pub(super) fn send(&self, words: &str, object: &Value) -> Result<Answer> {
        let (governed, _) = self.both(words, Some(&object.to_string()))?;
        governed.ok()
    }

    /// The same, refused in both, with OpenShift's own message.
    pub(super) fn refused(&self, words: &str, object: &Value) -> Result<()> {
        let (governed, plain) = self.both(words, Some(&object.to_string()))?;
        let words =
            |answer: &Answer, namespace: &str| answer.output().replace(namespace, "NAMESPACE");
        let with = words(&governed.refused()?, &self.governed);
        let without = words(&plain, &self.plain);
        ensure!(
            with == without,
            "refused with another message with the webhook: {with}\nwithout: {without}"
        );
        Ok(())
    }

    /// Patches an object in both.
    pub(super) fn patch(&self, object: &str, kind: &str, patch: &Value) -> Result<Answer> {
        self.oc(&format!("patch {object} --type={kind} -p={patch}"))
    }

    /// The stored objects must differ by exactly these fields.
    pub(super) fn differs(&self, object: Object<'_>, injected: &[Injected<'_>]) -> Result<()> {
        let read = |namespace: &str| {
            let stored = self.cluster.get(&object.path(namespace))?;
            Ok::<_, anyhow::Error>(requested_state(stored, namespace))
        };
        let (with, without) = (read(&self.governed)?, read(&self.plain)?);
        expect(&without, &with, injected).with_context(|| format!("{object:?}"))
    }

    /// The stored objects must be equal.
    pub(super) fn alike(&self, object: Object<'_>) -> Result<()> {
        self.differs(object, &[])
    }

    /// Exactly the tags of a stream with these positions, by name, must be scheduled.
    pub(super) fn scheduled(&self, stream: &str, positions: &[usize]) -> Result<()> {
        let at: Vec<String> = positions
            .iter()
            .map(|position| format!("/spec/tags/{position}/importPolicy/scheduled"))
            .collect();
        let injected: Vec<Injected<'_>> = at.iter().map(|at| (at.as_str(), json!(true))).collect();
        self.differs(Object::Stream(stream), &injected)
    }

    /// The results of a server-side dry run must differ by these fields.
    pub(super) fn dry_run(
        &self,
        words: &str,
        object: &Value,
        injected: &[Injected<'_>],
    ) -> Result<()> {
        let words = format!("{words} --dry-run=server -o json");
        let (with, without) = self.both(&words, Some(&object.to_string()))?;
        let read = |answer: Answer, namespace: &str| {
            let answer: Value = serde_json::from_str(&answer.ok()?.stdout)?;
            Ok::<_, anyhow::Error>(requested_state(answer, namespace))
        };
        let (with, without) = (read(with, &self.governed)?, read(without, &self.plain)?);
        expect(&without, &with, injected)
    }

    /// Waits until OpenShift has imported a tag, or has failed to, in both.
    pub(super) fn imported(&self, stream: &str, tag: &str) -> Result<()> {
        for namespace in [&self.governed, &self.plain] {
            let path = Object::Stream(stream).path(namespace);
            until(&format!("{namespace}/{stream}:{tag} is imported"), || {
                let stored = self.cluster.get(&path)?;
                let tags = stored.pointer("/status/tags").and_then(Value::as_array);
                Ok(tags
                    .into_iter()
                    .flatten()
                    .any(|status| status.pointer("/tag") == Some(&json!(tag)))
                    .then_some(()))
            })?;
        }
        Ok(())
    }

    /// A stored object of the governed namespace, complete.
    pub(super) fn stored(&self, object: Object<'_>) -> Result<Value> {
        self.cluster.get(&object.path(&self.governed))
    }

    /// The object must exist in neither.
    pub(super) fn absent(&self, object: Object<'_>) -> Result<()> {
        for namespace in [&self.governed, &self.plain] {
            let path = object.path(namespace);
            let answer = self.cluster.oc(&format!("get --raw {path}"), None)?;
            ensure!(!answer.success, "{path} must not exist");
        }
        Ok(())
    }
}

fn expect(without: &Value, with: &Value, injected: &[Injected<'_>]) -> Result<()> {
    let found = difference(without, with);
    let wanted: BTreeMap<String, Option<Value>> = injected
        .iter()
        .map(|(at, value)| ((*at).to_owned(), Some(value.clone())))
        .collect();
    ensure!(
        found == wanted,
        "differs by {}\n  expected {}",
        show(&found),
        show(&wanted)
    );
    Ok(())
}

fn show(places: &BTreeMap<String, Option<Value>>) -> String {
    if places.is_empty() {
        return "nothing".to_owned();
    }
    let shown = places.iter().map(|(at, value)| match value {
        Some(value) => format!("{at}={value}"),
        None => format!("{at} removed"),
    });
    shown.collect::<Vec<_>>().join(", ")
}
