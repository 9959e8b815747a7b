//! The registry: whether it has the image.

use extreg_remedy::Remedy;

use super::{Link, Part, Site, State, credential, fix};
use crate::{fetched::InRegistry, flow::From, image::short};

/// The link.
pub(super) fn link(site: &Site<'_, '_>) -> Link {
    let Some(image) = site.flow.image() else {
        let is_pushed = site.flow.source.is_some_and(|p| p.from() == From::Pushed);
        return if is_pushed {
            of(State::None, "the integrated registry has it")
        } else {
            of(State::None, "no image outside the cluster")
        };
    };
    let Some(answer) = site.registry() else {
        return of(State::Unknown, format!("{} was not queried", image.host));
    };
    match answer {
        InRegistry::Has { digest, is_list } => {
            let what = if *is_list {
                ", a list of platforms"
            } else {
                ""
            };
            let other = match site.pushed() {
                Some(build) if !build.digest().is_empty() && build.digest() != digest => {
                    format!(", which is not what {} pushed", build.name())
                }
                _ => String::new(),
            };
            of(
                State::Ok,
                format!("{} has {}{what}{other}", image.host, short(digest)),
            )
        }
        InRegistry::NotFound => {
            let has_none = format!("{} has no {image}", image.host);
            if site.building().is_some() || site.awaits_first_build() {
                let text = format!("{has_none} yet: a build has to push it");
                return of(State::Waiting, text).why("NotFound");
            }
            let remedy = match site.config() {
                Some((config, _)) => fix::start_build(config),
                None => Remedy::instruct(format!(
                    "push {image}, or let the tag follow an image that exists"
                )),
            };
            of(State::Broken, has_none).why("NotFound").fix(remedy)
        }
        InRegistry::Refused(why) => {
            let refused = credential::import(site, site.flow.importer(), &image.to_string());
            of(State::Unknown, format!("{why}; {}", refused.text)).why("Unauthorized")
        }
        InRegistry::Unknown(why) => of(State::Unknown, why.clone()),
    }
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Registry, state, message)
}
