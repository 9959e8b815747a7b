//! `check --pre`: whether this cluster has what the flow needs and the user can set it up. No image
//! registry is queried: the cluster's nodes and pods reach registries, not this machine.

use std::time::{Duration, Instant};

use extreg_cluster::{Cluster, Kind, ObjectRef};
use extreg_terminal::Exit;

use crate::{
    checklist::{Checks, Group, Level, Style},
    context::Context,
    diagnosis::rights::{self, Lack},
    diagnosis::server::{self, Reached},
    error::Error,
};

/// The `kind` of the report.
pub(super) const REPORT: &str = "PreCheckReport";
const GROUP: Group = Group::Cluster;
/// Between two rounds of checks.
const INTERVAL: Duration = Duration::from_secs(1);
/// If `--timeout` is not given.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);
/// OpenShift's configuration of images.
const IMAGES: Kind = extreg_snapshot::kind::Kind::ImageConfig.api();

/// Runs the checks, once or until nothing is missing, and prints the last round.
///
/// # Errors
/// [`Error::Usage`] and [`extreg_cluster::ClusterError::NoCluster`] only: an answer of the cluster is a finding.
pub(super) async fn run(style: Style, wait: bool, context: &Context) -> Result<Exit, Error> {
    // An invalid kubeconfig is not a finding about the cluster.
    context.cluster().await?;
    let limit = context
        .timeout
        .as_ref()
        .map_or(DEFAULT_WAIT, |timeout| timeout.duration);
    // The user's limit covers the whole run; print what is missing before it ends the run.
    let deadline = context.started + limit;
    let mut said = String::new();
    let checks = loop {
        let checks = look(context).await.for_caller(context.caller);
        let is_last = !wait || limit.is_zero() || Instant::now() + 2 * INTERVAL > deadline;
        if is_last || checks.exit() == Exit::Done {
            break checks;
        }
        let missing = missing(&checks);
        if missing != said {
            context.printer.note(format!("waiting: {missing}"));
            said = missing;
        }
        tokio::time::sleep(INTERVAL).await;
    };
    checks.show(style, &context.printer)?;
    Ok(checks.exit())
}

async fn look(context: &Context) -> Checks {
    let mut checks = Checks::default();
    if let Some(Reached { cluster, user }) = server::look(context, &mut checks).await {
        served(&cluster, context, &mut checks).await;
        registry(&cluster, context, &mut checks).await;
        rights::setup(&cluster, &user, Lack::Fatal, context, &mut checks).await;
        rights::judge(&cluster, context, &mut checks).await;
        rights::install(&cluster, context, &mut checks).await;
    }
    checks
}

/// The names of the failed checks.
fn missing(checks: &Checks) -> String {
    let all = checks.as_slice().iter();
    let names: Vec<&str> = all
        .filter(|check| check.result == Level::Fail)
        .map(|check| check.message.as_str())
        .collect();
    names.join("; ")
}

/// The kinds of the flow. Builds and DeploymentConfigs are optional capabilities of OpenShift.
async fn served(cluster: &Cluster, context: &Context, checks: &mut Checks) {
    let host = context.caller.program();
    let hint = format!("{host} get clusterversion version -o jsonpath={{.status.capabilities}}");
    let kinds = [
        (
            "streams",
            Kind::IMAGE_STREAM,
            Level::Fail,
            "is this OpenShift?",
        ),
        (
            "builds",
            Kind::BUILD_CONFIG,
            Level::Fail,
            "setup needs --no-build without them",
        ),
        (
            "projects",
            Kind::PROJECT_REQUEST,
            Level::Skip,
            "namespaces are created instead",
        ),
        (
            "workloads",
            Kind::DEPLOYMENT_CONFIG,
            Level::Skip,
            "workloads are Deployments",
        ),
    ];
    for (name, kind, if_not, words) in kinds {
        let resource = format!("{}.{}", kind.plural, kind.group);
        let answer = cluster.serves(kind).await;
        let Some(is_served) = checks.readable(GROUP, name, answer, &hint) else {
            continue;
        };
        match (is_served, if_not) {
            (true, _) => checks.ok(GROUP, name, format!("{resource} are available")),
            (false, Level::Fail) => {
                let message = format!("{resource} are not available: {words}");
                checks.fail(GROUP, name, message, hint.clone());
            }
            (false, _) => {
                let message = format!("{resource} are not available: {words}");
                checks.skip(GROUP, name, message, None);
            }
        }
    }
}

/// The integrated registry is not needed, but pull-through does not work without it.
async fn registry(cluster: &Cluster, context: &Context, checks: &mut Checks) {
    let reference = ObjectRef::new(IMAGES, "", "cluster");
    let hint = format!(
        "{} get configs.imageregistry.operator.openshift.io cluster",
        context.caller.program()
    );
    let read = cluster.get(&reference).await;
    let Some(found) = checks.readable(GROUP, "registry", read, &hint) else {
        return;
    };
    let host = found.as_ref().and_then(|images| {
        let host = images.body.pointer("/status/internalRegistryHostname")?;
        host.as_str().filter(|host| !host.is_empty())
    });
    match (host, &found) {
        (Some(host), _) => checks.ok(GROUP, "registry", format!("integrated, {host}")),
        (None, Some(_)) => checks.warn(
            GROUP,
            "registry",
            "the integrated registry is not configured: --reference-policy local has no effect",
            hint,
        ),
        (None, None) => checks.skip(GROUP, "registry", "the cluster is not OpenShift", None),
    }
}
