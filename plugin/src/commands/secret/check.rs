//! `secret check`: shows which consumer uses which key of which secret, and the problems.

mod answer;
mod assess;
mod auth_file;
mod keys;
mod links;
mod problems;
mod scope;
mod settings;
mod table;

use std::path::PathBuf;

use extreg_cluster::{Cluster, Kind, ObjectRef, openshift_version};
use extreg_snapshot::{
    Snapshot,
    coverage::{GapReason, GapSubject},
    kind::Kind as AuditKind,
};
use extreg_terminal::{Exit, Text};

use self::{
    answer::{Answer, OpenShift, SecretAnswer, State},
    assess::Query,
    links::Reads,
    settings::{Settings, Source},
};
use crate::{
    args::{EndpointArgs, OutputArgs},
    commands::secret::snapshot,
    context::Context,
    error::Error,
    print::{DataFormat, to_data},
};

/// Show who uses which key of which secret for an image, and where they differ
///
/// Each consumer searches different secrets and matches their keys by its own rules: the push of a build,
/// its pulls, imports, the kubelet, CRI-O and Shipwright. This command evaluates all of them, and queries
/// registries for the permissions of the credentials. It never shows a password.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Check every image that the namespace names
  oc extreg secret check -n snow

  # Check one image: show the credential that each consumer finds
  oc extreg secret check --image docker.io/ably77/python-lyapp -n snow

  # Check one secret: its keys, its links, and whether it works for the image
  oc extreg secret check dockerhub --image docker.io/ably77/python-lyapp -n snow

  # Check an auth file, without a cluster and without the network
  oc extreg secret check --auth-file auth.json --image docker.io/ably77/python-lyapp -o json

The exit code is 3 if something cannot work (for an image of --image: if a consumer finds nothing or \
another credential), 4 if the result is inconclusive, 6 if permission is denied.")]
pub(super) struct Args {
    /// Secrets to check [default: all docker secrets]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// All namespaces that you can see, without pods and jobs of a controller
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Image to check; repeatable [default: every external image that is named]
    #[arg(long, value_name = "IMAGE", value_delimiter = ',')]
    image: Vec<String>,
    /// Check this docker or podman auth file instead of a cluster
    #[arg(long, value_name = "FILE", conflicts_with_all = ["names", "all_namespaces"])]
    auth_file: Option<PathBuf>,
    /// Do not query registries
    #[arg(long)]
    no_registry: bool,
    #[command(flatten)]
    output: OutputArgs<Format>,
    #[command(flatten)]
    endpoints: EndpointArgs,
}

/// `-o`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Json,
    #[default]
    Table,
    Wide,
    Yaml,
}

/// Runs the check, and prints the result.
pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let settings = Settings::resolve(args)?;
    let (answer, exit) = match &settings.source {
        Source::AuthFile(path) => {
            let answer = auth_file::check(path, &settings)?;
            let exit = answer.exit();
            (answer, exit)
        }
        Source::Cluster { .. } => of_cluster(&settings, context).await?,
    };
    match settings.format {
        Format::Json => context.printer.raw(&to_data(&answer, DataFormat::Json)?),
        Format::Yaml => context.printer.raw(&to_data(&answer, DataFormat::Yaml)?),
        Format::Table | Format::Wide => {
            context
                .printer
                .line(Text::new().bold(answer.summary.description()));
            table::print(&answer, settings.format == Format::Wide, context);
        }
    }
    Ok(exit)
}

