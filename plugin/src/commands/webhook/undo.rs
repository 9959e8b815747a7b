//! Records the changes of an installation, and rolls them back if the test fails: the last one first, so
//! that the configuration is removed before what it refers to. Changed objects are restored.

use extreg_cluster::{Cluster, DryRun, Object, ObjectRef, Verb};

use crate::{context::Context, error::Error};

/// The changes, in order.
#[derive(Debug, Default)]
pub(super) struct Undo {
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    Created(ObjectRef),
    /// A change: the object before, which replaces the version that we wrote.
    Changed(Box<Object>),
}

impl Undo {
    /// Records the result of an apply.
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

    /// Rolls everything back and returns `cause`, as [`Error::Partial`] if something could not be rolled back.
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
                    (before.reference(), "restored", done)
                }
            };
            match done {
                Ok(()) => printer.note(format!("  {reference} {what}")),
                Err(error) => {
                    is_complete = false;
                    printer.error(&format!("{error}"));
                    printer.note(format!("  {reference} not rolled back"));
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
