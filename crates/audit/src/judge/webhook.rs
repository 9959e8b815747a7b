//! EXR014: the webhook is not there, is not asked about all that it should be, lets things through
//! while it is down, or will not be trusted for much longer.
//!
//! API servers call it as its MutatingWebhookConfiguration says. Without a `caBundle` no call gets
//! through TLS, and then `failurePolicy` decides: `Ignore` lets the object pass as it is, `Fail`
//! lets no build start and no import through (Kubernetes `webhook/mutating/dispatcher.go`). A rule
//! on imagestreams alone misses `oc tag` and `oc import-image`, whose write of the stream runs no
//! admission (openshift-apiserver `imagestream/registry.go`).
//!
//! Only a cluster has a webhook. Of files nothing is said: the configuration was not asked for,
//! and there is no gap that says so. Where it was asked for and not given, the finding is that it
//! is not known. What the webhook decides about each object is the engine's own word
//! ([`extreg_snapshot::Injection`]): an object in the cluster that it would still change was
//! missed; what it warns about is said in the same words.

mod missed;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use extreg_core::facts::Known;
use extreg_remedy::{Action, Inspection, Outcome, Remedy};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ObjectId, Origin, Place};
use extreg_snapshot::{Snapshot, WebhookRecord};
use jiff::Timestamp;

use super::found::found;
use super::remedy;
use crate::check::{CheckId, Severity};
use crate::finding::Finding;

/// What it has to be asked about.
const RESOURCES: [&str; 6] = [
    "builds.build.openshift.io",
    "buildconfigs.build.openshift.io",
    "imagestreamimports.image.openshift.io",
    "imagestreams.image.openshift.io",
    "imagestreamtags.image.openshift.io",
    "imagetags.image.openshift.io",
];
/// A certificate that ends sooner is near its end.
const NEAR_DAYS: i64 = 30;
const DAY: i64 = 24 * 60 * 60;

pub(super) fn check(snapshot: &Snapshot, now: i64, findings: &mut Vec<Finding>) {
    match &snapshot.cluster.webhook {
        Known::Unknown => findings.extend(unread(snapshot)),
        Known::Known(None) => findings.push(absent(snapshot)),
        Known::Known(Some(webhook)) => {
            let judge = Judge { webhook };
            findings.extend(judge.failure_policy());
            findings.extend(judge.resources());
            findings.extend(judge.ca(now));
            missed::check(snapshot, findings);
        }
    }
}

fn unread(snapshot: &Snapshot) -> Option<Finding> {
    let kind = Kind::MutatingWebhookConfiguration;
    snapshot.coverage.is_partial(kind, "").then(|| Finding {
        outcome: Outcome::Unknown,
        message: "whether the webhook is installed is not known".to_owned(),
        why: format!(
            "Neither pass nor fail: {} could not be read",
            kind.api().resource()
        ),
        fix: remedy::look(snapshot, &Arc::default()),
        ..found(
            CheckId::Exr014,
            "absent",
            place(WebhookRecord::NAME, Origin::Cluster),
        )
    })
}

/// That there is no webhook is worth knowing; a policy that nothing enforces is a fault.
fn absent(snapshot: &Snapshot) -> Finding {
    let policies = snapshot.coverage.read.get(&Kind::RegistryPolicy);
    let has_policies = policies.is_some_and(|count| *count > 0);
    Finding {
        severity: if has_policies {
            CheckId::Exr014.severity()
        } else {
            Severity::Info
        },
        message: "the webhook is not installed".to_owned(),
        why: if has_policies {
            "RegistryPolicies exist and nothing enforces them: new builds get no push secret and new \
             tags no schedule"
        } else {
            "New builds get no push secret and new tags no schedule unless their authors write them"
        }
        .to_owned(),
        fix: Remedy::run(Action::InstallWebhook),
        ..found(
            CheckId::Exr014,
            "absent",
            place(WebhookRecord::NAME, Origin::Cluster),
        )
    }
}

struct Judge<'a> {
    webhook: &'a WebhookRecord,
}

