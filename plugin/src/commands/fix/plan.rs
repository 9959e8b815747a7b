//! Turns a decision of the engine into changes to an object and skipped places.

use extreg_audit::check::CheckId;
use extreg_core::{
    edit::{Edit, Field, Value as Wanted},
    policy::Mode,
    verdict::{Decision, Reason, Site, Verdict},
};
use extreg_documents::edit::Set;
use serde::Serialize;
use serde_json::{Value, json};

use super::settings::Scope;

/// The plan for one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    pub(super) changes: Vec<Change>,
    pub(super) skipped: Vec<Skipped>,
    /// Warnings for the user, in the webhook's words.
    pub(super) warnings: Vec<String>,
}

/// A field that gets a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) check: CheckId,
    pub(super) field: Field,
    pub(super) image: String,
    pub(super) policy: String,
    pub(super) old: Value,
    pub(super) new: Value,
    /// The object that holds the field does not exist.
    pub(super) parent_missing: bool,
}

/// A place that is skipped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Skipped {
    pub(super) check: CheckId,
    pub(super) field: String,
    pub(super) image: String,
    /// The reason, which follows "unchanged: ".
    pub(super) why: String,
    /// The engine's name for the reason; empty if the reason is not the engine's.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) reason: String,
    /// Whether it is shown: an image without a policy is not.
    #[serde(skip)]
    pub(super) is_shown: bool,
}

impl Judged {
    /// The plan for a verdict on an object. `body` is the object.
    pub(super) fn new(
        verdict: &Verdict<'_>,
        body: &Value,
        scope: Scope,
        warnings: Vec<String>,
    ) -> Self {
        let mut judged = Self::default();
        for site in &verdict.sites {
            let check = check(site.field);
            let is_wanted = match check {
                CheckId::Exr005 => scope.schedules,
                _ => scope.secrets,
            };
            if !is_wanted {
                continue;
            }
            match &site.decision {
                Decision::Edit(Mode::Enforce, edit) => {
                    judged.changes.push(Change::new(site, edit, body));
                }
                Decision::Keep(reason) if !is_relevant(*reason) && !is_system(*reason) => {}
                Decision::Edit(..) | Decision::Keep(_) => {
                    judged.skipped.push(Skipped::from_site(site));
                }
            }
        }
        // Warnings about places that are not changed are not shown.
        if !judged.changes.is_empty() || !judged.skipped.is_empty() {
            judged.warnings = warnings;
        }
        judged
    }

    /// Skips the whole object.
    pub(super) fn skip(&mut self, why: &str) {
        self.skip_where(|_| Some(why.to_owned()));
    }

    /// Skips the changes for which there is a reason.
    pub(super) fn skip_where(&mut self, mut why: impl FnMut(&Change) -> Option<String>) {
        for change in std::mem::take(&mut self.changes) {
            match why(&change) {
                Some(why) => self.skipped.push(change.skipped(&why)),
                None => self.changes.push(change),
            }
        }
    }
}

impl Change {
    fn new(site: &Site<'_>, edit: &Edit<'_>, body: &Value) -> Self {
        Self {
            check: check(site.field),
            field: site.field,
            image: site.image.to_string(),
            policy: site.policy.unwrap_or_default().to_owned(),
            old: body
                .pointer(&site.field.pointer())
                .cloned()
                .unwrap_or_default(),
            new: match edit.value {
                Wanted::Secret(name) => json!({ "name": name }),
                Wanted::True => Value::Bool(true),
            },
            parent_missing: edit.parent_missing,
        }
    }

    /// Skips the change.
    pub(super) fn skipped(&self, why: &str) -> Skipped {
        Skipped {
            check: self.check,
            field: self.field.to_string(),
            image: self.image.clone(),
            why: why.to_owned(),
            reason: String::new(),
            is_shown: true,
        }
    }

    /// The RFC 6902 operations that apply the change to the object.
    pub(super) fn operations(&self) -> Vec<Value> {
        let pointer = self.field.pointer();
        let mut operations = Vec::new();
        if self.parent_missing {
            operations.push(json!({"op": "add", "path": parent(&pointer), "value": {}}));
        }
        operations.push(json!({"op": "add", "path": pointer, "value": self.new}));
        operations
    }

