//! `check --pre`: whether this cluster has what the flow needs and the user may set it up. No image
//! registry is asked: what reaches it are the cluster's nodes and pods, not this machine.

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
/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Without `--timeout`.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);
/// OpenShift's configuration of images.
const IMAGES: Kind = extreg_snapshot::kind::Kind::ImageConfig.api();

/// Looks, once or until nothing is missing, and prints the last look.
///
/// # Errors
/// [`Error::Usage`] and [`extreg_cluster::ClusterError::NoCluster`] only: what the cluster answers is a finding.
pub(super) async fn run(style: Style, wait: bool, context: &Context) -> Result<Exit, Error> {
    // A kubeconfig that is at fault is none of the cluster's.
    context.cluster().await?;
    let limit = context
        .timeout
        .as_ref()
        .map_or(DEFAULT_WAIT, |timeout| timeout.duration);
    // A limit that was given is the whole run's; before it ends the run, this says what is missing.
    let deadline = context.started + limit;
    let mut said = String::new();
    let checks = loop {
        let checks = look(context).await.said_by(context.caller);
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

/// What failed, by name.
fn missing(checks: &Checks) -> String {
    let all = checks.as_slice().iter();
    let names: Vec<&str> = all
        .filter(|check| check.result == Level::Fail)
        .map(|check| check.message.as_str())
        .collect();
    names.join("; ")
}

/// The kinds of the flow. OpenShift can be installed without builds and without DeploymentConfigs.
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
            "setup can only do without with --no-build",
        ),
        (
            "projects",
            Kind::PROJECT_REQUEST,
            Level::Skip,
            "namespaces are made instead",
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
            (true, _) => checks.ok(GROUP, name, format!("{resource} are served")),
            (false, Level::Fail) => {
                let message = format!("{resource} are not served: {words}");
                checks.fail(GROUP, name, message, hint.clone());
            }
            (false, _) => {
                let message = format!("{resource} are not served: {words}");
                checks.skip(GROUP, name, message, None);
            }
        }
    }
}

/// The integrated registry is not needed, but what is pulled through it is then not there.
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
            "there is no integrated registry: --reference-policy local does nothing",
            hint,
        ),
        (None, None) => checks.skip(GROUP, "registry", "there is no OpenShift to have one", None),
    }
}
