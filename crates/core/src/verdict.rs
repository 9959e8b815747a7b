//! The engine's decision on one object: for each place the result, the reason and the messages.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::edit::{Edit, Field, PatchPlan};
use crate::note::Note;
use crate::policy::Mode;
use crate::rule::id::RuleId;
use crate::vocabulary;

/// An ImageStream that a decision depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamKey {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

vocabulary! {
    /// Why a place is unchanged.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Reason {
        /// The field is set already.
        AlreadySet => "already_set", "already set";
        /// The import controller imports with the policy that the tag has.
        ControllerImport => "controller_import", "the import controller uses the tag's own policy";
        /// The image is named by its digest: it never changes.
        Digest => "digest", "a digest never changes";
        /// The existing tag follows another tag, or is only a reference.
        ExistingAlias => "existing_alias", "the existing tag follows another tag or is a reference";
        /// The tag exists and keeps its source.
        ExistingTag => "existing_tag", "the existing tag keeps its source";
        /// The integrated registry.
        Internal => "internal", "it refers to the integrated registry";
        /// OpenShift cannot use the reference.
        Invalid => "invalid", "OpenShift cannot use the reference";
        /// OpenShift's own lookup can find a secret where the policy's would not work.
        LinkedSecret => "linked_secret", "OpenShift can find another secret of the build's account";
        /// The decision depends on the namespace labels, which are unknown.
        NamespaceUnknown => "namespace_unknown", "the namespace labels are unknown";
        /// The selectors of the configuration exclude the namespace or the object.
        NotCalled => "not_called", "the webhook configuration does not select it";
        /// The import queries images and writes nothing.
        NotImporting => "not_importing", "the import writes nothing";
        /// The import writes no tag.
        NothingTagged => "nothing_tagged", "the import writes no tag";
        /// It is opted out.
        OptedOut => "opted_out", "opted out";
        /// The output's ImageStream is in another namespace, and is not read for the requester.
        OtherNamespace => "other_namespace", "its ImageStream is in another namespace";
        /// No policy matches the image here.
        OtherRegistry => "other_registry", "no policy matches the image here";
        /// The reference holds a Template parameter.
        Parameter => "parameter", "the reference contains an unresolved parameter";
        /// The policy does not configure it.
        PolicySilent => "policy_silent", "the policy does not configure it";
        /// The policy is off.
        PolicyOff => "policy_off", "the policy is off";
        /// `reference: true`: never imported.
        Reference => "reference", "a reference tag is never imported";
        /// Whether the policy's push secret works is unknown.
        SecretUnknown => "secret_unknown", "whether the policy's secret works is unknown";
        /// The policy's pull secret is not known to work.
        SecretUnusable => "secret_unusable", "the policy's secret is not known to work";
        /// A short name, which can resolve to one of several registries.
        ShortName => "short_name", "a short name can resolve to one of several registries";
        /// The ImageStream that the decision depends on could not be read.
        StreamUnread => "stream_unread", "the ImageStream could not be read";
        /// A system namespace, or the webhook's own.
        SystemNamespace => "system_namespace", "system namespaces are skipped";
        /// The API server's own update of a BuildConfig.
        SystemUpdate => "system_update", "the API server itself updates the BuildConfig";
        /// An update that does not change the fields that the rule reads.
        Unchanged => "unchanged", "the update does not change it";
        /// The object cannot be parsed as its kind, so that no rule was applied.
        Unreadable => "unreadable", "the object cannot be parsed as its kind";
        /// The object exceeds the work limit; the places after this one were not decided either.
        WorkLimit => "work_limit", "the object is too large to process completely";
    }
    /// The reason in one word, as metrics have it.
    pub fn name;
    /// The reason as a fragment that follows "unchanged: ".
    pub fn words;
}

/// What happens at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// It is unchanged.
    Keep(Reason),
    /// The policy, in this mode, requires this edit. Only `Enforce` makes it.
    Edit(Mode, Edit<'a>),
}

/// One place of an object that a rule decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site<'a> {
    /// The rule.
    pub rule: RuleId,
    /// The field that the rule would set.
    pub field: Field,
    /// The image there.
    pub image: Cow<'a, str>,
    /// The policy in force, if one was found.
    pub policy: Option<&'a str>,
    /// The decision.
    pub decision: Decision<'a>,
    /// Messages for the user about the place.
    pub notes: Vec<Note<'a>>,
}

/// The decision on one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Each place that a rule decided, in the order of rules and fields.
    pub sites: Vec<Site<'a>>,
    /// The ImageStream that has to be read before the decision is final.
    pub needs_stream: Option<StreamKey>,
    /// The work that the decision took, see [`crate::work`].
    pub steps: u32,
}

/// The result for an object as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Nothing to do.
    Untouched,
    /// A policy in mode `Audit` would have changed it.
    Audited,
    /// A policy in mode `Warn` would have changed it.
    Warned,
    /// It was changed.
    Changed,
}

