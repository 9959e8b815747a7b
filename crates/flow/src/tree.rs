//! The objects of a flow as a tree.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    flow::{Follower, Subject},
    image::short,
    links::{Link, Part, Site},
    world::{Build, Pod},
};

/// An object and its children. There can be hundreds of thousands, so texts of links are not
/// repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// `kind/name`, or an image.
    pub object: String,
    /// The index of its link, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<usize>,
    /// The message, if it has no link.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// The time, if it has no link.
    #[serde(skip)]
    pub time: Option<Timestamp>,
    /// The children.
    #[serde(skip_serializing_if = "<[Node]>::is_empty")]
    pub objects: Box<[Self]>,
}

/// The objects of a flow with these links.
pub(crate) fn of(site: &Site<'_, '_>, links: &[Link]) -> Node {
    let flow = site.flow;
    let mut objects = Vec::new();
    objects.extend(
        flow.configs
            .iter()
            .map(|config| of_config(site, *config, links)),
    );
    if let Some(image) = flow.image() {
        objects.push(Node::new(image.to_string()).link_to(links, Part::Registry, ""));
    }
    let stream = match flow.subject {
        Subject::Tag(name) => format!("imagestream/{}", name.stream),
        Subject::Config(_) | Subject::Workload(_) => "imagestream".to_owned(),
    };
    let aliases = flow.aliases.iter().map(|name| {
        let name = name.seen_from(flow.namespace());
        Node::new(format!("imagestreamtag/{name}"))
    });
    let stream = Node::new(stream).above(aliases);
    objects.push(stream.link_to(links, Part::Import, ""));
    if flow.followers.is_empty() {
        objects.push(Node::new("workload".to_owned()).link_to(links, Part::Trigger, ""));
    }
    let followers = flow.followers.iter();
    objects.extend(followers.map(|follower| of_follower(site, follower, links)));
    let root = match flow.subject {
        Subject::Tag(name) => Node::new(format!("imagestreamtag/{name}")),
        Subject::Config(_) | Subject::Workload(_) => Node::new(flow.name()),
    };
    root.above(objects)
}

/// A BuildConfig with its newest build and the last build that pushed.
fn of_config(site: &Site<'_, '_>, config: Build<'_>, links: &[Link]) -> Node {
    let mut node = Node::new(format!("buildconfig/{}", config.name()));
    if config.namespace() != site.flow.namespace() {
        node.message = format!("of {}", config.namespace());
    }
    let main = site.config().map(|(main, _)| &main.record.object);
    let is_main = main == Some(&config.record.object);
    let Some(builds) = site.world.builds_of(config) else {
        return if is_main {
            node.link_to(links, Part::Build, "")
        } else {
            node
        };
    };
    let mut newest = Node::new(format!("build/{}", builds.newest.name()));
    if is_main {
        newest = newest.link_to(links, Part::Build, "");
    }
    let before = builds
        .pushed
        .filter(|pushed| pushed.name() != builds.newest.name());
    let before = before.map(|pushed| Node {
        message: format!("pushed {}", short(pushed.digest())),
        time: pushed.progress.completed,
        ..Node::new(format!("build/{}", pushed.name()))
    });
    node.above([newest].into_iter().chain(before))
}

/// A workload with its links and its pods.
fn of_follower(site: &Site<'_, '_>, follower: &Follower<'_>, links: &[Link]) -> Node {
    let reference = follower.workload.reference();
    let part = |part: Part| Node::new(part.word().to_owned()).link_to(links, part, &reference);
    let pods = site.world.pods_of(follower.workload).iter();
    let pods = pods.map(|pod| Node::of_pod(*pod, follower));
    let pods = part(Part::Pods).above(pods);
    let mut node = Node::new(reference.clone());
    let namespace = follower.workload.namespace();
    if namespace != site.flow.namespace() {
        node.message = format!("of {namespace}");
    }
    node.above([part(Part::Trigger), part(Part::Rollout), pods])
}

impl Node {
    fn new(object: String) -> Self {
        Self {
            object,
            ..Self::default()
        }
    }

    fn above(mut self, objects: impl IntoIterator<Item = Self>) -> Self {
        self.objects = objects.into_iter().collect();
        self
    }

    fn link_to(mut self, links: &[Link], part: Part, workload: &str) -> Self {
        self.link = links
            .iter()
            .position(|link| link.part == part && link.workload == workload);
        self
    }

    fn of_pod(pod: Pod<'_>, follower: &Follower<'_>) -> Self {
        let mut node = Self::new(format!("pod/{}", pod.object.name));
        let followed = follower.how.containers();
        let mut states: Vec<String> = pod
            .run
            .containers
            .iter()
            .filter(|c| followed.is_empty() || followed.contains(&&*c.name))
            .map(|container| match &container.waiting {
                Some((reason, _)) => reason.to_string(),
                None if container.digest.is_empty() => "no digest".to_owned(),
                None => short(&container.digest),
            })
            .collect();
        states.dedup();
        node.message = states.join(", ");
        if pod.run.has_ended {
            node.message.push_str(" (ended)");
        }
        node.time = pod.run.created;
        node
    }
}
