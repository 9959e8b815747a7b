//! Runs the imports: reads every stream first, then sends one request per stream, and with `--wait`
//! retries temporary failures.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    time::Duration,
};

use extreg_cluster::{Cluster, ClusterError, DryRun, Object};
use extreg_remedy::{Refusal, Rendered};
use extreg_terminal::{Exit, Printer};

use super::{
    outcome::{Ending, Outcome, changed_policies, outcomes},
    plan::{Import, Plan, plan},
    report::Report,
    request::request,
    settings::{Settings, Wanted},
};
use crate::{
    context::Context,
    deadline::Deadline,
    error::Error,
    stream::{Stream, StreamTag},
};

/// How often a request is sent if another client changes the same stream. Each one costs as much as
/// an import.
const ATTEMPTS: u32 = 4;
/// Before the first retry after a temporary refusal; doubled before each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Before a retry at a registry whose rate limit is exceeded.
const LIMIT_PAUSE: Duration = Duration::from_mins(1);
/// After this, a progress message is printed.
const SLOW: Duration = Duration::from_secs(1);

/// Runs the imports.
pub(super) async fn run(settings: &Settings, context: &Context) -> Result<Exit, Error> {
    let cluster = context.cluster().await?;
    let namespace = cluster.namespace().to_owned();
    let mut runner = Runner {
        cluster: &cluster,
        namespace: &namespace,
        context,
        report: Report::new(&context.printer, settings.format, &namespace),
        refused: BTreeMap::new(),
    };
    let mut streams = Vec::new();
    for (name, wanted) in &settings.wanted {
        let stream = runner.read(name).await?;
        runner.plan(&stream, name, wanted)?;
        streams.push((name, stream, wanted));
    }
    context
        .journal
        .advise("run the same command again to continue; an import does not change a policy");
    let mut result = Ok(());
    for (name, stream, wanted) in streams {
        result = runner.import(name, stream, wanted).await;
        if result.is_err() {
            break;
        }
    }
    if result.is_ok() && settings.wait {
        result = runner.wait().await;
    }
    runner.finish(result)
}

struct Runner<'a> {
    cluster: &'a Cluster,
    namespace: &'a str,
    context: &'a Context,
    report: Report<'a>,
    /// An image that the registry does not provide, or not yet.
    refused: BTreeMap<StreamTag, (Refusal, Outcome)>,
}