impl<'a> Verdict<'a> {
    /// The edits to make.
    pub fn edits(&self) -> impl Iterator<Item = &Edit<'a>> {
        self.edits_of(Mode::Enforce)
    }

    /// The edits that policies of one mode require.
    pub fn edits_of(&self, mode: Mode) -> impl Iterator<Item = &Edit<'a>> {
        self.sites
            .iter()
            .filter_map(move |site| match &site.decision {
                Decision::Edit(of, edit) if *of == mode => Some(edit),
                _ => None,
            })
    }

    /// The patch to apply; `None` if nothing changes.
    pub fn patch(&self) -> Option<PatchPlan> {
        PatchPlan::render(self.edits())
    }

    /// The result for the object as a whole.
    pub fn outcome(&self) -> Outcome {
        self.sites
            .iter()
            .filter_map(|site| match &site.decision {
                Decision::Edit(Mode::Enforce, _) => Some(Outcome::Changed),
                Decision::Edit(Mode::Warn, _) => Some(Outcome::Warned),
                Decision::Edit(Mode::Audit, _) => Some(Outcome::Audited),
                Decision::Edit(Mode::Off, _) | Decision::Keep(_) => None,
            })
            .max()
            .unwrap_or(Outcome::Untouched)
    }

    /// Warnings for the user, each of at most 120 bytes; without duplicates, at most [`MAX_WARNINGS`].
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings: Vec<String> = Vec::new();
        let mut last = None;
        for site in &self.sites {
            // A thousand places with one note are one warning, which is formatted once.
            let notes = Some(&site.notes).filter(|notes| !notes.is_empty());
            if last.is_some() && last == notes && !site.is_edit() {
                continue;
            }
            last = notes;
            for warning in site.warnings() {
                if warnings.len() == MAX_WARNINGS {
                    return warnings;
                }
                if !warnings.contains(&warning) {
                    warnings.push(warning);
                }
            }
        }
        warnings
    }

    /// Annotations of the audit event, by key: the policy, field and secret of what was changed or
    /// would have been, and what was decided.
    pub fn audit_annotations(&self) -> Vec<(&'static str, String)> {
        let mut decisions = BTreeSet::new();
        let mut fields = Vec::new();
        let mut fields_left = 0_usize;
        let mut policies = BTreeSet::new();
        let mut secrets = BTreeSet::new();
        for site in &self.sites {
            match &site.decision {
                Decision::Edit(mode, edit) => {
                    decisions.insert(match mode {
                        Mode::Enforce => "injected",
                        Mode::Warn => "would inject, mode Warn",
                        Mode::Audit | Mode::Off => "would inject, mode Audit",
                    });
                    if fields.len() < MAX_FIELDS {
                        fields.push(edit.field.pointer());
                    } else {
                        fields_left += 1;
                    }
                    policies.extend(site.policy);
                    if let crate::edit::Value::Secret(name) = edit.value {
                        secrets.insert(name);
                    }
                }
                Decision::Keep(reason) if !site.notes.is_empty() => {
                    decisions.insert(reason.words());
                    policies.extend(site.policy);
                }
                Decision::Keep(_) => {}
            }
        }
        if fields_left > 0 {
            fields.push(format!("and {fields_left} more"));
        }
        let join = |parts: BTreeSet<&str>| parts.into_iter().collect::<Vec<_>>().join(", ");
        [
            ("decision", join(decisions)),
            ("field", fields.join(", ")),
            ("policy", join(policies)),
            ("secret", join(secrets)),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
    }
}

/// The API server drops more than 4 KiB in total.
pub const MAX_WARNINGS: usize = 20;
const MAX_FIELDS: usize = 20;

impl Site<'_> {
    /// Whether its rule reached the work limit here.
    pub fn is_work_limit(&self) -> bool {
        self.decision == Decision::Keep(Reason::WorkLimit)
    }

    /// The decision as text, the same in all output: `unchanged: …`, `set to …` or
    /// `mode Warn: would be set to …`.
    pub fn words(&self) -> String {
        match &self.decision {
            Decision::Keep(reason) => format!("unchanged: {}", reason.words()),
            Decision::Edit(Mode::Enforce, edit) => format!("set to {}", edit.value),
            Decision::Edit(mode, edit) => {
                format!("mode {mode:?}: would be set to {}", edit.value)
            }
        }
    }

    fn is_edit(&self) -> bool {
        matches!(self.decision, Decision::Edit(..))
    }

    /// The warnings of this place.
    pub fn warnings(&self) -> Vec<String> {
        let would = match &self.decision {
            Decision::Edit(Mode::Warn, edit) => Some(Note::Would {
                edit: edit.clone(),
                policy: self.policy.unwrap_or_default(),
            }),
            // Mode Audit reports nothing here.
            Decision::Edit(Mode::Audit | Mode::Off, _) => return Vec::new(),
            _ => None,
        };
        would
            .iter()
            .chain(&self.notes)
            .flat_map(Note::warnings)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::Value;

    #[test]
    fn the_documentation_lists_every_reason() {
        let page = include_str!("../../../docs/api.md");
        for name in Reason::ALL.map(Reason::name) {
            assert!(page.contains(&format!("\n| `{name}` | ")), "{name}");
        }
    }

    #[test]
    fn a_decision_has_one_wording() {
        let edit = |field, value| Edit {
            field,
            value,
            parent_missing: false,
        };
        let secret = || edit(Field::PushSecret, Value::Secret("hub"));
        for (decision, want) in [
            (Decision::Keep(Reason::OptedOut), "unchanged: opted out"),
            (
                Decision::Edit(Mode::Enforce, secret()),
                "set to {name: hub}",
            ),
            (
                Decision::Edit(Mode::Warn, secret()),
                "mode Warn: would be set to {name: hub}",
            ),
            (
                Decision::Edit(Mode::Audit, edit(Field::TagSchedule, Value::True)),
                "mode Audit: would be set to true",
            ),
        ] {
            let site = Site {
                rule: RuleId::PushSecret,
                field: Field::PushSecret,
                image: Cow::Borrowed("docker.io/u/a"),
                policy: None,
                decision,
                notes: Vec::new(),
            };
            assert_eq!(site.words(), want);
        }
    }
}
