//! EXR007: a pull, import or push without a credential at a registry that limits pulls.
//!
//! Docker Hub counts anonymous pulls by source address, and all nodes of a cluster share one address: a
//! single workload can use up the limit for all of them. [`extreg_snapshot::credentials`] decides which
//! credential is used. If an object that decides this could not be read, the finding is inconclusive.
//! A push is judged at every registry if it names a secret that has no key for its output; without
//! any secret, only at registries that never accept anonymous pushes.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use extreg_core::credential::Consumer;
use extreg_core::facts::Known;
use extreg_core::image::ImageRef;
use extreg_core::registry::RegistryHost;
use extreg_remedy::{LinkUse, Outcome, Remedy};
use extreg_snapshot::credentials::{Credential, Credentials, Doubt, PulledBy, Push};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ImageName, ObjectId};
use extreg_snapshot::{
    BuildRecord, ImageUse, Meaning, SecretKeys, SecretRecord, Snapshot, StreamRecord, TagOrigin,
    TagRecord, UseRole, WorkloadRecord,
};

use super::found::found;
use super::index::Index;
use super::remedy;
use super::support::{by_hand, judged, mirrored};
use crate::approval::{Target, targets};
use crate::budget::{Allowance, Allowances};
use crate::check::{CheckId, Severity};
use crate::finding::{Finding, inconclusive};

/// The registry that limits pulls.
const HUB: &str = "docker.io";

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let allowances = Allowances::published();
    let Some(allowance) = allowances.of(HUB) else {
        return;
    };
    let index = Index::of(snapshot);
    for usage in judged(snapshot) {
        let judge = Judge {
            snapshot,
            allowance,
            usage,
        };
        let object = &usage.place.object;
        let found = match usage.role {
            UseRole::Import => index.streams.get(object).and_then(|s| judge.import(s)),
            UseRole::Run | UseRole::Volume => {
                index.workloads.get(object).and_then(|w| judge.run(w))
            }
            UseRole::Base | UseRole::Source => index
                .builds
                .get(object)
                .and_then(|b| judge.pull(b, index.pulled_by(usage))),
            UseRole::Push => index.builds.get(object).and_then(|b| judge.push(b)),
        };
        findings.extend(found);
    }
}

struct Judge<'a> {
    snapshot: &'a Snapshot,
    allowance: &'a Allowance,
    usage: &'a ImageUse,
}

/// The text about a use that is not authenticated.
struct Case {
    rule: &'static str,
    severity: Severity,
    /// What it does, as in `web pulls docker.io/u/a`.
    what: String,
    /// Where a credential was searched for.
    looked: String,
    fix: Remedy,
}