impl Runner<'_> {
    async fn read(&self, name: &str) -> Result<Stream, Error> {
        let stream = Stream::read(self.cluster, self.namespace, name).await?;
        stream.ok_or_else(|| {
            Error::failed(format!(
                "ImageStream {name} does not exist in namespace {namespace}; to create it: {} tag \
                 IMAGE {name}:TAG -n {namespace}",
                self.context.caller,
                namespace = self.namespace,
            ))
        })
    }

    fn plan<'p>(
        &self,
        stream: &'p Stream,
        name: &str,
        wanted: &'p Wanted,
    ) -> Result<Plan<'p>, Error> {
        plan(stream, name, self.namespace, wanted, self.context.caller)
    }

    /// Imports the tags of one stream by one request.
    async fn import(&mut self, name: &str, stream: Stream, wanted: &Wanted) -> Result<(), Error> {
        let mut stream = stream;
        let mut attempt = 1;
        loop {
            let Plan { imports, skipped } = self.plan(&stream, name, wanted)?;
            let answer = self.send(&stream, name, &imports).await;
            if matches!(&answer, Err(error) if error.is_conflict()) && attempt < ATTEMPTS {
                attempt += 1;
                stream = self.read(name).await?;
                continue;
            }
            for skipped in skipped {
                self.settle(Outcome {
                    name: StreamTag::new(name, &skipped.tag),
                    image: String::new(),
                    result: Ending::Skipped {
                        message: skipped.why,
                    },
                });
            }
            let outcomes = match answer {
                Ok(None) => Vec::new(),
                Ok(Some(answer)) => {
                    for tag in changed_policies(&imports, &answer.body) {
                        self.context.printer.warn(&format!(
                            "a webhook of the cluster changed the import policy of {name}:{tag}"
                        ));
                    }
                    outcomes(name, &imports, &answer.body, |refusal, name, image| {
                        self.next(refusal, name, image)
                    })?
                }
                // The whole request was refused because one of its images cannot be imported.
                Err(Error::Cluster(ClusterError::Api {
                    code: 422, message, ..
                })) => self.all_refused(name, &imports, &message),
                Err(error) => return Err(error),
            };
            for outcome in outcomes {
                self.settle(outcome);
            }
            return Ok(());
        }
    }

    async fn send(
        &self,
        stream: &Stream,
        name: &str,
        imports: &[Import<'_>],
    ) -> Result<Option<Object>, Error> {
        if imports.is_empty() {
            return Ok(None);
        }
        let what = match imports {
            [one] => format!("{name}:{}", one.tag),
            many => format!("{} tags of {name}", many.len()),
        };
        let journal = &self.context.journal;
        journal.begin(format!("import of {what}"));
        let request = request(stream, imports);
        let answer = self.cluster.create(&request, DryRun::None);
        let answer = report_if_slow(&self.context.printer, &what, answer).await;
        let answer = answer.map_err(Error::from);
        match &answer {
            // The answer of the server is reported for each tag.
            Ok(_) => journal.nothing_done(),
            Err(error) => journal.failed(error),
        }
        answer.map(Some)
    }

    fn all_refused(&self, name: &str, imports: &[Import<'_>], message: &str) -> Vec<Outcome> {
        let refused = imports.iter().map(|import| {
            let name = StreamTag::new(name, import.tag);
            let (fix, next) = self.next(Refusal::NotAllowed, &name, import.image);
            Outcome {
                name,
                image: import.image.to_owned(),
                result: Ending::Failed {
                    refusal: Refusal::NotAllowed,
                    message: message.to_owned(),
                    fix,
                    next,
                },
            }
        });
        refused.collect()
    }

    /// The fix of a refusal, for programs and in one line.
    fn next(&self, refusal: Refusal, name: &StreamTag, image: &str) -> (Rendered, String) {
        let remedy = refusal.remedy(self.namespace, name.parts(), image);
        let invocation = self.context.invocation();
        let text = format!("{}: {}", refusal.description(), remedy.text(&invocation));
        (remedy.rendered(&invocation), text)
    }

    /// Reports final results, and keeps those to retry.
    fn settle(&mut self, outcome: Outcome) {
        match &outcome.result {
            Ending::Failed { refusal, .. } => {
                self.refused
                    .insert(outcome.name.clone(), (*refusal, outcome));
            }
            Ending::Imported { .. } => {
                self.refused.remove(&outcome.name);
                let reference = outcome.name.reference(self.namespace);
                self.context.journal.done(format!("{reference} imported"));
                self.report.add(outcome);
            }
            Ending::Skipped { .. } | Ending::Unchanged { .. } => {
                self.refused.remove(&outcome.name);
                self.report.add(outcome);
            }
        }
    }

    /// Retries until no temporary refusal remains.
    async fn wait(&mut self) -> Result<(), Error> {
        let deadline = Deadline::new(self.context, Settings::DEFAULT_WAIT);
        let mut attempts = 1_u32;
        let mut pause = FIRST_PAUSE;
        let mut shown = String::new();
        while let Some((refusal, what, why)) = self.waited_for() {
            let waiting = format!("waiting for {what}: {why}");
            if waiting != shown || self.context.printer.has_status() {
                self.context.printer.progress(&waiting);
                shown = waiting;
            }
            let is_next = match refusal {
                Refusal::TooMany => deadline.pause_fully(pause.max(LIMIT_PAUSE)).await,
                _ => deadline.pause(pause).await,
            };
            if !is_next {
                return Err(deadline.timed_out(&format!(
                    "{what} is not imported after {attempts} {}: {why}",
                    if attempts == 1 { "attempt" } else { "attempts" },
                )));
            }
            attempts = attempts.saturating_add(1);
            pause = LONGEST_PAUSE.min(pause * 2);
            for (stream, tags) in self.again() {
                let read = self.read(&stream).await?;
                self.import(&stream, read, &Wanted::These(tags)).await?;
            }
        }
        Ok(())
    }

    /// The gravest temporary refusal, its tags, and its message.
    fn waited_for(&self) -> Option<(Refusal, String, String)> {
        let waiting = || self.refused.values().filter(|(why, _)| why.may_pass());
        let (refusal, outcome) = waiting()
            .find(|(refusal, _)| *refusal == Refusal::TooMany)
            .or_else(|| waiting().next())?;
        let Ending::Failed { message, .. } = &outcome.result else {
            return None;
        };
        let more = match waiting().count() {
            0 | 1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let what = format!("{}{more}", outcome.name);
        Some((*refusal, what, message.clone()))
    }

    /// What to retry, by stream.
    fn again(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut again: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (name, (refusal, _)) in &self.refused {
            if refusal.may_pass() {
                let tags = again.entry(name.stream.clone()).or_default();
                tags.insert(name.tag.clone());
            }
        }
        again
    }

    fn finish(mut self, result: Result<(), Error>) -> Result<Exit, Error> {
        for (_, outcome) in std::mem::take(&mut self.refused).into_values() {
            self.report.add(outcome);
        }
        self.report.finish()?;
        let imported = self
            .report
            .count(|result| matches!(result, Ending::Imported { .. } | Ending::Unchanged { .. }));
        let failed = self
            .report
            .count(|result| matches!(result, Ending::Failed { .. }));
        match result {
            Err(error @ Error::TimedOut(_)) => Err(error),
            Err(error) if imported > 0 => Err(Error::Partial {
                source: Box::new(error),
            }),
            Err(error) => Err(error),
            Ok(()) => Ok(match (imported, failed) {
                (0, 0) => Exit::Incomplete,
                (_, 0) => Exit::Done,
                (0, _) => Exit::Failed,
                (_, _) => Exit::Partial,
            }),
        }
    }
}

/// Prints a progress message if the registry is slow.
async fn report_if_slow<T>(printer: &Printer, what: &str, work: impl Future<Output = T>) -> T {
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return done,
        () = tokio::time::sleep(SLOW) => printer.progress(&format!("importing {what}")),
    }
    let done = work.await;
    printer.clear_status();
    done
}
