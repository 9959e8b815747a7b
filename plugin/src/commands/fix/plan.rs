//! From what the engine decides of an object to what is changed in it and what is left alone.

use extreg_audit::check::CheckId;
use extreg_core::{
    edit::{Edit, Field, Value as Wanted},
    policy::Mode,
    verdict::{Decision, Reason, Site, Verdict},
};
use extreg_documents::edit::Set;
use serde_json::{Value, json};

use super::settings::Scope;

/// What becomes of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    pub(super) changes: Vec<Change>,
    pub(super) left: Vec<Left>,
    /// What the user should know, in the webhook's words.
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
    /// The object that holds the field is not there.
    pub(super) parent_missing: bool,
}

/// A place that stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) check: CheckId,
    pub(super) field: String,
    pub(super) image: String,
    /// Why, in words that follow "left alone: ".
    pub(super) why: String,
    /// The engine's name for the reason; empty where it is not the engine's.
    pub(super) reason: String,
    /// Whether it is news: that no policy speaks of an image is none.
    pub(super) is_told: bool,
}

impl Judged {
    /// What the verdict on an object comes to. `body` is the object.
    pub(super) fn of(
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
                    judged.changes.push(Change::of(site, edit, body));
                }
                Decision::Keep(reason) if !is_news(*reason) && !is_system(*reason) => {}
                Decision::Edit(..) | Decision::Keep(_) => judged.left.push(Left::of(site)),
            }
        }
        // What is said of a place that is not looked at is not said.
        if !judged.changes.is_empty() || !judged.left.is_empty() {
            judged.warnings = warnings;
        }
        judged
    }

    /// Leaves all of it alone.
    pub(super) fn leave(&mut self, why: &str) {
        self.leave_where(|_| Some(why.to_owned()));
    }

    /// Leaves those changes alone for which there is a reason to.
    pub(super) fn leave_where(&mut self, mut why: impl FnMut(&Change) -> Option<String>) {
        for change in std::mem::take(&mut self.changes) {
            match why(&change) {
                Some(why) => self.left.push(change.left(&why)),
                None => self.changes.push(change),
            }
        }
    }
}

impl Change {
    fn of(site: &Site<'_>, edit: &Edit<'_>, body: &Value) -> Self {
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

    /// Leaves it alone.
    pub(super) fn left(&self, why: &str) -> Left {
        Left {
            check: self.check,
            field: self.field.to_string(),
            image: self.image.clone(),
            why: why.to_owned(),
            reason: String::new(),
            is_told: true,
        }
    }

    /// The operations of RFC 6902 that make it, in the object.
    pub(super) fn operations(&self) -> Vec<Value> {
        let pointer = self.field.pointer();
        let mut operations = Vec::new();
        if self.parent_missing {
            operations.push(json!({"op": "add", "path": parent(&pointer), "value": {}}));
        }
        operations.push(json!({"op": "add", "path": pointer, "value": self.new}));
        operations
    }

    /// The operations that fail unless the object still is as it was seen: what holds the field is
    /// the same, with all that is in it, and a tag is the one that it was.
    pub(super) fn tests(&self, body: &Value) -> Vec<Value> {
        let pointer = self.field.pointer();
        let holder = parent(&pointer);
        let mut places = Vec::new();
        if let Field::StreamTagSchedule(index) = self.field {
            places.push(format!("/spec/tags/{index}/name"));
            places.push(format!("/spec/tags/{index}/from"));
        }
        // That something is not there cannot be tested, but all that is there can.
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

    /// What is to be set in the text of a document that holds the object at a JSON pointer.
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

impl Left {
    fn of(site: &Site<'_>) -> Self {
        let words = site.words();
        let why = words.strip_prefix("left alone: ").unwrap_or(&words);
        let (reason, is_told) = match &site.decision {
            Decision::Keep(reason) => (format!("{reason:?}"), is_news(*reason)),
            Decision::Edit(mode, _) => (format!("Mode{mode:?}"), true),
        };
        Self {
            check: check(site.field),
            field: site.field.to_string(),
            image: site.image.to_string(),
            why: why.to_owned(),
            reason,
            is_told,
        }
    }
}

/// The check that finds a field not set.
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

/// Whether somebody who wants all mended should hear of it.
const fn is_news(reason: Reason) -> bool {
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

/// The pointer of what holds what is at a pointer.
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
    fn trap_41_what_is_written_over_has_been_tested() {
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
    fn trap_19_a_secret_that_came_meanwhile_is_not_replaced() {
        let output = json!({"to": {"kind": "DockerImage", "name": "u/a"}});
        let body = json!({"spec": {"output": output}});
        assert_eq!(
            change(Field::PushSecret, false).tests(&body),
            [json!({"op": "test", "path": "/spec/output", "value": output})]
        );
    }
}
