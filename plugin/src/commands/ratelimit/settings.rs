//! The validated settings of `ratelimit`.

use std::path::PathBuf;

use extreg_core::registry::{InternalRegistry, RefRole, RegistryHost, Resolution, resolve};

use super::{Args, Format};
use crate::{args::EndpointArgs, error::Error, pulls::measure::Probe};

/// What to measure and to count.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// As in image names; `docker.io` for Docker Hub.
    pub(super) registry: String,
    pub(super) measure: Wanted,
    pub(super) login: LoginSource,
    /// Whether to count, and whether in all namespaces.
    pub(super) budget: Option<bool>,
    pub(super) same_address: bool,
    pub(super) format: Format,
    pub(super) endpoints: EndpointArgs,
}

/// What to request from the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The headers of this image.
    Image(Probe),
    /// Nothing, because no image is given and no default image of the registry is known.
    Unnamed,
    /// Nothing.
    Nothing,
}

/// The source of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LoginSource {
    None,
    AuthFile(PathBuf),
    Secret(String),
}

impl Settings {
    /// Validates the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args) -> Result<Self, Error> {
        let named = args.registry.map(|name| host(&name)).transpose()?;
        let probe_image = args.image.map(|image| probe(&image)).transpose()?;
        let registry = match (named, &probe_image) {
            (Some(named), Some((host, _))) if named != *host => {
                return Err(Error::usage(format!(
                    "--image is on {host} but --registry is {named}: omit one of them"
                )));
            }
            (Some(named), _) => named,
            (None, Some((host, _))) => host.clone(),
            (None, None) => "docker.io".to_owned(),
        };
        let measure = match probe_image {
            _ if args.no_measure => Wanted::Nothing,
            Some((_, probe)) => Wanted::Image(probe),
            None => Probe::of_registry(&registry).map_or(Wanted::Unnamed, Wanted::Image),
        };
        let login = match (args.auth_file, args.secret) {
            (Some(path), _) => LoginSource::AuthFile(path),
            (None, Some(name)) => LoginSource::Secret(name),
            (None, None) => LoginSource::None,
        };
        if measure == Wanted::Unnamed && login != LoginSource::None {
            return Err(Error::usage(format!(
                "no default image of {registry} is known: specify one with --image"
            )));
        }
        Ok(Self {
            registry,
            measure,
            login,
            budget: args.budget.then_some(args.all_namespaces),
            same_address: args.same_address,
            format: args.output.format.unwrap_or_default(),
            endpoints: args.endpoints,
        })
    }

    pub(super) fn needs_cluster(&self) -> bool {
        self.budget.is_some() || matches!(self.login, LoginSource::Secret(_))
    }
}

fn host(name: &str) -> Result<String, Error> {
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    if name.is_empty() || !name.chars().all(is_host) {
        return Err(Error::usage(format!(
            "--registry {name}: use a host, with its port if it has one, e.g. docker.io"
        )));
    }
    Ok(RegistryHost::of(name).as_str().to_owned())
}

fn probe(image: &str) -> Result<(String, Probe), Error> {
    let refuse = |why: &str| Err(Error::usage(format!("--image {image}: {why}")));
    match resolve(image, RefRole::Import, &InternalRegistry::default()) {
        Resolution::Certain(host, image) => {
            let reference = match (image.id(), image.tag()) {
                ("", "") => "latest",
                ("", tag) => tag,
                (digest, _) => digest,
            };
            let probe = Probe {
                repository: image.repository_path().into_owned(),
                reference: reference.to_owned(),
            };
            Ok((host.as_str().to_owned(), probe))
        }
        Resolution::Internal(_) => refuse("the cluster's own registry has no limit"),
        Resolution::Invalid(why) => refuse(&why.to_string()),
        Resolution::Parameter | Resolution::FirstOf(..) => refuse("is not one image"),
    }
}
