//! The images of each registry by the most severe open finding, as bars.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use extreg_audit::check::Severity;
use extreg_audit::report::Report;

use super::header::class;
use super::inventory::registry;
use super::markup::Markup;
use crate::image_name::{image_name, name_of};
use crate::words::count;

/// This many registries have a bar of their own.
const MAX_BARS: usize = 10;
/// The length of the longest bar, in units of its view box.
const LENGTH: usize = 1000;

/// Images by their most severe open finding; `None` is without one.
type Bar = BTreeMap<Reverse<Option<Severity>>, usize>;

pub(super) fn write(page: &mut Markup, report: &Report) {
    let bars = bars(report);
    let Some(most) = bars.iter().map(|(_, bar)| total(bar)).max() else {
        return;
    };
    page.raw(
        "<figure class=\"picture\"><figcaption>Images by registry and by their most severe open \
         finding</figcaption>\n<ul>\n",
    );
    for (name, bar) in &bars {
        page.raw("<li><span>")
            .name(name)
            .raw("</span><svg role=\"img\" viewBox=\"0 0 ")
            .number(LENGTH)
            .raw(" 20\" preserveAspectRatio=\"none\"><title>")
            .text(description(name, bar))
            .raw("</title>");
        let (mut images, mut start) = (0_usize, 0_usize);
        for (Reverse(severity), number) in bar {
            images = images.saturating_add(*number);
            let end = images.saturating_mul(LENGTH) / most;
            page.raw("<rect class=\"bar-")
                .raw(severity.map_or("none", class))
                .raw("\" x=\"")
                .number(start)
                .raw("\" width=\"")
                .number(end.saturating_sub(start))
                .raw("\" height=\"20\"></rect>");
            start = end;
        }
        page.raw("</svg><b>").number(images).raw("</b></li>\n");
    }
    page.raw("</ul>\n<p class=\"legend\">");
    for severity in Severity::ALL.into_iter().rev() {
        page.raw("<span class=\"chip ")
            .raw(class(severity))
            .raw("\">")
            .raw(severity.as_str())
            .raw("</span> ");
    }
    page.raw("<span class=\"chip none\">no open finding</span></p></figure>\n");
}

/// The registries with the most images first; the rest is one bar.
fn bars(report: &Report) -> Vec<(String, Bar)> {
    let mut worst: BTreeMap<String, Severity> = BTreeMap::new();
    for (_, finding) in report.findings().filter(|(_, finding)| finding.is_open()) {
        if let Some(image) = &finding.image {
            let name = image_name(image, &finding.place);
            let severity = worst.entry(name).or_insert(finding.severity);
            *severity = finding.severity.max(*severity);
        }
    }
    let mut images: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for of in report.sections.iter().flat_map(|section| &section.uses) {
        images.entry(registry(of)).or_default().insert(name_of(of));
    }
    let mut bars: Vec<(String, Bar)> = Vec::new();
    for (registry, names) in images {
        let mut bar = Bar::new();
        for name in names {
            *bar.entry(Reverse(worst.get(&name).copied())).or_default() += 1;
        }
        bars.push((registry.to_owned(), bar));
    }
    bars.sort_by_key(|(_, bar)| Reverse(total(bar)));
    if bars.len() > MAX_BARS {
        let rest = bars.split_off(MAX_BARS);
        let name = match rest.len() {
            1 => "1 more registry".to_owned(),
            more => format!("{more} more registries"),
        };
        let mut all = Bar::new();
        for (severity, number) in rest.into_iter().flat_map(|(_, bar)| bar) {
            *all.entry(severity).or_default() += number;
        }
        bars.push((name, all));
    }
    bars
}

fn total(bar: &Bar) -> usize {
    bar.values().sum()
}

/// `docker.io: 3 images: 1 critical, 2 without an open finding`.
fn description(name: &str, bar: &Bar) -> String {
    let parts = bar
        .iter()
        .map(|(Reverse(severity), number)| match severity {
            Some(severity) => format!("{number} {severity}"),
            None => format!("{number} without an open finding"),
        });
    let parts: Vec<String> = parts.collect();
    format!(
        "{name}: {}: {}",
        count(total(bar), "image"),
        parts.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn every_image_is_in_one_bar() {
        for (name, report) in sample::all() {
            let mut images = BTreeSet::new();
            for of in report.sections.iter().flat_map(|section| &section.uses) {
                images.insert((registry(of), name_of(of)));
            }
            let all: usize = bars(&report).iter().map(|(_, bar)| total(bar)).sum();
            assert_eq!(all, images.len(), "{name}");
        }
    }

    #[test]
    fn a_bar_has_a_text_alternative() {
        let bar = Bar::from([(Reverse(Some(Severity::Critical)), 1), (Reverse(None), 2)]);
        assert_eq!(
            description("docker.io", &bar),
            "docker.io: 3 images: 1 critical, 2 without an open finding"
        );
    }
}
