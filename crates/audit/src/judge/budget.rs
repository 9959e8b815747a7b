//! EXR008: scheduled imports cost more pulls than the registry allows.
//!
//! [`crate::budget`] computes the cost and the identity that pays it. An account can be free or paid, and
//! a paid one has no limit; so a published limit of an account gives a less severe
//! finding than the limit of the cluster's address. If images can be lists and the limit lies
//! between the two costs, the finding is inconclusive.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use extreg_core::count;
use extreg_core::registry::RegistryHost;
use extreg_remedy::{Outcome, Remedy};
use extreg_snapshot::Snapshot;
use extreg_snapshot::place::{ImageName, Place};

use super::found::found;
use super::remedy;
use crate::budget::{
    Allowance, Allowances, Budget, Identity, Limit, Load, Pulls, Standing, TagLoad,
};
use crate::check::{CheckId, Severity};
use crate::finding::Finding;

/// More tags than these are counted, not named.
const MAX_NAMED: usize = 5;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let allowances = Allowances::published();
    let budget = Budget::of(snapshot, &allowances);
    for load in &budget.loads {
        let Some(allowance) = allowances.of(&load.registry) else {
            continue;
        };
        let (limit, pulls) = match allowances.limit(&load.registry, &load.identity) {
            Some(limit) => (limit, load.pulls()),
            // Imports with unknown credentials can all be anonymous, in addition to those that are.
            None => (
                Limit::Published(allowance.anonymous),
                at_most(load.pulls() + anonymous(&budget, &load.registry)),
            ),
        };
        let standing = pulls.against(limit.pulls());
        let over = match &load.identity {
            Identity::Unknown => load.tags.clone(),
            _ => load.over(limit.pulls()),
        };
        let Some(first) = over.first().filter(|_| standing > Standing::Within) else {
            continue;
        };
        let judged = Judged {
            snapshot,
            load,
            allowance,
            limit,
        };
        findings.push(judged.finding(standing, *first, &over));
    }
}

fn anonymous(budget: &Budget<'_>, registry: &str) -> Pulls {
    budget
        .loads
        .iter()
        .filter(|load| load.registry == registry && load.identity == Identity::Anonymous)
        .fold(Pulls::EXACTLY_NONE, |sum, load| sum + load.pulls())
}

/// Between zero and this many.
const fn at_most(pulls: Pulls) -> Pulls {
    Pulls {
        least: 0,
        most: pulls.most,
    }
}

struct Judged<'a> {
    snapshot: &'a Snapshot,
    load: &'a Load<'a>,
    allowance: &'a Allowance,
    limit: Limit,
}

