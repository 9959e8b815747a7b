//! The validated settings of `setup`.

use std::{path::PathBuf, time::Duration};

use extreg_cluster::DryRun;

use super::{
    args::{Args, ReferencePolicy, Schedule, Strategy, Workload},
    source::GitUrl,
};
use crate::{
    args::{DryRunArgs, EndpointArgs},
    credential::CredentialSource,
    error::Error,
    names,
    print::ObjectFormat,
    target::Target,
};

/// What to set up, and how.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) name: String,
    /// `--namespace`; `None` means the context's namespace, or no namespace in an export.
    pub(crate) namespace: Option<String>,
    pub(crate) target: Target,
    pub(crate) project: bool,
    pub(crate) secret: Secret,
    pub(crate) build: Option<Build>,
    pub(crate) stream: Option<Stream>,
    pub(crate) workload: Workload,
    pub(crate) service_account: Option<String>,
    /// When to import the tag on schedule. The stream holds the resulting decision.
    pub(crate) schedule: Schedule,
    pub(crate) endpoints: EndpointArgs,
    pub(crate) action: Action,
}

/// The push secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// Skipped.
    None,
    /// An existing secret with this name is used.
    Existing(String),
    /// A secret with this name is created.
    Make {
        /// Its name.
        name: String,
        /// The source of the credential.
        source: CredentialSource,
        /// How to handle an existing secret.
        replace: Replace,
    },
}

/// How to replace an existing credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Replace {
    /// Also if it is of another account, or other objects use it.
    pub(crate) shared: bool,
    /// Whether to verify it at the registry first.
    pub(crate) verify: bool,
}

/// The BuildConfig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Build {
    pub(crate) git: Option<Git>,
    /// A Dockerfile's text.
    pub(crate) dockerfile: Option<String>,
    pub(crate) strategy: BuildStrategy,
}

/// The source of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Git {
    pub(crate) uri: GitUrl,
    /// The secret with its credential.
    pub(crate) secret: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) context_dir: Option<String>,
}

/// The build strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BuildStrategy {
    Docker,
    Source(Builder),
}

/// A builder image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Builder {
    /// Of an ImageStream.
    StreamTag { namespace: String, name: String },
    /// Of a registry.
    Image(String),
}

/// The ImageStream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stream {
    pub(crate) reference_policy: ReferencePolicy,
    /// Whether its tag is imported on schedule; until that is decided, whether it can be.
    pub(crate) scheduled: bool,
}

/// What to do with the objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Apply them.
    Apply(Apply),
    /// Print them.
    Export {
        /// `-o`
        format: Option<ObjectFormat>,
    },
}

/// How to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Apply {
    pub(crate) adopt: bool,
    pub(crate) force_conflicts: bool,
    pub(crate) dry_run: DryRun,
    pub(crate) wait: bool,
    pub(crate) format: Option<ObjectFormat>,
}

impl Apply {
    /// How long `--wait` waits without `--timeout`.
    pub(crate) const DEFAULT_WAIT: Duration = Duration::from_mins(10);
}

