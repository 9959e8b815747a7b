//! `-w`: shows the flows again on each change.

use std::time::Duration;

use extreg_cluster::ClusterError;
use extreg_flow::Report;
use extreg_terminal::{Exit, Text};

use super::{
    fetch::Source,
    name, render,
    settings::{Settings, Show},
};
use crate::{context::Context, error::Error};

/// The interval between reads of a namespace.
const EVERY: Duration = Duration::from_secs(2);
/// The interval between reads of a whole cluster.
const EVERY_CLUSTER: Duration = Duration::from_secs(15);

/// Runs until the process is interrupted.
///
/// # Errors
/// The errors of the first read; later temporary errors are only printed.
pub(super) async fn run(
    settings: &Settings,
    source: &mut Source,
    context: &Context,
) -> Result<Exit, Error> {
    let every = if settings.all_namespaces {
        EVERY_CLUSTER
    } else {
        EVERY
    };
    let mut shown: Option<Report> = None;
    let mut last_error = String::new();
    loop {
        match source.report(settings, context).await {
            Ok(report) => {
                let has_recovered = !last_error.is_empty();
                last_error.clear();
                let has_changed = has_recovered || shown.as_ref() != Some(&report);
                show(settings, source, &report, has_changed, context)?;
                shown = Some(report);
            }
            Err(error) if shown.is_none() || !is_temporary(&error) => return Err(error),
            Err(error) => {
                let message = error.to_string();
                if message != last_error {
                    context.printer.error(&message);
                    last_error = message;
                }
            }
        }
        if context.printer.out_is_closed() {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(every).await;
    }
}

const fn is_temporary(error: &Error) -> bool {
    matches!(
        error,
        Error::Cluster(
            ClusterError::Unreachable(_)
                | ClusterError::Api {
                    code: 429 | 500..=599,
                    ..
                }
        )
    )
}

fn show(
    settings: &Settings,
    source: &Source,
    report: &Report,
    has_changed: bool,
    context: &Context,
) -> Result<(), Error> {
    let printer = &context.printer;
    match settings.show {
        Show::Data(format) if has_changed => render::data(report, format, printer)?,
        Show::Names if has_changed => {
            for flow in &report.flows {
                printer.raw(&format!("{}\n", name(flow, settings.all_namespaces)));
            }
        }
        Show::Data(_) | Show::Names => {}
        Show::Lines { view, .. } => {
            let look = settings.look(context);
            let mut lines: Vec<Text> = render::lines(report, view, look).collect();
            if report.flows.is_empty() {
                lines.push(Text::from(format!("No flows found in {}.", source.place())));
            }
            let gaps = report.gaps.iter();
            lines.extend(gaps.map(|line| Text::new().dim(format!("not read: {line}"))));
            if printer.can_redraw() {
                // Ages grow, so the text can change even if the report does not.
                printer.draw(&lines);
            } else if has_changed {
                printer.line(look.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
                for line in lines {
                    printer.line(line);
                }
            }
        }
    }
    printer.flush();
    Ok(())
}
