//! `tag -d`: tags are deleted with their history.

use extreg_cluster::{DryRun, Verb};
use extreg_terminal::Exit;

use super::settings::Settings;
use crate::{
    context::Context,
    error::Error,
    print::Report,
    stream::{Stream, delete_tag},
};

/// Deletes the tags, or runs a dry run. Reads all tags first: if one does not exist, none is
/// deleted.
pub(super) async fn run(settings: &Settings, context: &Context) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    for name in &settings.tags {
        let stream = Stream::read(&cluster, &namespace, &name.stream).await?;
        if !stream.is_some_and(|stream| stream.has_tag(&name.tag)) {
            return Err(Error::failed(format!(
                "tag {name} does not exist in namespace {namespace}, so nothing was deleted"
            )));
        }
    }
    let journal = &context.journal;
    let mut report = Report::new(&context.printer, settings.format, settings.dry_run);
    for name in &settings.tags {
        let reference = name.reference(&namespace);
        journal.begin(reference.to_string());
        let deleted = match settings.dry_run {
            DryRun::Client => Ok(true),
            dry_run => delete_tag(&cluster, &namespace, name, dry_run).await,
        };
        if matches!(deleted, Ok(true)) && settings.dry_run == DryRun::None {
            journal.done(format!("{reference} {}", Verb::Deleted));
        } else {
            journal.nothing_done();
        }
        match deleted {
            Ok(true) => report.add(&reference, Verb::Deleted, None),
            // Another client deleted it first.
            Ok(false) => {}
            Err(error) => {
                report.finish()?;
                return Err(journal.ended_by(error));
            }
        }
    }
    report.finish()?;
    Ok(Exit::Done)
}