impl Settings {
    /// Validates the arguments; reads the Dockerfile if one is given.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(crate) fn resolve(args: Args, namespace: Option<&str>) -> Result<Self, Error> {
        let Args {
            name,
            image,
            any_registry,
            source,
            git_ref,
            source_secret,
            context_dir,
            dockerfile,
            strategy,
            builder,
            no_build,
            secret,
            auth_file,
            password_stdin,
            username,
            push_secret,
            no_secret,
            replace_secret,
            no_verify,
            no_stream,
            schedule,
            reference_policy,
            workload,
            service_account,
            no_project,
            adopt,
            force_conflicts,
            dry_run: DryRunArgs { dry_run },
            export,
            wait,
            output,
            endpoints,
        } = args;
        names::application(&name)?;
        if let Some(namespace) = namespace {
            names::project(namespace)?;
        }
        if let Some(account) = &service_account {
            names::subdomain("service account", account)?;
        }
        if let Some(secret) = &source_secret {
            names::subdomain("secret", secret)?;
        }
        let target = Target::parse(&image)?;
        if !any_registry {
            target.check_registry()?;
        }
        let secret = if no_secret {
            Secret::None
        } else if let Some(name) = secret {
            names::subdomain("secret", &name)?;
            Secret::Existing(name)
        } else {
            let name = push_secret.unwrap_or_else(|| target.default_secret());
            names::subdomain("secret", &name)?;
            let source = match (auth_file, username) {
                (Some(file), _) => CredentialSource::AuthFile(file),
                (None, Some(username)) if password_stdin => CredentialSource::Stdin { username },
                (None, None) if password_stdin => {
                    return Err(Error::usage("--password-stdin needs --username"));
                }
                (None, username) => CredentialSource::Unsaid { username },
            };
            Secret::Make {
                name,
                source,
                replace: Replace {
                    shared: replace_secret,
                    verify: !no_verify,
                },
            }
        };
        let git = source
            .map(|uri| {
                GitUrl::parse(&uri).map(|uri| Git {
                    uri,
                    secret: source_secret,
                    reference: git_ref,
                    context_dir,
                })
            })
            .transpose()?;
        let build = if no_build {
            None
        } else {
            Some(Build::resolve(git, dockerfile, strategy, builder)?)
        };
        if wait && dry_run != DryRun::None {
            return Err(Error::usage("--wait cannot be used with a dry run"));
        }
        let action = if export {
            Action::Export {
                format: output.format,
            }
        } else {
            Action::Apply(Apply {
                adopt,
                force_conflicts,
                dry_run,
                wait,
                format: output.format,
            })
        };
        Ok(Self {
            name,
            namespace: namespace.map(str::to_owned),
            target,
            project: !no_project,
            secret,
            build,
            stream: (!no_stream).then_some(Stream {
                reference_policy,
                scheduled: schedule != Schedule::Never,
            }),
            workload,
            service_account,
            schedule,
            endpoints,
            action,
        })
    }

    /// Returns the settings with the tag scheduled, or not.
    pub(crate) fn with_schedule(&self, scheduled: bool) -> Self {
        let mut settings = self.clone();
        settings.stream = settings.stream.map(|stream| Stream {
            scheduled,
            ..stream
        });
        settings
    }

    /// The secret's name, if a secret is used.
    pub(crate) fn secret_name(&self) -> Option<&str> {
        match &self.secret {
            Secret::None => None,
            Secret::Existing(name) | Secret::Make { name, .. } => Some(name),
        }
    }

    /// The workload's service account.
    pub(crate) fn account(&self) -> &str {
        self.service_account.as_deref().unwrap_or("default")
    }
}

impl Build {
    fn resolve(
        git: Option<Git>,
        dockerfile: Option<PathBuf>,
        strategy: Strategy,
        builder: Option<String>,
    ) -> Result<Self, Error> {
        if git.is_none() && dockerfile.is_none() {
            return Err(Error::usage(
                "nothing to build from: set --source or --dockerfile, or skip the build \
                 with --no-build",
            ));
        }
        let strategy = match (strategy, builder) {
            (Strategy::Docker, None) => BuildStrategy::Docker,
            (Strategy::Docker, Some(_)) => {
                return Err(Error::usage("--builder requires --strategy source"));
            }
            (Strategy::Source, None) => {
                return Err(Error::usage(
                    "--strategy source needs a --builder, e.g. openshift/python:3.12-ubi9",
                ));
            }
            (Strategy::Source, Some(_)) if git.is_none() => {
                return Err(Error::usage("--strategy source needs a --source"));
            }
            (Strategy::Source, Some(builder)) => BuildStrategy::Source(Builder::parse(&builder)?),
        };
        let dockerfile = dockerfile
            .map(|path| {
                std::fs::read_to_string(&path)
                    .map_err(|e| Error::usage(format!("--dockerfile {}: {e}", path.display())))
            })
            .transpose()?;
        Ok(Self {
            git,
            dockerfile,
            strategy,
        })
    }
}

