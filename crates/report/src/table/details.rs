//! The findings of each image with reason and fix, and each once for all the places that have it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use extreg_audit::check::{CheckId, Severity};
use extreg_audit::finding::Finding;
use extreg_audit::report::{Report, Section};
use extreg_remedy::Outcome;
use extreg_snapshot::ImageUse;
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;

use super::{Cell, Group, Line, Tone};
use crate::image_name::{image_name, name_of};
use crate::words::count;

/// How findings that are about no image are headed.
const NO_IMAGE: &str = "about no single image";

/// What findings have in common that are shown as one.
type Same = (Reverse<Severity>, Outcome, CheckId, &'static str);

pub(super) fn groups(report: &Report) -> Vec<Group> {
    let several = report.sections.len() > 1;
    let mut groups = Vec::new();
    let mut reasons = BTreeSet::new();
    for section in &report.sections {
        let found = groups_of(section, &mut reasons);
        if several && !found.is_empty() {
            groups.push(Group {
                title: vec![
                    Cell::plain("in "),
                    Cell::strong(&section.source),
                    Cell::plain(":"),
                ],
                rows: Vec::new(),
            });
        }
        groups.extend(found);
    }
    groups
}

fn groups_of<'r>(section: &'r Section, reasons: &mut BTreeSet<&'r str>) -> Vec<Group> {
    let mut by_image: BTreeMap<String, BTreeMap<Same, Vec<&Finding>>> = BTreeMap::new();
    for finding in &section.findings {
        if finding.suppression.is_some() {
            continue;
        }
        let image = finding.image.as_ref();
        let name = image.map_or_else(String::new, |image| image_name(image, &finding.place));
        let same = (
            Reverse(finding.severity),
            finding.outcome,
            finding.check,
            finding.rule,
        );
        let alike = by_image.entry(name).or_default().entry(same).or_default();
        alike.push(finding);
    }
    let counts = counts(section);
    let mut groups: Vec<_> = by_image.into_iter().collect();
    groups.sort_by_cached_key(|(name, found)| rank(name, found));
    groups
        .into_iter()
        .map(|(name, found)| Group {
            title: title(&name, &counts),
            rows: found
                .values()
                .flat_map(|alike| rows(alike, reasons))
                .collect(),
        })
        .collect()
}

/// Failed findings before inconclusive ones, then by severity and number of places.
fn rank(name: &str, found: &BTreeMap<Same, Vec<&Finding>>) -> impl Ord + use<> {
    let worst = found
        .keys()
        .filter(|(_, outcome, ..)| *outcome == Outcome::Fail)
        .map(|(Reverse(severity), ..)| *severity)
        .max();
    let places: usize = found.values().map(Vec::len).sum();
    (Reverse(worst), Reverse(places), name.to_owned())
}

fn title(name: &str, counts: &BTreeMap<String, Counts<'_>>) -> Line {
    if name.is_empty() {
        return vec![Cell::strong(NO_IMAGE)];
    }
    let mut title = vec![Cell::strong(name)];
    if let Some(counts) = counts.get(name) {
        title.push(Cell::dim(format!("  {}", counts.description())));
    }
    title
}

/// Equal findings as one: message, places, reason unless it is among the `reasons` already shown, and the fix of the
/// first.
fn rows<'r>(alike: &[&'r Finding], reasons: &mut BTreeSet<&'r str>) -> Vec<Vec<Cell>> {
    let Some(first) = alike.first() else {
        return Vec::new();
    };
    let severity = match first.outcome {
        Outcome::Fail => Cell::new(first.severity.into(), first.severity.as_str()),
        Outcome::Unknown => Cell::new(Tone::Attention, "unknown"),
    };
    let below = |tone, name: &str, text: &str| {
        vec![Cell::plain(""), Cell::dim(name), Cell::new(tone, text)]
    };
    let mut rows = vec![vec![
        severity,
        Cell::plain(first.check.as_str()),
        Cell::plain(&first.message),
    ]];
    rows.push(below(Tone::Plain, "at", &places(alike)));
    if !first.why.is_empty() && reasons.insert(&first.why) {
        rows.push(below(Tone::Dim, "why", &first.why));
    }
    let fix = first.fix_text();
    if !fix.is_empty() {
        rows.push(below(Tone::Command, "fix", &fix));
    }
    rows
}

/// `deployment.apps/cart in shop, web, and 36 more`.
fn places(alike: &[&Finding]) -> String {
    let Some(first) = alike.first() else {
        return String::new();
    };
    let place = &first.place;
    let mut text = place.object.to_string();
    if !place.part.is_empty() {
        text = format!("{text}, {}", place.part);
    }
    if let Origin::File { .. } = place.origin {
        text = format!("{text}, {}", place.origin);
    }
    match alike.len() {
        1 => text,
        all => format!("{text}, and {} more", all - 1),
    }
}

/// Who uses an image.
#[derive(Default)]
struct Counts<'a> {
    pods: BTreeSet<(&'a str, &'a str)>,
    objects: BTreeSet<(&'a str, Kind, &'a str)>,
    namespaces: BTreeSet<&'a str>,
}

fn counts(section: &Section) -> BTreeMap<String, Counts<'_>> {
    let mut counts: BTreeMap<String, Counts<'_>> = BTreeMap::new();
    for of in &section.uses {
        counts.entry(name_of(of)).or_default().add(of);
    }
    counts
}

impl<'a> Counts<'a> {
    fn add(&mut self, of: &'a ImageUse) {
        let object = &of.place.object;
        if object.kind == Kind::Pod {
            self.pods.insert((&object.namespace, &object.name));
        }
        if !of.owned {
            self.objects
                .insert((&object.namespace, object.kind, &object.name));
        }
        if !object.namespace.is_empty() {
            self.namespaces.insert(&object.namespace);
        }
    }

    /// `37 pods, 5 namespaces`; where no pod runs it, the objects that name it.
    fn description(&self) -> String {
        let users = if self.pods.is_empty() {
            count(self.objects.len(), "object")
        } else {
            count(self.pods.len(), "pod")
        };
        if self.namespaces.is_empty() {
            users
        } else {
            format!("{users}, {}", count(self.namespaces.len(), "namespace"))
        }
    }
}
