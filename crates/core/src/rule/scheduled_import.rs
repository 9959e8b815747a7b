//! A tag that follows an image of the policy's registry is imported on schedule.

use std::collections::HashMap;

use super::guard::{IMPORT_CONTROLLER, exemption};
use super::tag_schedule::{Governed, Place};
use crate::edit::Field;
use crate::facts::{Facts, StreamFact, StreamRead};
use crate::note::Note;
use crate::object::{
    Body, Change, ImageStreamImportView, ImageStreamTagView, ImageStreamView, ImportSite,
    ObjectReference, Operation, Sparse, Subject, TagReference, opt_out,
};
use crate::verdict::{Decision, Reason, Site, StreamKey, Verdict};
use crate::work::Work;

/// Steps for finding a tag by its name.
const NAME: u32 = 2;

pub(super) fn evaluate<'a>(
    subject: &'a Subject<'_>,
    facts: &'a Facts<'_>,
    work: &mut Work<'a>,
    verdict: &mut Verdict<'a>,
) {
    let rule = Rule {
        subject,
        facts,
        exempt: exemption(subject, facts),
    };
    match &subject.body {
        Body::Build(_) | Body::BuildConfig(_) => {}
        Body::ImageStream(change) => rule.stream(change, work, verdict),
        Body::ImageStreamTag(change) => {
            let Some(tag) = &change.new.tag else { return };
            let old = change.old.as_ref().and_then(|old| old.tag.as_ref());
            let opts_out = annotated(&change.new) || change.old.as_ref().is_some_and(annotated);
            let site = rule.tag(Field::TagSchedule, tag, old, opts_out, work);
            if subject.operation == Operation::Create {
                rule.check_stream(site, verdict);
            } else {
                // The old object carries the labels of the stream.
                verdict.sites.extend(site);
            }
        }
        Body::ImageTag(change) => {
            let Some(tag) = &change.new.spec else { return };
            let old = change.old.as_ref().and_then(|old| old.spec.as_ref());
            let site = rule.tag(Field::ImageTagSchedule, tag, old, false, work);
            rule.check_stream(site, verdict);
        }
        Body::ImageStreamImport(import) => rule.import(import, work, verdict),
    }
}

/// `oc tag` sends no annotations, so the old ones count too.
fn annotated(view: &ImageStreamTagView<'_>) -> bool {
    view.metadata.annotations.get(opt_out::TAG_ANNOTATION) == Some("false")
}

struct Rule<'a, 's, 'f> {
    subject: &'a Subject<'s>,
    facts: &'a Facts<'f>,
    exempt: Option<Reason>,
}

impl<'a> Rule<'a, '_, '_> {
    fn stream(
        &self,
        change: &'a Change<ImageStreamView<'_>>,
        work: &mut Work<'a>,
        verdict: &mut Verdict<'a>,
    ) {
        let new = &change.new.spec.tags;
        let old = change.old.as_ref().map(|old| &old.spec.tags);
        let count = new.len() + old.map_or(0, Sparse::len);
        if work.spend_on(count, NAME).is_err() {
            verdict
                .sites
                .extend(first_place(&change.new).map(|place| place.unfinished()));
            return;
        }
        let last = by_name(new);
        let old = old.map(by_name).unwrap_or_default();
        for (index, tag) in new.iter() {
            let name = tag.name.as_str();
            if last.get(name).is_some_and(|(last, _)| *last != index) {
                continue;
            }
            let before = old.get(name).map(|(_, tag)| *tag);
            let field = Field::StreamTagSchedule(index);
            let site = self.tag(field, tag, before, false, work);
            let is_limit = site.as_ref().is_some_and(Site::is_work_limit);
            verdict.sites.extend(site);
            if is_limit {
                return;
            }
        }
    }

