//! Candidates from a cluster or the kubeconfig, within an acceptable delay.

use std::{collections::BTreeSet, sync::mpsc, thread, time::Duration};

use extreg_cluster::{Cluster, Json as _, Kind, ObjectRef};
use serde_json::Value;

use super::{
    candidate::{Answer, Candidate, Directive},
    value::Live,
};
use crate::{context::Context, error::Error};

/// A missing candidate is better than a shell that hangs.
const PATIENCE: Duration = Duration::from_millis(300);
/// The maximum number of candidates; with more, the user types another letter.
const MOST: usize = 500;

/// Finds the candidates that start with the typed text. Returns nothing on an error or timeout.
pub(super) fn look(live: Live, typed: &str, context: Context) -> Answer {
    let (directive, names) = match live {
        Live::Contexts | Live::Clusters | Live::Users => {
            (Directive::Nothing, of_kubeconfig(live, &context))
        }
        Live::StreamTags | Live::StreamsOrTags => {
            let directive = if typed.contains(':') {
                Directive::Nothing
            } else {
                Directive::GoOn
            };
            (directive, of_cluster(live, typed, context))
        }
        _ => (Directive::Nothing, of_cluster(live, typed, context)),
    };
    let candidates = names
        .unwrap_or_default()
        .into_iter()
        // A name with a line break would become two candidates.
        .filter(|name| name.starts_with(typed) && !name.contains(char::is_control))
        .map(|value| Candidate {
            value,
            description: String::new(),
        })
        .collect();
    Answer {
        candidates,
        directive,
    }
}

fn of_kubeconfig(live: Live, context: &Context) -> Option<BTreeSet<String>> {
    let kubeconfig = context.kubeconfig().ok()??;
    Some(match live {
        Live::Clusters => kubeconfig.clusters.into_iter().map(|c| c.name).collect(),
        Live::Users => kubeconfig.auth_infos.into_iter().map(|u| u.name).collect(),
        _ => kubeconfig.contexts.into_iter().map(|c| c.name).collect(),
    })
}

/// Runs on a separate thread, which ends with the process: a credential plugin of the kubeconfig or a name server may
/// block it indefinitely.
fn of_cluster(live: Live, typed: &str, context: Context) -> Option<BTreeSet<String>> {
    let (sender, receiver) = mpsc::channel();
    let typed = typed.to_owned();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            let names = runtime.block_on(query(live, &typed, &context));
            // After a timeout no receiver exists.
            let _ = sender.send(names.ok());
        }
    });
    receiver.recv_timeout(PATIENCE).ok().flatten()
}

async fn query(live: Live, typed: &str, context: &Context) -> Result<BTreeSet<String>, Error> {
    let cluster = context.cluster().await?;
    match live {
        Live::Namespaces => match names(&cluster, Kind::NAMESPACE).await {
            Err(error) if error.is_forbidden() => names(&cluster, Kind::PROJECT).await,
            other => other,
        },
        Live::BuildConfigs => names(&cluster, Kind::BUILD_CONFIG).await,
        Live::Streams => names(&cluster, Kind::IMAGE_STREAM).await,
        Live::Applications => {
            let (builds, streams) = futures::join!(
                names(&cluster, Kind::BUILD_CONFIG),
                names(&cluster, Kind::IMAGE_STREAM)
            );
            let mut all = builds.unwrap_or_default();
            all.extend(streams.unwrap_or_default());
            Ok(all)
        }
        Live::StreamTags | Live::StreamsOrTags => {
            if let Some((stream, _)) = typed.split_once(':') {
                return tags(&cluster, stream).await;
            }
            let streams = names(&cluster, Kind::IMAGE_STREAM).await?;
            let colon = if live == Live::StreamTags { ":" } else { "" };
            Ok(streams
                .iter()
                .map(|name| format!("{name}{colon}"))
                .collect())
        }
        Live::Contexts | Live::Clusters | Live::Users => Ok(BTreeSet::new()),
    }
}

async fn names(cluster: &Cluster, kind: Kind) -> Result<BTreeSet<String>, Error> {
    let path = kind.path(Some(cluster.namespace()));
    let list = cluster.get_path(&format!("{path}?limit={MOST}")).await?;
    Ok(list
        .list("/items")
        .filter_map(|item| item.pointer("/metadata/name")?.as_str())
        .map(str::to_owned)
        .collect())
}

async fn tags(cluster: &Cluster, stream: &str) -> Result<BTreeSet<String>, Error> {
    let reference = ObjectRef::new(Kind::IMAGE_STREAM, cluster.namespace(), stream);
    let found = cluster.get(&reference).await?;
    Ok(found.map_or_else(BTreeSet::new, |found| tags_of(stream, &found.body)))
}

/// The tags of a stream, in its status and in its spec.
fn tags_of(stream: &str, body: &Value) -> BTreeSet<String> {
    let names = |pointer: &str, key: &str| -> Vec<String> {
        body.list(pointer)
            .filter_map(|tag| tag.get(key)?.as_str())
            .map(|tag| format!("{stream}:{tag}"))
            .collect()
    };
    let mut all = names("/spec/tags", "name");
    all.extend(names("/status/tags", "tag"));
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_of_spec_and_status_are_offered() {
        let stream = json!({
            "spec": {"tags": [{"name": "latest"}, {"name": "v1"}]},
            "status": {"tags": [{"tag": "latest"}, {"tag": "pushed"}]},
        });
        let tags: Vec<String> = tags_of("app", &stream).into_iter().collect();
        assert_eq!(tags, ["app:latest", "app:pushed", "app:v1"]);
        assert!(tags_of("app", &json!({"spec": {}})).is_empty());
    }
}
