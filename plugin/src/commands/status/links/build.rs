//! The build: what it came to, and what it pushed where.

use super::{Link, Mend, Part, Site, State, credential};
use crate::commands::status::{
    flow::Subject,
    image::short,
    read::{Build, BuildConfig, From, Output, Phase},
    world::{Builds, Gap, Listed},
};

/// A ConfigChange trigger starts the first build of a new BuildConfig within this many seconds.
const FIRST_BUILD: i64 = 60;

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
    let (namespace, name) = (&config.namespace, &config.name);
    let state = if site.is_older(config.created, FIRST_BUILD) {
        State::Broken
    } else {
        State::Waiting
    };
    of(state, format!("buildconfig/{name} has not built yet"))
        .why("NoBuild")
        .at(config.created)
        .mend(Mend::start_build(namespace, name))
}

fn newest(site: &Site<'_>, config: &BuildConfig, builds: &Builds) -> Link {
    let build = &builds.newest;
    let (namespace, name) = (&build.namespace, &build.name);
    let because = if build.message.is_empty() {
        String::new()
    } else {
        format!(": {}", build.message)
    };
    let again = Mend::start_build(namespace, &config.name);
    let logs = || site.mend.logs(namespace, &format!("build/{name}"));
    match (build.phase, build.reason.as_str()) {
        (Phase::Complete, _) => complete(build),
        (Phase::New, "InvalidOutputReference") => of(
            State::Broken,
            format!("{name} cannot start{because}; {}", output(build)),
        )
        .mend(mend_output(site, config)),
        (Phase::Pending, "MissingPushSecret") => {
            let secret = match (&build.output, build.push_secret.as_str()) {
                (Output::Image(image), "") => &credential::new_secret(image),
                (_, "") => "dockerhub",
                (_, secret) => secret,
            };
            of(
                State::Broken,
                format!(
                    "{name} waits for its push secret: there is no secret/{secret} in {namespace}"
                ),
            )
            .mend(site.mend.create_secret(namespace, secret))
        }
        (Phase::New | Phase::Pending | Phase::Running, reason) => {
            let phase = word(build.phase);
            let reason = if reason.is_empty() {
                String::new()
            } else {
                format!(" ({reason})")
            };
            of(
                State::Waiting,
                format!("{name} is {phase}{reason}{because}"),
            )
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
            .mend(refused.mend.unwrap_or(again))
        }
        (Phase::Cancelled, _) => {
            of(State::Broken, format!("{name} was cancelled{because}")).mend(again)
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
            .mend(logs())
        }
    }
    .why(&build.reason)
    .at(build.completed.or(build.created))
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
fn mend_output(site: &Site<'_>, config: &BuildConfig) -> String {
    let Output::StreamTag {
        namespace,
        stream,
        tag,
    } = &config.output
    else {
        return site
            .mend
            .describe(&config.namespace, &format!("buildconfig/{}", config.name));
    };
    match site.world.stream(namespace, stream) {
        None => Mend::create_stream(namespace, stream),
        Some(found) => {
            let image = match found.tags.get(tag).map(|tag| &tag.from) {
                Some(From::Image(image)) => image.as_str(),
                _ => "docker.io/USER/REPOSITORY:TAG",
            };
            site.mend.push_to(&config.namespace, &config.name, image)
        }
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
