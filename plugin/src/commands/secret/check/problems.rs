//! The audit's findings about credentials (EXR009) that are related to the query.

use extreg_audit::{
    check::CheckId,
    finding::Finding,
    judge::{self, Options},
};
use extreg_core::registry::RegistryHost;
use extreg_remedy::{Action, Caller, Invocation, Outcome, Remedy};
use extreg_snapshot::{SecretKeys, Snapshot, kind::Kind, place::ObjectId};

use super::{
    answer::{Answer, Problem, SecretAnswer, State},
    assess::Query,
    keys::other_hub,
};

/// The audit's findings.
pub(super) fn findings(snapshot: &Snapshot, caller: Caller) -> Vec<Finding> {
    let options = Options {
        checks: [CheckId::Exr009].into(),
        caller,
        // This check does not depend on the time.
        now: 0,
    };
    judge::findings(snapshot, &options)
}

/// The problems, in the order of a report.
pub(super) fn of(
    findings: &[Finding],
    snapshot: &Snapshot,
    query: &Query<'_>,
    answer: &Answer,
    invocation: &Invocation,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for secret in &answer.secrets {
        let key = (
            secret.namespace.as_str().into(),
            secret.name.as_str().into(),
        );
        if let Some(record) = snapshot.secrets.get(&key)
            && let SecretKeys::Known(keys) = &record.keys
        {
            problems.extend(other_hub(keys, &record.object.to_string()));
        }
    }
    problems.extend(
        answer
            .secrets
            .iter()
            .filter_map(|secret| no_use(secret, invocation)),
    );
    let found = findings
        .iter()
        .filter(|finding| is_about(finding, query, answer));
    found.map(problem).chain(problems).collect()
}

/// Whether a finding is related to the query: a secret or an image of the result.
fn is_about(finding: &Finding, query: &Query<'_>, answer: &Answer) -> bool {
    let object = &finding.place.object;
    if query.images.is_empty() && query.names.is_empty() {
        return true;
    }
    let is_secret = answer.secrets.iter().any(|secret| {
        let is_name = *secret.name == *object.name && object.kind == Kind::Secret
            || *secret.name == *finding.place.part;
        is_name && *secret.namespace == *object.namespace
    });
    let is_image = finding.image.as_ref().is_some_and(|image| {
        let registry = RegistryHost::of(&image.registry).to_string();
        answer.images.iter().any(|of| {
            of.registry == registry
                && *of.repository == *image.repository
                && *of.namespace == *object.namespace
        })
    });
    let is_user = || {
        let reference = object.reference();
        let mut uses = answer.images.iter().flat_map(|image| &image.uses);
        uses.any(|one| one.by == reference)
    };
    is_secret || query.names.is_empty() && (is_image || is_user())
}

/// A named secret that no consumer can read.
fn no_use(secret: &SecretAnswer, invocation: &Invocation) -> Option<Problem> {
    let SecretAnswer {
        namespace,
        name,
        kind,
        ..
    } = secret;
    let (rule, message) = match secret.state {
        State::Missing => (
            "missing-secret",
            format!("secret/{name} does not exist in {namespace}"),
        ),
        State::WrongType => (
            "wrong-type",
            format!(
                "secret/{name} in {namespace} is of type {kind}, which is not read as a registry credential"
            ),
        ),
        State::Elided | State::Readable | State::Unreadable => return None,
    };
    let remedy = if rule == "wrong-type" {
        Remedy::instruct(format!(
            "create a secret of the type kubernetes.io/dockerconfigjson under another name, and use it \
             instead of {name}"
        ))
    } else {
        Remedy::run(Action::SetCredential {
            secret: ObjectId {
                namespace: namespace.as_str().into(),
                kind: Kind::Secret,
                name: name.as_str().into(),
            },
            registry: "docker.io".into(),
        })
    };
    Some(Problem {
        severity: "high".to_owned(),
        outcome: "fail",
        rule,
        object: format!("secret/{name} in {namespace}"),
        message,
        why:
            "Builds, imports and pods read secrets of the types kubernetes.io/dockerconfigjson and \
              kubernetes.io/dockercfg only; a type cannot be changed"
                .to_owned(),
        fix: remedy.rendered(invocation),
    })
}

fn problem(finding: &Finding) -> Problem {
    Problem {
        severity: finding.severity.to_string(),
        outcome: match finding.outcome {
            Outcome::Fail => "fail",
            Outcome::Unknown => "unknown",
        },
        rule: finding.rule,
        object: finding.place.object.to_string(),
        message: finding.message.clone(),
        why: finding.why.clone(),
        fix: finding.rendered_fix(),
    }
}
