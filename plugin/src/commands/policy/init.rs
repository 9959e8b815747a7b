//! `policy init`: prints a policy, or a list of approved registries, to start from.

use extreg_core::{policy::Mode, registry::RegistryHost};
use extreg_documents::{Source, SourceList};
use extreg_terminal::Exit;

use super::{
    document::Documents,
    proposal::{Used, used},
    template::{ListDraft, PolicyDraft},
};
use crate::{context::Context, error::Error};

/// Print a policy, or a list of approved registries, to start from
///
/// Prints YAML with comments to stdout; writes nothing else. With --from-cluster or -f it proposes
/// what is in use: a policy for each registry that builds push to or tags come from, or a list of all
/// registries in use.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    # Create a policy for the repositories of one organization\n  \
    oc extreg policy init hub --repository 'acme/*' --push-secret dockerhub > policy.yaml\n\n  \
    # List the registries that this cluster uses\n  \
    oc extreg policy init --kind ApprovedRegistries --from-cluster -A > approved.yaml\n\n\
    Test the result with \"oc extreg policy validate\" and \"oc extreg policy test\". Apply a RegistryPolicy \
    with \"oc apply -f\"; use a list with \"oc extreg audit --policy\".")]
pub(super) struct Args {
    /// Name of the object [default: from the registry, or approved]
    #[arg(value_name = "NEW_NAME")]
    name: Option<String>,
    /// Registry, as in image names [default: docker.io]; repeatable for a list
    #[arg(long, value_name = "HOST")]
    registry: Vec<String>,
    /// Repositories on the registry; repeatable
    #[arg(long, value_name = "GLOB")]
    repository: Vec<String>,
    /// Mode: Enforce, Warn, Audit or Off
    #[arg(
        long,
        value_enum,
        value_name = "MODE",
        ignore_case = true,
        default_value_t
    )]
    mode: ModeWord,
    /// Secret with which builds push
    #[arg(long, value_name = "SECRET")]
    push_secret: Option<String>,
    /// Secret with which builds pull base images
    #[arg(long, value_name = "SECRET")]
    pull_secret: Option<String>,
    /// Do not import tags on schedule
    #[arg(long)]
    no_schedule: bool,
    /// Kind to create: RegistryPolicy or ApprovedRegistries
    #[arg(
        long,
        value_enum,
        value_name = "KIND",
        ignore_case = true,
        default_value_t
    )]
    kind: KindWord,
    /// Propose what the namespace, or with -A the cluster, uses
    #[arg(long)]
    from_cluster: bool,
    /// All namespaces of the cluster
    #[arg(short = 'A', long, requires = "from_cluster")]
    all_namespaces: bool,
    /// Propose what files use; - for stdin
    #[arg(short, long, value_name = "FILE", conflicts_with = "from_cluster")]
    filename: Vec<String>,
    /// Read subfolders too
    #[arg(short = 'R', long, requires = "filename")]
    recursive: bool,
}

/// `--mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum ModeWord {
    #[default]
    Audit,
    Enforce,
    Off,
    Warn,
}

/// `--kind`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum KindWord {
    #[default]
    #[value(name = "RegistryPolicy")]
    Policy,
    #[value(name = "ApprovedRegistries")]
    List,
}

impl ModeWord {
    const fn mode(self) -> Mode {
        match self {
            Self::Audit => Mode::Audit,
            Self::Enforce => Mode::Enforce,
            Self::Off => Mode::Off,
            Self::Warn => Mode::Warn,
        }
    }
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let proposes = args.from_cluster || !args.filename.is_empty();
    if proposes && !(args.registry.is_empty() && args.repository.is_empty()) {
        return Err(Error::usage(
            "--registry and --repository cannot be used with --from-cluster and -f, which find them",
        ));
    }
    let text = if proposes {
        let found = used(&args.filename, args.recursive, args.all_namespaces, context).await?;
        if found.is_empty() {
            context
                .printer
                .note("no image of an external registry is used");
            return Ok(Exit::Incomplete);
        }
        proposed(&args, &found)?
    } else {
        begun(&args)?
    };
    check(&text)?;
    context.printer.raw(&head(&args, context));
    context.printer.raw(&text);
    Ok(Exit::Done)
}

fn head(args: &Args, context: &Context) -> String {
    let caller = context.caller;
    let program = caller.program();
    match args.kind {
        KindWord::Policy => format!(
            "# Defines what the webhook does for images of a registry.\n\
             # Validate:           {caller} policy validate -f FILE\n\
             # Test:               {caller} policy test IMAGE -f FILE\n\
             # Apply:              {program} apply -f FILE\n"
        ),
        KindWord::List => format!(
            "# Defines which registries images can come from.\n\
             # Validate:           {caller} policy validate -f FILE\n\
             # Audit:              {caller} audit -A --policy FILE\n"
        ),
    }
}

