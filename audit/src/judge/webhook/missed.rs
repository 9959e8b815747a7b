//! Objects that the webhook did not see, or warned about.

use extreg_core::policy::Policy;

use super::super::found::found;
use super::super::index::Index;
use super::super::remedy;
use super::super::support::is_on_cluster;
use crate::check::{CheckId, Severity};
use crate::finding::{Finding, ImageName};
use crate::kind::Kind;
use crate::snapshot::{Injection, InjectionOutcome, Snapshot};

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
    let mut why = "It was written before the webhook was there, or while it was down, or was \
                   changed since"
        .to_owned();
    if !injection.warnings.is_empty() {
        why = format!(
            "{why}. With it come the warnings: {}",
            injection.warnings.join("; ")
        );
    }
    Finding {
        severity: Severity::Low,
        message: format!("the webhook missed {}", words(injection)),
        why,
        fix: fix(snapshot, index, injection)
            .unwrap_or_else(|| format!("set {} by hand", injection.place.field)),
        ..finding("missed", injection)
    }
}

fn warned(injection: &Injection) -> Option<Finding> {
    (!injection.warnings.is_empty()).then(|| Finding {
        severity: Severity::Info,
        message: format!("the webhook warns of {}", words(injection)),
        why: injection.warnings.join("; "),
        fix: format!("mend {} as the warning says", injection.place.field),
        ..finding("warned", injection)
    })
}

/// The place and the engine's words for what becomes of it.
fn words(injection: &Injection) -> String {
    let place = &injection.place;
    let part = match (place.object.kind, &*place.part) {
        (_, "") => place.object.name.to_string(),
        (Kind::ImageStream, tag) => format!("{}:{tag}", place.object.name),
        (_, part) => format!("{part} of {}", place.object.name),
    };
    format!("{part}: {} {}", place.field, injection.words)
}

fn fix(snapshot: &Snapshot, index: &Index<'_>, injection: &Injection) -> Option<String> {
    let place = &injection.place;
    if let Some(stream) = index.streams.get(&place.object) {
        let tag = stream.tags.iter().find(|tag| tag.name == place.part)?;
        return Some(remedy::tag(&place.object, tag, &injection.image, true));
    }
    let named = |policy: &&Policy| Some(policy.name()) == injection.policy.as_deref();
    let policy = snapshot.policies.iter().find(named)?;
    if place.field.ends_with("pushSecret") {
        let (secret, _) = policy.push()?;
        return Some(remedy::set_push_secret(&place.object, secret));
    }
    (place.object.kind == Kind::BuildConfig && place.field.ends_with("pullSecret"))
        .then(|| policy.pull_secret())
        .flatten()
        .map(|secret| remedy::set_pull_secret(&place.object, secret))
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
