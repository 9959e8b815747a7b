//! `except add`: adds an exception.

use std::path::PathBuf;

use extreg_audit::exceptions::Statement;
use extreg_cluster::{Cluster, ClusterError, DryRun};
use extreg_snapshot::kind::Kind;
use extreg_terminal::{Exit, Text};

use super::{
    FILE,
    draft::{self, Draft},
    file::{Added, ExceptionsFile, line_of},
    object, statement,
};
use crate::{args::DryRunArgs, context::Context, error::Error, print::Report};

/// Accept what a check finds about an object, with a reason and an expiry date
///
/// Writes the exception into the file of exceptions, which is created if it does not exist, or with
/// --annotate onto the object. Comments, order and spelling of the file are unchanged. An existing exception
/// for the same findings gets the new reason and date; if both are the same, the file is unchanged.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "The audit reads the file with \"oc extreg audit --exceptions FILE\", and \
    annotations without a flag. Exceptions end automatically after their expiry date."
)]
pub(super) struct Args {
    /// Check, such as EXR007
    #[arg(value_name = "CHECK")]
    check: String,
    /// Object, such as deployment/cart; in a file, NAME can contain *
    #[arg(value_name = "KIND/NAME")]
    object: String,
    /// Reason for the exception
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Expiry date in UTC; the exception is valid through that day
    #[arg(long, value_name = "YYYY-MM-DD")]
    expires: String,
    /// Container, tag or key of the object [default: the whole object]
    #[arg(long, value_name = "PART")]
    part: Option<String>,
    /// File of exceptions [default: exceptions.yaml]
    #[arg(long, value_name = "FILE", conflicts_with = "annotate")]
    file: Option<PathBuf>,
    /// Annotate the object instead of writing a file
    #[arg(long)]
    annotate: bool,
    /// Do not check that the object exists in the cluster
    #[arg(long, conflicts_with = "annotate")]
    offline: bool,
    #[command(flatten)]
    dry_run: DryRunArgs,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<Exit, Error> {
    let (kinds, name) = draft::object_of(&args.object)?;
    let (term, is_far) = draft::term_of(&args.reason, &args.expires, super::today())?;
    let draft = Draft {
        check: draft::check_of(&args.check)?,
        kinds,
        name,
        part: args.part.clone(),
        term,
    };
    if is_far {
        context.printer.warn(&format!(
            "{} is more than a year away: use a shorter period, so that the exception is reviewed",
            draft.term.expires()
        ));
    }
    let DryRunArgs { dry_run } = args.dry_run;
    if args.annotate {
        return annotate(&draft, dry_run, context).await;
    }
    let path = args.file.unwrap_or_else(|| PathBuf::from(FILE));
    // Reports every problem of the file before the first request.
    let file = ExceptionsFile::read(&path)?;
    let namespace = namespace(&draft, args.offline, context).await?;
    write(&draft, &namespace, &file, dry_run, context)
}

/// The namespace of the object, empty for a cluster-scoped kind. Warns if the object does not
/// exist.
async fn namespace(draft: &Draft, offline: bool, context: &Context) -> Result<String, Error> {
    let is_namespaced = draft.kinds.iter().any(|kind| kind.api().namespaced);
    let cluster = if offline {
        None
    } else {
        match context.cluster().await {
            Ok(cluster) => Some(cluster),
            Err(Error::Cluster(ClusterError::NoCluster)) => None,
            Err(error) => return Err(error),
        }
    };
    let namespace = match (&cluster, &context.namespace) {
        _ if !is_namespaced => String::new(),
        (_, Some(namespace)) => namespace.clone(),
        (Some(cluster), None) => cluster.namespace().to_owned(),
        (None, None) => {
            return Err(Error::usage(
                "-n: specify the namespace of the object; the current namespace is unknown without a cluster",
            ));
        }
    };
    if let Some(cluster) = cluster.filter(|_| !draft.name.contains('*')) {
        warn_if_missing(draft, &cluster, &namespace, context).await;
    }
    Ok(namespace)
}

async fn warn_if_missing(draft: &Draft, cluster: &Cluster, namespace: &str, context: &Context) {
    let shown = shown(draft, namespace);
    match object::find(cluster, &draft.kinds, namespace, &draft.name).await {
        Ok(found) if found.is_empty() => context.printer.warn(&format!(
            "{shown} does not exist on {} (use --offline if this is expected)",
            cluster.name()
        )),
        Ok(_) => {}
        Err(error) => context
            .printer
            .warn(&format!("cannot check whether {shown} exists: {error}")),
    }
}

fn shown(draft: &Draft, namespace: &str) -> String {
    let kind = draft.kinds.first().map_or("", |kind| kind.api().kind);
    let place = if namespace.is_empty() {
        String::new()
    } else {
        format!(" in {namespace}")
    };
    format!("{}/{}{place}", kind.to_lowercase(), draft.name)
}

fn write(
    draft: &Draft,
    namespace: &str,
    file: &ExceptionsFile,
    dry_run: DryRun,
    context: &Context,
) -> Result<Exit, Error> {
    let new = draft.exception(namespace)?;
    let lines = draft::lines(&draft.entry(namespace));
    let name = file.name();
    let (line, verb, change) = match file.add(&new, &lines)? {
        Added::Unchanged(line) => (line, "unchanged", None),
        Added::Replaced(line, change) => (line, "configured", Some(change)),
        Added::New(change) => {
            let last = file.check(&change)?.last().map(line_of);
            (last.unwrap_or_default(), "created", Some(change))
        }
    };
    let text = Text::new().plain(format!("{name}:{line}: exception for {} ", draft.check));
    if let Some(change) = change {
        if dry_run == DryRun::None {
            context.journal.begin(name.clone());
            file.write(&change)?;
            context.journal.done(format!("{name} written"));
        } else {
            file.check(&change)?;
        }
    }
    let text = match verb {
        "created" => text.green(verb),
        "configured" => text.orange(verb),
        _ => text.dim(verb),
    };
    context.printer.line(text.plain(dry_run.suffix()));
    if dry_run != DryRun::None {
        for line in &lines {
            context.printer.note(format!("  {line}"));
        }
    } else if !file.exists() {
        context.printer.note(format!(
            "read by: {} audit --exceptions {name}",
            context.caller
        ));
    }
    Ok(Exit::Done)
}

async fn annotate(draft: &Draft, dry_run: DryRun, context: &Context) -> Result<Exit, Error> {
    if draft.name.contains('*') {
        return Err(Error::usage(
            "--annotate needs the name of one object; a name with * needs a file",
        ));
    }
    let words = statement::written(draft.check, &draft.term)?;
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    let found = object::find(&cluster, &draft.kinds, &namespace, &draft.name).await?;
    let mut found = found.into_iter();
    let object = match (found.next(), found.next()) {
        (Some(object), None) => object,
        (None, _) => {
            let is_namespaced = draft.kinds.iter().any(|kind| kind.api().namespaced);
            let namespace = if is_namespaced { &*namespace } else { "" };
            return Err(Error::failed(format!(
                "{} does not exist on {}",
                shown(draft, namespace),
                cluster.name()
            )));
        }
        (Some(_), Some(_)) => {
            let named = draft.kinds.iter().map(|kind: &Kind| kind.api().resource());
            return Err(Error::usage(format!(
                "{} is ambiguous: {}",
                draft.name,
                named.collect::<Vec<_>>().join(", ")
            )));
        }
    };
    if let Some(maker) = object::maker(&object) {
        context.printer.warn(&format!(
            "{} was created by {maker}, which creates the next one without the annotation: annotate that",
            object.reference()
        ));
    }
    let statement = Statement {
        check: draft.check,
        term: draft.term.clone(),
    };
    let key = statement::key(draft.part.as_deref());
    let reference = object.reference();
    let journal = &context.journal;
    journal.begin(reference.to_string());
    let changed = object::annotate(&cluster, object, &key, &statement, &words, dry_run).await;
    let (verb, before, after) = match changed {
        Ok(changed) => changed,
        Err(error) => {
            journal.nothing_done();
            return Err(error);
        }
    };
    if verb.is_change() && dry_run == DryRun::None {
        journal.done(format!("{reference} {verb}"));
    } else {
        journal.nothing_done();
    }
    let mut report = Report::new(&context.printer, None, dry_run);
    report.add(&reference, verb, Some(&after));
    if verb.is_change() {
        report.show_change(&before, &after);
    }
    report.finish()?;
    Ok(Exit::Done)
}
