//! Promotes: the one write, and its report.

use extreg_cluster::DryRun;
use extreg_terminal::Exit;

use super::{
    plan::{Plan, plan},
    rollback::rollback,
    settings::{From, Place, Settings, Way},
};
use crate::{
    context::Context,
    error::Error,
    print::Report,
    stream::{Origin, Stream, write_tag},
};

/// Promotes, or runs a dry run.
pub(super) async fn run(settings: &Settings, context: &Context) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    let (name, printer, journal) = (&settings.to, &context.printer, &context.journal);
    let stream = settings.from.stream();
    let Some(source) = Stream::read(&cluster, &namespace, stream).await? else {
        return Err(Error::failed(format!(
            "ImageStream {stream} does not exist in namespace {namespace}"
        )));
    };
    let same_stream = stream == name.stream;
    let target = if same_stream {
        Some(source.clone())
    } else {
        Stream::read(&cluster, &namespace, &name.stream).await?
    };
    let place = Place {
        settings,
        caller: context.caller,
        namespace: &namespace,
    };
    for note in plan(place, &source, target.as_ref())?.notes {
        printer.note(note);
    }
    let way_back =
        |target: Option<&Stream>| rollback(&namespace, name, target).text(&context.invocation());

    let reference = name.reference(&namespace);
    journal.advise(format!("to move it back: {}", way_back(target.as_ref())));
    journal.begin(reference.to_string());
    // In one stream, FROM is read again with TO.
    let planned = |target: Option<&Stream>| {
        let fresh = target.filter(|_| same_stream);
        plan(place, fresh.unwrap_or(&source), target)
    };
    let desire = |target: Option<&Stream>| planned(target).map(|plan| plan.tag);
    let dry_run = settings.dry_run;
    let written = write_tag(&cluster, &namespace, name, target, dry_run, &desire).await?;

    let mut report = Report::new(printer, settings.format, dry_run);
    let target = written.stream.as_ref();
    written.print(&mut report, &namespace, name, true);
    report.finish()?;
    if !written.verb.is_change() {
        return Ok(Exit::Done);
    }
    printer.note(moved(settings, target, &planned(target)?));
    if dry_run == DryRun::None {
        if settings.way == Way::Digest {
            printer.note("OpenShift imports the digest now; the tag shows it after the import");
        }
        printer.note(format!("To move it back: {}", way_back(target)));
        if let Some(more) = very_image(settings, target, context, &namespace) {
            printer.note(more);
        }
    }
    Ok(Exit::Done)
}

/// From which image to which.
fn moved(settings: &Settings, target: Option<&Stream>, plan: &Plan) -> String {
    let name = &settings.to;
    let to = match (settings.way, &settings.from) {
        (Way::Alias, from) => format!("{} and later images of {from}", plan.digest),
        (_, From::Tag(from)) => format!("{}, which {from} shows", plan.digest),
        (_, From::Image { .. }) => plan.digest.clone(),
    };
    let suffix = settings.dry_run.suffix();
    let before = target.and_then(|stream| {
        let shown = stream.shown(&name.tag).map(|shown| shown.digest);
        let followed = stream.spec_tag(&name.tag).map(|tag| match tag.origin() {
            Origin::Image(from) | Origin::StreamImage(from) | Origin::StreamTag(from) => from,
            Origin::None => "pushed images",
        });
        match (shown, followed) {
            (None | Some(""), None) => None,
            (None | Some(""), Some(followed)) => Some(followed.to_owned()),
            (Some(shown), None) => Some(shown.to_owned()),
            (Some(shown), Some(followed)) if followed.ends_with(shown) => Some(followed.to_owned()),
            (Some(shown), Some(followed)) => Some(format!("{shown} ({followed})")),
        }
    });
    match before {
        Some(before) => format!("{name} moved from {before} to {to}{suffix}"),
        None => format!("{name} is new and shows {to}{suffix}"),
    }
}

/// If the old source is a tag of a registry, which can have moved since, moving back leads to another image
/// than the one that was shown; shows the command for the exact one.
fn very_image(
    settings: &Settings,
    target: Option<&Stream>,
    context: &Context,
    namespace: &str,
) -> Option<String> {
    let name = &settings.to;
    let stream = target?;
    let Origin::Image(image) = stream.spec_tag(&name.tag)?.origin() else {
        return None;
    };
    let shown = stream.shown(&name.tag)?.digest;
    (!image.contains('@') && !shown.is_empty()).then(|| {
        format!(
            "or, to the exact image that it showed: {} promote {}@{shown} {name} -n {namespace}",
            context.caller, name.stream
        )
    })
}
