//! The build: what it came to, and what it pushed where.

use extreg_remedy::{Action, Remedy};
use extreg_snapshot::{
    credentials::{Credentials, Seen},
    kind::Kind,
};

use super::{Link, Part, Site, State, credential, fix};
use crate::{
    flow::Subject,
    image::short,
    read::{Build, BuildConfig, From, Output, Phase},
    world::{Builds, Gap, Listed},
};

/// A ConfigChange trigger starts the first build of a new BuildConfig within this many seconds.
const FIRST_BUILD: i64 = 60;
/// The reason of a push that is known to fail before it is tried.
const WILL_FAIL: &str = "PushWillFail";

/// The link.
pub(super) fn link(site: &Site<'_>) -> Link {
    let Some((config, builds)) = site.config() else {
        return no_config(site);
    };
    if let Some(gap) = site.world.unseen.why(Listed::Builds, &config.namespace) {
        return of(State::Unknown, super::site::unseen(Listed::Builds, gap));
    }
    match builds {
        Some(builds) => newest(site, config, builds),
        None if config.started > 0 => {
            let count = config.started;
            of(
                State::Unknown,
                format!(
                    "its {count} builds were deleted: buildconfig/{}",
                    config.name
                ),
            )
        }
        None => no_build(site, config),
    }
}

fn no_config(site: &Site<'_>) -> Link {
    let unseen = site
        .world
        .unseen
        .why(Listed::BuildConfigs, site.flow.namespace());
    match unseen {
        None => {}
        Some(Gap::NotServed) => return of(State::None, "the cluster serves no buildconfigs"),
        Some(gap) => {
            return of(
                State::Unknown,
                super::site::unseen(Listed::BuildConfigs, gap),
            );
        }
    }
    match (site.flow.image(), site.flow.subject) {
        (Some(image), _) => of(State::None, format!("no BuildConfig here pushes {image}")),
        (None, Subject::Workload(_)) => of(State::None, "not known what builds it"),
        (None, _) => of(State::None, "no BuildConfig here writes it"),
    }
}

fn no_build(site: &Site<'_>, config: &BuildConfig) -> Link {
    let name = &config.name;
    if let Some(refused) = credential::will_fail(site, config) {
        let text = format!(
            "buildconfig/{name} has not built yet, and its push will fail: {}",
            refused.text
        );
        return of(State::Broken, text)
            .why(WILL_FAIL)
            .at(config.created)
            .fix(refused.fix);
    }
    let state = if site.is_older(config.created, FIRST_BUILD) {
        State::Broken
    } else {
        State::Waiting
    };
    of(state, format!("buildconfig/{name} has not built yet"))
        .why("NoBuild")
        .at(config.created)
        .fix(fix::start_build(config))
}

fn newest(site: &Site<'_>, config: &BuildConfig, builds: &Builds) -> Link {
    let build = &builds.newest;
    let (namespace, name) = (&build.namespace, &build.name);
    let because = if build.message.is_empty() {
        String::new()
    } else {
        format!(": {}", build.message)
    };
    let again = || fix::start_build(config);
    match (build.phase, build.reason.as_str()) {
        (Phase::Complete, _) => match credential::will_fail(site, config) {
            Some(refused) => {
                let done = complete(build).message;
                let text = format!("{done}; the next push will fail: {}", refused.text);
                return of(State::Broken, text)
                    .why(WILL_FAIL)
                    .at(build.completed)
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
            let phase = word(build.phase);
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
                        .at(build.created)
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
            let phase = word(build.phase);
            of(
                State::Broken,
                format!("{name} {phase}{reason}{because}{}", last(builds)),
            )
            .fix(fix::logs(fix::object(Kind::Build, namespace, name)))
        }
    }
    .why(&build.reason)
    .at(build.completed.or(build.created))
}

/// A build whose pod waits for the volume with its push secret, which has to come under that name.
fn missing_secret(site: &Site<'_>, build: &Build) -> Link {
    let (namespace, name) = (&build.namespace, &build.name);
    let (image, new) = match &build.output {
        Output::Image(image) => (image.as_str(), credential::new_secret(image)),
        _ => ("", "dockerhub".to_owned()),
    };
    let secret = match build.push_secret.as_str() {
        "" => &new,
        secret => secret,
    };
    let seen = Credentials::of(&site.world.credentials).secret(namespace, secret);
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

fn complete(build: &Build) -> Link {
    let name = &build.name;
    match (&build.output, build.digest.as_str()) {
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
fn last(builds: &Builds) -> String {
    match builds.pushed() {
        Some(pushed) if !pushed.digest.is_empty() => {
            format!(
                "; {} before it pushed {}",
                pushed.name,
                short(&pushed.digest)
            )
        }
        _ => String::new(),
    }
}

/// The stream to write to, or the image that the tag of that name comes from.
fn correct_output(site: &Site<'_>, config: &BuildConfig) -> Remedy {
    let build = fix::object(Kind::BuildConfig, &config.namespace, &config.name);
    let Output::StreamTag {
        namespace,
        stream,
        tag,
    } = &config.output
    else {
        return fix::describe(build);
    };
    let Some(found) = site.world.stream(namespace, stream) else {
        return Remedy::run(Action::CreateStream {
            stream: fix::object(Kind::ImageStream, namespace, stream),
        });
    };
    match found.tags.get(tag).map(|tag| &tag.from) {
        Some(From::Image(image)) => Remedy::run(Action::SetOutput {
            build,
            was: format!("{stream}:{tag}").into(),
            image: image.as_str().into(),
        }),
        _ => Remedy::instruct(format!(
            "set spec.output.to of {build} to the image that it is to push: the cluster has no \
             integrated registry for {stream}:{tag}"
        )),
    }
}

/// Where a build pushes to, in words.
fn output(build: &Build) -> String {
    match &build.output {
        Output::None => "nowhere".to_owned(),
        Output::Image(image) => image.clone(),
        Output::StreamTag {
            namespace,
            stream,
            tag,
        } if *namespace == build.namespace => format!("imagestreamtag/{stream}:{tag}"),
        Output::StreamTag {
            namespace,
            stream,
            tag,
        } => format!("imagestreamtag/{stream}:{tag} of {namespace}"),
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
