//! The validated settings of `secret rotate`.

use extreg_cluster::DryRun;
use extreg_core::{image::ImageRef, registry::RegistryHost};

use super::Args;
use crate::{
    args::EndpointArgs, commands::secret::registry_host, credential::CredentialSource,
    error::Error, names, print::DataFormat,
};

/// What to rotate, and how.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) places: Places,
    /// Secrets that are rotated whatever their password is: namespace and name.
    pub(super) also: Vec<(String, String)>,
    /// The registry, `docker.io` for all names of Docker Hub.
    pub(super) registry: String,
    pub(super) replaces: Option<String>,
    /// The account of the new credential, if given.
    pub(super) username: Option<String>,
    pub(super) source: Source,
    /// The image to test it with, if given.
    pub(super) image: Option<String>,
    pub(super) verify: bool,
    pub(super) managed: bool,
    pub(super) mode: Mode,
    pub(super) format: Option<DataFormat>,
    pub(super) endpoints: EndpointArgs,
}

/// Where to search for the credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Places {
    /// In these namespaces, in the given order; empty until the namespace of the context is known.
    Namespaces(Vec<String>),
    /// In all namespaces that the user can see.
    All,
}

/// The source of the new credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Given.
    AuthFile(std::path::PathBuf),
    /// The password is on stdin.
    Stdin,
    /// A prompt.
    Unsaid,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Show the plan.
    Plan,
    /// Run a server dry run.
    Try,
    /// Apply the changes.
    Write,
}

impl Settings {
    /// Validates the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args, namespace: Option<&str>) -> Result<Self, Error> {
        names::subdomain("secret", &args.name)?;
        let places = if args.all_namespaces {
            Places::All
        } else {
            let given = namespace.unwrap_or_default().split(',').map(str::trim);
            let mut names: Vec<String> = Vec::new();
            for name in given.filter(|name| !name.is_empty()) {
                if !names.iter().any(|other| other == name) {
                    names.push(name.to_owned());
                }
            }
            Places::Namespaces(names)
        };
        let mut also = Vec::new();
        for text in &args.also {
            also.push(named(text)?);
        }
        let host = registry_host(&args.registry)?;
        if let Some(image) = &args.image {
            let is_on_registry = ImageRef::parse(image).ok().is_some_and(|image| {
                !image.is_registry_only()
                    && RegistryHost::of(image.with_defaults().registry()).as_str() == host
            });
            if !is_on_registry {
                return Err(Error::usage(format!(
                    "--image {image}: specify an image on {host}, the registry of the credential"
                )));
            }
        }
        let source = match (args.auth_file, args.password_stdin) {
            (Some(file), _) => Source::AuthFile(file),
            (None, true) => Source::Stdin,
            (None, false) => Source::Unsaid,
        };
        let mode = match (args.dry_run.dry_run, args.yes) {
            (DryRun::Server, _) => Mode::Try,
            (DryRun::None, true) => Mode::Write,
            (DryRun::Client, _) | (DryRun::None, false) => Mode::Plan,
        };
        Ok(Self {
            name: args.name,
            places,
            also,
            registry: host,
            replaces: args.replaces,
            username: args.username,
            source,
            image: args.image,
            verify: !args.no_verify,
            managed: args.managed,
            mode,
            format: args.output.format,
            endpoints: args.endpoints,
        })
    }

    /// Sets the namespace of the context if none was given.
    pub(super) fn default_to(&mut self, namespace: &str) {
        if let Places::Namespaces(names) = &mut self.places
            && names.is_empty()
        {
            names.push(namespace.to_owned());
        }
    }

    /// Whether a secret is included whatever its password is.
    pub(super) fn includes(&self, namespace: &str, name: &str) -> bool {
        let mut also = self.also.iter();
        also.any(|(other, secret)| other == namespace && secret == name)
    }

    /// The source of the new credential, for a known account.
    pub(super) fn credential(&self, account: &str) -> CredentialSource {
        let username = self.username.clone().unwrap_or_else(|| account.to_owned());
        match &self.source {
            Source::AuthFile(path) => CredentialSource::AuthFile(path.clone()),
            Source::Stdin => CredentialSource::Stdin { username },
            Source::Unsaid => CredentialSource::Unsaid {
                username: Some(username),
            },
        }
    }

    /// Whether a credential is given or can be prompted for.
    pub(super) fn needs_credential(&self) -> bool {
        self.mode != Mode::Plan || self.source != Source::Unsaid
    }
}

/// `NAMESPACE/NAME` of `--also`.
fn named(text: &str) -> Result<(String, String), Error> {
    let (namespace, name) = text.split_once('/').ok_or_else(|| {
        Error::usage(format!(
            "--also {text}: expected NAMESPACE/NAME, e.g. shop/dockerhub"
        ))
    })?;
    names::subdomain("namespace", namespace)?;
    names::subdomain("secret", name)?;
    Ok((namespace.to_owned(), name.to_owned()))
}

impl Mode {
    /// The value for the API.
    pub(super) const fn dry_run(self) -> DryRun {
        match self {
            Self::Plan => DryRun::Client,
            Self::Try => DryRun::Server,
            Self::Write => DryRun::None,
        }
    }
}