fn begun(args: &Args) -> Result<String, Error> {
    let mut registries = args.registry.clone();
    if registries.is_empty() {
        registries.push("docker.io".to_owned());
    }
    match args.kind {
        KindWord::Policy => {
            let [registry] = &*registries else {
                return Err(Error::usage("--registry: a policy has only one registry"));
            };
            Ok(draft(args, registry, args.repository.clone()).yaml())
        }
        KindWord::List => {
            forbid_policy_flags(args)?;
            let list = ListDraft {
                name: args.name.clone().unwrap_or_else(|| "approved".to_owned()),
                registries: entries(&registries, &args.repository),
            };
            Ok(list.yaml())
        }
    }
}

fn entries(registries: &[String], repositories: &[String]) -> Vec<String> {
    let of = |registry: &String| -> Vec<String> {
        if repositories.is_empty() {
            return vec![registry.clone()];
        }
        let whole = |repository: &String| format!("{registry}/{repository}");
        repositories.iter().map(whole).collect()
    };
    registries.iter().flat_map(of).collect()
}

fn proposed(args: &Args, found: &[Used]) -> Result<String, Error> {
    if args.kind == KindWord::List {
        forbid_policy_flags(args)?;
        let list = ListDraft {
            name: args.name.clone().unwrap_or_else(|| "approved".to_owned()),
            registries: found.iter().map(|used| used.entry.clone()).collect(),
        };
        return Ok(list.yaml());
    }
    let mut of_registry: Vec<&Used> = Vec::new();
    for used in found.iter().filter(|used| used.is_for_policies()) {
        if of_registry
            .iter()
            .all(|other| other.registry != used.registry)
        {
            of_registry.push(used);
        }
    }
    if of_registry.is_empty() {
        return Err(Error::refused(
            "no build pushes to an external registry and no tag comes from one; use --kind \
             ApprovedRegistries to list registries of running workloads",
        ));
    }
    if args.name.is_some() && of_registry.len() > 1 {
        return Err(Error::usage(
            "NEW_NAME: several registries are in use, and each needs its own policy; omit the name",
        ));
    }
    let documents = of_registry.into_iter().map(|used| {
        let all = found.iter().filter(|other| other.registry == used.registry);
        let all: Vec<&Used> = all.collect();
        let mut draft = draft(args, &used.registry, Vec::new());
        let pushes = all.iter().any(|used| used.pushes);
        if !pushes && args.push_secret.is_none() {
            draft.push_secret = None;
        }
        if let (None, Some(secret)) = (
            &args.push_secret,
            all.iter().find_map(|used| used.push_secret.clone()),
        ) {
            draft.push_secret = Some(secret);
        }
        if !all.iter().any(|used| used.imports) && pushes {
            draft.scheduled = None;
        }
        draft.yaml()
    });
    Ok(documents.collect::<Vec<_>>().join("---\n"))
}

fn draft(args: &Args, registry: &str, repositories: Vec<String>) -> PolicyDraft {
    let is_hub = RegistryHost::of(registry) == RegistryHost::DockerHub;
    let default = if is_hub {
        "dockerhub".to_owned()
    } else {
        let other = |c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit();
        let name = registry.to_lowercase().replace(other, "-");
        name.trim_matches('-').to_owned()
    };
    PolicyDraft {
        name: args.name.clone().unwrap_or_else(|| default.clone()),
        registry: registry.to_owned(),
        repositories,
        mode: args.mode.mode(),
        push_secret: Some(args.push_secret.clone().unwrap_or(default)),
        pull_secret: args.pull_secret.clone(),
        scheduled: Some(!args.no_schedule),
    }
}

fn forbid_policy_flags(args: &Args) -> Result<(), Error> {
    let is_plain = args.push_secret.is_none()
        && args.pull_secret.is_none()
        && !args.no_schedule
        && args.mode == ModeWord::default();
    if is_plain {
        Ok(())
    } else {
        Err(Error::usage(
            "--mode, --push-secret, --pull-secret and --no-schedule need --kind RegistryPolicy",
        ))
    }
}

/// The output is valid for `policy validate`, whatever the flags are.
fn check(text: &str) -> Result<(), Error> {
    let sources = vec![Source::Rendered {
        name: "init".to_owned(),
        text: text.as_bytes().into(),
    }];
    let read = Documents::read(SourceList {
        sources,
        ..SourceList::default()
    });
    let faults = read.entries.iter().flat_map(|entry| &entry.faults);
    match faults
        .map(ToString::to_string)
        .chain(read.broken.iter().cloned())
        .next()
    {
        Some(fault) => Err(Error::usage(fault)),
        None => Ok(()),
    }
}
