//! The engine asked by a person: about objects of files and of clusters, by the policies and facts that can be had.

pub(crate) mod policies;
mod surroundings;

use std::{path::PathBuf, sync::Arc};

use extreg_cluster::ClusterError;
use extreg_core::{
    decide::{Answers, Step},
    object::{Resource, Subject, UnreadableObject},
    policy::PolicySet,
    verdict::{Decision, Reason, Site, Verdict},
};

pub(crate) use self::surroundings::{Surroundings, secret_fact};
use crate::{context::Context, error::Error};

/// The policies of a file.
///
/// # Errors
/// [`Error::Usage`] that names the file, the line and the field.
pub(crate) fn read_policies(path: PathBuf) -> Result<PolicySet, Error> {
    policies::of_file(policies::source(path)?)
}

/// What is known of the cluster, or of none: by policies of a file, or the cluster's own.
///
/// # Errors
/// If a flag or the kubeconfig is at fault, or the cluster takes our login for expired.
pub(crate) async fn surroundings(
    policies: Option<PolicySet>,
    offline: bool,
    context: &Context,
) -> Result<Surroundings, Error> {
    let printer = Arc::clone(&context.printer);
    let namespace = context.namespace.clone();
    if offline {
        return Ok(Surroundings::offline(policies, namespace, printer));
    }
    match context.cluster().await {
        Ok(cluster) => Surroundings::of_cluster(cluster, policies, printer).await,
        Err(error @ Error::Cluster(ClusterError::NoCluster)) => {
            let error = error.to_string();
            printer.warn(&format!(
                "{}; going on as with --offline",
                error.trim_start_matches("error: ")
            ));
            Ok(Surroundings::offline(policies, namespace, printer))
        }
        Err(error) => Err(error),
    }
}

/// Has the engine decide about an object as if it were created now, by all that is to be known.
///
/// # Errors
/// Outer: not logged in. Inner: it cannot be read as its kind.
pub(crate) async fn decide<T>(
    surroundings: &mut Surroundings,
    resource: Resource,
    json: &str,
    mut tell: impl FnMut(&Subject<'_>, &Verdict<'_>) -> T,
) -> Result<Result<T, UnreadableObject>, Error> {
    let default_namespace = surroundings.default_namespace().to_owned();
    let mut subject = match Subject::of_object(resource, json) {
        Ok(subject) => subject,
        Err(error) => return Ok(Err(error)),
    };
    if subject.namespace.is_empty() {
        subject.namespace = default_namespace.as_str().into();
    }
    let namespace = subject.namespace.as_str();
    surroundings.learn(namespace).await?;
    let surroundings = &*surroundings;
    let mut inquiry = surroundings.inquiry(namespace);
    loop {
        match inquiry.step(&subject, |verdict| tell(&subject, verdict)) {
            Step::Decided(told) => return Ok(Ok(told)),
            Step::Open(questions) => {
                let stream = match &questions.stream {
                    Some(key) => Some(surroundings.stream(key).await?),
                    None => None,
                };
                inquiry.answer(Answers {
                    stream,
                    ..Answers::default()
                });
            }
        }
    }
}

/// What the user is told, by one who asked a cluster or who asked none.
pub(crate) fn warnings(verdict: &Verdict<'_>, asked: bool) -> Vec<String> {
    if asked {
        verdict.warnings()
    } else {
        without_unread(verdict)
    }
}

/// The warnings but for those of ImageStreams that were not read: whoever asks no cluster knows
/// that, and the webhook would have read them.
fn without_unread(verdict: &Verdict<'_>) -> Vec<String> {
    let unread = |site: &&Site<'_>| site.decision == Decision::Keep(Reason::StreamUnread);
    let dropped: Vec<String> = verdict
        .sites
        .iter()
        .filter(unread)
        .flat_map(Site::warnings)
        .collect();
    let mut warnings = verdict.warnings();
    warnings.retain(|warning| !dropped.contains(warning));
    warnings
}
