//! Whether the image of a tag has been imported: OpenShift's image import controller does that just after
//! the tag is written.

use std::time::Duration;

use extreg_cluster::Cluster;
use extreg_remedy::Refusal;

use super::settings::Follow;
use crate::{
    context::Context,
    deadline::Deadline,
    error::Error,
    stream::{Arrival, Stream, StreamTag},
};

/// The time limit, unless `--timeout` is shorter.
const LIMIT: Duration = Duration::from_secs(15);
/// How often to check.
const INTERVAL: Duration = Duration::from_millis(500);

/// Reports the imports. A failed one is a warning: the tag was written as requested.
///
/// # Errors
/// If an ImageStream cannot be read.
pub(super) async fn report(
    cluster: &Cluster,
    namespace: &str,
    mut open: Vec<StreamTag>,
    follow: &Follow,
    context: &Context,
) -> Result<(), Error> {
    let deadline = Deadline::at_most(context, LIMIT);
    let (printer, caller) = (&context.printer, context.caller);
    loop {
        let mut pending = Vec::new();
        for name in open {
            let stream = Stream::read(cluster, namespace, &name.stream).await?;
            match stream.as_ref().and_then(|stream| stream.arrival(&name.tag)) {
                None => {}
                Some(Arrival::Pending) => pending.push(name),
                Some(Arrival::Imported(shown)) => {
                    printer.note(format!("{name} is imported: {}", shown.pull_spec));
                }
                Some(Arrival::Failed { reason, message }) => {
                    let refusal = Refusal::of(reason, message);
                    let remedy = refusal.remedy(namespace, name.parts(), &follow.image.to_string());
                    printer.warn(&format!(
                        "{name} is not imported: {}; {}: {}",
                        Refusal::words(reason, message),
                        refusal.description(),
                        remedy.text(&context.invocation()),
                    ));
                }
            }
        }
        open = pending;
        if open.is_empty() {
            return Ok(());
        }
        if !deadline.pause(INTERVAL).await {
            break;
        }
    }
    for name in open {
        printer.note(format!(
            "{name} is not imported yet; to wait for it: {caller} import {name} -n {namespace} \
             --wait"
        ));
    }
    Ok(())
}
