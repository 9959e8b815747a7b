//! The tag: the image that it shows, and how it gets the pushed image.

use extreg_core::registry::RefRole;
use extreg_remedy::{Action, Inspection, Refusal, Remedy, first_names};
use extreg_snapshot::{ShownImage, StreamRecord, TagRecord, kind::Kind};
use jiff::{SignedDuration, Timestamp};

use super::{Link, Part, Site, State, credential, fix, site::Expected};
use crate::{
    fetched::InRegistry,
    flow::{Failure, Flow, From, How, Place, Subject},
    image::{Image, short, short_reference},
    name::Name,
    world::{Output, Unread},
};

/// OpenShift imports scheduled tags at this interval, in seconds (openshift-controller-manager
/// `openshiftcontrolplane_config.go`, `ScheduledImageImportMinimumIntervalSeconds`).
const INTERVAL: i64 = 900;
/// After this many seconds the schedule has skipped a tag: a stream that is refused waits one more
/// round.
const PASSED_BY: i64 = 2 * INTERVAL + 60;

/// The link.
pub(super) fn link(site: &Site<'_, '_>) -> Link {
    let (own, source) = match (site.flow.own, site.flow.source) {
        (Some(own), Some(source)) => (own, source),
        (own, _) => return missing(site, own),
    };
    let alias = if site.flow.aliases.is_empty() {
        String::new()
    } else {
        let names = site.flow.aliases.iter();
        let names: Vec<String> = names
            .map(|name| name.seen_from(own.name.namespace))
            .collect();
        format!(
            "an alias of {}, never scheduled itself; ",
            names.join(", of ")
        )
    };
    let mut link = of_source(site, source);
    if !alias.is_empty() {
        link.message = format!("{alias}{}", link.message);
        if link.reason.is_empty() {
            "Alias".clone_into(&mut link.reason);
        }
    }
    link
}

/// Whether a registry refused the import, so that its credential matters.
pub(super) fn is_refused(flow: &Flow<'_>) -> bool {
    let refusal = flow.source.and_then(|source| {
        let failure = source.failure()?;
        is_current(failure, source.newest()).then(|| Refusal::of(failure.reason, failure.message))
    });
    matches!(refusal, Some(Refusal::TooMany | Refusal::Unauthorized))
}

/// The tag, or the one that it is an alias of, does not exist.
fn missing(site: &Site<'_, '_>, own: Option<Place<'_>>) -> Link {
    let name = match (site.flow.subject, own) {
        (Subject::Config(config), _) => {
            let Some(image) = site.flow.image() else {
                return of(
                    State::None,
                    "the build does not push to an external registry",
                );
            };
            let name = Name {
                namespace: config.namespace(),
                stream: config.name(),
                tag: &image.tag,
            };
            return of(State::None, "no ImageStream tag follows it")
                .why("NoTag")
                .fix(fix::follow_image(site.world, name, &image.to_string()));
        }
        (Subject::Workload(_), _) => return of(State::None, "unknown which tag it uses"),
        (Subject::Tag(_), Some(own)) => site.flow.aliases.last().copied().unwrap_or(own.name),
        (Subject::Tag(name), None) => name,
    };
    if let Some(why) = site.world.unread(Kind::ImageStream, name.namespace) {
        let state = match why {
            Unread::NotServed => State::Broken,
            _ => State::Unknown,
        };
        return of(state, super::site::unread(Kind::ImageStream, why));
    }
    // A build that outputs to the tag creates it.
    let mut configs = site.flow.configs.iter();
    if configs.any(|config| config.output() == Output::Tag(name)) {
        return of(State::Waiting, "waiting for the first build").why("NoImage");
    }
    let stream = site.world.stream(name.namespace, name.stream);
    let message = match stream {
        _ if own.is_some() => format!("it is an alias of {name}, which does not exist"),
        Some(stream) => format!(
            "imagestream/{} has no tag {}{}",
            name.stream,
            name.tag,
            other_tags(stream)
        ),
        None => format!(
            "imagestream/{} does not exist in {}",
            name.stream, name.namespace
        ),
    };
    let remedy = match site.flow.image() {
        Some(image) => fix::follow_image(site.world, name, &image.to_string()),
        None => Remedy::instruct(match stream.filter(|stream| !stream.tags.is_empty()) {
            Some(stream) => format!(
                "let its followers follow a tag that exists{}",
                other_tags(stream)
            ),
            None => format!("let {name} follow an image, or push to it"),
        }),
    };
    of(State::Broken, message).why("NoTag").fix(remedy)
}