    /// The operations that fail unless the object is unchanged since it was read: the parent of the field
    /// is equal, with its content, and a tag has the same name and source.
    pub(super) fn tests(&self, body: &Value) -> Vec<Value> {
        let pointer = self.field.pointer();
        let holder = parent(&pointer);
        let mut places = Vec::new();
        if let Field::StreamTagSchedule(index) = self.field {
            places.push(format!("/spec/tags/{index}/name"));
            places.push(format!("/spec/tags/{index}/from"));
        }
        // A test cannot check that something is missing, but it can check everything that exists.
        let tested = if self.parent_missing {
            parent(holder)
        } else {
            holder
        };
        places.push(tested.to_owned());
        places
            .into_iter()
            .filter_map(|path| {
                let value = body.pointer(&path)?;
                Some(json!({"op": "test", "path": path, "value": value}))
            })
            .collect()
    }

    /// What to set in the text of a document that holds the object at a JSON pointer.
    pub(super) fn set(&self, object: &str) -> Set {
        let pointer = self.field.pointer();
        let holder = parent(&pointer);
        if self.parent_missing {
            return Set {
                map: format!("{object}{}", parent(holder)),
                key: "importPolicy",
                value: json!({ "scheduled": self.new }),
                beside: "from",
            };
        }
        let (key, beside) = match self.field {
            Field::PushSecret => ("pushSecret", "to"),
            Field::StrategyPullSecret(_) | Field::SourcePullSecret(_) => ("pullSecret", "from"),
            Field::StreamTagSchedule(_)
            | Field::TagSchedule
            | Field::ImageTagSchedule
            | Field::ImportSchedule(_)
            | Field::RepositorySchedule => ("scheduled", ""),
        };
        Set {
            map: format!("{object}{holder}"),
            key,
            value: self.new.clone(),
            beside,
        }
    }
}

impl Skipped {
    fn from_site(site: &Site<'_>) -> Self {
        let (why, reason, is_shown) = match &site.decision {
            Decision::Keep(reason) => (
                reason.words().to_owned(),
                format!("{reason:?}"),
                is_relevant(*reason),
            ),
            Decision::Edit(mode, _) => (site.words(), format!("Mode{mode:?}"), true),
        };
        Self {
            check: check(site.field),
            field: site.field.to_string(),
            image: site.image.to_string(),
            why,
            reason,
            is_shown,
        }
    }
}

/// The check that reports a missing field.
const fn check(field: Field) -> CheckId {
    match field {
        Field::PushSecret | Field::StrategyPullSecret(_) | Field::SourcePullSecret(_) => {
            CheckId::Exr007
        }
        Field::StreamTagSchedule(_)
        | Field::TagSchedule
        | Field::ImageTagSchedule
        | Field::ImportSchedule(_)
        | Field::RepositorySchedule => CheckId::Exr005,
    }
}

/// Whether the reason is shown to a user who wants everything fixed.
const fn is_relevant(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::AlreadySet
            | Reason::Internal
            | Reason::OtherRegistry
            | Reason::PolicySilent
            | Reason::PolicyOff
            | Reason::NotCalled
            | Reason::NotImporting
            | Reason::NothingTagged
            | Reason::SystemNamespace
    )
}

const fn is_system(reason: Reason) -> bool {
    matches!(reason, Reason::SystemNamespace | Reason::NotCalled)
}

/// The pointer of the parent.
pub(super) fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(field: Field, parent_missing: bool) -> Change {
        Change {
            check: check(field),
            field,
            image: String::new(),
            policy: String::new(),
            old: Value::Null,
            new: Value::Bool(true),
            parent_missing,
        }
    }

    #[test]
    fn trap_41_overwritten_values_are_tested() {
        let body = json!({"spec": {"tags": [{"name": "v1", "from": {"name": "a"}, "importPolicy": {"insecure": true}}]}});
        let test = |path: &str, value: Value| json!({"op": "test", "path": path, "value": value});
        assert_eq!(
            change(Field::StreamTagSchedule(0), false).tests(&body),
            [
                test("/spec/tags/0/name", json!("v1")),
                test("/spec/tags/0/from", json!({"name": "a"})),
                test("/spec/tags/0/importPolicy", json!({"insecure": true})),
            ]
        );
        let [.., all] = &change(Field::StreamTagSchedule(0), true).tests(&body)[..] else {
            panic!("no test");
        };
        assert_eq!(*all, test("/spec/tags/0", body["spec"]["tags"][0].clone()));
        assert_eq!(
            change(Field::StreamTagSchedule(0), true).operations()[0],
            json!({"op": "add", "path": "/spec/tags/0/importPolicy", "value": {}})
        );
    }

    #[test]
    fn trap_19_a_secret_added_meanwhile_is_not_replaced() {
        let output = json!({"to": {"kind": "DockerImage", "name": "u/a"}});
        let body = json!({"spec": {"output": output}});
        assert_eq!(
            change(Field::PushSecret, false).tests(&body),
            [json!({"op": "test", "path": "/spec/output", "value": output})]
        );
    }
}
