//! The report of flows, the same for every format.

use extreg_remedy::Invocation;
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    fetched::Fetched,
    flow::{Flow, Place},
    links::{Fix, Link, Part, Site, State, links},
    tree::Node,
    world::World,
};

/// The report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Describes what was not read.
    pub gaps: Vec<String>,
    /// The requested flows.
    pub flows: Vec<FlowReport>,
}

/// The report of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowReport {
    /// The namespace of the object that it is named after.
    pub namespace: String,
    /// `stream:tag`, or the kind and name of an object.
    pub name: String,
    /// The external image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The digest that the tag shows.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// The combined state of its links.
    pub state: State,
    /// The first link that is broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<Part>,
    /// The fix of the first broken link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Box<Fix>>,
    /// Every link, in the order in which an image passes them.
    pub links: Box<[Link]>,
    /// Every object of the flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objects: Option<Node>,
}

/// Options of a report.
#[derive(Clone, Debug)]
pub struct ReportOptions<'a> {
    /// The current time.
    pub now: Timestamp,
    /// Which program and flags the suggested commands use.
    pub invocation: &'a Invocation,
    /// Whether every object is reported.
    pub with_objects: bool,
}

impl Report {
    /// Judges flows from the objects that were read and the result of their plan.
    pub fn of(
        world: &World<'_>,
        flows: &[Flow<'_>],
        fetched: &Fetched,
        options: &ReportOptions<'_>,
    ) -> Self {
        let judged = flows.iter().map(|flow| {
            let site = Site {
                world,
                fetched,
                flow,
                now: options.now,
                invocation: options.invocation,
            };
            FlowReport::of(&site, options.with_objects)
        });
        Self {
            gaps: world.gaps(),
            flows: judged.collect(),
        }
    }
}

impl FlowReport {
    fn of(site: &Site<'_, '_>, with_objects: bool) -> Self {
        let flow = site.flow;
        let links = links(site);
        let broken = links.iter().find(|link| link.state == State::Broken);
        let newest = flow.own.and_then(Place::newest);
        Self {
            namespace: flow.namespace().to_owned(),
            name: flow.name(),
            image: flow.image().map(|image| image.to_string()),
            digest: newest.map_or_else(String::new, |item| item.digest.to_string()),
            state: state(&links),
            broken: broken.map(|link| link.part),
            fix: broken.and_then(|link| link.fix.clone()),
            objects: with_objects.then(|| super::tree::of(site, &links)),
            links,
        }
    }

    /// The link that decides the state of the flow: the first broken link, otherwise the first that is not ok.
    pub fn deciding_link(&self) -> Option<&Link> {
        let first = |state| self.links.iter().find(|link| link.state == state);
        match self.state {
            State::Broken | State::Waiting => first(self.state),
            // Prefer another unknown link to that of the registry.
            State::Unknown => {
                let mut open = self.links.iter().filter(|l| l.state == State::Unknown);
                open.find(|link| link.part != Part::Registry)
                    .or_else(|| first(State::Unknown))
            }
            State::Ok | State::None => self.links.iter().rev().find(|l| l.state == State::Ok),
        }
    }

    /// The index of the first broken link.
    pub fn first_broken(&self) -> Option<usize> {
        self.links
            .iter()
            .position(|link| link.state == State::Broken)
    }
}

/// The combined state of the links. The registry can be unknown if the tag is known to show the expected
/// image.
fn state(links: &[Link]) -> State {
    let has = |state: State| links.iter().any(|link| link.state == state);
    let import_is_ok = links
        .iter()
        .any(|link| link.part == Part::Import && link.state == State::Ok);
    let is_open = links
        .iter()
        .any(|link| link.state == State::Unknown && !(link.part == Part::Registry && import_is_ok));
    if has(State::Broken) {
        State::Broken
    } else if has(State::Waiting) {
        State::Waiting
    } else if is_open {
        State::Unknown
    } else if has(State::Ok) {
        State::Ok
    } else {
        State::None
    }
}
