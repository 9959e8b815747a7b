//! The links of a flow: what each came to, and what fixes it. Nothing is read here.

mod build;
mod credential;
mod fix;
mod import;
mod pods;
mod registry;
mod rollout;
mod site;
mod trigger;

use extreg_remedy::{Invocation, Remedy};
use jiff::Timestamp;
use serde::Serialize;

pub use self::fix::Fix;
pub(crate) use self::site::Site;
use crate::{
    fetched::InRegistry,
    flow::{Flow, Follower},
    world::World,
};

/// A step on the way of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// A build makes the image and pushes it.
    Build,
    /// The registry has it.
    Registry,
    /// The tag shows it.
    Import,
    /// The workload is told of it.
    Trigger,
    /// The workload is made of it.
    Rollout,
    /// Pods run it.
    Pods,
}

/// What a link came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// There is no such step in this flow.
    None,
    /// The image got past it.
    Ok,
    /// It comes automatically.
    Waiting,
    /// It does not come automatically.
    Broken,
    /// It cannot be told.
    Unknown,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Which step.
    #[serde(rename = "link")]
    pub part: Part,
    /// The workload that it is about, where it is about one: `deployment/app`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub workload: String,
    /// What it came to.
    pub state: State,
    /// Why, in one word: OpenShift's own where it has one. Empty where there is nothing to say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// In words.
    pub message: String,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    pub time: Option<Timestamp>,
    /// What fixes it. In a box, as most links have none and a large cluster has many links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Box<Fix>>,
}

impl Part {
    /// As it is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Registry => "registry",
            Self::Import => "import",
            Self::Trigger => "trigger",
            Self::Rollout => "rollout",
            Self::Pods => "pods",
        }
    }
}

impl State {
    /// As it is called.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "-",
            Self::Ok => "ok",
            Self::Waiting => "waiting",
            Self::Broken => "broken",
            Self::Unknown => "unknown",
        }
    }
}

impl Link {
    fn new(part: Part, state: State, message: impl Into<String>) -> Self {
        Self {
            part,
            workload: String::new(),
            state,
            reason: String::new(),
            message: message.into(),
            time: None,
            fix: None,
        }
    }

    fn why(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.reason);
        self
    }

    fn at(mut self, time: Option<Timestamp>) -> Self {
        self.time = time;
        self
    }

    fn fix(mut self, remedy: impl Into<Option<Remedy>>) -> Self {
        self.fix = remedy.into().map(|remedy| {
            Box::new(Fix {
                remedy,
                invocation: Invocation::default(),
            })
        });
        self
    }

    /// With what of its fix can be shown to the caller.
    fn shown_to(mut self, site: &Site<'_, '_>) -> Self {
        let fix = self.fix.take().and_then(|fix| {
            let fix = Fix {
                invocation: site.invocation.clone(),
                ..*fix
            };
            fix.checked(site, self.state).map(Box::new)
        });
        self.fix = fix;
        self
    }

    fn of(mut self, follower: &Follower<'_>) -> Self {
        self.workload = follower.workload.reference();
        self
    }
}

/// All links of a flow, in the order that an image passes them.
pub(crate) fn links(site: &Site<'_, '_>) -> Box<[Link]> {
    let mut links = vec![build::link(site), registry::link(site), import::link(site)];
    if site.flow.followers.is_empty() {
        links.push(trigger::none(site));
    }
    for follower in &site.flow.followers {
        let pods = pods::link(site, follower);
        let rollout = rollout::link(follower, &pods);
        let pods = pods::after(pods, &rollout);
        let trigger = trigger::link(site, follower);
        links.extend([trigger, rollout, pods].map(|link| link.of(follower)));
    }
    links.into_iter().map(|link| link.shown_to(site)).collect()
}

/// Whether a request was refused, so that its credential matters; of a registry by an earlier answer.
pub(crate) fn is_refused(world: &World<'_>, flow: &Flow<'_>, answer: Option<&InRegistry>) -> bool {
    let mut builds = flow
        .configs
        .iter()
        .filter_map(|config| world.builds_of(*config));
    let reasons = ["MissingPushSecret", "PushImageToRegistryFailed"];
    matches!(answer, Some(InRegistry::Refused(_)))
        || builds.any(|builds| reasons.contains(&builds.newest.reason()))
        || import::is_refused(flow)
        || flow
            .followers
            .iter()
            .any(|follower| pods::are_refused(world, follower))
}

#[expect(clippy::ref_option, reason = "serde calls it so")]
fn seconds<S: serde::Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(&time.strftime("%Y-%m-%dT%H:%M:%SZ")),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests;