impl Judged<'_> {
    fn finding(&self, standing: Standing, first: TagLoad<'_>, over: &[TagLoad<'_>]) -> Finding {
        let Load {
            registry,
            identity,
            tags,
        } = self.load;
        let hours = self.allowance.window_seconds / 3600;
        let pulls = self.load.pulls();
        let limit = self.limit.pulls();
        let verb = if tags.len() == 1 { "needs" } else { "need" };
        let scheduled = count(tags.len(), &format!("scheduled {registry} tag"));
        let who = match pulls.most {
            // The number is unknown because the account is.
            None => String::new(),
            Some(_) => format!(" {identity}"),
        };
        let message = format!(
            "{scheduled} {verb} {pulls} pulls per {hours} hours{who}; the limit is {limit}"
        );
        let severity = match (identity, self.limit) {
            (Identity::Account(_), Limit::Published(_)) => Severity::Medium,
            _ => CheckId::Exr008.severity(),
        };
        let outcome = if standing == Standing::Exceeds {
            Outcome::Fail
        } else {
            Outcome::Unknown
        };
        Finding {
            severity,
            outcome,
            image: Some(image(registry, first)),
            message,
            why: format!("{} {}", self.allowed(), self.remedies(over)),
            fix: self.fix(first),
            ..found(CheckId::Exr008, self.rule(), place(first))
        }
    }

    fn rule(&self) -> &'static str {
        match self.load.identity {
            Identity::Account(_) => "account",
            Identity::Anonymous => "anonymous",
            Identity::Unknown => "unknown-identity",
        }
    }

    /// The limit and its source.
    fn allowed(&self) -> String {
        let Allowance {
            anonymous,
            personal,
            source,
            date,
            ..
        } = self.allowance;
        let registry = &self.load.registry;
        let published = format!("({source}, {date})");
        match (&self.load.identity, self.limit) {
            (Identity::Account(name), Limit::Measured(limit)) => {
                format!("{registry} reports a limit of {limit} for {name}.")
            }
            (_, Limit::Measured(limit)) => {
                format!("{registry} reports a limit of {limit} for this address.")
            }
            (Identity::Account(name), Limit::Published(_)) => format!(
                "If {name} is a free account, its limit is {personal} pulls {published}; a paid account has \
                 no limit."
            ),
            (Identity::Anonymous, Limit::Published(_)) => format!(
                "All anonymous pulls from the cluster's address, including those of its nodes, share \
                 {anonymous} pulls {published}."
            ),
            (Identity::Unknown, Limit::Published(_)) => format!(
                "Their credentials could not be read: the limit is {anonymous} pulls without a \
                 credential and {personal} for a free account {published}; a paid account has no \
                 limit."
            ),
        }
    }

    /// The tags that exceed the limit, and what to do about them.
    fn remedies(&self, over: &[TagLoad<'_>]) -> String {
        let named: Vec<_> = over
            .iter()
            .take(MAX_NAMED)
            .map(|load| name(*load))
            .collect();
        let mut named = named.join(", ");
        if over.len() > MAX_NAMED {
            named = format!("{named} and {} more", over.len() - MAX_NAMED);
        }
        let what = match self.load.identity {
            Identity::Account(_) => {
                "unschedule tags that need no updates, or import them with another account"
            }
            Identity::Anonymous | Identity::Unknown => {
                "give imports a credential, or unschedule tags that need no updates"
            }
        };
        match self.load.identity {
            Identity::Unknown => format!("Tags: {named}; {what}"),
            _ => format!(
                "Above the limit, imports and pulls fail with toomanyrequests. Tags above the limit: \
                 {named}; {what}"
            ),
        }
    }

    fn fix(&self, first: TagLoad<'_>) -> Remedy {
        let object = &first.stream.object;
        match self.load.identity {
            Identity::Account(_) => remedy::schedule(object, first.tag, false),
            Identity::Unknown => remedy::inspect(self.snapshot, &object.namespace),
            Identity::Anonymous => {
                let repository = image(&self.load.registry, first).repository;
                remedy::authenticate_import(
                    self.snapshot,
                    object,
                    first.tag,
                    first.image,
                    RegistryHost::of(&self.load.registry),
                    &repository,
                )
            }
        }
    }
}

fn place(load: TagLoad<'_>) -> Place {
    let field = load.tag.index.map_or_else(Arc::default, |index| {
        format!("spec.tags[{index}].importPolicy.scheduled").into()
    });
    Place {
        object: load.stream.object.clone(),
        part: load.tag.name.clone(),
        field,
        origin: load.stream.origin.clone(),
    }
}

fn image(registry: &str, load: TagLoad<'_>) -> ImageName {
    let repository = extreg_core::image::ImageRef::parse(load.image).map_or_else(
        |_| String::new(),
        |image| image.repository_path().into_owned(),
    );
    ImageName {
        written: load.image.into(),
        registry: registry.into(),
        repository: repository.into(),
        digest: Arc::default(),
    }
}

fn name(load: TagLoad<'_>) -> String {
    let object = &load.stream.object;
    let tag = format!("{}:{}", object.name, load.tag.name);
    if object.namespace.is_empty() {
        tag
    } else {
        format!("{tag} in {}", object.namespace)
    }
}
