//! The build: its result, and what it pushed.

use extreg_remedy::{Action, Remedy};
use extreg_snapshot::{
    credentials::{Credentials, Seen},
    kind::Kind,
};

use super::{Link, Part, Site, State, credential, fix};
use crate::{
    flow::{From, Place, Subject},
    image::short,
    world::{Build, Builds, Output, Phase, Unread},
};

/// A ConfigChange trigger starts the first build of a new BuildConfig within this many seconds.
const FIRST_BUILD: i64 = 60;
/// The reason of a push that is known to fail before it starts.
const WILL_FAIL: &str = "PushWillFail";

/// The link.
pub(super) fn link(site: &Site<'_, '_>) -> Link {
    let Some((config, builds)) = site.config() else {
        return no_config(site);
    };
    if let Some(why) = site.world.unread(Kind::Build, config.namespace()) {
        return of(State::Unknown, super::site::unread(Kind::Build, why));
    }
    match builds {
        Some(builds) => newest(site, config, builds),
        None if config.progress.started > 0 => {
            let count = config.progress.started;
            of(
                State::Unknown,
                format!(
                    "its {count} builds were deleted: buildconfig/{}",
                    config.name()
                ),
            )
        }
        None => no_build(site, config),
    }
}

fn no_config(site: &Site<'_, '_>) -> Link {
    if let Some(why) = site.world.unread(Kind::BuildConfig, site.flow.namespace()) {
        let state = match why {
            Unread::NotServed => State::None,
            _ => State::Unknown,
        };
        return of(state, super::site::unread(Kind::BuildConfig, why));
    }
    match (site.flow.image(), site.flow.subject) {
        (Some(image), _) => of(State::None, format!("no BuildConfig here pushes {image}")),
        (None, Subject::Workload(_)) => of(State::None, "unknown what builds it"),
        (None, _) => of(State::None, "no BuildConfig here writes it"),
    }
}

fn no_build(site: &Site<'_, '_>, config: Build<'_>) -> Link {
    let name = config.name();
    if let Some(refused) = credential::will_fail(site, config) {
        let text = format!(
            "buildconfig/{name} has not built yet, and its push will fail: {}",
            refused.text
        );
        return of(State::Broken, text)
            .why(WILL_FAIL)
            .at(config.progress.created)
            .fix(refused.fix);
    }
    let state = if site.is_older(config.progress.created, FIRST_BUILD) {
        State::Broken
    } else {
        State::Waiting
    };
    of(state, format!("buildconfig/{name} has not built yet"))
        .why("NoBuild")
        .at(config.progress.created)
        .fix(fix::start_build(config))
}

fn newest(site: &Site<'_, '_>, config: Build<'_>, builds: Builds<'_>) -> Link {
    let build = builds.newest;
    let (namespace, name) = (build.namespace(), build.name());
    let because = match build.message() {
        "" => String::new(),
        message => format!(": {message}"),
    };
    let again = || fix::start_build(config);
    match (build.phase(), build.reason()) {
        (Phase::Complete, _) => match credential::will_fail(site, config) {
            Some(refused) => {
                let done = complete(build).message;
                let text = format!("{done}; the next push will fail: {}", refused.text);
                return of(State::Broken, text)
                    .why(WILL_FAIL)
                    .at(build.progress.completed)
                    .fix(refused.fix);
            }
            None => complete(build),
        },
        (Phase::New, "InvalidOutputReference") => of(
            State::Broken,
            format!("{name} cannot start{because}; {}", output(build)),
        )
        .fix(correct_output(site, config)),
        (Phase::Pending, "MissingPushSecret") => missing_secret(site, build),
        (Phase::New | Phase::Pending | Phase::Running, reason) => {
            let phase = word(build.phase());
            let reason = if reason.is_empty() {
                String::new()
            } else {
                format!(" ({reason})")
            };
            let text = format!("{name} is {phase}{reason}{because}");
            match credential::will_fail(site, config) {
                Some(refused) => {
                    let text = format!("{text}; its push will fail: {}", refused.text);
                    return of(State::Broken, text)
                        .why(WILL_FAIL)
                        .at(build.progress.created)
                        .fix(refused.fix);
                }
                None => of(State::Waiting, text),
            }
        }
        (Phase::Failed, "PushImageToRegistryFailed") => {
            let refused = credential::push(site, config, build);
            of(
                State::Broken,
                format!(
                    "{name} could not push to {}: {}",
                    output(build),
                    refused.text
                ),
            )
            .fix(refused.fix.unwrap_or_else(again))
        }
        (Phase::Cancelled, _) => {
            of(State::Broken, format!("{name} was cancelled{because}")).fix(again())
        }
        (Phase::Failed | Phase::Error, reason) => {
            let reason = if reason.is_empty() {
                String::new()
            } else {
                format!(" ({reason})")
            };
            let phase = word(build.phase());
            of(
                State::Broken,
                format!("{name} {phase}{reason}{because}{}", last(builds)),
            )
            .fix(fix::logs(fix::object(Kind::Build, namespace, name)))
        }
    }
    .why(build.reason())
    .at(build.progress.completed.or(build.progress.created))
}

