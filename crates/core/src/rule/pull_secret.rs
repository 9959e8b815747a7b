//! A build that pulls its base image from the policy's registry has the policy's pull secret.
//!
//! A build with a missing pull secret never starts, and a public base image needs none:
//! unlike a push secret, a pull secret is injected only if it is known to exist and to match.

use std::borrow::Cow;

use super::RuleId;
use super::guard::{SYSTEM_API_SERVER, exemption, govern};
use crate::edit::{Edit, Field, Value};
use crate::facts::{Fact, Facts, Fit};
use crate::note::{Note, SecretFault};
use crate::object::{Body, BuildSpec, ObjectReference, Operation, PullSite, Subject};
use crate::policy::{Mode, Policy};
use crate::registry::RefRole;
use crate::verdict::{Decision, Reason, Site, Verdict};
use crate::work::Work;

/// Steps of finding an image's key if no key has a star.
const LOOKUP: u32 = 4;

pub(super) fn evaluate<'a>(
    subject: &'a Subject<'_>,
    facts: &'a Facts<'_>,
    work: &mut Work<'a>,
    verdict: &mut Verdict<'a>,
) {
    let (Body::Build(change) | Body::BuildConfig(change)) = &subject.body else {
        return;
    };
    let old = change.old.as_ref().map(|old| &old.spec);
    for (field, site) in places(&change.new.spec) {
        let Some(image) = docker_image(site.from.as_ref()) else {
            continue;
        };
        let role = match field {
            Field::SourcePullSecret(_) => RefRole::SourcePull,
            _ => RefRole::BasePull,
        };
        let (policy, decision, notes) = match govern(image, role, facts, work) {
            // Most base images match no policy; only those that a policy covers are reported.
            Err((reason @ (Reason::NamespaceUnknown | Reason::WorkLimit), note)) => {
                (None, Decision::Keep(reason), note.into_iter().collect())
            }
            Err(_) => continue,
            Ok((policy, _)) => {
                let Some(secret) = policy.pull_secret() else {
                    continue;
                };
                let before = old.and_then(|old| place(old, field));
                let (decision, notes) = match untouchable(subject, site, before, facts) {
                    // Counted for all, so that a second run ends at the same place.
                    _ if work.spend(steps(secret, facts)).is_err() => {
                        (Decision::Keep(Reason::WorkLimit), vec![Note::WorkLimit])
                    }
                    Some(reason) => {
                        let note = dropped(field, policy, reason, site, before);
                        (Decision::Keep(reason), note.into_iter().collect())
                    }
                    None => decide(field, policy, secret, image, facts),
                };
                (Some(policy.name()), decision, notes)
            }
        };
        verdict.sites.push(Site {
            rule: RuleId::PullSecret,
            field,
            image: Cow::Borrowed(image),
            policy,
            decision,
            notes,
        });
        if verdict.sites.last().is_some_and(Site::is_work_limit) {
            return;
        }
    }
}

/// The steps of finding an image in a secret.
fn steps(secret: &str, facts: &Facts<'_>) -> u32 {
    match facts.namespace.secret(secret) {
        Fact::Known(Some(fact)) => fact.pull_steps().saturating_add(LOOKUP),
        _ => LOOKUP,
    }
}

fn places<'v, 'a>(
    spec: &'v BuildSpec<'a>,
) -> impl Iterator<Item = (Field, &'v PullSite<'a>)> + use<'v, 'a> {
    let strategy = spec
        .strategy
        .sites()
        .map(|(name, site)| (Field::StrategyPullSecret(name), site));
    let source = spec
        .source
        .images
        .iter()
        .map(|(index, site)| (Field::SourcePullSecret(index), site));
    strategy.chain(source)
}

fn place<'v, 'a>(spec: &'v BuildSpec<'a>, field: Field) -> Option<&'v PullSite<'a>> {
    if let Field::SourcePullSecret(index) = field {
        spec.source.images.get(index)
    } else {
        let mut sites = spec.strategy.sites();
        let same = sites.find(|(name, _)| Field::StrategyPullSecret(name) == field);
        same.map(|(_, site)| site)
    }
}

fn docker_image<'v>(from: Option<&'v ObjectReference<'_>>) -> Option<&'v str> {
    from.filter(|from| &*from.kind == "DockerImage" && from.namespace.is_empty())
        .map(|from| from.name.as_str())
}

fn untouchable(
    subject: &Subject<'_>,
    site: &PullSite<'_>,
    before: Option<&PullSite<'_>>,
    facts: &Facts<'_>,
) -> Option<Reason> {
    if let Some(reason) = exemption(subject, facts) {
        return Some(reason);
    }
    if site.pull_secret.is_some() {
        return Some(Reason::AlreadySet);
    }
    if subject.operation == Operation::Update {
        if subject.user.as_str() == SYSTEM_API_SERVER {
            return Some(Reason::SystemUpdate);
        }
        let from = before.and_then(|before| before.from.as_ref());
        if from == site.from.as_ref() || matches!(subject.body, Body::Build(_)) {
            return Some(Reason::Unchanged);
        }
    }
    None
}

fn decide<'a>(
    field: Field,
    policy: &'a Policy,
    secret: &'a str,
    image: &str,
    facts: &Facts<'_>,
) -> (Decision<'a>, Vec<Note<'a>>) {
    let fault = match facts.namespace.secret(secret) {
        Fact::Known(Some(fact)) => match fact.pull(image) {
            Fit::Fits => None,
            Fit::Fault(fault) => Some(Some(fault)),
            Fit::Unknown => Some(None),
        },
        Fact::Known(None) => Some(Some(SecretFault::Missing)),
        Fact::Unknown => Some(None),
        Fact::Assumed => None,
    };
    match fault {
        None => {
            let edit = Edit {
                field,
                value: Value::Secret(secret),
                parent_missing: false,
            };
            (Decision::Edit(policy.mode(), edit), Vec::new())
        }
        Some(fault) => (
            Decision::Keep(Reason::SecretUnusable),
            vec![Note::PullSecret { secret, fault }],
        ),
    }
}

/// The message for an update that removes the secret of an unchanged image.
fn dropped<'a>(
    field: Field,
    policy: &'a Policy,
    reason: Reason,
    site: &PullSite<'_>,
    before: Option<&PullSite<'_>>,
) -> Option<Note<'a>> {
    let was_set = before.is_some_and(|before| before.pull_secret.is_some());
    let is_dropped = reason == Reason::Unchanged && was_set && site.pull_secret.is_none();
    (is_dropped && policy.mode() == Mode::Enforce).then(|| Note::Dropped {
        field,
        policy: policy.name(),
    })
}
