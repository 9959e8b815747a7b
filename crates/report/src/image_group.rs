//! Images with the fields that name them: what a bill of materials lists.

use std::collections::BTreeMap;

use extreg_audit::report::Report;
use extreg_snapshot::place::ImageName;
use extreg_snapshot::{ImageUse, Meaning};

use super::image_name::name_of;
use super::phrases;
use super::purl;

/// An image, and its uses.
pub(super) struct ImageGroup<'a> {
    /// Its name with tag or digest.
    pub(super) name: String,
    /// The image of its first use; registry, repository and digest are equal in all uses.
    pub(super) image: &'a ImageName,
    /// The tag as written.
    pub(super) tag: String,
    /// The meaning of its registry.
    pub(super) meaning: Meaning,
    /// Its uses, each with the number of its section.
    pub(super) uses: Vec<(usize, &'a ImageUse)>,
}

/// Every image that the report names, sorted by name and digest. A field that a trigger will set
/// is not one.
pub(super) fn of(report: &Report) -> Vec<ImageGroup<'_>> {
    let mut groups: BTreeMap<(String, &str), ImageGroup<'_>> = BTreeMap::new();
    for (section, of) in report.sections.iter().enumerate() {
        for image_use in &of.uses {
            if image_use.meaning == Meaning::Unset {
                continue;
            }
            let name = name_of(image_use);
            let group = groups
                .entry((name.clone(), &*image_use.image.digest))
                .or_insert_with(|| ImageGroup {
                    name,
                    image: &image_use.image,
                    tag: image_use.tag().to_string(),
                    meaning: image_use.meaning,
                    uses: Vec::new(),
                });
            group.uses.push((section, image_use));
        }
    }
    groups.into_values().collect()
}

impl ImageGroup<'_> {
    /// Unique among the groups of a report.
    pub(super) fn reference(&self) -> String {
        match &*self.image.digest {
            "" => self.name.clone(),
            digest if self.name.ends_with(digest) => self.name.clone(),
            digest => format!("{}@{digest}", self.name),
        }
    }

    /// `docker.io/library/nginx`, or the written name if the registry is unknown.
    pub(super) fn repository(&self) -> String {
        if self.image.registry.is_empty() || self.image.repository.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.image.registry, self.image.repository)
        }
    }

    pub(super) fn purl(&self) -> Option<String> {
        purl::of(self.image, &self.tag)
    }

    /// The digest's SHA-256 in hexadecimal, if it is one.
    pub(super) fn sha256(&self) -> Option<&str> {
        let hex = self.image.digest.strip_prefix("sha256:")?;
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (hex.len() == 64 && hex.bytes().all(is_hex)).then_some(hex)
    }

    /// Whether the digest is written in the field, or is the running or last imported one.
    pub(super) fn digest_source(&self) -> Option<&'static str> {
        match (&*self.image.digest, self.image.written.contains('@')) {
            ("", _) => None,
            (_, true) => Some("named"),
            (_, false) => Some("observed"),
        }
    }

    pub(super) const fn meaning(&self) -> &'static str {
        match self.meaning {
            Meaning::External => "external",
            Meaning::Searched => "searched",
            Meaning::Internal => "internal",
            Meaning::Parameter => "parameter",
            Meaning::Invalid => "invalid",
            Meaning::Unset => "unset",
        }
    }

    /// Its uses as text, one each: `prod: run, deployment.apps/cart in shop, web`.
    pub(super) fn used_by(&self, report: &Report) -> Vec<String> {
        let uses = self.uses.iter();
        uses.map(|(section, image_use)| {
            let source = report.sections.get(*section).map_or("", |of| &of.source);
            let role = image_use.role.word();
            format!("{source}: {role}, {}", phrases::place(&image_use.place))
        })
        .collect()
    }
}

/// The remarks of a bill of materials: name and text.
pub(super) fn remarks(report: &Report) -> Vec<(&'static str, String)> {
    let mut remarks = Vec::new();
    if report.sections.is_empty() {
        remarks.push(("extreg:coverage", phrases::NOTHING_READ.to_owned()));
    }
    for section in &report.sections {
        let source = &section.source;
        let coverage = phrases::coverage(section);
        remarks.push(("extreg:coverage", format!("{source}: {coverage}")));
        let gaps = section.coverage.gaps.iter();
        remarks.extend(gaps.map(|gap| {
            let text = format!("{source}: not read: {}", phrases::gap(gap));
            ("extreg:gap", text)
        }));
        let findings = section.findings.iter();
        remarks.extend(findings.map(|finding| {
            let text = format!("{source}: {}", phrases::finding(finding));
            ("extreg:finding", text)
        }));
        let opt_outs = section.opt_outs.iter();
        remarks.extend(opt_outs.map(|out| {
            let text = format!("{source}: {}: {}", out.by, phrases::place(&out.place));
            ("extreg:optOut", text)
        }));
    }
    let unused = report.unused_exceptions.iter();
    remarks.extend(unused.map(|line| ("extreg:unusedException", line.clone())));
    let notices = report.notices.iter();
    remarks.extend(notices.map(|line| ("extreg:notice", line.clone())));
    let fixed = report.fixed.iter();
    remarks.extend(fixed.map(|known| ("extreg:fixed", phrases::fixed(known))));
    remarks
}