/// The existing tags of a stream, as text.
fn other_tags(stream: &StreamRecord) -> String {
    let names: Vec<&str> = stream.tags.iter().map(|tag| &*tag.name).collect();
    let some = first_names(&names).unwrap_or_else(|| "none".to_owned());
    format!("; it has {some}")
}

fn of_source(site: &Site<'_, '_>, source: Place<'_>) -> Link {
    let tag = source.tag;
    let newest = source.newest();
    match source.from() {
        From::Pushed => match newest {
            Some(item) => of(
                State::Ok,
                format!("pushed to: shows {}", short(&item.digest)),
            )
            .at(item.created),
            None if site.awaits_first_build() => {
                of(State::Waiting, "waiting for the first build").why("NoImage")
            }
            None => of(State::Waiting, "nothing has been pushed to it yet").why("NoImage"),
        },
        From::StreamImage(image) => {
            let held = format!("fixed to {}, not updated by a push", short_reference(image));
            behind_for_good(site, newest, held, "Held")
        }
        From::Tag(_) => of(State::Broken, "its aliases form a cycle"),
        From::Image(text) if tag.reference => reference(site, source, text),
        From::Image(text) => {
            let is_pinned = Image::of(text, RefRole::Import).is_some_and(|i| i.is_pinned());
            if is_pinned && newest.is_some() {
                let text = format!(
                    "follows {}, a digest, which never changes",
                    short_reference(text)
                );
                return behind_for_good(site, newest, text, "Digest");
            }
            imported(site, source, text)
        }
    }
}

/// A tag that only names its image, which is sufficient unless a trigger waits for a new image.
fn reference(site: &Site<'_, '_>, source: Place<'_>, text: &str) -> Link {
    let text = format!("only names {text} (reference: true), and is never imported");
    let mut followers = site.flow.followers.iter();
    if !followers.any(|follower| matches!(follower.how, How::Trigger(_))) {
        return of(State::Ok, text).why("Reference");
    }
    let remedy = fix::spec_tag(source).map(|tag| Remedy::run(Action::Unreference { tag }));
    of(State::Broken, text).why("Reference").fix(remedy)
}

/// A tag with a fixed image: it is broken only if another image was pushed.
fn behind_for_good(
    site: &Site<'_, '_>,
    newest: Option<&ShownImage>,
    text: String,
    reason: &str,
) -> Link {
    let expected = site.expected();
    let is_behind =
        matches!((&expected, newest), (Some(e), Some(item)) if *e.digest != *item.digest);
    let state = if is_behind { State::Broken } else { State::Ok };
    let remedy = site.flow.own.filter(|_| is_behind).and_then(|own| {
        let image = site.flow.image()?;
        let by_tag = Image {
            digest: String::new(),
            ..image
        };
        let image = by_tag.to_string();
        Some(match fix::spec_tag(own) {
            Some(tag) => Remedy::run(Action::FollowImage {
                tag,
                image: image.into(),
            }),
            None => fix::follow_image(site.world, own.name, &image),
        })
    });
    of(state, text)
        .why(reason)
        .at(newest.and_then(|item| item.created))
        .fix(remedy)
}

fn imported(site: &Site<'_, '_>, source: Place<'_>, text: &str) -> Link {
    let (tag, generation, newest) = (source.tag, source.generation(), source.newest());
    let last = newest
        .and_then(|item| item.created)
        .max(source.stream.checked);
    if let Some(failure) = source.failure().filter(|f| is_current(*f, newest)) {
        let observed = newest
            .map_or(0, |item| item.generation)
            .max(failure.generation);
        if generation > observed {
            return of(
                State::Waiting,
                format!("is imported again after a failure: {}", failure.message),
            )
            .why(failure.reason)
            .at(failure.since);
        }
        return failed(site, source, text, failure);
    }
    let noted = match &tag.failure {
        Some(failure) => format!("; an older failure is still recorded ({})", failure.reason),
        None => String::new(),
    };
    let Some(item) = newest else {
        if site.awaits_first_build() {
            return of(State::Waiting, "waiting for the first build").why("NotImported");
        }
        return of(State::Waiting, format!("{text} has not been imported yet"))
            .why("NotImported")
            .fix(fix::import(source.name, false));
    };
    if generation > item.generation {
        return of(State::Waiting, format!("{text} will be imported{noted}"))
            .why("Importing")
            .at(last)
            .fix(fix::import(source.name, false));
    }
    let shows = format!("shows {}", short(&item.digest));
    let schedule = schedule(tag, last, site.now);
    match site.expected() {
        Some(expected) if *expected.digest != *item.digest => {
            behind(site, source, item, &expected, &noted).at(last)
        }
        Some(_) => of(State::Ok, format!("{shows}, {schedule}{noted}")).at(last),
        None => uncompared(site, source, &format!("{shows}, {schedule}{noted}"), item).at(last),
    }
    .or_old_failure(tag)
}

