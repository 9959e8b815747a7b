//! The objects of a flow, each under the one that it is of.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    flow::{Follower, Subject},
    image::short,
    links::{Link, Part, Site, State},
    read::Pod,
};

/// An object and those below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    /// `kind/name`, or an image.
    pub(super) object: String,
    /// What the link came to that it stands for, if it stands for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<State>,
    /// In words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) message: String,
    /// Since when.
    #[serde(skip)]
    pub(super) time: Option<Timestamp>,
    /// Whether it is the first that is broken.
    #[serde(skip)]
    pub(super) is_first_broken: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) objects: Vec<Self>,
}

/// The objects of a flow whose links came to that.
pub(super) fn of(site: &Site<'_>, links: &[Link]) -> Node {
    let flow = site.flow;
    let first = links.iter().position(|link| link.state == State::Broken);
    let numbered: Vec<(usize, &Link)> = links.iter().enumerate().collect();
    let link = |part: Part, workload: &str| {
        let found = numbered
            .iter()
            .find(|(_, l)| l.part == part && l.workload == workload);
        found.map(|(index, link)| (*link, first == Some(*index)))
    };
    let mut root = match flow.subject {
        Subject::Tag(name) => Node::new(format!("imagestreamtag/{name}")),
        Subject::Config(_) | Subject::Workload(_) => Node::new(flow.name()),
    };
    for config in &flow.configs {
        let mut node = Node::new(format!("buildconfig/{}", config.name));
        if config.namespace != flow.namespace() {
            node.message = format!("of {}", config.namespace);
        }
        let told = link(Part::Build, "");
        let tells = site.config().is_some_and(|(main, _)| main == *config);
        match site.world.builds_of(config) {
            Some(builds) => {
                let newest = Node::new(format!("build/{}", builds.newest.name));
                node.objects
                    .push(if tells { newest.tell(told) } else { newest });
                if let Some(pushed) = &builds.pushed
                    && pushed.name != builds.newest.name
                {
                    let mut last = Node::new(format!("build/{}", pushed.name));
                    last.message = format!("pushed {}", short(&pushed.digest));
                    last.time = pushed.completed;
                    node.objects.push(last);
                }
            }
            None if tells => node = node.tell(told),
            None => {}
        }
        root.objects.push(node);
    }
    if let Some(image) = flow.image() {
        root.objects
            .push(Node::new(image.to_string()).tell(link(Part::Registry, "")));
    }
    let mut stream = match flow.subject {
        Subject::Tag(name) => Node::new(format!("imagestream/{}", name.stream)),
        Subject::Config(_) | Subject::Workload(_) => Node::new("imagestream".to_owned()),
    };
    stream.objects = flow
        .aliases
        .iter()
        .map(|name| {
            let name = name.seen_from(flow.namespace());
            Node::new(format!("imagestreamtag/{name}"))
        })
        .collect();
    root.objects.push(stream.tell(link(Part::Import, "")));
    if flow.followers.is_empty() {
        root.objects
            .push(Node::new("workload".to_owned()).tell(link(Part::Trigger, "")));
    }
    for follower in &flow.followers {
        let reference = follower.workload.reference();
        let mut node = Node::new(reference.clone());
        if follower.workload.namespace != flow.namespace() {
            node.message = format!("of {}", follower.workload.namespace);
        }
        let part = |name: &str, part| Node::new(name.to_owned()).tell(link(part, &reference));
        node.objects.push(part("trigger", Part::Trigger));
        node.objects.push(part("rollout", Part::Rollout));
        let mut pods = part("pods", Part::Pods);
        pods.objects = site
            .world
            .pods_of(follower.workload)
            .into_iter()
            .map(|pod| Node::of_pod(pod, follower))
            .collect();
        node.objects.push(pods);
        root.objects.push(node);
    }
    root
}

impl Node {
    const fn new(object: String) -> Self {
        Self {
            object,
            state: None,
            message: String::new(),
            time: None,
            is_first_broken: false,
            objects: Vec::new(),
        }
    }

    fn tell(mut self, told: Option<(&Link, bool)>) -> Self {
        if let Some((link, is_first)) = told {
            self.state = Some(link.state);
            self.message.clone_from(&link.message);
            self.time = link.time;
            self.is_first_broken = is_first;
        }
        self
    }

    fn of_pod(pod: &Pod, follower: &Follower<'_>) -> Self {
        let mut node = Self::new(format!("pod/{}", pod.name));
        let followed = follower.how.containers();
        let mut told: Vec<String> = pod
            .containers
            .iter()
            .filter(|c| followed.is_empty() || followed.contains(&c.name.as_str()))
            .map(|container| match &container.waiting {
                Some((reason, _)) => reason.clone(),
                None if container.digest.is_empty() => "no digest".to_owned(),
                None => short(&container.digest),
            })
            .collect();
        told.dedup();
        node.message = told.join(", ");
        if pod.has_ended {
            node.message.push_str(" (ended)");
        }
        node.time = pod.created;
        node
    }
}