async fn of_cluster(settings: &Settings, context: &Context) -> Result<(Answer, Exit), Error> {
    let Source::Cluster {
        names,
        all_namespaces,
    } = &settings.source
    else {
        return Ok((Answer::default(), Exit::Done));
    };
    let cluster = context.cluster().await?;
    let namespace = (!all_namespaces).then(|| cluster.namespace().to_owned());
    let snapshot = snapshot(&cluster, namespace.as_deref(), context).await?;
    let version = links::version(&cluster, openshift_version(&cluster).await).await;
    let reads = Reads::from_version(version.as_deref());
    let query = Query {
        images: &settings.images,
        names,
        namespace: namespace.as_deref(),
        reads,
    };
    // Before the output: the queries show their progress.
    let findings = problems::findings(&snapshot, context.caller);
    let mut answer = Answer {
        openshift: Some(OpenShift {
            version,
            push_links: reads.word(),
        }),
        images: assess::images(&snapshot, &query),
        ..Answer::default()
    };
    answer.secrets = assess::secrets(&snapshot, &query, &answer.images);
    add_unread(&mut answer, names, &cluster, namespace.as_deref()).await?;
    answer.gaps = gaps(&snapshot);
    let exit = forbidden(&snapshot, namespace.as_deref());
    answer.problems = problems::of(&findings, &snapshot, &query, &answer, &context.invocation());
    drop((findings, snapshot));
    if settings.registry {
        scope::query(&mut answer, &settings.endpoints, &cluster, context).await?;
    }
    answer.count();
    let exit = exit.and(answer.exit());
    Ok((answer, exit))
}

/// The secrets that are named but are missing, or have another type than docker.
async fn add_unread(
    answer: &mut Answer,
    names: &[String],
    cluster: &Cluster,
    namespace: Option<&str>,
) -> Result<(), Error> {
    for name in names {
        if answer.secrets.iter().any(|secret| secret.name == *name) {
            continue;
        }
        let namespace = namespace.unwrap_or(cluster.namespace());
        let found = cluster
            .get(&ObjectRef::new(Kind::SECRET, namespace, name))
            .await?;
        answer.secrets.push(SecretAnswer {
            namespace: namespace.to_owned(),
            name: name.clone(),
            state: if found.is_some() {
                State::WrongType
            } else {
                State::Missing
            },
            kind: found
                .map(|secret| secret.text("/type").to_owned())
                .unwrap_or_default(),
            is_named: true,
            ..SecretAnswer::default()
        });
    }
    Ok(())
}

/// Relevant resources that could not be read.
fn gaps(snapshot: &Snapshot) -> Vec<String> {
    let gaps = snapshot.coverage.gaps.iter();
    gaps.filter_map(|gap| {
        let what = match &gap.what {
            GapSubject::List { kind, namespace } if matters(*kind) => {
                let resource = kind.api().resource();
                if namespace.is_empty() {
                    resource
                } else {
                    format!("{resource} in {namespace}")
                }
            }
            GapSubject::List { .. } => return None,
            GapSubject::Document(what) | GapSubject::Fact(what) => what.clone(),
        };
        let why = match gap.why {
            GapReason::Forbidden => "permission denied",
            GapReason::Elided => "its values are omitted",
            GapReason::NotCollected => "it was not collected",
            GapReason::Unreadable => "it cannot be read",
            GapReason::Failed => "it could not be listed",
        };
        Some(format!("{what}: {why}"))
    })
    .collect()
}

/// Whether a kind decides who uses which credential.
const fn matters(kind: AuditKind) -> bool {
    matches!(
        kind,
        AuditKind::Secret
            | AuditKind::ServiceAccount
            | AuditKind::ImageStream
            | AuditKind::BuildConfig
            | AuditKind::Build
            | AuditKind::Deployment
            | AuditKind::DeploymentConfig
    )
}

/// The exit code if the secrets of the namespace, or of all namespaces, could not be read.
fn forbidden(snapshot: &Snapshot, namespace: Option<&str>) -> Exit {
    let of = namespace.unwrap_or_default();
    let is_of_secrets = |subject: &GapSubject| matches!(subject, GapSubject::List { kind: AuditKind::Secret, namespace } if **namespace == *of);
    let mut gaps = snapshot.coverage.gaps.iter();
    match gaps.find(|gap| is_of_secrets(&gap.what)).map(|gap| gap.why) {
        Some(GapReason::Forbidden) => Exit::NotPermitted,
        Some(GapReason::Failed) => Exit::Failed,
        _ => Exit::Done,
    }
}