/// The expected digest is unknown: compares times.
fn uncompared(site: &Site<'_, '_>, source: Place<'_>, text: &str, item: &ShownImage) -> Link {
    let pushed = site.pushed().and_then(|build| build.progress.completed);
    if let (Some(pushed), Some(created)) = (pushed, item.created)
        && pushed > created
        && !matches!(site.registry(), Some(InRegistry::Has { is_list: true, .. }))
    {
        let state = late(site, source.tag, Some(pushed));
        return of(state, format!("{text}; an image was pushed since"))
            .why("Behind")
            .fix(fix::import(source.name, false));
    }
    let list = match site.registry() {
        Some(InRegistry::Has { is_list: true, .. }) => {
            "; the registry has a list, of which the tag shows one platform: cannot be compared"
        }
        _ => "",
    };
    let state = if source.tag.scheduled {
        State::Ok
    } else {
        State::Unknown
    };
    let link = of(state, format!("{text}{list}"));
    if source.tag.scheduled {
        link
    } else {
        link.why("Unscheduled").fix(fix::import(source.name, false))
    }
}

/// The tag shows another image than expected.
fn behind(
    site: &Site<'_, '_>,
    source: Place<'_>,
    item: &ShownImage,
    expected: &Expected,
    noted: &str,
) -> Link {
    let tag = source.tag;
    let (shown, wanted) = (short(&item.digest), short(&expected.digest));
    let by = &expected.by;
    if let Some(build) = site.building() {
        let text = format!(
            "shows {shown}, but {by} {wanted}; {} will push another one{noted}",
            build.name()
        );
        return of(State::Waiting, text).why("Behind");
    }
    let state = late(site, tag, expected.pushed);
    let (reason, when) = match (tag.scheduled, state) {
        (true, State::Waiting) => {
            let last = item.created.max(source.stream.checked).max(expected.pushed);
            ("Behind", next(last, site.now))
        }
        (true, _) => (
            "PassedBy",
            "scheduled, but it was not imported since".to_owned(),
        ),
        (false, _) if tag.opts_out => (
            "Unscheduled",
            "never scheduled, by its annotation".to_owned(),
        ),
        (false, _) => (
            "Unscheduled",
            "not scheduled, so it is not imported again".to_owned(),
        ),
    };
    of(
        state,
        format!("shows {shown}, but {by} {wanted}; {when}{noted}"),
    )
    .why(reason)
    .fix(fix::import(source.name, false))
}

/// Whether a tag that is behind will be imported automatically.
fn late(site: &Site<'_, '_>, tag: &TagRecord, pushed: Option<Timestamp>) -> State {
    if tag.scheduled && !site.is_older(pushed, PASSED_BY) {
        State::Waiting
    } else {
        State::Broken
    }
}

