//! A build that pushes to the policy's registry has the policy's push secret.

use std::borrow::Cow;

use super::RuleId;
use super::guard::{SYSTEM_API_SERVER, exemption, govern};
use crate::edit::{Edit, Field, Value};
use crate::facts::{Fact, Facts, Fit, Known, StreamRead};
use crate::note::{Note, SecretFault};
use crate::object::{Body, BuildView, Change, ObjectReference, Operation, Subject};
use crate::policy::{Mode, Policy, PushTarget};
use crate::registry::RefRole;
use crate::verdict::{Decision, Reason, Site, StreamKey, Verdict};
use crate::work::Work;

const DEFAULT_ACCOUNT: &str = "builder";

pub(super) fn evaluate<'a>(
    subject: &'a Subject<'_>,
    facts: &'a Facts<'_>,
    work: &mut Work<'a>,
    verdict: &mut Verdict<'a>,
) {
    let (Body::Build(change) | Body::BuildConfig(change)) = &subject.body else {
        return;
    };
    let Some(to) = &change.new.spec.output.to else {
        return;
    };
    let site = |image, policy, decision, notes| Site {
        rule: RuleId::PushSecret,
        field: Field::PushSecret,
        image,
        policy,
        decision,
        notes,
    };
    let keep = |image, reason| site(image, None, Decision::Keep(reason), Vec::new());

    let written = Cow::Borrowed(to.name.as_str());
    if let Some(reason) = untouchable(subject, change, facts) {
        let notes = dropped(reason, change, facts, work);
        verdict.sites.push(Site {
            notes: notes.into_iter().collect(),
            ..keep(written, reason)
        });
        return;
    }
    let image = match destination(to, subject, facts) {
        Destination::Image(image) => image,
        Destination::Keep(reason) => {
            verdict.sites.push(keep(written, reason));
            return;
        }
        Destination::Needs(key) => {
            verdict.needs_stream = Some(key);
            return;
        }
        Destination::Unread(stream) => {
            let notes = vec![Note::StreamUnread { stream }];
            verdict.sites.push(site(
                written,
                None,
                Decision::Keep(Reason::StreamUnread),
                notes,
            ));
            return;
        }
        Destination::None => return,
    };
    verdict
        .sites
        .push(match govern(&image, RefRole::Push, facts, work) {
            Err((reason, note)) => site(
                written,
                None,
                Decision::Keep(reason),
                note.into_iter().collect(),
            ),
            Ok((policy, _)) => {
                let name = Some(policy.name());
                let (decision, notes) = decide(subject, change, policy, &image, facts);
                site(image, name, decision, notes)
            }
        });
}

/// Why the output is skipped regardless of its value.
fn untouchable(
    subject: &Subject<'_>,
    change: &Change<BuildView<'_>>,
    facts: &Facts<'_>,
) -> Option<Reason> {
    if let Some(reason) = exemption(subject, facts) {
        return Some(reason);
    }
    if change.new.spec.output.push_secret.is_some() {
        return Some(Reason::AlreadySet);
    }
    if subject.operation == Operation::Update {
        if subject.user.as_str() == SYSTEM_API_SERVER {
            return Some(Reason::SystemUpdate);
        }
        // A user who removed the secret wants it removed; only a new output is decided again.
        let same = change
            .old
            .as_ref()
            .is_none_or(|old| old.spec.output.to == change.new.spec.output.to);
        // A Build's output is immutable: its spec must not change after creation.
        if same || matches!(subject.body, Body::Build(_)) {
            return Some(Reason::Unchanged);
        }
    }
    None
}

/// The message for an update that removes the secret of an unchanged output. An output to an ImageStream does not
/// justify a read here.
fn dropped<'a>(
    reason: Reason,
    change: &Change<BuildView<'_>>,
    facts: &'a Facts<'_>,
    work: &mut Work<'a>,
) -> Option<Note<'a>> {
    let had_secret = |old: &BuildView<'_>| old.spec.output.push_secret.is_some();
    let is_dropped = reason == Reason::Unchanged && change.old.as_ref().is_some_and(had_secret);
    let to = change.new.spec.output.to.as_ref()?;
    if !is_dropped || &*to.kind != "DockerImage" || !to.namespace.is_empty() {
        return None;
    }
    let (policy, _) = govern(&to.name, RefRole::Push, facts, work).ok()?;
    let (_, target) = policy.push()?;
    (target != PushTarget::Build && policy.mode() == Mode::Enforce).then(|| Note::Dropped {
        field: Field::PushSecret,
        policy: policy.name(),
    })
}

