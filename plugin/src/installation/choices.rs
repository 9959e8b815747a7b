//! The user's options, validated as far as possible without a cluster.

use std::{fs, path::Path};

use extreg_cluster::DryRun;
use extreg_manifests::{
    AuditJob, AuditSecrets, CaBundle, DnsLabel, FailurePolicy, InstallMode, Replicas,
    SettingsError, TimeoutSeconds, WebhookUrl, parse_selector,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;

use super::args::{Args, TlsSource};
use crate::{args::DryRunArgs, error::Error, print::ObjectFormat};

/// The user's options; `None` keeps the existing value.
#[derive(Debug)]
pub(crate) struct Choices {
    pub(crate) namespace: Option<DnsLabel>,
    pub(crate) mode: Option<InstallMode>,
    pub(crate) selector: Option<Vec<LabelSelectorRequirement>>,
    pub(crate) failure_policy: Option<FailurePolicy>,
    pub(crate) timeout: Option<TimeoutSeconds>,
    pub(crate) place: Place,
}

/// Where the webhook runs.
#[derive(Debug)]
pub(crate) enum Place {
    Cluster {
        image: Option<String>,
        replicas: Option<Replicas>,
        tls: TlsSource,
        monitoring: bool,
        follow_builds: bool,
        audit: Option<AuditJob>,
    },
    Elsewhere {
        url: WebhookUrl,
        ca: CaBundle,
    },
}

/// The action.
#[derive(Debug)]
pub(crate) enum Action {
    Export(Option<ObjectFormat>),
    Apply(Apply),
}

/// How to apply.
#[derive(Debug)]
pub(crate) struct Apply {
    pub(crate) dry_run: DryRun,
    pub(crate) adopt: bool,
    pub(crate) force: bool,
    pub(crate) format: Option<ObjectFormat>,
    pub(crate) proof_namespace: Option<String>,
}

impl Choices {
    /// # Errors
    /// [`Error::Usage`] for options that no cluster would accept.
    pub(crate) fn new(args: Args, namespace: Option<&str>) -> Result<(Self, Action), Error> {
        let Args {
            mode,
            namespace_selector,
            failure_policy,
            call_timeout,
            image,
            replicas,
            tls,
            monitoring,
            follow_builds,
            audit_schedule,
            audit_secrets,
            url,
            ca_file,
            proof_namespace,
            dry_run: DryRunArgs { dry_run },
            export,
            adopt,
            force_conflicts,
            output,
        } = args;
        let place = match url.zip(ca_file) {
            Some((url, file)) => Place::Elsewhere {
                url: url.parse().map_err(wrong("--url"))?,
                ca: read_bundle(&file)?,
            },
            None => Place::Cluster {
                image,
                replicas: replicas
                    .map(Replicas::try_from)
                    .transpose()
                    .map_err(wrong("--replicas"))?,
                tls,
                monitoring,
                follow_builds,
                audit: audit_schedule.map(|schedule| AuditJob {
                    schedule,
                    secrets: if audit_secrets {
                        AuditSecrets::Read
                    } else {
                        AuditSecrets::Skip
                    },
                }),
            },
        };
        let selector = namespace_selector.as_deref().map(parse_selector);
        let choices = Self {
            namespace: namespace
                .map(str::parse)
                .transpose()
                .map_err(wrong("--namespace"))?,
            mode: mode.map(|mode| match mode {
                super::args::Mode::Audit => InstallMode::Audit,
                super::args::Mode::Warn => InstallMode::Warn,
                super::args::Mode::Enforce => InstallMode::Enforce,
            }),
            selector: selector
                .transpose()
                .map_err(|error| Error::usage(format!("--namespace-selector: {error}")))?,
            failure_policy: failure_policy.map(|policy| match policy {
                super::args::FailurePolicy::Ignore => FailurePolicy::Ignore,
                super::args::FailurePolicy::Fail => FailurePolicy::Fail,
            }),
            timeout: call_timeout
                .map(TimeoutSeconds::try_from)
                .transpose()
                .map_err(wrong("--call-timeout"))?,
            place,
        };
        let action = if export {
            Action::Export(output.format)
        } else {
            Action::Apply(Apply {
                dry_run,
                adopt,
                force: force_conflicts,
                format: output.format,
                proof_namespace,
            })
        };
        Ok((choices, action))
    }
}

fn wrong(flag: &str) -> impl Fn(SettingsError) -> Error {
    move |error| Error::usage(format!("{flag}: {error}"))
}

fn read_bundle(file: &Path) -> Result<CaBundle, Error> {
    let at = format!("--ca-file {}", file.display());
    let text = fs::read_to_string(file).map_err(|error| Error::usage(format!("{at}: {error}")))?;
    text.parse().map_err(wrong(&at))
}