fn failed(site: &Site<'_, '_>, source: Place<'_>, text: &str, failure: Failure<'_>) -> Link {
    let tag = source.tag;
    let Failure {
        reason,
        message,
        since,
        ..
    } = failure;
    let namespace = source.name.namespace;
    let kind = Refusal::of(reason, message);
    let is_absent = matches!(kind, Refusal::NotFound | Refusal::Unauthorized);
    if is_absent && source.newest().is_none() && site.awaits_first_build() {
        let text = format!("waiting for the first build: the registry has no {text} yet");
        return of(State::Waiting, text).why(reason).at(since);
    }
    if is_absent && let Some(build) = site.building() {
        let text = format!("the registry had no {text}; {} will push it", build.name());
        return of(State::Waiting, text).why(reason).at(since);
    }
    let (reason, why, remedy) = match kind {
        Refusal::TooMany => {
            let who = credential::import(site, namespace, text);
            let limit = || {
                let host = Image::of(text, RefRole::Import).map(|image| image.host);
                Remedy::Inspect(Inspection::RateLimit {
                    namespace: namespace.into(),
                    registry: host.as_deref().unwrap_or("docker.io").into(),
                })
            };
            // With an account, the user can only wait or pay.
            let remedy = who.fix.filter(|_| !who.has_login).unwrap_or_else(limit);
            let why = format!("the registry's pull limit is used up; {}", who.text);
            ("TooManyRequests", why, remedy)
        }
        Refusal::Unauthorized => {
            let who = credential::import(site, namespace, text);
            let remedy = who
                .fix
                .unwrap_or_else(|| credential::check(namespace, None, text));
            let why = format!("the registry refuses {text}; {}", who.text);
            ("Unauthorized", why, remedy)
        }
        Refusal::NotFound => {
            let remedy = match site.config() {
                Some((config, _)) => fix::start_build(config),
                None => Remedy::instruct(format!(
                    "push {text}, or let the tag follow an image that exists"
                )),
            };
            ("NotFound", format!("the registry had no {text}"), remedy)
        }
        Refusal::Denied => {
            let remedy = credential::check(namespace, None, text);
            (reason, message.to_owned(), remedy)
        }
        Refusal::NotAllowed => (reason, message.to_owned(), fix::allowed_registries()),
        Refusal::NoHost => {
            let remedy = Remedy::instruct(format!(
                "correct the registry's name in the tag: {text} names a host that cannot be resolved"
            ));
            (reason, message.to_owned(), remedy)
        }
        Refusal::Untrusted => {
            let remedy = Remedy::instruct(
                "have the certificate authority of the registry added to spec.additionalTrustedCA of \
                 image.config.openshift.io/cluster",
            );
            (reason, message.to_owned(), remedy)
        }
        Refusal::Unavailable => {
            let remedy = fix::import(source.name, true);
            (reason, message.to_owned(), remedy)
        }
    };
    let retry = if tag.scheduled {
        "retried every 15 minutes"
    } else {
        "not scheduled, so it is not retried"
    };
    let shown = match source.newest() {
        Some(item) => format!("; still shows {}", short(&item.digest)),
        None => String::new(),
    };
    of(State::Broken, format!("{why}; {retry}{shown}"))
        .why(reason)
        .at(since)
        .fix(remedy)
}

/// A repeated failure keeps the time of the first one, which alone does not show whether it is over.
/// A later image shows that it is over (openshift-apiserver `imagestreamimport/rest.go`,
/// `setFailureCondition`, and LG `imageutil.SetTagConditions`).
fn is_current(failure: Failure<'_>, newest: Option<&ShownImage>) -> bool {
    newest.is_none_or(|item| {
        let came_later =
            matches!((item.created, failure.since), (Some(at), Some(since)) if at > since);
        failure.generation >= item.generation
            && !(came_later && failure.generation == item.generation)
    })
}

fn schedule(tag: &TagRecord, last: Option<Timestamp>, now: Timestamp) -> String {
    match (tag.scheduled, tag.opts_out) {
        (true, _) => next(last, now),
        (false, true) => "imported once, never scheduled by its annotation".to_owned(),
        (false, false) => "imported once, not scheduled".to_owned(),
    }
}

/// An import that changes nothing is not recorded, so the time is unknown after the first round.
fn next(last: Option<Timestamp>, now: Timestamp) -> String {
    let due = last.and_then(|last| last.checked_add(SignedDuration::from_secs(INTERVAL)).ok());
    match due.filter(|due| *due > now) {
        Some(due) => format!(
            "scheduled, next by {} UTC (15 minutes after the last import)",
            due.strftime("%H:%M")
        ),
        None => "scheduled, next within 15 minutes (OpenShift's default)".to_owned(),
    }
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Import, state, message)
}

impl Link {
    /// Sets an old failure as the reason if the reason is empty.
    fn or_old_failure(self, tag: &TagRecord) -> Self {
        if tag.failure.is_some() && self.reason.is_empty() {
            self.why("OlderFailure")
        } else {
            self
        }
    }
}