impl Judge<'_> {
    fn failure_policy(&self) -> Option<Finding> {
        (!self.webhook.fails_closed).then(|| Finding {
            severity: Severity::Info,
            message: "the webhook fails open: failurePolicy is Ignore".to_owned(),
            why:
                "While it does not answer, builds and tags are made as they are written; an audit \
                  finds them afterwards. With Fail no build would start and no import run meanwhile"
                    .to_owned(),
            fix: Remedy::instruct_after(
                "nothing has to be changed: audit after an outage, and fix what was missed",
                Inspection::WebhookStatus,
            ),
            ..self.finding("fails-open", "webhooks[].failurePolicy")
        })
    }

    fn resources(&self) -> Option<Finding> {
        let has = |resource: &str| self.webhook.resources.iter().any(|of| **of == *resource);
        let missing: Vec<_> = RESOURCES.into_iter().filter(|of| !has(of)).collect();
        (!missing.is_empty()).then(|| Finding {
            message: format!("the webhook is not asked about {}", missing.join(", ")),
            why: "What is written by way of them passes unseen: oc tag writes imagestreamtags, oc \
                  import-image imagestreamimports, oc start-build builds"
                .to_owned(),
            fix: Remedy::run(Action::UpgradeWebhook),
            ..self.finding("missing-resource", "webhooks[].rules")
        })
    }

    fn ca(&self, now: i64) -> Option<Finding> {
        const FIELD: &str = "webhooks[].clientConfig.caBundle";
        if !self.webhook.has_ca {
            return Some(Finding {
                severity: self.while_down(),
                message: "the webhook has no CA: caBundle is empty".to_owned(),
                why: format!("No API server trusts it, so that {}", self.effect()),
                fix: Remedy::run(Action::RotateCertificate),
                ..self.finding("no-ca", FIELD)
            });
        }
        let until = &self.webhook.ca_not_after;
        let Ok(end) = until.parse::<Timestamp>() else {
            return Some(Finding {
                outcome: Outcome::Unknown,
                message: "until when the webhook's CA is valid is not known".to_owned(),
                why: "Neither pass nor fail: no end of a certificate could be read from caBundle"
                    .to_owned(),
                fix: Remedy::Inspect(Inspection::WebhookStatus),
                ..self.finding("ca-expires", FIELD)
            });
        };
        let left = end.as_second() - now;
        let rotate = Remedy::run(Action::RotateCertificate);
        if left <= 0 {
            return Some(Finding {
                severity: self.while_down(),
                message: format!("the webhook's CA expired on {until}"),
                why: format!(
                    "No API server trusts it any more, so that {}",
                    self.effect()
                ),
                fix: rotate,
                ..self.finding("ca-expired", FIELD)
            });
        }
        (left < NEAR_DAYS * DAY).then(|| Finding {
            message: format!(
                "the webhook's CA expires in {} days, on {until}",
                left / DAY
            ),
            why: format!(
                "From then on no API server trusts it, so that {}",
                self.effect()
            ),
            fix: rotate,
            ..self.finding("ca-expires", FIELD)
        })
    }

    /// How bad it is that it cannot be called.
    const fn while_down(&self) -> Severity {
        if self.webhook.fails_closed {
            Severity::High
        } else {
            Severity::Medium
        }
    }

    const fn effect(&self) -> &'static str {
        if self.webhook.fails_closed {
            "no build starts and no tag is imported: failurePolicy is Fail"
        } else {
            "builds and tags pass as they are written: failurePolicy is Ignore"
        }
    }

    fn finding(&self, rule: &'static str, field: &str) -> Finding {
        let place = Place {
            field: field.into(),
            ..place(&self.webhook.name, self.webhook.origin.clone())
        };
        found(CheckId::Exr014, rule, place)
    }
}

fn place(name: &str, origin: Origin) -> Place {
    Place {
        object: ObjectId {
            namespace: Arc::default(),
            kind: Kind::MutatingWebhookConfiguration,
            name: name.into(),
        },
        part: Arc::default(),
        field: Arc::default(),
        origin,
    }
}