    fn tag(
        &self,
        field: Field,
        tag: &'a TagReference<'_>,
        old: Option<&TagReference<'_>>,
        opts_out: bool,
        work: &mut Work<'a>,
    ) -> Option<Site<'a>> {
        let from = tag.from.as_ref()?;
        let place = Place::of(field, from, tag.import_policy)?;
        let opts_out = opts_out || tag.opts_out() || old.is_some_and(TagReference::opts_out);
        Some(match place.govern(self.facts, self.exempt, work) {
            Governed::Kept(kept) => kept,
            Governed::By(..) if opts_out => place.keep(Reason::OptedOut),
            Governed::By(..) if tag.reference => place.keep(Reason::Reference),
            // Rejected, or resolved by other code (openshift-apiserver imagestream `TagVerifier`).
            Governed::By(..) if foreign(from, self.subject) => place.keep(Reason::Invalid),
            Governed::By(policy, _) if self.unchanged(from, old) => {
                place.unchanged(policy, old.is_some_and(TagReference::scheduled))
            }
            Governed::By(policy, _) => place.schedule(policy, Vec::new()),
        })
    }

    /// Schedules a tag that does not show the label of its stream, unless the stream opts out.
    fn check_stream(&self, site: Option<Site<'a>>, verdict: &mut Verdict<'a>) {
        let Some(mut site) = site else { return };
        if matches!(site.decision, Decision::Edit(..)) {
            let metadata = self.subject.body.metadata();
            let name = match metadata.name.split_once(':') {
                Some((stream, _)) => stream.to_owned(),
                None => metadata.name.as_str().to_owned(),
            };
            match &self.facts.stream {
                StreamRead::NotRead => {
                    let namespace = self.subject.namespace.as_str().to_owned();
                    verdict.needs_stream = Some(StreamKey { namespace, name });
                    return;
                }
                StreamRead::Failed => {
                    site.decision = Decision::Keep(Reason::StreamUnread);
                    site.notes = vec![Note::StreamUnread { stream: name }];
                }
                StreamRead::Present(stream) if stream.opts_out => {
                    site.decision = Decision::Keep(Reason::OptedOut);
                }
                StreamRead::Absent | StreamRead::Present(_) => {}
            }
        }
        verdict.sites.push(site);
    }

    /// A user who removed the schedule wants it removed; only a new image is decided again.
    fn unchanged(&self, from: &ObjectReference<'_>, old: Option<&TagReference<'_>>) -> bool {
        self.subject.operation == Operation::Update
            && old.is_some_and(|old| old.from.as_ref() == Some(from))
    }

    fn import(
        &self,
        import: &'a ImageStreamImportView<'_>,
        work: &mut Work<'a>,
        verdict: &mut Verdict<'a>,
    ) {
        let exempt = self.exempt.or_else(|| {
            if self.subject.user.as_str() == IMPORT_CONTROLLER {
                Some(Reason::ControllerImport)
            } else if import.spec.import {
                None
            } else {
                Some(Reason::NotImporting)
            }
        });
        let key = || StreamKey {
            namespace: self.subject.namespace.as_str().to_owned(),
            name: import.metadata.name.as_str().to_owned(),
        };
        if let Some(site) = &import.spec.repository
            && let Some(place) =
                Place::of(Field::RepositorySchedule, &site.from, site.import_policy)
        {
            match self.repository(&place, site, exempt, work) {
                Some(site) => verdict.sites.push(site),
                None => verdict.needs_stream = Some(key()),
            }
        }
        for (index, site) in import.spec.images.iter() {
            let field = Field::ImportSchedule(index);
            let Some(place) = Place::of(field, &site.from, site.import_policy) else {
                continue;
            };
            let Some(site) = self.image(&place, site, exempt, work) else {
                verdict.needs_stream.get_or_insert_with(key);
                continue;
            };
            let is_limit = site.is_work_limit();
            verdict.sites.push(site);
            if is_limit {
                return;
            }
        }
    }

    /// One image to import; `None` if the ImageStream has to be read first.
    fn image(
        &self,
        place: &Place<'a>,
        site: &'a ImportSite<'_>,
        exempt: Option<Reason>,
        work: &mut Work<'a>,
    ) -> Option<Site<'a>> {
        let (policy, image) = match place.govern(self.facts, exempt, work) {
            Governed::By(policy, image) => (policy, image),
            Governed::Kept(kept) => return Some(kept),
        };
        // Defaulted by the API server from the image's tag (`image/v1/defaults.go`).
        let tag = site.to.as_ref().map_or(image.tag(), |to| to.name.as_str());
        if tag.is_empty() {
            return Some(place.keep(Reason::NothingTagged));
        }
        Some(match &self.facts.stream {
            StreamRead::NotRead => return None,
            StreamRead::Failed => place.keep_with(policy, Reason::StreamUnread, self.unread()),
            StreamRead::Absent => place.schedule(policy, Vec::new()),
            StreamRead::Present(stream) => match existing(stream, tag, place.image) {
                Some(reason) => place.keep(reason),
                None => place.schedule(policy, Vec::new()),
            },
        })
    }

    /// All tags of a repository; `None` if the ImageStream has to be read first.
    ///
    /// The one policy applies to each tag that the import finds, also to existing tags: it is
    /// unchanged unless every existing tag would accept a schedule and has one.
    fn repository(
        &self,
        place: &Place<'a>,
        site: &'a ImportSite<'_>,
        exempt: Option<Reason>,
        work: &mut Work<'a>,
    ) -> Option<Site<'a>> {
        let (policy, image) = match place.govern(self.facts, exempt, work) {
            Governed::By(policy, image) => (policy, image),
            Governed::Kept(kept) => return Some(kept),
        };
        if !image.tag().is_empty() {
            return Some(place.keep(Reason::Invalid));
        }
        let schedule = || {
            let note = Note::AllTagsScheduled {
                repository: site.from.name.as_str(),
            };
            place.schedule(policy, vec![note])
        };
        Some(match &self.facts.stream {
            StreamRead::NotRead => return None,
            StreamRead::Failed => place.keep_with(policy, Reason::StreamUnread, self.unread()),
            StreamRead::Absent => schedule(),
            StreamRead::Present(stream) if stream.opts_out => place.keep(Reason::OptedOut),
            StreamRead::Present(stream) => {
                let takes_schedule = |tag: &crate::facts::StreamTag| {
                    tag.kind == "DockerImage" && tag.scheduled && !tag.reference && !tag.opts_out
                };
                if stream.tags.values().all(takes_schedule) {
                    schedule()
                } else {
                    place.keep(Reason::ExistingTag)
                }
            }
        })
    }

    fn unread(&self) -> Note<'a> {
        Note::StreamUnread {
            stream: self.subject.name.as_str().to_owned(),
        }
    }
}

