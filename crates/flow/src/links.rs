//! The links of a flow: the state of each, and its fix. Does no I/O.

mod build;
mod credential;
mod fix;
mod import;
mod pods;
mod registry;
mod rollout;
mod site;
mod trigger;

use extreg_core::vocabulary;
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

vocabulary! {
    /// A step of an image from its build to its pods.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum Part {
        /// A build creates the image and pushes it.
        Build => "build",
        /// The registry has the image.
        Registry => "registry",
        /// The tag shows the image.
        Import => "import",
        /// The trigger sets the image of the workload.
        Trigger => "trigger",
        /// The workload rolls out the image.
        Rollout => "rollout",
        /// Pods run the image.
        Pods => "pods",
    }
    /// The name in output.
    pub fn word;
}

vocabulary! {
    /// The state of a link.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "lowercase")]
    pub enum State {
        /// The flow does not have this step.
        None => "-",
        /// The image passed this step.
        Ok => "ok",
        /// The image will pass automatically.
        Waiting => "waiting",
        /// The image will not pass without a fix.
        Broken => "broken",
        /// The state cannot be determined.
        Unknown => "unknown",
    }
    /// The name in output.
    pub fn word;
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The step.
    #[serde(rename = "link")]
    pub part: Part,
    /// The workload of the step, if it has one: `deployment/app`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub workload: String,
    /// The state.
    pub state: State,
    /// The reason in one word, OpenShift's own if it has one. Can be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The message for people.
    pub message: String,
    /// The time of the last change.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "seconds")]
    pub time: Option<Timestamp>,
    /// The fix. Boxed, because most links have none and a large cluster has many links.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Box<Fix>>,
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

    /// Keeps only the part of the fix that can be shown to the caller.
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

/// All links of a flow, in the order in which an image passes them.
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

/// Whether a request was refused, so that its credential matters. `answer` is an earlier answer of a registry.
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

#[expect(clippy::ref_option, reason = "signature of serde")]
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
