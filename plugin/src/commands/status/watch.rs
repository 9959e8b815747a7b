//! `-w`: shown again whenever it has changed.

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

/// A namespace is read so often.
const EVERY: Duration = Duration::from_secs(2);
/// A whole cluster is read so often.
const EVERY_CLUSTER: Duration = Duration::from_secs(15);

/// Goes on until it is interrupted, which ends the run from outside.
///
/// # Errors
/// As of the first reading; when it has begun, what passes is only told.
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
    let mut trouble = String::new();
    loop {
        match source.report(settings, context).await {
            Ok(report) => {
                let is_back = !trouble.is_empty();
                trouble.clear();
                let has_changed = is_back || shown.as_ref() != Some(&report);
                show(settings, source, &report, has_changed, context)?;
                shown = Some(report);
            }
            Err(error) if shown.is_none() || !may_pass(&error) => return Err(error),
            Err(error) => {
                let said = error.to_string();
                if said != trouble {
                    context.printer.error(&said);
                    trouble = said;
                }
            }
        }
        if context.printer.out_is_closed() {
            return Ok(Exit::Done);
        }
        tokio::time::sleep(every).await;
    }
}

const fn may_pass(error: &Error) -> bool {
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
            let mut lines = render::lines(report, view, look);
            if report.flows.is_empty() {
                lines.push(Text::from(format!("No flows found in {}.", source.place())));
            }
            let not_seen = report.not_seen.iter();
            lines.extend(not_seen.map(|line| Text::new().dim(format!("not seen: {line}"))));
            if printer.can_redraw() {
                // Ages grow, so what is drawn may be another though nothing has changed.
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
