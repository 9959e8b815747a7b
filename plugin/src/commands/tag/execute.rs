//! Writes tags: first checks everything, and refuses the whole run if one tag is not possible; only then
//! starts to write.

use std::collections::{BTreeMap, BTreeSet};

use extreg_cluster::{DryRun, Verb};
use extreg_terminal::Exit;

use super::{
    arrival,
    desired::desired,
    settings::{Follow, Schedule, Settings, ambiguous},
};
use crate::{
    context::Context,
    error::Error,
    print::Report,
    stream::{Library, Stream, StreamTag, Written, write_tag},
};

/// Writes the tags, or runs a dry run.
pub(super) async fn run(
    settings: &Settings,
    follow: &Follow,
    context: &Context,
) -> Result<Exit, Error> {
    explain(follow, context);
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    if let (Some((of, tag)), false) = (follow.image.as_stream_tag(), follow.is_docker)
        && of == namespace
        && Stream::read(&cluster, &namespace, &tag.stream)
            .await?
            .is_some()
    {
        let to = settings.tags.first().map(ToString::to_string);
        let written = format!("{of}/{tag}");
        let to = to.unwrap_or_default();
        return Err(ambiguous(&written, &follow.image, &to, context.caller));
    }
    let mut streams: BTreeMap<&str, Option<Stream>> = BTreeMap::new();
    for name in &settings.tags {
        if !streams.contains_key(name.stream.as_str()) {
            let stream = Stream::read(&cluster, &namespace, &name.stream).await?;
            streams.insert(&name.stream, stream);
        }
    }
    let read = |name: &StreamTag| streams.get(name.stream.as_str()).and_then(Option::as_ref);
    for name in &settings.tags {
        for note in desired(follow, name, read(name))?.notes {
            context.printer.note(note);
        }
    }

    let journal = &context.journal;
    journal.advise("run the same command again to continue; finished changes are unchanged");
    let mut report = Report::new(&context.printer, settings.format, settings.dry_run);
    let mut made: BTreeSet<&str> = BTreeSet::new();
    let mut imported: Vec<StreamTag> = Vec::new();
    let mut result = Ok(());
    for name in &settings.tags {
        let reference = name.reference(&namespace);
        journal.begin(reference.to_string());
        let desire =
            |stream: Option<&Stream>| desired(follow, name, stream).map(|desired| desired.tag);
        let stream = read(name).cloned();
        match write_tag(
            &cluster,
            &namespace,
            name,
            stream,
            settings.dry_run,
            &desire,
        )
        .await
        {
            Ok(written) => {
                if written.verb.is_change() && settings.dry_run == DryRun::None {
                    journal.done(format!("{reference} {}", written.verb));
                } else {
                    journal.nothing_done();
                }
                let is_first = made.insert(&name.stream);
                written.print(&mut report, &namespace, name, is_first);
                if let Some((before, after)) = written.change() {
                    report.show_change(&before, &after);
                }
                report_schedule(follow, name, &written, context);
                report_failure(name, &namespace, &written, context);
                if written.verb.is_change() && settings.dry_run == DryRun::None {
                    imported.push(name.clone());
                }
            }
            Err(error) => {
                journal.failed(&error);
                result = Err(error);
                break;
            }
        }
    }
    report.finish()?;
    if result.is_ok() {
        result = arrival::report(&cluster, &namespace, imported, follow, context).await;
    }
    match result {
        Err(error) => Err(journal.ended_by(error)),
        Ok(()) => Ok(Exit::Done),
    }
}

/// Shows the full name of an image without a user.
fn explain(follow: &Follow, context: &Context) {
    let image = &follow.image;
    match image.library() {
        Library::No => {}
        Library::OfRegistry | Library::OfName => context.printer.note(format!(
            "without a user this is {image}, one of Docker's own images"
        )),
    }
}

/// Reports if a policy of the cluster changed the schedule.
fn report_schedule(follow: &Follow, name: &StreamTag, written: &Written, context: &Context) {
    let at = "/tag/importPolicy/scheduled";
    let is_scheduled = written.object.body.pointer(at) == Some(&true.into());
    let was_scheduled = written
        .before
        .as_ref()
        .is_some_and(|before| before.body.pointer(at) == Some(&true.into()));
    match follow.choices.schedule {
        Schedule::Off if is_scheduled => context.printer.note(format!(
            "a policy of the cluster has scheduled {name} anyway; run the same command again to remove \
             the schedule"
        )),
        Schedule::Kept if is_scheduled && !was_scheduled => context
            .printer
            .note(format!("a policy of the cluster has scheduled {name}")),
        _ => {}
    }
}

/// An unchanged tag is not imported, so an earlier failure remains.
fn report_failure(name: &StreamTag, namespace: &str, written: &Written, context: &Context) {
    if written.verb != Verb::Unchanged {
        return;
    }
    let stream = written.stream.as_ref();
    if let Some(why) = stream.and_then(|stream| stream.failure(&name.tag)) {
        context.printer.note(format!(
            "the last import of {name} failed: {why}; to import it now: {} import {name} -n \
             {namespace}",
            context.caller
        ));
    }
}
