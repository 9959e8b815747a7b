//! What an installation has done, and taking it back when the proof fails: the last thing first, so
//! that the configuration goes before what it leads to. What was there before is put back as it was.

use extreg_cluster::{Cluster, DryRun, Object, ObjectRef, Verb};

use crate::{context::Context, error::Error};

/// What has been done, in its order.
#[derive(Debug, Default)]
pub(super) struct Undo {
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Created(ObjectRef),
    /// Something was changed; this is what it was, to be written over the version that we left.
    Changed(Box<Object>),
}

impl Undo {
    /// Notes what an apply came to.
    pub(super) fn note(&mut self, verb: Verb, before: Option<&Object>, after: &Object) {
        match (verb, before) {
            (Verb::Created, _) => self.steps.push(Step::Created(after.reference())),
            (Verb::Configured, Some(before)) => {
                let mut body = before.body.clone();
                if let Some(metadata) = body
                    .pointer_mut("/metadata")
                    .and_then(|m| m.as_object_mut())
                {
                    metadata.remove("managedFields");
                    let version = after.body.pointer("/metadata/resourceVersion");
                    metadata.insert("resourceVersion".to_owned(), version.cloned().into());
                }
                let kind = before.kind;
                self.steps
                    .push(Step::Changed(Box::new(Object { kind, body })));
            }
            _ => {}
        }
    }

    /// Takes everything back and returns `cause`, as [`Error::Partial`] if not all of it could be.
    pub(super) async fn roll_back(
        self,
        cluster: &Cluster,
        context: &Context,
        cause: Error,
    ) -> Error {
        if self.steps.is_empty() {
            return cause;
        }
        let printer = &context.printer;
        printer.note("rolling back:");
        let mut is_complete = true;
        for step in self.steps.into_iter().rev() {
            let (reference, what, done) = match step {
                Step::Created(reference) => {
                    let done = cluster.delete(&reference, DryRun::None).await.map(drop);
                    (reference, "removed", done)
                }
                Step::Changed(before) => {
                    let done = cluster.replace(&before, DryRun::None).await.map(drop);
                    (before.reference(), "as before", done)
                }
            };
            match done {
                Ok(()) => printer.note(format!("  {reference} {what}")),
                Err(error) => {
                    is_complete = false;
                    printer.error(&format!("{error}"));
                    printer.note(format!("  {reference} left as it is"));
                }
            }
        }
        if is_complete {
            cause
        } else {
            Error::Partial {
                source: Box::new(cause),
            }
        }
    }
}