/// A build whose pod waits for the volume with its push secret, which must be created with that name.
fn missing_secret(site: &Site<'_, '_>, build: Build<'_>) -> Link {
    let (namespace, name) = (build.namespace(), build.name());
    let (image, new) = match build.output() {
        Output::Image(image) => (image, credential::new_secret(image)),
        _ => ("", "dockerhub".to_owned()),
    };
    let secret = match build.push_secret() {
        "" => &new,
        secret => secret,
    };
    let seen = Credentials::of(&site.fetched.credentials).secret(namespace, secret);
    if matches!(seen, Seen::Present(_)) {
        let text = format!("{name} waits for its push secret; secret/{secret} exists by now");
        return of(State::Waiting, text);
    }
    of(
        State::Broken,
        format!("{name} waits for its push secret: secret/{secret} does not exist in {namespace}"),
    )
    .fix(credential::credential_for(namespace, secret, image))
}

fn complete(build: Build<'_>) -> Link {
    let name = build.name();
    match (build.output(), build.digest()) {
        (Output::None, _) => of(
            State::None,
            format!("{name} is complete and pushes nowhere"),
        ),
        (_, "") => of(State::Ok, format!("{name} pushed to {}", output(build))),
        (_, digest) => of(
            State::Ok,
            format!("{name} pushed {} to {}", short(digest), output(build)),
        ),
    }
}

/// What was pushed before a build failed.
fn last(builds: Builds<'_>) -> String {
    match builds.pushed {
        Some(pushed) if !pushed.digest().is_empty() => {
            let (name, digest) = (pushed.name(), short(pushed.digest()));
            format!("; {name} before it pushed {digest}")
        }
        _ => String::new(),
    }
}

/// Sets the output to the existing stream, or to the image that the tag of that name follows.
fn correct_output(site: &Site<'_, '_>, config: Build<'_>) -> Remedy {
    let build = config.record.object.clone();
    let Output::Tag(name) = config.output() else {
        return fix::describe(build);
    };
    if site.world.stream(name.namespace, name.stream).is_none() {
        return Remedy::run(Action::CreateStream {
            stream: name.of_stream(),
        });
    }
    match Place::of(site.world, name).map(Place::from) {
        Some(From::Image(image)) => Remedy::run(Action::SetOutput {
            build,
            was: name.to_string().into(),
            image: image.into(),
        }),
        _ => Remedy::instruct(format!(
            "set spec.output.to of {build} to the image that it is to push: the cluster has no \
             integrated registry for {name}"
        )),
    }
}

/// Describes where a build pushes to.
fn output(build: Build<'_>) -> String {
    match build.output() {
        Output::None => "nowhere".to_owned(),
        Output::Image(image) => image.to_owned(),
        Output::Tag(name) if name.namespace == build.namespace() => {
            format!("imagestreamtag/{name}")
        }
        Output::Tag(name) => format!("imagestreamtag/{name} of {}", name.namespace),
    }
}

const fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::New => "new",
        Phase::Pending => "pending",
        Phase::Running => "running",
        Phase::Complete => "complete",
        Phase::Failed => "failed",
        Phase::Error => "ended with an error",
        Phase::Cancelled => "cancelled",
    }
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Build, state, message)
}
