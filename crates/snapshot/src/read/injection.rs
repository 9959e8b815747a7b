//! Evaluates each object with the engine of the webhook, and records what the webhook would do.

use std::borrow::Cow;
use std::sync::Arc;

use extreg_core::decide::{Answers, Freshness, Inquiry};
use extreg_core::edit::Field;
use extreg_core::facts::NamespaceFacts;
use extreg_core::object::{Body, Resource, Subject};
use extreg_core::policy::Mode;
use extreg_core::verdict::{Decision, Reason, Site};

use super::facts::FactBook;
use super::intern::Names;
use crate::kind::Kind;
use crate::place::{ObjectId, Origin, Place};
use crate::snapshot::{Injection, InjectionOutcome};

/// An object that the webhook reviews.
pub(super) struct Reviewed {
    pub(super) id: ObjectId,
    pub(super) origin: Origin,
    /// The parts of the object that the rules read.
    pub(super) reduced: Box<str>,
}

/// Evaluates each object as if it were created now, and drops it.
pub(super) fn evaluate(
    objects: Vec<Reviewed>,
    book: &FactBook<'_>,
    names: &mut Names,
    injections: &mut Vec<Injection>,
) {
    let mut known: Option<(Arc<str>, NamespaceFacts)> = None;
    for Reviewed {
        id,
        origin,
        reduced,
    } in objects
    {
        let Some(resource) = resource(id.kind) else {
            continue;
        };
        let known = match &mut known {
            Some((namespace, facts)) if *namespace == id.namespace => facts,
            other => {
                let facts = book.namespace(&id.namespace);
                &mut other.insert((Arc::clone(&id.namespace), facts)).1
            }
        };
        // It was already parsed before it was reduced.
        let Ok(mut subject) = Subject::of_object(resource, &reduced) else {
            continue;
        };
        subject.namespace = (&*id.namespace).into();
        let inquiry = Inquiry::new(
            &book.snapshot.policies,
            &book.cluster,
            Cow::Borrowed(known),
            Freshness::Read,
        );
        inquiry.decide(
            &subject,
            |verdict| {
                let sites = verdict.sites.iter();
                injections
                    .extend(sites.map(|site| injection(site, &id, &origin, &subject, book, names)));
            },
            |questions| Answers {
                stream: questions.stream.map(|key| book.stream(&key)),
                ..Answers::default()
            },
        );
    }
}

/// The resource of a kind that the webhook reviews.
const fn resource(kind: Kind) -> Option<Resource> {
    match kind {
        Kind::Build => Some(Resource::Builds),
        Kind::BuildConfig => Some(Resource::BuildConfigs),
        Kind::ImageStream => Some(Resource::ImageStreams),
        _ => None,
    }
}

fn injection(
    site: &Site<'_>,
    id: &ObjectId,
    origin: &Origin,
    subject: &Subject<'_>,
    book: &FactBook<'_>,
    names: &mut Names,
) -> Injection {
    let outcome = match &site.decision {
        Decision::Edit(Mode::Enforce, _) => InjectionOutcome::Sets,
        Decision::Edit(..) => InjectionOutcome::WouldSet,
        Decision::Keep(reason) => InjectionOutcome::Keeps(*reason),
    };
    // If the stream was not requested, the webhook would have read it.
    let was_not_requested = site.decision == Decision::Keep(Reason::StreamUnread)
        && !book.streams_were_refused(&id.namespace);
    Injection {
        place: Place {
            object: id.clone(),
            part: names.get(part(site.field, subject)),
            field: names.field(format_args!("{}", site.field)),
            origin: origin.clone(),
        },
        image: names.get(&site.image),
        policy: site.policy.map(|policy| names.get(policy)),
        outcome,
        words: names.get(&site.words()),
        warnings: if was_not_requested {
            Vec::new()
        } else {
            site.warnings()
        },
    }
}

/// The tag, where the field is that of one.
fn part<'s>(field: Field, subject: &'s Subject<'_>) -> &'s str {
    match (field, &subject.body) {
        (Field::StreamTagSchedule(wanted), Body::ImageStream(change)) => {
            let mut tags = change.new.spec.tags.iter();
            tags.find(|(index, _)| *index == wanted)
                .map_or("", |(_, tag)| tag.name.as_str())
        }
        _ => "",
    }
}