impl Builder {
    fn parse(text: &str) -> Result<Self, Error> {
        let (first, rest) = text.split_once('/').unwrap_or(("", text));
        if first.contains(['.', ':']) || first == "localhost" {
            return Ok(Self::Image(text.to_owned()));
        }
        let is_stream_tag = rest
            .split_once(':')
            .is_some_and(|(stream, tag)| !stream.is_empty() && !tag.is_empty());
        if !is_stream_tag || rest.contains('/') {
            return Err(Error::usage(format!(
                "--builder {text}: use [NAMESPACE/]STREAM:TAG, or an image with its registry"
            )));
        }
        let namespace = if first.is_empty() { "openshift" } else { first };
        Ok(Self::StreamTag {
            namespace: namespace.to_owned(),
            name: rest.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::settings, *};

    #[test]
    fn invalid_arguments_are_refused() {
        let cases = [
            ("app --image u/a", "nothing to build from"),
            (
                "app --image u/a --source https://x/y --strategy source",
                "needs a --builder",
            ),
            (
                "app --image u/a --source https://x/y --builder b:c",
                "requires --strategy source",
            ),
            (
                "app --image u/a --no-build --dry-run client --wait",
                "cannot be used with",
            ),
            (
                "app --image u/a --no-build --secret s --no-secret",
                "cannot be used with",
            ),
            ("app --image u/a --no-build --password-stdin", "--username"),
            (
                "app --image u/a --no-build --password geheim",
                "unexpected argument",
            ),
            (
                "app --image u/a --source https://x/y --dockerfile /nonexistent",
                "--dockerfile /nonexistent",
            ),
            ("app --image u/a --ref x --no-build", "--no-build"),
            ("App --image u/a --no-build", "not a valid DNS label"),
            (
                "app --image u/a --no-build -n default",
                "a system namespace",
            ),
            ("app --image app --no-build", "reserved for Docker"),
            ("app --image u/a --source ./cart", "path on this machine"),
            (
                "app --image u/a --source https://t0ken@github.com/u/a",
                "--source-secret",
            ),
            ("app --image docker.oi/u/a --no-build", "docker.io/u/a"),
            ("app --image hub.docker.com/u/a --no-build", "docker.io/u/a"),
            ("app --image quay/u/a --no-build", "quay.io/u/a"),
            ("app --image u/a --no-build --source-secret s", "--source"),
            (
                "app --image u/a --source https://x/y --source-secret A_b",
                "not a valid DNS subdomain",
            ),
            (
                "app --image u/a --no-build --secret A_b",
                "not a valid DNS subdomain",
            ),
        ];
        for (args, expected) in cases {
            let error = settings(args).unwrap_err();
            assert_eq!(error.exit().code(), 2, "{args}");
            assert!(error.to_string().contains(expected), "{args}: {error}");
        }
    }

    #[test]
    fn builders() {
        let tag = |namespace: &str, name: &str| Builder::StreamTag {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        assert_eq!(
            Builder::parse("python:3.12").unwrap(),
            tag("openshift", "python:3.12")
        );
        assert_eq!(
            Builder::parse("snow/python:3").unwrap(),
            tag("snow", "python:3")
        );
        let image = "registry.access.redhat.com/ubi9/python-312";
        assert_eq!(
            Builder::parse(image).unwrap(),
            Builder::Image(image.to_owned())
        );
        for bad in ["python", "a/b/c:d", ":x", "x:"] {
            assert!(Builder::parse(bad).is_err(), "{bad}");
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Settings from a command line.

    use super::*;
    use crate::{cli::testing::parse, commands::Command};

    /// Settings of `oc extreg setup ARGS`.
    pub(crate) fn settings(args: &str) -> Result<Settings, Error> {
        let cli = parse(&format!("setup {args}"))?;
        match cli.command {
            Command::Setup(args) => Settings::resolve(*args, cli.global.namespace.as_deref()),
            other => panic!("{}", other.name()),
        }
    }
}