impl Judge<'_> {
    fn import(&self, stream: &StreamRecord) -> Option<Finding> {
        let tag = stream
            .tags
            .iter()
            .find(|tag| tag.name == self.usage.place.part);
        if tag.is_some_and(|tag| !is_imported(tag, &self.usage.image)) {
            return None;
        }
        let scheduled = tag.is_some_and(|tag| tag.scheduled);
        let namespace = &stream.object.namespace;
        let credential = Credentials::of(self.snapshot).import(namespace, self.image());
        self.judged(&credential, || Case {
            rule: "anonymous-import",
            severity: if scheduled {
                Severity::High
            } else {
                Severity::Medium
            },
            what: format!(
                "{} imports {}",
                self.part_of(&stream.object.name),
                self.image()
            ),
            looked: format!(
                "Neither a docker secret of {} nor the global pull secret has a key for it; an import \
                 uses any secret that has one, without a link.",
                namespace_words(namespace)
            ),
            fix: match (self.secret_for(Consumer::Import), tag) {
                (Some(secret), _) if secret.excluded => remedy::exclude(&secret.object, false),
                (_, Some(tag)) => remedy::authenticate_import(
                    self.snapshot,
                    &stream.object,
                    tag,
                    self.image(),
                    self.registry(),
                    &self.usage.image.repository,
                ),
                (_, None) => self.provide(),
            },
        })
    }

    fn run(&self, workload: &WorkloadRecord) -> Option<Finding> {
        let never_pulled = workload.containers.iter().any(|container| {
            container.name == self.usage.place.part && &*container.pull_policy == "Never"
        });
        if never_pulled {
            return None;
        }
        let credential = Credentials::of(self.snapshot).run(workload, self.image());
        self.judged(&credential, || Case {
            rule: "anonymous-pull",
            severity: if workload.replicas == Some(0) {
                Severity::Low
            } else {
                CheckId::Exr007.severity()
            },
            what: format!(
                "{} pulls {}",
                self.part_of(&workload.object.name),
                self.image()
            ),
            looked: if workload.pull_secrets.is_empty() {
                format!(
                    "Neither the pull secrets of its account {} nor the global pull secret have a \
                     key for it.",
                    workload.account
                )
            } else {
                format!(
                    "Neither its pull secrets ({}) nor the global one have a key for it; the pull secrets \
                     of its account are ignored because the pod names its own.",
                    workload.pull_secrets.join(", ")
                )
            },
            fix: match workload.pull_secrets.first() {
                // The pull secrets of a pod cannot be changed.
                Some(named) if workload.object.kind == Kind::Pod => self.set(named),
                Some(_) => self.give(Consumer::Kubelet, |secret| {
                    remedy::add_pull_secret(&workload.object, secret)
                }),
                None => self.give(Consumer::Kubelet, |secret| {
                    let account = ObjectId {
                        kind: Kind::ServiceAccount,
                        name: workload.account.clone(),
                        ..workload.object.clone()
                    };
                    remedy::link(&account, secret, LinkUse::Pull)
                }),
            },
        })
    }

    fn pull(&self, build: &BuildRecord, by: PulledBy<'_>) -> Option<Finding> {
        if build.is_over() {
            return None;
        }
        let credential = Credentials::of(self.snapshot).pull(build, self.image(), by);
        self.judged(&credential, || Case {
            rule: "anonymous-build-pull",
            severity: CheckId::Exr007.severity(),
            what: format!("{} pulls {}", build.object.name, self.image()),
            looked: format!(
                "Neither a pull secret nor the secrets that its account {} mounts nor the \
                 global pull secret have a key for it.",
                build.account
            ),
            fix: {
                let mut named = build.pull_secrets.iter();
                let named = named.find(|(_, of)| **of == *self.image());
                match (self.secret_for(Consumer::BuildPull), named) {
                    _ if build.object.kind != Kind::BuildConfig => self.provide(),
                    (None, Some((named, _))) => self.set(named),
                    _ => self.give(Consumer::BuildPull, |secret| {
                        remedy::set_pull_secret(self.usage, secret)
                    }),
                }
            },
        })
    }

    fn push(&self, build: &BuildRecord) -> Option<Finding> {
        if build.is_over() {
            return None;
        }
        let hub = self.is_hub();
        let (credential, looked, named) = match Credentials::of(self.snapshot).push(build) {
            Push::Named(secret, credential) => (
                credential,
                format!(
                    "Its push secret {} has no key for {} as written.",
                    secret.name,
                    self.image()
                ),
                Some(secret.name),
            ),
            Push::Nothing if hub => (
                Credential::None,
                format!(
                    "It names no push secret, and its account {} links no docker secret for pulls.",
                    build.account
                ),
                None,
            ),
            Push::Unknown(doubt) if hub => (Credential::Unknown(doubt), String::new(), None),
            // A push with the wrong secret is a finding of EXR009.
            Push::Linked(_) | Push::WrongFallback(_) | Push::Nothing | Push::Unknown(_) => {
                return None;
            }
        };
        let case = || Case {
            rule: "anonymous-push",
            severity: CheckId::Exr007.severity(),
            what: format!("{} pushes {}", build.object.name, self.image()),
            looked,
            fix: match (self.secret_for(Consumer::BuildPush), named) {
                (None, Some(named)) => self.set(&named),
                _ => self.give(Consumer::BuildPush, |secret| {
                    remedy::set_push_secret(&build.object, secret)
                }),
            },
        };
        match credential {
            Credential::None => {
                let case = case();
                Some(Finding {
                    message: format!("{} without a credential", case.what),
                    why: format!("{} The registry denies the push", case.looked),
                    ..self.finding(case)
                })
            }
            Credential::Unknown(doubt) => Some(self.unknown(case(), &doubt)),
            Credential::Found { .. } | Credential::Broken { .. } => None,
        }
    }

    /// A finding about a pull, by the credential that it uses.
    fn judged(&self, credential: &Credential, case: impl FnOnce() -> Case) -> Option<Finding> {
        let outcome = self.metered()?;
        let rules = self.snapshot.cluster.mirrors.as_ref().known();
        let mirror = rules.and_then(|rules| {
            let image = ImageRef::parse(self.image()).ok()?;
            mirrored(rules, &Target::of(&image, HUB))
        });
        if mirror.as_ref().is_some_and(|mirror| mirror.never_source) {
            return None;
        }
        match credential {
            Credential::Found { .. } | Credential::Broken { .. } => None,
            Credential::Unknown(doubt) => Some(self.unknown(case(), doubt)),
            Credential::None => {
                let case = case();
                let (looked, severity) = (case.looked.clone(), case.severity);
                let mut finding = Finding {
                    message: format!("{} without a credential", case.what),
                    why: format!("{looked} {}", self.harm()),
                    ..self.finding(case)
                };
                finding.outcome = outcome;
                if outcome == Outcome::Unknown {
                    finding.message = format!("{}, if it comes from {HUB}", finding.message);
                }
                if let Some(mirror) = mirror {
                    let asked: Vec<_> = mirror.images.iter().map(Target::name).collect();
                    finding.severity = severity.min(Severity::Low);
                    finding.why = format!(
                        "{}. The mirror {} is tried first",
                        finding.why,
                        asked.join(", ")
                    );
                }
                Some(finding)
            }
        }
    }

    fn harm(&self) -> String {
        let Allowance {
            anonymous,
            window_seconds,
            ..
        } = self.allowance;
        format!(
            "Docker Hub allows {anonymous} anonymous pulls per {} hours for each address, which all \
             nodes of the cluster share; after that it answers toomanyrequests",
            window_seconds / 3600
        )
    }

    fn unknown(&self, case: Case, doubt: &Doubt) -> Finding {
        Finding {
            outcome: Outcome::Unknown,
            message: format!("cannot determine whether {} with a credential", case.what),
            why: inconclusive(doubt),
            fix: match doubt {
                Doubt::Run => {
                    Remedy::instruct("specify the account that runs it: its credentials decide")
                }
                _ => remedy::inspect(self.snapshot, &self.usage.place.object.namespace),
            },
            ..self.finding(case)
        }
    }

    fn finding(&self, case: Case) -> Finding {
        Finding {
            severity: case.severity,
            image: Some(self.usage.image.clone()),
            fix: case.fix,
            ..found(CheckId::Exr007, case.rule, self.usage.place.clone())
        }
    }

    /// A secret of the namespace that has a credential for the image.
    fn secret_for(&self, consumer: Consumer) -> Option<&SecretRecord> {
        Credentials::of(self.snapshot)
            .secrets(&self.usage.place.object.namespace)
            .find(|secret| match &secret.keys {
                SecretKeys::Known(keys) => {
                    !secret.managed && keys.matching(consumer, self.image()).is_matched()
                }
                SecretKeys::Elided | SecretKeys::Unreadable => false,
            })
    }

    /// Assigns a secret that works to the object that uses the image; without one, creates it first.
    fn give(&self, consumer: Consumer, give: impl FnOnce(&Arc<str>) -> Remedy) -> Remedy {
        if let Some(secret) = self.secret_for(consumer) {
            return give(&secret.object.name);
        }
        self.renamed().unwrap_or_else(|| {
            remedy::provide_and_give(
                self.snapshot,
                &self.usage.place.object.namespace,
                self.registry(),
                &self.usage.image.repository,
                give,
            )
        })
    }

    /// Writes a credential into a secret that is already used.
    fn set(&self, secret: &str) -> Remedy {
        let namespace = &self.usage.place.object.namespace;
        self.renamed()
            .unwrap_or_else(|| remedy::set_credential(namespace, secret, self.registry()))
    }

    fn provide(&self) -> Remedy {
        self.renamed().unwrap_or_else(|| {
            let namespace = &self.usage.place.object.namespace;
            let repository = &self.usage.image.repository;
            remedy::provide_credential(self.snapshot, namespace, self.registry(), repository)
        })
    }

    /// The usual key is found only for another name of the image.
    fn renamed(&self) -> Option<Remedy> {
        let image = remedy::hub_name(self.image())?;
        Some(Remedy::instruct(by_hand(&self.usage.place, &image)))
    }

    fn registry(&self) -> RegistryHost<'_> {
        match &*self.usage.image.registry {
            "" => RegistryHost::DockerHub,
            host => RegistryHost::of(host),
        }
    }

    fn image(&self) -> &str {
        &self.usage.image.written
    }

    fn part_of(&self, object: &str) -> String {
        match (&*self.usage.place.part, self.usage.role) {
            ("", _) => object.to_owned(),
            (tag, UseRole::Import) => format!("{object}:{tag}"),
            (container, _) => format!("container {container} of {object}"),
        }
    }

    fn is_hub(&self) -> bool {
        self.usage.meaning == Meaning::External
            && RegistryHost::of(&self.usage.image.registry) == RegistryHost::DockerHub
    }

    /// Whether the image comes from the registry that limits pulls, and whether that is certain.
    fn metered(&self) -> Option<Outcome> {
        match targets(self.usage, &self.snapshot.cluster) {
            Known::Unknown => Some(Outcome::Unknown),
            Known::Known(all) => {
                let of_hub = all.iter().filter(|target| target.registry() == HUB).count();
                match (of_hub, all.len()) {
                    (0, _) => None,
                    (_, 1) => Some(Outcome::Fail),
                    _ => Some(Outcome::Unknown),
                }
            }
        }
    }
}

/// Whether a tag will be imported, again or for the first time: not a reference, not the result
/// of an earlier import of a whole repository, and not a digest that is already imported.
fn is_imported(tag: &TagRecord, image: &ImageName) -> bool {
    let pinned = ImageRef::parse(&image.written).is_ok_and(|image| !image.id().is_empty());
    matches!(tag.from, TagOrigin::Image(_)) && !tag.reference && (!pinned || tag.digest.is_empty())
}

fn namespace_words(namespace: &str) -> &str {
    if namespace.is_empty() {
        "its namespace"
    } else {
        namespace
    }
}
