//! The validated settings of `secret check`.

use std::path::PathBuf;

use extreg_core::image::ImageRef;

use super::{Args, Format};
use crate::{args::EndpointArgs, error::Error, names};

/// What to check, and how to report it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) source: Source,
    pub(super) images: Vec<String>,
    pub(super) registry: bool,
    pub(super) format: Format,
    pub(super) endpoints: EndpointArgs,
}

/// Where credentials are searched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// In a file only.
    AuthFile(PathBuf),
    /// In a cluster.
    Cluster {
        /// The secrets; empty for all.
        names: Vec<String>,
        /// In all namespaces.
        all_namespaces: bool,
    },
}

impl Settings {
    /// Validates the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args) -> Result<Self, Error> {
        for name in &args.names {
            names::subdomain("secret", name)?;
        }
        let mut images: Vec<String> = Vec::new();
        for image in args.image {
            let refuse = |why: &str| Err(Error::usage(format!("--image {image}: {why}")));
            match ImageRef::parse(&image) {
                Err(why) => return refuse(&why.to_string()),
                Ok(parsed) if parsed.is_registry_only() => {
                    return refuse("this names a registry but no repository in it");
                }
                Ok(_) if images.contains(&image) => {}
                Ok(_) => images.push(image),
            }
        }
        let mut names = args.names;
        names.sort();
        names.dedup();
        Ok(Self {
            source: match args.auth_file {
                Some(path) => Source::AuthFile(path),
                None => Source::Cluster {
                    names,
                    all_namespaces: args.all_namespaces,
                },
            },
            images,
            registry: !args.no_registry,
            format: args.output.format.unwrap_or_default(),
            endpoints: args.endpoints,
        })
    }
}