enum Destination<'a> {
    /// It pushes to this image.
    Image(Cow<'a, str>),
    /// It is skipped.
    Keep(Reason),
    /// It depends on this ImageStream.
    Needs(StreamKey),
    /// It depends on an ImageStream that could not be read.
    Unread(String),
    /// No known destination.
    None,
}

/// Where the build pushes to. An ImageStreamTag stands for `status.dockerImageRepository` of its
/// stream: the integrated registry if one exists, otherwise the external repository
/// (openshift-controller-manager `build_controller.go`, `resolveImageStreamLocation`;
/// openshift-apiserver `imagestream/strategy.go`, `dockerImageRepository`).
fn destination<'a>(
    to: &'a ObjectReference<'_>,
    subject: &Subject<'_>,
    facts: &Facts<'_>,
) -> Destination<'a> {
    match &*to.kind {
        // The API server rejects a namespace here, with a better message.
        "DockerImage" if !to.namespace.is_empty() => Destination::Keep(Reason::Invalid),
        "DockerImage" => Destination::Image(Cow::Borrowed(to.name.as_str())),
        "ImageStreamTag" => {
            let Some((stream, tag)) = to.name.split_once(':') else {
                return Destination::Keep(Reason::Invalid);
            };
            if facts.cluster.integrated == Known::Known(true) {
                return Destination::Keep(Reason::Internal);
            }
            // Whether the requester can read it is unknown.
            if !to.namespace.is_empty() && *to.namespace != *subject.namespace {
                return Destination::Keep(Reason::OtherNamespace);
            }
            match &facts.stream {
                StreamRead::NotRead => Destination::Needs(StreamKey {
                    namespace: subject.namespace.as_str().to_owned(),
                    name: stream.to_owned(),
                }),
                StreamRead::Failed => Destination::Unread(stream.to_owned()),
                StreamRead::Absent => Destination::Keep(Reason::OtherRegistry),
                StreamRead::Present(fact) if fact.repository.is_empty() => {
                    Destination::Keep(Reason::OtherRegistry)
                }
                StreamRead::Present(fact) => {
                    Destination::Image(Cow::Owned(format!("{}:{tag}", fact.repository)))
                }
            }
        }
        _ => Destination::None,
    }
}

fn decide<'a>(
    subject: &Subject<'_>,
    change: &Change<BuildView<'_>>,
    policy: &'a Policy,
    image: &str,
    facts: &Facts<'_>,
) -> (Decision<'a>, Vec<Note<'a>>) {
    let Some((secret, target)) = policy.push() else {
        return (Decision::Keep(Reason::PolicySilent), Vec::new());
    };
    let wanted = match subject.body {
        Body::Build(_) => target != PushTarget::BuildConfig,
        _ => target != PushTarget::Build,
    };
    if !wanted {
        return (Decision::Keep(Reason::PolicySilent), Vec::new());
    }
    let edit = Edit {
        field: Field::PushSecret,
        value: Value::Secret(secret),
        parent_missing: false,
    };
    let fault = match facts.namespace.secret(secret) {
        Fact::Known(None) => SecretFault::Missing,
        Fact::Assumed => return (Decision::Edit(policy.mode(), edit), Vec::new()),
        Fact::Known(Some(fact)) => match fact.push(image) {
            Fit::Fits => return (Decision::Edit(policy.mode(), edit), Vec::new()),
            Fit::Fault(fault) => fault,
            Fit::Unknown => return unknown(secret),
        },
        Fact::Unknown => return unknown(secret),
    };
    let account = match change.new.spec.service_account.as_str() {
        "" => DEFAULT_ACCOUNT,
        account => account,
    };
    // A build that would have pushed with a linked secret must continue to do so.
    let may_link = match facts.namespace.account(account) {
        Fact::Known(Some(fact)) => fact.other_link(account, secret).is_some(),
        Fact::Known(None) | Fact::Assumed => false,
        Fact::Unknown => true,
    };
    if may_link {
        let note = Note::LeftToAccount {
            secret,
            fault,
            account: account.to_owned(),
        };
        return (Decision::Keep(Reason::LinkedSecret), vec![note]);
    }
    let note = Note::PushSecret {
        secret,
        fault,
        namespace: subject.namespace.as_str().to_owned(),
        registry: policy.registry().as_str().to_owned(),
    };
    (Decision::Edit(policy.mode(), edit), vec![note])
}

/// A build with a missing secret never starts, and without one it can push: a secret that cannot be confirmed is
/// not injected.
fn unknown(secret: &str) -> (Decision<'_>, Vec<Note<'_>>) {
    (
        Decision::Keep(Reason::SecretUnknown),
        vec![Note::SecretUnknown { secret }],
    )
}
