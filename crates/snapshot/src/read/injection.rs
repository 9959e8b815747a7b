//! What the webhook would do to each object that it is asked about, by the engine that it asks.

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

/// An object that the webhook is asked about.
pub(super) struct Asked {
    pub(super) id: ObjectId,
    pub(super) origin: Origin,
    /// What its rules look at of it.
    pub(super) reduced: Box<str>,
}

/// Asks the engine about each object as if it were created now, and lets go of it.
pub(super) fn evaluate(
    objects: Vec<Asked>,
    book: &FactBook<'_>,
    names: &mut Names,
    injections: &mut Vec<Injection>,
) {
    let mut known: Option<(Arc<str>, NamespaceFacts)> = None;
    for Asked {
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
        // It was read before it was reduced.
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

/// The resource of a kind that the webhook is asked about.
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
    // Where nobody was asked for the stream, the webhook would have read it.
    let unasked = site.decision == Decision::Keep(Reason::StreamUnread)
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
        warnings: if unasked { Vec::new() } else { site.warnings() },
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
