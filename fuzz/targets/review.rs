//! Admission reviews, from the bytes to the patch: the patch applies, and the second run finds nothing.

use std::sync::Arc;

use extreg_core::engine::Engine;
use extreg_core::facts::{ClusterFacts, Facts, NamespaceFacts, StreamFact, StreamRead};
use extreg_core::object::{self, Resource, Subject};
use extreg_core::policy::{Mode, PolicySet};
use extreg_webhook::wire::Request;
use serde_json::Value;

/// Runs the target on one input.
pub(crate) fn run(body: &[u8]) {
    match Request::parse(body) {
        Ok(request) => review(&request),
        Err(error) => assert!(error.to_string().len() < 200),
    }
}

fn review(request: &Request<'_>) {
    let resource = Resource::of_request(&request.resource.group, &request.resource.resource);
    let (Some(resource), Some(operation), Some(new)) =
        (resource, request.operation, request.object)
    else {
        return;
    };
    let write = object::Request {
        resource,
        operation,
        namespace: &request.namespace,
        name: &request.name,
        user: &request.user_info.username,
        object: new.get(),
        old_object: request.old_object.map(|old| old.get()),
    };
    let stream = write
        .old_object
        .and_then(|old| StreamFact::parse(old.as_bytes()).ok())
        .unwrap_or_default();
    let streams = [
        StreamRead::NotRead,
        StreamRead::Failed,
        StreamRead::Absent,
        StreamRead::Present(Arc::new(stream)),
    ];
    for stream in streams {
        decide(&write, &stream);
    }
    if let Ok(subject) = Subject::of_object(resource, new.get()) {
        evaluate(&subject, &StreamRead::Failed, |_| {});
    }
}

fn decide(write: &object::Request<'_>, stream: &StreamRead) {
    let Ok(subject) = Subject::of_request(write) else {
        return;
    };
    let mut patched = None;
    evaluate(&subject, stream, |patch| {
        patched = apply(write.object, patch)
    });
    let Some(patched) = patched else {
        return;
    };
    let object = patched.to_string();
    let again = object::Request {
        object: &object,
        ..*write
    };
    let subject = Subject::of_request(&again).expect("a patched object is as readable as it was");
    evaluate(&subject, stream, |patch| {
        panic!("a second patch: {patch}\n{object}")
    });
}

/// Evaluates, checks the invariants, and returns the patch, if any.
fn evaluate(subject: &Subject<'_>, stream: &StreamRead, mut patch: impl FnMut(&str)) {
    let facts = Facts {
        policies: &PolicySet::builtin(Mode::Enforce),
        cluster: &ClusterFacts::default(),
        namespace: &NamespaceFacts::assumed(),
        stream: stream.clone(),
    };
    let verdict = Engine.evaluate(subject, &facts);
    assert!(verdict.needs_stream.is_none() || matches!(stream, StreamRead::NotRead));
    assert!(
        verdict
            .warnings()
            .iter()
            .all(|warning| warning.len() <= 120)
    );
    let _ = verdict.audit_annotations();
    if let Some(plan) = verdict.patch() {
        patch(plan.as_json());
    }
}

/// The patched object; `None` if only a decoder with other limits (of depth, of numbers) can hold the object.
fn apply(object: &str, patch: &str) -> Option<Value> {
    let mut object: Value = serde_json::from_str(object).ok()?;
    let patch: json_patch::Patch = serde_json::from_str(patch).expect("a patch is RFC 6902");
    json_patch::patch(&mut object, &patch).expect("a patch applies");
    Some(object)
}
