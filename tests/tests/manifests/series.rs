//! The series of a settled installation, as Prometheus labels them, from the `/metrics` of its running programs.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use extreg_manifests::names;
use extreg_tests::{ControlPlane, Importer, WebhookServer};
use serde_json::{Value, json};

use crate::cluster::apply;

/// One sample per minute; the rules see this many.
pub(crate) const SAMPLES: usize = 135;
/// What kube-state-metrics reports of the audit job.
const AUDIT_JOB: [(&str, &str); 3] = [
    ("kube_cronjob_status_last_schedule_time", "0+0"),
    ("kube_cronjob_status_last_successful_time", "0+0"),
    ("kube_cronjob_next_schedule_time", "86400+0"),
];

/// A series.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// Name and labels.
    pub(crate) name: String,
    /// The first value, and the difference between two, as promtool writes them.
    pub(crate) value: String,
}

impl Series {
    fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    /// A constant value.
    pub(crate) fn constant(&self) -> Value {
        json!({"series": self.name, "values": format!("{}x{SAMPLES}", self.value)})
    }
}

/// The labels that Prometheus adds to series of the webhook.
pub(crate) fn webhook_labels() -> String {
    format!(
        r#"namespace="{}",service="{}",pod="webhook-1""#,
        names::NAMESPACE,
        names::WEBHOOK
    )
}

fn importer_labels() -> String {
    format!(
        r#"namespace="{}",container="importer",pod="importer-1""#,
        names::NAMESPACE
    )
}

/// The series of a webhook with this kubeconfig, of an importer of the control plane, and the remaining ones that the rules read.
pub(crate) async fn scrape(webhook: &Path, importer: &ControlPlane) -> Vec<Series> {
    let server = WebhookServer::start(webhook, &["--namespace=extreg-system"]).unwrap();
    let text = settled(
        || server.metrics().unwrap(),
        |text| text.contains("facts_source_state") && !text.contains(r#"state="starting"} 1"#),
    );
    let mut series = labeled(&text.await, &webhook_labels());
    series.extend(labeled(
        &importer_metrics(importer).await,
        &importer_labels(),
    ));
    let entry = names::WEBHOOK_ENTRY;
    let failing =
        format!(r#"apiserver_admission_webhook_fail_open_count{{name="{entry}",type="admit"}}"#);
    series.push(Series::new(&failing, "0+0"));
    for (name, value) in AUDIT_JOB {
        let (namespace, job) = (names::NAMESPACE, names::AUDIT_JOB);
        let name = format!(r#"{name}{{namespace="{namespace}",cronjob="{job}"}}"#);
        series.push(Series::new(&name, value));
    }
    series
}

/// The metrics of an importer that follows builds, with a Lease of its own.
pub(crate) async fn importer_metrics(plane: &ControlPlane) -> String {
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let namespace = format!("importer-{}", STARTED.fetch_add(1, Ordering::Relaxed));
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    apply(plane, &object.to_string());
    let importer = Importer::start(plane.kubeconfig(), &namespace, &[]).unwrap();
    let leads = ["extreg_follow_leader 1", r#"follow_state{state="ready"} 1"#];
    let text = settled(
        || importer.metrics().unwrap(),
        |text| leads.iter().all(|line| text.contains(line)),
    );
    text.await
}

/// The text after the change for which it is waited, or the last one.
pub(crate) async fn settled(
    read: impl Fn() -> String,
    is_settled: impl Fn(&str) -> bool,
) -> String {
    let mut text = String::new();
    for _ in 0..400 {
        text = read();
        if is_settled(&text) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    text
}

/// The series of an exposition, and that of the scrape itself.
fn labeled(text: &str, labels: &str) -> Vec<Series> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut series: Vec<Series> = lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let name = match name.split_once('{') {
                Some((name, own)) => {
                    format!("{name}{{{},{labels}}}", own.trim_end_matches('}'))
                }
                None => format!("{name}{{{labels}}}"),
            };
            // promtool's clock starts at 0: only the remaining time counts.
            let value = match name.starts_with("extreg_cert_not_after_seconds") {
                true => left(value),
                false => value.parse().unwrap(),
            };
            Series::new(&name, &format!("{value}+0"))
        })
        .collect();
    series.push(Series::new(&format!("up{{{labels}}}"), "1+0"));
    series
}

/// Seconds of validity that remain at a Unix time.
fn left(not_after: &str) -> f64 {
    let not_after: f64 = not_after.parse().unwrap();
    let now = jiff::Timestamp::now().as_second();
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds, of which a double holds enough"
    )]
    let now = now as f64;
    not_after - now
}