/// The tags of a stream with their index. If two tags have one name the last counts, as when the
/// API server turns the list into a map (openshift-apiserver `image/v1/conversion.go`,
/// `Convert_v1_TagReferenceArray_to_api_TagReferenceMap`).
fn by_name<'v, 's>(
    tags: &'v Sparse<TagReference<'s>>,
) -> HashMap<&'v str, (usize, &'v TagReference<'s>)> {
    tags.iter()
        .map(|(index, tag)| (tag.name.as_str(), (index, tag)))
        .collect()
}

fn first_place<'v>(view: &'v ImageStreamView<'_>) -> Option<Place<'v>> {
    let place = |(index, tag): (usize, &'v TagReference<'_>)| {
        let from = tag.from.as_ref()?;
        Place::of(Field::StreamTagSchedule(index), from, tag.import_policy)
    };
    view.spec.tags.iter().find_map(place)
}

/// Why an import to a tag of an existing ImageStream is skipped; `None` if it is not.
///
/// An import that finds the image that the tag already shows keeps what the tag follows and
/// overwrites its policy: on an alias that fails the whole import (openshift-apiserver
/// `imagestreamimport/rest.go`, `importSuccessful`).
fn existing(stream: &StreamFact, tag: &str, image: &str) -> Option<Reason> {
    if stream.opts_out {
        return Some(Reason::OptedOut);
    }
    let tag = stream.tags.get(tag)?;
    if tag.opts_out {
        Some(Reason::OptedOut)
    } else if tag.kind != "DockerImage" || tag.reference {
        Some(Reason::ExistingAlias)
    } else if tag.name == image {
        Some(Reason::ExistingTag)
    } else {
        None
    }
}

/// A `DockerImage` in the namespace of another stream.
fn foreign(from: &ObjectReference<'_>, subject: &Subject<'_>) -> bool {
    !from.namespace.is_empty() && *from.namespace != *subject.namespace
}
