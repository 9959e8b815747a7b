//! Whether one tag is to be imported on schedule, in every kind that contains tags.

use std::borrow::Cow;

use super::RuleId;
use super::guard::govern;
use crate::edit::{Edit, Field, Value};
use crate::facts::Facts;
use crate::image::ImageRef;
use crate::note::Note;
use crate::object::{ImportPolicy, ObjectReference};
use crate::policy::{Mode, Policy};
use crate::registry::RefRole;
use crate::verdict::{Decision, Reason, Site};
use crate::work::Work;

/// A place that names an image to import.
pub(super) struct Place<'a> {
    /// The field to set.
    pub(super) field: Field,
    /// The image.
    pub(super) image: &'a str,
    /// `importPolicy` as it is.
    pub(super) import_policy: Option<ImportPolicy>,
}

/// Whether a policy requires a schedule at a place.
pub(super) enum Governed<'a> {
    /// This policy does, for this image.
    By(&'a Policy, ImageRef<'a>),
    /// No policy does: the place is skipped.
    Kept(Site<'a>),
}

impl<'a> Place<'a> {
    /// The place of a reference; `None` unless it is of kind `DockerImage`: any other is rejected
    /// with a schedule (openshift-apiserver `validation.go`, `ValidateImageStreamTagReference`).
    pub(super) fn of(
        field: Field,
        from: &'a ObjectReference<'_>,
        import_policy: Option<ImportPolicy>,
    ) -> Option<Self> {
        (&*from.kind == "DockerImage").then(|| Self {
            field,
            image: from.name.as_str(),
            import_policy,
        })
    }

    /// Skips the place.
    pub(super) fn keep(&self, reason: Reason) -> Site<'a> {
        self.site(None, Decision::Keep(reason), Vec::new())
    }

    /// Skips the place and adds a note.
    pub(super) fn keep_with(&self, policy: &'a Policy, reason: Reason, note: Note<'a>) -> Site<'a> {
        self.site(Some(policy.name()), Decision::Keep(reason), vec![note])
    }

    /// Whether a policy requires a schedule here, unless the whole object is exempt.
    pub(super) fn govern(
        &self,
        facts: &'a Facts<'_>,
        exempt: Option<Reason>,
        work: &mut Work<'a>,
    ) -> Governed<'a> {
        if let Some(reason) = exempt {
            let limit = work.place(0).is_err().then_some(Reason::WorkLimit);
            return Governed::Kept(self.keep(limit.unwrap_or(reason)));
        }
        let (policy, image) = match govern(self.image, RefRole::Import, facts, work) {
            Ok(governed) => governed,
            Err((reason, note)) => {
                let notes = note.into_iter().collect();
                return Governed::Kept(self.site(None, Decision::Keep(reason), notes));
            }
        };
        let reason = if !policy.schedules() {
            Reason::PolicySilent
        } else if !image.id().is_empty() {
            Reason::Digest
        } else if self.import_policy.is_some_and(|policy| policy.scheduled) {
            Reason::AlreadySet
        } else {
            return Governed::By(policy, image);
        };
        Governed::Kept(self.site(Some(policy.name()), Decision::Keep(reason), Vec::new()))
    }

    /// Keeps the place as an update wrote it, with a note if the update removes what the policy sets.
    pub(super) fn unchanged(&self, policy: &'a Policy, was_scheduled: bool) -> Site<'a> {
        if was_scheduled && policy.mode() == Mode::Enforce {
            let note = Note::Dropped {
                field: self.field,
                policy: policy.name(),
            };
            return self.keep_with(policy, Reason::Unchanged, note);
        }
        self.keep(Reason::Unchanged)
    }

    /// Skips the place and all after it, because the work limit is reached.
    pub(super) fn unfinished(&self) -> Site<'a> {
        self.site(
            None,
            Decision::Keep(Reason::WorkLimit),
            vec![Note::WorkLimit],
        )
    }

    /// Schedules the place.
    pub(super) fn schedule(&self, policy: &'a Policy, notes: Vec<Note<'a>>) -> Site<'a> {
        let edit = Edit {
            field: self.field,
            value: Value::True,
            parent_missing: self.import_policy.is_none(),
        };
        self.site(
            Some(policy.name()),
            Decision::Edit(policy.mode(), edit),
            notes,
        )
    }

    fn site(
        &self,
        policy: Option<&'a str>,
        decision: Decision<'a>,
        notes: Vec<Note<'a>>,
    ) -> Site<'a> {
        Site {
            rule: RuleId::ScheduledImport,
            field: self.field,
            image: Cow::Borrowed(self.image),
            policy,
            decision,
            notes,
        }
    }
}
