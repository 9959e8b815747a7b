//! `secret check`: which consumer would use which key of which secret, and where that goes wrong.

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
use extreg_terminal::Exit;

use self::{
    answer::{Answer, OpenShift, SecretAnswer, State},
    assess::Asked,
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

/// Say who would use which key of which secret for an image, and where they differ
///
/// Each consumer looks in other secrets and matches their keys by its own rules: the push of a build,
/// its pulls, imports, the kubelet, CRI-O and Shipwright. All of them are asked here; registries are
/// asked what the credentials may do there. No password is ever shown.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "\
Examples:
  # Every image that the namespace names
  oc extreg secret check -n snow

  # One image: what each consumer would find for it
  oc extreg secret check --image docker.io/ably77/python-lyapp -n snow

  # One secret: its keys, its links, and whether it would do for the image
  oc extreg secret check dockerhub --image docker.io/ably77/python-lyapp -n snow

  # An auth file, without a cluster and without the network
  oc extreg secret check --auth-file auth.json --image docker.io/ably77/python-lyapp -o json

The exit code is 3 if something cannot work: for an image that is given, if a consumer finds nothing or \
another credential than the others; 4 if that cannot be told; 6 if you may not see it.")]
pub(super) struct Args {
    /// Secrets to look at [default: all docker secrets]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// All namespaces that you can see, but for pods and jobs that nothing else made
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Image to ask about; can be repeated [default: every image outside the cluster that is named]
    #[arg(long, value_name = "IMAGE", value_delimiter = ',')]
    image: Vec<String>,
    /// Look at this docker or podman auth file, and at no cluster
    #[arg(long, value_name = "FILE", conflicts_with_all = ["names", "all_namespaces"])]
    auth_file: Option<PathBuf>,
    /// Ask no registry what the credentials may do
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

/// Looks, and answers.
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
            table::print(&answer, settings.format == Format::Wide, context);
        }
    }
    context.printer.note(answer.summary.words());
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
    let reads = Reads::of(version.as_deref());
    let asked = Asked {
        images: &settings.images,
        names,
        namespace: namespace.as_deref(),
        reads,
    };
    // Before the answer, as it takes room for a while.
    let findings = problems::findings(&snapshot, context.caller);
    let mut answer = Answer {
        openshift: Some(OpenShift {
            version,
            push_links: reads.word(),
        }),
        images: assess::images(&snapshot, &asked),
        ..Answer::default()
    };
    answer.secrets = assess::secrets(&snapshot, &asked, &answer.images);
    add_unread(&mut answer, names, &cluster, namespace.as_deref()).await?;
    answer.gaps = gaps(&snapshot);
    let exit = forbidden(&snapshot, namespace.as_deref());
    answer.problems = problems::of(&findings, &snapshot, &asked, &answer, &context.invocation());
    drop((findings, snapshot));
    if settings.registry {
        scope::ask(&mut answer, &settings.endpoints, &cluster, context).await?;
    }
    answer.count();
    let exit = exit.and(answer.exit());
    Ok((answer, exit))
}

/// The secrets that are named and are no docker secrets: not there, or of another type.
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

/// What could not be read and matters here.
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
            GapReason::Forbidden => "you may not read it",
            GapReason::Elided => "its values are left out",
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

/// How the run ends where the secrets of the namespace, or of every one, could not be read.
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
