//! The images of each registry, and their users.

use std::collections::{BTreeMap, BTreeSet};

use extreg_audit::report::{Report, Section};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::{ImageUse, Meaning};

use super::coverage::or_dash;
use super::markup::Markup;
use crate::image_name::name_of;
use crate::words::count;

/// The users of an image, or of the images of a registry.
#[derive(Default)]
struct Use<'a> {
    fields: usize,
    pods: BTreeSet<(&'a str, &'a str, &'a str)>,
    namespaces: BTreeSet<(&'a str, &'a str)>,
    digests: BTreeSet<&'a str>,
    roles: BTreeSet<&'static str>,
}

pub(super) fn write(page: &mut Markup, report: &Report) {
    let mut registries: BTreeMap<&str, BTreeMap<String, Use<'_>>> = BTreeMap::new();
    for section in &report.sections {
        for of in &section.uses {
            let images = registries.entry(registry(of)).or_default();
            images.entry(name_of(of)).or_default().add(section, of);
        }
    }
    page.raw("<section id=\"inventory\"><h2>Inventory</h2>\n");
    if registries.is_empty() {
        page.raw("<p>No field that names an image was read.</p></section>\n");
        return;
    }
    page.raw(
        "<table class=\"cards images\"><thead><tr><th scope=\"col\">Registry and image</th>\
         <th scope=\"col\">Used as</th><th scope=\"col\" class=\"n\">Pods</th>\
         <th scope=\"col\" class=\"n\">Fields</th><th scope=\"col\" class=\"n\">Namespaces</th>\
         <th scope=\"col\">Digests</th></tr></thead>\n",
    );
    for (registry, images) in &registries {
        of_registry(page, registry, images);
    }
    page.raw("</table></section>\n");
}

/// The images of a registry, the most used first.
fn of_registry(page: &mut Markup, registry: &str, images: &BTreeMap<String, Use<'_>>) {
    let fields: usize = images.values().map(|of| of.fields).sum();
    page.raw("<tbody><tr class=\"group\"><th scope=\"rowgroup\" colspan=\"6\">")
        .text(registry)
        .raw(" <small>")
        .text(count(images.len(), "image"))
        .raw(" in ")
        .text(count(fields, "field"))
        .raw("</small></th></tr>\n");
    for (name, of) in images {
        let roles: Vec<&str> = of.roles.iter().copied().collect();
        page.raw("<tr><th scope=\"row\"><code>")
            .name(name)
            .raw("</code></th><td>")
            .text(roles.join(", "));
        for number in [of.pods.len(), of.fields, of.namespaces.len()] {
            page.raw(if number == 0 {
                "</td><td class=\"n zero\">"
            } else {
                "</td><td class=\"n\">"
            })
            .number(number);
        }
        page.raw("</td><td>");
        digests(page, &of.digests);
        page.raw("</td></tr>\n");
    }
    page.raw("</tbody>\n");
}

/// One digest is shown, several are collapsed.
fn digests(page: &mut Markup, digests: &BTreeSet<&str>) {
    let mut all = digests.iter();
    match (all.next(), digests.len()) {
        (None, _) => {
            page.raw(or_dash(""));
        }
        (Some(digest), 1) => {
            page.raw("<code class=\"digest\">")
                .text(digest)
                .raw("</code>");
        }
        _ => {
            page.raw("<details><summary>")
                .text(count(digests.len(), "digest"))
                .raw("</summary>");
            for digest in digests {
                page.raw("<code class=\"digest\">")
                    .text(digest)
                    .raw("</code> ");
            }
            page.raw("</details>");
        }
    }
}

pub(super) fn registry(of: &ImageUse) -> &str {
    match of.meaning {
        Meaning::Internal => "integrated registry",
        Meaning::Searched => "short names with a search list",
        Meaning::Parameter => "unknown until a parameter is set",
        Meaning::Invalid => "invalid references",
        Meaning::Unset => "set by a trigger",
        Meaning::External => or_dash(&of.image.registry),
    }
}

impl<'a> Use<'a> {
    fn add(&mut self, section: &'a Section, of: &'a ImageUse) {
        let object = &of.place.object;
        if object.kind == Kind::Pod {
            let pod = (&*section.source, &*object.namespace, &*object.name);
            self.pods.insert(pod);
        }
        if !of.owned {
            self.fields += 1;
        }
        if !object.namespace.is_empty() {
            self.namespaces.insert((&section.source, &object.namespace));
        }
        if !of.image.digest.is_empty() {
            self.digests.insert(&of.image.digest);
        }
        self.roles.insert(of.role.word());
    }
}
