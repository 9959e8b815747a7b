//! The API server: whether it answers, the user that it knows, its versions, and its clock.

use extreg_cluster::{
    Cluster, ClusterError, Json as _, Kind, ObjectRef, openshift_version, show_if_slow,
};
use extreg_remedy::Caller;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use serde_json::Value;

use super::host;
use crate::{
    checklist::{Checks, Group, plain},
    context::Context,
};

const GROUP: Group = Group::Server;
/// Certificates and tokens are created shortly before use; a larger clock difference breaks them.
const TOLERATED: SignedDuration = SignedDuration::from_secs(60);
const BROKEN: SignedDuration = SignedDuration::from_mins(5);
/// The registration of OpenShift's API server.
const API_SERVICE: Kind = Kind::global("apiregistration.k8s.io", "APIService", "apiservices");

/// The server's answers.
pub(crate) struct Reached {
    /// The connection.
    pub(crate) cluster: Cluster,
    /// The user name in the server's answer; empty if it reports none.
    pub(crate) user: String,
}

/// Runs the checks; returns the cluster if it answers.
pub(crate) async fn look(context: &Context, checks: &mut Checks) -> Option<Reached> {
    let host = context.caller.program();
    let cluster = match context.cluster().await {
        Ok(cluster) => cluster,
        Err(error) => {
            checks.skip(GROUP, "answers", plain(&error), Some("oc login".to_owned()));
            return None;
        }
    };
    let before = Timestamp::now();
    let answer = cluster.get_dated("/version").await;
    let after = Timestamp::now();
    let (server, date) = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let hint = match &error {
                ClusterError::NotLoggedIn(_) => "oc login".to_owned(),
                _ => format!("{host} version -v 6"),
            };
            checks.fail(GROUP, "answers", plain(&error), hint);
            return None;
        }
    };
    let kubernetes = server
        .get("gitVersion")
        .and_then(Value::as_str)
        .unwrap_or("an unknown version");
    let openshift = openshift_version(&cluster).await;
    checks.ok(
        GROUP,
        "version",
        match openshift {
            Some(openshift) => format!("Kubernetes {kubernetes}, OpenShift {openshift}"),
            None => format!("Kubernetes {kubernetes}"),
        },
    );
    let skew = skew(&server, checks);
    show_if_slow(&context.printer, "the version of kubectl", skew).await;
    clock(date.as_deref(), before, after, checks);
    let user = match extreg_cluster::whoami(&cluster).await {
        Ok(user) => {
            checks.ok(GROUP, "user", user.clone());
            user
        }
        Err(error @ ClusterError::NotLoggedIn(_)) => {
            checks.fail(GROUP, "user", plain(&error), "oc login");
            return None;
        }
        // The API is older than 1.28, or forbidden.
        Err(error) => {
            checks.skip(GROUP, "user", plain(&error), None);
            String::new()
        }
    };
    aggregated(&cluster, context.caller, checks).await;
    Some(Reached { cluster, user })
}

/// kubectl supports one minor version of difference.
async fn skew(server: &Value, checks: &mut Checks) {
    let Some(client) = host::version(Caller::Kubectl).await else {
        return;
    };
    let minor = |version: &str| -> Option<i64> {
        let mut parts = version.trim_start_matches('v').split('.');
        (parts.next() == Some("1")).then(|| parts.next()?.parse().ok())?
    };
    let of_server = server.get("gitVersion").and_then(Value::as_str);
    if let (Some(ours), Some(theirs)) = (minor(&client), of_server.and_then(minor))
        && (ours - theirs).abs() > 1
    {
        checks.warn(
            GROUP,
            "skew",
            format!("kubectl {client} differs from the server by more than one minor version"),
            "oc version",
        );
    }
}

fn clock(date: Option<&str>, before: Timestamp, after: Timestamp, checks: &mut Checks) {
    let parsed = date.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok());
    let Some(theirs) = parsed else {
        checks.skip(GROUP, "clock", "the server does not report the time", None);
        return;
    };
    let off = distance(theirs, before, after);
    let message = format!("differs from the server's by {}s", off.as_secs());
    if off > BROKEN {
        checks.fail(GROUP, "clock", message, "timedatectl status");
    } else if off > TOLERATED {
        checks.warn(GROUP, "clock", message, "timedatectl status");
    } else {
        checks.ok(GROUP, "clock", "equal to the server's");
    }
}

/// The distance of a time from a window; its second may have started just before.
fn distance(theirs: Timestamp, before: Timestamp, after: Timestamp) -> SignedDuration {
    let second = SignedDuration::from_secs(1);
    let ahead = theirs.duration_since(after);
    let behind = before.duration_since(theirs) - second;
    ahead.max(behind).max(SignedDuration::ZERO)
}

/// The state of OpenShift's API server as kube-apiserver, which forwards its requests, reports it.
async fn aggregated(cluster: &Cluster, caller: Caller, checks: &mut Checks) {
    for kind in [Kind::IMAGE_STREAM, Kind::BUILD_CONFIG] {
        let name = format!("{}.{}", kind.version, kind.group);
        let reference = ObjectRef::new(API_SERVICE, "", &name);
        let hint = format!("{} get apiservice {name} -o yaml", caller.program());
        let Some(found) =
            checks.readable(GROUP, "aggregation", cluster.get(&reference).await, &hint)
        else {
            continue;
        };
        let Some(found) = found else {
            checks.skip(GROUP, "aggregation", format!("{name} is not served"), None);
            continue;
        };
        match found.body.condition("Available") {
            Some(available) if available["status"] == "True" => {
                checks.ok(GROUP, "aggregation", format!("{name} is available"));
            }
            other => {
                let why = other
                    .and_then(|condition| condition["message"].as_str())
                    .unwrap_or("no reason reported");
                checks.fail(
                    GROUP,
                    "aggregation",
                    format!("kube-apiserver cannot reach {name}: {why}"),
                    hint,
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_judged_by_the_window_of_the_request() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let table = [
            ("Tue, 01 Jan 2030 00:00:05 GMT", "Ok equal to the server's"),
            ("Mon, 31 Dec 2029 23:59:59 GMT", "Ok equal to the server's"),
            (
                "Tue, 01 Jan 2030 00:02:10 GMT",
                "Warn differs from the server's by 120s",
            ),
            (
                "Mon, 31 Dec 2029 23:57:59 GMT",
                "Warn differs from the server's by 120s",
            ),
            (
                "Tue, 01 Jan 2030 01:00:10 GMT",
                "Fail differs from the server's by 3600s",
            ),
            ("soon", "Skip the server does not report the time"),
        ];
        for (date, expected) in table {
            let mut checks = Checks::default();
            let (before, after) = (at("2030-01-01T00:00:00Z"), at("2030-01-01T00:00:10Z"));
            clock(Some(date), before, after, &mut checks);
            let check = &checks.as_slice()[0];
            assert_eq!(format!("{:?} {}", check.result, check.message), expected);
        }
    }
}
