//! Runs the engine for a user, on objects of files or of a cluster, with the policies and facts that are available.

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

pub(crate) use self::surroundings::{Surroundings, labels_of, secret_fact};
use crate::{context::Context, error::Error};

/// The policies of a file.
///
/// # Errors
/// [`Error::Usage`] that names the file, the line and the field.
pub(crate) fn read_policies(path: PathBuf) -> Result<PolicySet, Error> {
    policies::of_file(policies::source(path)?)
}

/// The facts of the cluster, if there is one, with the policies of a file or of the cluster.
///
/// # Errors
/// If a flag or the kubeconfig is invalid, or the login has expired.
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
                "{}; continuing as with --offline",
                error.trim_start_matches("error: ")
            ));
            Ok(Surroundings::offline(policies, namespace, printer))
        }
        Err(error) => Err(error),
    }
}

/// Evaluates an object as if it were created now, with all available facts.
///
/// # Errors
/// Outer: not logged in. Inner: the object cannot be parsed as its kind.
pub(crate) async fn decide<T>(
    surroundings: &mut Surroundings,
    resource: Resource,
    json: &str,
    mut visit: impl FnMut(&Subject<'_>, &Verdict<'_>) -> T,
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
        match inquiry.step(&subject, |verdict| visit(&subject, verdict)) {
            Step::Decided(result) => return Ok(Ok(result)),
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

/// The warnings for the user, by whether a cluster was queried.
pub(crate) fn warnings(verdict: &Verdict<'_>, is_online: bool) -> Vec<String> {
    if is_online {
        verdict.warnings()
    } else {
        without_unread(verdict)
    }
}

/// The warnings without those about unread ImageStreams: without a cluster they are expected, and
/// the webhook would read the ImageStreams.
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
