//! A build that pulls its base image from the policy's registry has the policy's pull secret.
//!
//! A build with a pull secret that is not there never starts, and a public base image needs none:
//! unlike a push secret, this one is injected only where it is known to exist and to match.

use std::borrow::Cow;

use super::RuleId;
use super::guard::{SYSTEM_API_SERVER, exemption, govern};
use crate::edit::{Edit, Field, Value};
use crate::facts::{Facts, Known};
use crate::note::{Note, SecretFault};
use crate::object::{Body, BuildSpec, ObjectReference, Operation, PullSite, Subject};
use crate::policy::Policy;
use crate::registry::RefRole;
use crate::verdict::{Decision, Reason, Site, Verdict};

pub(super) fn evaluate<'a>(
    subject: &'a Subject<'_>,
    facts: &'a Facts<'_>,
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
        let before = old.and_then(|old| {
            places(old)
                .find(|(place, _)| *place == field)
                .and_then(|(_, site)| site.from.as_ref())
        });
        let role = match field {
            Field::SourcePullSecret(_) => RefRole::SourcePull,
            _ => RefRole::BasePull,
        };
        let (policy, decision, notes) = match govern(image, role, facts) {
            // Most base images are of no concern; only what a policy asks for is worth a line.
            Err((Reason::NamespaceUnknown, note)) => (
                None,
                Decision::Keep(Reason::NamespaceUnknown),
                note.into_iter().collect(),
            ),
            Err(_) => continue,
            Ok((policy, _)) => {
                let Some(secret) = policy.pull_secret() else {
                    continue;
                };
                let (decision, notes) = match untouchable(subject, site, before, facts) {
                    Some(reason) => (Decision::Keep(reason), Vec::new()),
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

fn docker_image<'v>(from: Option<&'v ObjectReference<'_>>) -> Option<&'v str> {
    from.filter(|from| &*from.kind == "DockerImage" && from.namespace.is_empty())
        .map(|from| from.name.as_str())
}

fn untouchable(
    subject: &Subject<'_>,
    site: &PullSite<'_>,
    before: Option<&ObjectReference<'_>>,
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
        if before == site.from.as_ref() || matches!(subject.body, Body::Build(_)) {
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
        Known::Known(Some(fact)) if fact.can_pull(image) => {
            let edit = Edit {
                field,
                value: Value::Secret(secret),
                parent_missing: false,
            };
            return (Decision::Edit(policy.mode(), edit), Vec::new());
        }
        Known::Known(Some(_)) => Some(SecretFault::NoKey),
        Known::Known(None) => Some(SecretFault::Missing),
        Known::Unknown => None,
    };
    (
        Decision::Keep(Reason::SecretUnusable),
        vec![Note::PullSecret { secret, fault }],
    )
}
