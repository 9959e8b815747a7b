//! Objects that the webhook did not see, or warned about.

use extreg_core::policy::Policy;
use extreg_remedy::{Action, Remedy};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ImageName;
use extreg_snapshot::{Injection, InjectionOutcome, Snapshot};

use super::super::found::found;
use super::super::index::Index;
use super::super::remedy;
use super::super::support::{by_hand, is_on_cluster};
use crate::check::{CheckId, Severity};
use crate::finding::Finding;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let index = Index::of(snapshot);
    let in_cluster = snapshot
        .injections
        .iter()
        .filter(|injection| is_on_cluster(&injection.place));
    for injection in in_cluster {
        let build = index.builds.get(&injection.place.object);
        if build.is_some_and(|build| build.is_over()) {
            continue;
        }
        match injection.outcome {
            InjectionOutcome::Sets => findings.push(missed(snapshot, &index, injection)),
            InjectionOutcome::WouldSet | InjectionOutcome::Keeps(_) => {
                findings.extend(warned(injection));
            }
        }
    }
}

fn missed(snapshot: &Snapshot, index: &Index<'_>, injection: &Injection) -> Finding {
    let mut why =
        "It was written before the webhook was installed or while it was down, or it was \
                   changed since"
            .to_owned();
    if !injection.warnings.is_empty() {
        why = format!("{why}. Its warnings: {}", injection.warnings.join("; "));
    }
    Finding {
        severity: Severity::Low,
        message: format!("the webhook missed {}", words(injection)),
        why,
        fix: fix(snapshot, index, injection)
            .unwrap_or_else(|| Remedy::instruct(by_hand(&injection.place, &injection.words))),
        ..finding("missed", injection)
    }
}

fn warned(injection: &Injection) -> Option<Finding> {
    (!injection.warnings.is_empty()).then(|| Finding {
        severity: Severity::Info,
        message: format!("the webhook warns of {}", words(injection)),
        why: injection.warnings.join("; "),
        fix: Remedy::instruct(format!(
            "change {} of {} as the warning describes",
            injection.place.field, injection.place.object
        )),
        ..finding("warned", injection)
    })
}

/// The place and the engine's description of the change.
fn words(injection: &Injection) -> String {
    let place = &injection.place;
    let part = match (place.object.kind, &*place.part) {
        (_, "") => place.object.name.to_string(),
        (Kind::ImageStream, tag) => format!("{}:{tag}", place.object.name),
        (_, part) => format!("{part} of {}", place.object.name),
    };
    format!("{part}: {} {}", place.field, injection.words)
}

fn fix(snapshot: &Snapshot, index: &Index<'_>, injection: &Injection) -> Option<Remedy> {
    let place = &injection.place;
    if let Some(stream) = index.streams.get(&place.object) {
        let tag = stream.tags.iter().find(|tag| tag.name == place.part)?;
        return Some(remedy::schedule(&place.object, tag, true));
    }
    let named = |policy: &&Policy| Some(policy.name()) == injection.policy.as_deref();
    let policy = snapshot.policies.iter().find(named)?;
    if place.field.ends_with("pushSecret") {
        let (secret, _) = policy.push()?;
        return Some(remedy::set_push_secret(&place.object, &secret.into()));
    }
    (place.object.kind == Kind::BuildConfig && place.field.ends_with("pullSecret"))
        .then(|| policy.pull_secret())
        .flatten()
        .map(|secret| {
            let holder = place.field.trim_end_matches(".pullSecret");
            Remedy::run(Action::SetPullSecret {
                build: place.object.clone(),
                holder: holder.into(),
                secret: secret.into(),
            })
        })
}

fn finding(rule: &'static str, injection: &Injection) -> Finding {
    let name = ImageName {
        written: injection.image.clone(),
        registry: "".into(),
        repository: "".into(),
        digest: "".into(),
    };
    Finding {
        image: (!injection.image.is_empty()).then_some(name),
        ..found(CheckId::Exr014, rule, injection.place.clone())
    }
}
