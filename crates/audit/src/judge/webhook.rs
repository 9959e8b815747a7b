//! EXR014: the webhook is not installed, is not called for all resources that it needs, fails open,
//! or its certificate expires soon.
//!
//! API servers call it as its MutatingWebhookConfiguration defines. Without a `caBundle` every TLS
//! handshake fails, and `failurePolicy` decides: `Ignore` admits the object unchanged, `Fail`
//! blocks builds and imports (Kubernetes `webhook/mutating/dispatcher.go`). A rule
//! on imagestreams alone misses `oc tag` and `oc import-image`, whose write of the stream runs no
//! admission (openshift-apiserver `imagestream/registry.go`).
//!
//! Only a cluster has a webhook, so files have no findings: the configuration was not requested,
//! and no gap is recorded for it. If it was requested and could not be read, the finding is
//! inconclusive. The engine decides what the webhook does with each object
//! ([`extreg_snapshot::Injection`]): an object in the cluster that it would still change was
//! missed; its warnings are reported verbatim.

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
use crate::finding::{Finding, inconclusive};

/// The resources that it must be called for.
const RESOURCES: [&str; 6] = [
    "builds.build.openshift.io",
    "buildconfigs.build.openshift.io",
    "imagestreamimports.image.openshift.io",
    "imagestreams.image.openshift.io",
    "imagestreamtags.image.openshift.io",
    "imagetags.image.openshift.io",
];
/// A certificate that expires sooner is near its end.
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
        message: "cannot determine whether the webhook is installed".to_owned(),
        why: inconclusive(format_args!("{} could not be read", kind.api().resource())),
        fix: remedy::inspect(snapshot, &Arc::default()),
        ..found(
            CheckId::Exr014,
            "absent",
            place(WebhookRecord::NAME, Origin::Cluster),
        )
    })
}

/// An absent webhook is information; a policy that nothing enforces is a fault.
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
            "RegistryPolicies exist but nothing enforces them: new builds get no push secret and new \
             tags no schedule"
        } else {
            "New builds get no push secret and new tags no schedule unless their authors set them"
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
            why: "While it is down, builds and tags are admitted unchanged; a later audit \
                  finds them. With Fail, no build starts and no import runs while it is down"
                .to_owned(),
            fix: Remedy::instruct_after(
                "no change required: audit after an outage, and fix the missed objects",
                Inspection::WebhookStatus,
            ),
            ..self.finding("fails-open", "webhooks[].failurePolicy")
        })
    }

    fn resources(&self) -> Option<Finding> {
        let has = |resource: &str| self.webhook.resources.iter().any(|of| **of == *resource);
        let missing: Vec<_> = RESOURCES.into_iter().filter(|of| !has(of)).collect();
        (!missing.is_empty()).then(|| Finding {
            message: format!("the webhook is not called for {}", missing.join(", ")),
            why: "Writes to these resources bypass it: oc tag writes imagestreamtags, oc \
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
                why: format!("No API server trusts it, so {}", self.effect()),
                fix: Remedy::run(Action::RotateCertificate),
                ..self.finding("no-ca", FIELD)
            });
        }
        let until = &self.webhook.ca_not_after;
        let Ok(end) = until.parse::<Timestamp>() else {
            return Some(Finding {
                outcome: Outcome::Unknown,
                message: "cannot determine when the webhook's CA expires".to_owned(),
                why: inconclusive("caBundle holds no certificate with a readable expiry date"),
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
                why: format!("No API server trusts it, so {}", self.effect()),
                fix: rotate,
                ..self.finding("ca-expired", FIELD)
            });
        }
        (left < NEAR_DAYS * DAY).then(|| Finding {
            message: format!(
                "the webhook's CA expires in {} days, on {until}",
                left / DAY
            ),
            why: format!("After that no API server trusts it, so {}", self.effect()),
            fix: rotate,
            ..self.finding("ca-expires", FIELD)
        })
    }

    /// The severity of an outage.
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
            "builds and tags are admitted unchanged: failurePolicy is Ignore"
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
