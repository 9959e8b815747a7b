//! What the webhook would do to one object, as data: the JSON report holds these and a summary.

use extreg_core::{
    edit::PatchPlan,
    object::{Resource, Subject, UnreadableObject},
    policy::Mode,
    verdict::{Decision, Outcome, Reason, Site, Verdict},
};
use extreg_documents::{Document, FoundObject, Origin};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    engine::{Surroundings, decide, warnings},
    error::Error,
};

/// What the webhook would do to one object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assessment {
    /// The file.
    source: String,
    /// The document in the file, from 1.
    document: usize,
    /// The line on which the document begins, from 1.
    line: usize,
    /// The object's place in the document: a JSON pointer.
    pub(super) path: String,
    api_version: String,
    kind: &'static str,
    #[serde(skip)]
    group: &'static str,
    /// The namespace whose policies were used; empty if unknown.
    namespace: String,
    name: String,
    /// The result for the whole object.
    #[serde(serialize_with = "outcome_name")]
    pub(super) decision: Outcome,
    /// Every place that a rule checked.
    pub(super) places: Vec<Place>,
    /// The warnings that the user would get, in the webhook's words.
    pub(super) warnings: Vec<String>,
    /// Parameters of its Template that have no fixed value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unresolved_parameters: Vec<String>,
    /// The RFC 6902 patch that the webhook would return; empty if none.
    pub(super) patch: Box<RawValue>,
}

/// One place of an object that a rule checked.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    rule: String,
    /// The field, as it is displayed.
    pub(super) field: String,
    pub(super) image: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<String>,
    /// `Set`, `WouldSet` (the policy's mode is not Enforce) or `Keep`.
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<Mode>,
    /// The engine's name for the reason why it is unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The decision as text.
    pub(super) message: String,
    #[serde(skip)]
    pub(super) why_kept: Option<Reason>,
}

/// Evaluates an object as the webhook does when the object is created.
///
/// # Errors
/// Outer: not logged in. Inner: the object cannot be read as its kind.
pub(super) async fn assess(
    surroundings: &mut Surroundings,
    document: &Document,
    object: &FoundObject<'_>,
    resource: Resource,
) -> Result<Result<Assessment, UnreadableObject>, Error> {
    let json = document.decidable(object).to_string();
    let origin = document.origin_of(object);
    let is_queried = !surroundings.is_offline();
    decide(surroundings, resource, &json, |subject, verdict| {
        Assessment::new(&origin, object, subject, verdict, is_queried)
    })
    .await
}

impl Assessment {
    fn new(
        origin: &Origin,
        object: &FoundObject<'_>,
        subject: &Subject<'_>,
        verdict: &Verdict<'_>,
        is_queried: bool,
    ) -> Self {
        let resource = subject.resource();
        let patch = verdict.patch();
        let patch = patch.as_ref().map_or("[]", PatchPlan::as_json);
        Self {
            source: origin.source.to_string(),
            document: origin.document,
            line: origin.line,
            path: object.pointer.clone(),
            api_version: object.api_version.to_string(),
            kind: resource.kind(),
            group: resource.group(),
            namespace: subject.namespace.to_string(),
            name: object.name().into_owned(),
            decision: verdict.outcome(),
            places: verdict.sites.iter().map(Place::from_site).collect(),
            warnings: warnings(verdict, is_queried),
            unresolved_parameters: object.unresolved.clone(),
            patch: RawValue::from_string(patch.to_owned()).unwrap_or_default(),
        }
    }

    /// `buildconfig.build.openshift.io/app`.
    pub(super) fn reference(&self) -> String {
        format!("{}.{}/{}", self.kind.to_lowercase(), self.group, self.name)
    }

    /// `app.yaml:3 buildconfig.build.openshift.io/app in snow`.
    pub(super) fn place(&self) -> String {
        let place = format!("{}:{} {}", self.source, self.line, self.reference());
        if self.namespace.is_empty() {
            place
        } else {
            format!("{place} in {}", self.namespace)
        }
    }

    /// The names of the policies that change the object.
    pub(super) fn policies(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .places
            .iter()
            .filter(|place| place.decision == SET)
            .filter_map(|place| place.policy.as_deref())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether a place of the object is unchanged for this reason.
    pub(super) fn is_kept_for(&self, reason: Reason) -> bool {
        self.places
            .iter()
            .any(|place| place.why_kept == Some(reason))
    }

    /// Whether something would change.
    pub(super) fn is_changed(&self) -> bool {
        self.decision == Outcome::Changed
    }
}

const SET: &str = "Set";

impl Place {
    fn from_site(site: &Site<'_>) -> Self {
        let (decision, mode, reason) = match &site.decision {
            Decision::Keep(reason) => ("Keep", None, Some(*reason)),
            Decision::Edit(Mode::Enforce, _) => (SET, Some(Mode::Enforce), None),
            Decision::Edit(mode, _) => ("WouldSet", Some(*mode), None),
        };
        Self {
            rule: format!("{:?}", site.rule),
            field: site.field.to_string(),
            image: site.image.to_string(),
            policy: site.policy.map(str::to_owned),
            decision,
            mode,
            reason: reason.map(|reason| format!("{reason:?}")),
            message: site.words(),
            why_kept: reason,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's serialize_with passes references"
)]
fn outcome_name<S: serde::Serializer>(outcome: &Outcome, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(match outcome {
        Outcome::Untouched => "Unchanged",
        Outcome::Audited => "Audited",
        Outcome::Warned => "Warned",
        Outcome::Changed => "Changed",
    })
}
