//! The tag: what it shows, and how it comes to show what is pushed.

use jiff::{SignedDuration, Timestamp};

use super::{Link, Mend, Part, Site, State, credential, site::Expected};
use crate::commands::status::{
    flow::{Place, Subject},
    image::{Image, short},
    read::{Failure, From, Item, Tag},
    world::{Gap, InRegistry, Listed},
};
use extreg_core::registry::RefRole;

/// OpenShift imports scheduled tags once in so many seconds (openshift-controller-manager
/// `openshiftcontrolplane_config.go`, `ScheduledImageImportMinimumIntervalSeconds`).
const INTERVAL: i64 = 900;
/// After so many seconds the schedule has passed a tag by: a stream whose turn is refused waits
/// another round.
const PASSED_BY: i64 = 2 * INTERVAL + 60;

/// The link.
pub(super) fn link(site: &Site<'_>) -> Link {
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

/// The tag, or the one that it is an alias of, is not there.
fn missing(site: &Site<'_>, own: Option<Place<'_>>) -> Link {
    let name = match (site.flow.subject, own) {
        (Subject::Config(config), _) => {
            let Some(image) = site.flow.image() else {
                return of(State::None, "the build does not push to a registry outside");
            };
            let mend = format!(
                "{} tag {image} {}:{} --scheduled -n {}",
                site.mend.caller, config.name, image.tag, config.namespace
            );
            return of(State::None, "no ImageStream tag follows it")
                .why("NoTag")
                .mend(mend);
        }
        (Subject::Workload(_), _) => return of(State::None, "not known which tag is meant"),
        (Subject::Tag(_), Some(own)) => site.flow.aliases.last().copied().unwrap_or(own.name),
        (Subject::Tag(name), None) => name,
    };
    if let Some(gap) = site.world.unseen.why(Listed::ImageStreams, name.namespace) {
        let state = match gap {
            Gap::NotServed => State::Broken,
            _ => State::Unknown,
        };
        return of(state, super::site::unseen(Listed::ImageStreams, gap));
    }
    let image = site
        .flow
        .image()
        .map_or_else(|| "IMAGE".to_owned(), |image| image.to_string());
    let whose = if own.is_some() {
        format!("it is an alias of {name}, and there is no such tag")
    } else if site.world.stream(name.namespace, name.stream).is_some() {
        format!("imagestream/{} has no tag {}", name.stream, name.tag)
    } else {
        format!(
            "there is no imagestream/{} in {}",
            name.stream, name.namespace
        )
    };
    of(State::Broken, whose)
        .why("NoTag")
        .mend(site.mend.tag(&image, name))
}

fn of_source(site: &Site<'_>, source: Place<'_>) -> Link {
    let tag = source.tag;
    let newest = tag.newest();
    match &tag.from {
        From::Pushed => match newest {
            Some(item) => of(
                State::Ok,
                format!("pushed to: shows {}", short(&item.digest)),
            )
            .at(item.created),
            None => of(State::Waiting, "nothing has been pushed to it yet").why("NoImage"),
        },
        From::StreamImage(image) => {
            let held = format!("held at {}, whatever is pushed", shorten(image));
            behind_for_good(site, newest, held, "Held")
        }
        From::StreamTag { .. } => of(State::Broken, "its aliases go round in a circle"),
        From::Image(text) if tag.reference => of(
            State::Broken,
            format!("only names {text} (reference: true), and is never imported"),
        )
        .why("Reference")
        .mend(site.mend.no_reference(text, source.name)),
        From::Image(text) => {
            let is_pinned = Image::of(text, RefRole::Import).is_some_and(|i| i.is_pinned());
            if is_pinned && newest.is_some() {
                let text = format!("follows {}, a digest, which never changes", shorten(text));
                return behind_for_good(site, newest, text, "Digest");
            }
            imported(site, source, text)
        }
    }
}

/// A tag that shows one image for good: that is broken only where another one was pushed.
fn behind_for_good(site: &Site<'_>, newest: Option<&Item>, text: String, reason: &str) -> Link {
    let expected = site.expected();
    let is_behind = matches!((&expected, newest), (Some(e), Some(item)) if e.digest != item.digest);
    let state = if is_behind { State::Broken } else { State::Ok };
    let mend = site.flow.own.filter(|_| is_behind).and_then(|own| {
        let image = site.flow.image()?;
        let by_tag = Image {
            digest: String::new(),
            ..image
        };
        Some(site.mend.tag(&by_tag.to_string(), own.name))
    });
    of(state, text)
        .why(reason)
        .at(newest.and_then(|item| item.created))
        .mend(mend)
}

fn imported(site: &Site<'_>, source: Place<'_>, text: &str) -> Link {
    let tag = source.tag;
    let newest = tag.newest();
    let last = newest
        .and_then(|item| item.created)
        .max(source.stream.checked);
    if let Some(failure) = tag.failure.as_ref().filter(|f| is_current(f, newest)) {
        let observed = newest
            .map_or(0, |item| item.generation)
            .max(failure.generation);
        if tag.generation > observed {
            return of(
                State::Waiting,
                format!("is imported again; before it failed: {}", failure.message),
            )
            .why(&failure.reason)
            .at(failure.since);
        }
        return failed(site, source, text, failure);
    }
    let noted = match &tag.failure {
        Some(failure) => format!("; an older failure is still noted ({})", failure.reason),
        None => String::new(),
    };
    let Some(item) = newest else {
        return of(State::Waiting, format!("{text} has not been imported yet"))
            .why("NotImported")
            .mend(site.mend.import(source.name));
    };
    if tag.generation > item.generation {
        return of(State::Waiting, format!("{text} is to be imported{noted}"))
            .why("Importing")
            .at(last)
            .mend(site.mend.import(source.name));
    }
    let shows = format!("shows {}", short(&item.digest));
    let schedule = schedule(tag, last, site.now);
    match site.expected() {
        Some(expected) if expected.digest != item.digest => {
            behind(site, source, item, &expected, &noted).at(last)
        }
        Some(_) => of(State::Ok, format!("{shows}, {schedule}{noted}")).at(last),
        None => uncompared(site, source, &format!("{shows}, {schedule}{noted}"), item).at(last),
    }
    .or_kept(tag.failure.as_ref())
}

/// The digest that is to be shown is not known: what is known is when.
fn uncompared(site: &Site<'_>, source: Place<'_>, text: &str, item: &Item) -> Link {
    let pushed = site.pushed().and_then(|build| build.completed);
    if let (Some(pushed), Some(created)) = (pushed, item.created)
        && pushed > created
        && !matches!(site.registry(), Some(InRegistry::Has { is_list: true, .. }))
    {
        let state = late(site, source.tag, Some(pushed));
        return of(state, format!("{text}; there was a push since"))
            .why("Behind")
            .mend(site.mend.import(source.name));
    }
    let list = match site.registry() {
        Some(InRegistry::Has { is_list: true, .. }) => {
            "; the registry has a list, of which the tag shows one platform: not to be compared"
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
        link.why("Unscheduled").mend(site.mend.import(source.name))
    }
}

/// It shows another image than it is to.
fn behind(
    site: &Site<'_>,
    source: Place<'_>,
    item: &Item,
    expected: &Expected,
    noted: &str,
) -> Link {
    let tag = source.tag;
    let (shown, wanted) = (short(&item.digest), short(&expected.digest));
    let by = &expected.by;
    let state = late(site, tag, expected.pushed);
    let (reason, when) = match (tag.scheduled, state) {
        (true, State::Waiting) => {
            let last = item.created.max(source.stream.checked).max(expected.pushed);
            ("Behind", next(last, site.now))
        }
        (true, _) => ("PassedBy", "scheduled, but no import came since".to_owned()),
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
    .mend(site.mend.import(source.name))
}

/// Whether a tag that is behind comes forward by itself.
fn late(site: &Site<'_>, tag: &Tag, pushed: Option<Timestamp>) -> State {
    if tag.scheduled && !site.is_older(pushed, PASSED_BY) {
        State::Waiting
    } else {
        State::Broken
    }
}

fn failed(site: &Site<'_>, source: Place<'_>, text: &str, failure: &Failure) -> Link {
    let tag = source.tag;
    let Failure {
        reason,
        message,
        since,
        ..
    } = failure;
    let lower = message.to_lowercase();
    let is_limit = lower.contains("toomanyrequests") || lower.contains("too many requests");
    let namespace = source.name.namespace;
    let again = site.mend.import_when_there(source.name);
    let (reason, why, mend) = match reason.as_str() {
        _ if is_limit => {
            let who = credential::import(site, namespace, text);
            // With an account there is nothing to do but to wait, or to pay.
            let mend = who.mend.filter(|_| !who.has_login);
            let why = format!("the registry's pull limit is used up; {}", who.text);
            ("TooManyRequests", why, mend.unwrap_or(again))
        }
        "Unauthorized" => {
            let who = credential::import(site, namespace, text);
            let mend = who
                .mend
                .unwrap_or_else(|| site.mend.check_image(namespace, text));
            let why = format!("the registry refuses {text}; {}", who.text);
            ("Unauthorized", why, mend)
        }
        "NotFound" => {
            let start = site
                .config()
                .map(|(config, _)| Mend::start_build(&config.namespace, &config.name));
            let why = format!("the registry had no {text}");
            ("NotFound", why, start.unwrap_or(again))
        }
        "Forbidden" | "Invalid" => (reason.as_str(), message.clone(), site.mend.allowed()),
        other => (other, message.clone(), again),
    };
    let retry = if tag.scheduled {
        "tried again every 15 minutes"
    } else {
        "not scheduled, so it is not tried again"
    };
    let shown = match tag.newest() {
        Some(item) => format!("; still shows {}", short(&item.digest)),
        None => String::new(),
    };
    of(State::Broken, format!("{why}; {retry}{shown}"))
        .why(reason)
        .at(*since)
        .mend(mend)
}

/// A failure is told again and again with its first time, so that alone it does not tell whether it is
/// over; an image that came after it does (openshift-apiserver `imagestreamimport/rest.go`,
/// `setFailureCondition`, and LG `imageutil.SetTagConditions`).
fn is_current(failure: &Failure, newest: Option<&Item>) -> bool {
    newest.is_none_or(|item| {
        let came_later =
            matches!((item.created, failure.since), (Some(at), Some(since)) if at > since);
        failure.generation >= item.generation
            && !(came_later && failure.generation == item.generation)
    })
}

fn schedule(tag: &Tag, last: Option<Timestamp>, now: Timestamp) -> String {
    match (tag.scheduled, tag.opts_out) {
        (true, _) => next(last, now),
        (false, true) => "imported once, never scheduled by its annotation".to_owned(),
        (false, false) => "imported once, not scheduled".to_owned(),
    }
}

/// An import that changes nothing leaves no trace, so past the first round nobody knows.
fn next(last: Option<Timestamp>, now: Timestamp) -> String {
    let due = last.and_then(|last| last.checked_add(SignedDuration::from_secs(INTERVAL)).ok());
    match due.filter(|due| *due > now) {
        Some(due) => format!(
            "scheduled, next by {} UTC at the latest",
            due.strftime("%H:%M")
        ),
        None => "scheduled, next within 15 minutes".to_owned(),
    }
}

/// With the digest cut short.
fn shorten(reference: &str) -> String {
    match reference.split_once('@') {
        Some((name, digest)) => format!("{name}@{}", short(digest)),
        None => reference.to_owned(),
    }
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Import, state, message)
}

impl Link {
    /// A failure that is over is the reason where there is no other.
    fn or_kept(self, failure: Option<&Failure>) -> Self {
        if failure.is_some() && self.reason.is_empty() {
            self.why("OlderFailure")
        } else {
            self
        }
    }
}
