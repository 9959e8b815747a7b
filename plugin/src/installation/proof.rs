//! Proves the webhook: an object is created as a dry run, and the result must match the policies.
//!
//! A webhook that cannot be called is hard to detect, because under `failurePolicy: Ignore` the API server accepts the
//! object and only logs the failure. So there is a second check, the rehearsal: a configuration for one dry run, with
//! the target of the real one, that fails instead of ignoring, and selects only an object with a unique label. It
//! affects no other object and makes the API server report the error.

use std::time::Duration;

use extreg_cluster::{Cluster, ClusterError, DryRun, Object, ObjectRef, set};
use extreg_core::{object::PROOF_LABEL, policy::Mode, verdict::Outcome};
use serde_json::json;
use tokio::time::Instant;

use super::{
    expectation::{Expectations, Probe},
    kinds,
    site::Site,
};
use crate::{context::Context, error::Error};

/// Name of the configuration for the rehearsal, and of its entry.
const REHEARSAL: &str = "extreg-webhook-rehearsal";
const REHEARSAL_ENTRY: &str = "rehearsal.extreg.io";
/// What a proof waits for, as it is shown.
pub(crate) const CALL: &str = "the API server to call the webhook";
/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(250);
/// The start of the API server's error if it cannot call a webhook
/// (`k8s.io/apiserver/pkg/admission/plugin/webhook/errors.go`).
const CALL_FAILED: &str = "failed calling webhook";
/// The start of the webhook's warning with its mode cap.
const MODE_CAP: &str = "extreg: mode cap ";

/// How the webhook proved that it works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proven {
    /// The object was changed: this field is set.
    Changed {
        /// Kind of the object.
        kind: &'static str,
        /// The field.
        field: &'static str,
        /// The policy that requires it.
        policy: Option<String>,
    },
    /// The object was returned with a warning of the change.
    Warned {
        /// The warning.
        warning: String,
    },
    /// It answered, and no policy requires more.
    Answered,
}

impl Proven {
    /// A description for people.
    pub(crate) fn description(&self) -> String {
        match self {
            Self::Changed {
                kind,
                field,
                policy,
            } => {
                let by = policy.as_ref().map_or_else(String::new, |policy| {
                    format!(", as policy {policy} requires")
                });
                format!("a dry-run {kind} was returned with {field} set{by}")
            }
            Self::Warned { warning } => {
                format!("a dry-run ImageStream was returned with the warning \"{warning}\"")
            }
            Self::Answered => "the webhook answered a dry run; no policy in mode Enforce or Warn \
                               applies there"
                .to_owned(),
        }
    }
}

/// The result of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Proven(Proven),
    /// The webhook answered, but not as expected.
    Unlike(String),
    /// The object was returned as without a webhook.
    NotCalled,
    /// The API server could not call it; its error.
    CallFailed(String),
}

/// Proves the configured webhook. API servers load a configuration with a delay, and so does the webhook its policies:
/// this retries until the end of `window`.
///
/// # Errors
/// [`Error::Refused`] with the reason if the webhook does not prove that it works.
pub(crate) async fn prove(
    cluster: &Cluster,
    site: &Site,
    expectations: &Expectations,
    window: Duration,
) -> Result<Proven, Error> {
    let word = word();
    let probe = site.probe(expectations, &word);
    match repeat(cluster, &probe, &word, window).await? {
        Seen::Proven(proven) => Ok(proven),
        Seen::Unlike(what) => Err(Error::refused(format!("the webhook answers, but {what}"))),
        Seen::NotCalled => Err(Error::refused(format!(
            "an object created as a dry run in namespace {} was returned as if no webhook were installed",
            site.namespace
        ))),
        Seen::CallFailed(why) => Err(Error::refused(unreachable(&why))),
    }
}

/// Makes the API server call the webhook for an object of our own, through a configuration that exists only for this
/// call.
///
/// # Errors
/// [`Error::Refused`] with the API server's error.
pub(crate) async fn rehearse(
    cluster: &Cluster,
    configuration: &Object,
    namespace: &str,
    window: Duration,
    context: &Context,
) -> Result<(), Error> {
    let word = word();
    let rehearsal = rehearsal(configuration, &word);
    let reference = rehearsal.reference();
    context.journal.begin(reference.to_string());
    cluster
        .server_side_apply(&rehearsal, true, DryRun::None)
        .await?;
    let probe = Probe::unseen(namespace, &word);
    let seen = repeat(cluster, &probe, &word, window).await;
    cluster.delete(&reference, DryRun::None).await?;
    context.journal.nothing_done();
    match seen? {
        Seen::Proven(_) | Seen::Unlike(_) => Ok(()),
        Seen::NotCalled => Err(Error::refused(
            "the API server did not call the webhook, or something else answered in its place",
        )),
        Seen::CallFailed(why) => Err(Error::refused(unreachable(&why))),
    }
}

/// The configuration for the rehearsal, by its name.
pub(crate) fn rehearsal_reference() -> ObjectRef {
    ObjectRef::new(kinds::CONFIGURATION, "", REHEARSAL)
}

fn rehearsal(configuration: &Object, word: &str) -> Object {
    let entry = configuration.body.pointer("/webhooks/0");
    let mut entry = entry.cloned().unwrap_or_default();
    set(&mut entry, &["name"], json!(REHEARSAL_ENTRY));
    set(&mut entry, &["failurePolicy"], json!("Fail"));
    set(
        &mut entry,
        &["objectSelector"],
        json!({"matchLabels": {PROOF_LABEL: word}}),
    );
    // Only the label decides, in any namespace and after any other webhook.
    set(&mut entry, &["namespaceSelector"], json!({}));
    set(&mut entry, &["matchConditions"], json!([]));
    let mut rehearsal = Object::new(
        kinds::CONFIGURATION,
        "",
        REHEARSAL,
        json!({ "webhooks": [entry] }),
    );
    // Includes the annotation that makes service-ca set the bundle.
    for part in ["annotations", "labels"] {
        let pointer = format!("/metadata/{part}");
        if let Some(value) = configuration.body.pointer(&pointer) {
            set(&mut rehearsal.body, &["metadata", part], value.clone());
        }
    }
    rehearsal
}

fn unreachable(why: &str) -> String {
    format!("the API server cannot call the webhook: {why}")
}

async fn repeat(
    cluster: &Cluster,
    probe: &Probe,
    word: &str,
    window: Duration,
) -> Result<Seen, Error> {
    let end = Instant::now() + window;
    loop {
        let seen = look(cluster, probe, word).await?;
        if matches!(seen, Seen::Proven(_)) || Instant::now() >= end {
            return Ok(seen);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn look(cluster: &Cluster, probe: &Probe, word: &str) -> Result<Seen, ClusterError> {
    match cluster.try_create(&probe.object).await {
        Ok((answer, warnings)) => Ok(judge(probe, &answer, &warnings, word)),
        Err(ClusterError::Api { message, .. }) if is_ours(&message) => {
            Ok(Seen::CallFailed(cause(&message).to_owned()))
        }
        Err(error) => Err(error),
    }
}

fn judge(probe: &Probe, answer: &Object, warnings: &[String], word: &str) -> Seen {
    let proof = format!("extreg: proof {word}");
    let answered = warnings.contains(&proof);
    let shown = warnings
        .iter()
        .find_map(|warning| warning.strip_prefix(MODE_CAP));
    let warning = warnings.iter().find(|warning| {
        **warning != proof && warning.starts_with("extreg:") && !warning.starts_with(MODE_CAP)
    });
    if let (true, Some(why)) = (answered, over_cap(probe.cap, shown)) {
        return Seen::Unlike(why);
    }
    let policy = probe.policy.as_deref().unwrap_or("builtin-dockerhub");
    let changed = Proven::Changed {
        kind: probe.object.kind.kind,
        field: probe.field(),
        policy: probe.policy.clone(),
    };
    match (probe.is_changed(answer), answered) {
        (true, _) if probe.outcome == Outcome::Changed || !probe.certain => Seen::Proven(changed),
        (true, _) => Seen::Unlike(format!(
            "it set {} although no policy of the cluster requires it; does it read its policies \
             from a file (--policy)?",
            probe.field()
        )),
        (false, false) => Seen::NotCalled,
        (false, true) if !probe.certain => Seen::Proven(Proven::Answered),
        (false, true) => match (probe.outcome, warning) {
            (Outcome::Changed, _) => Seen::Unlike(format!(
                "did not set {} as policy {policy} requires; does it run without the cluster's \
                 policies (--policy, --no-cluster) or with a lower --mode-cap?{}",
                probe.field(),
                warning.map_or_else(String::new, |warning| format!(" Its warning: {warning}")),
            )),
            (Outcome::Warned, None) => {
                Seen::Unlike(format!("gave no warning, but policy {policy} requires one"))
            }
            (Outcome::Warned, Some(warning)) => Seen::Proven(Proven::Warned {
                warning: warning.clone(),
            }),
            (Outcome::Audited | Outcome::Untouched, _) => Seen::Proven(Proven::Answered),
        },
    }
}

/// Why the webhook's cap is stronger than allowed.
fn over_cap(wanted: Option<Mode>, shown: Option<&str>) -> Option<String> {
    let wanted = wanted.filter(|wanted| *wanted < Mode::Enforce)?;
    let flag = format!("{wanted:?}").to_lowercase();
    let modes = [Mode::Off, Mode::Audit, Mode::Warn, Mode::Enforce];
    let known = shown.and_then(|shown| {
        modes
            .into_iter()
            .find(|mode| format!("{mode:?}").eq_ignore_ascii_case(shown))
    });
    match known {
        Some(shown) if shown <= wanted => None,
        Some(shown) => Some(format!(
            "it runs with --mode-cap={}, so mode {flag} is not in force: start it with --mode-cap={flag}",
            format!("{shown:?}").to_lowercase()
        )),
        None => Some(format!(
            "it does not report its mode cap, so mode {flag} might not be in force: upgrade it, and \
             start it with --mode-cap={flag}"
        )),
    }
}

fn is_ours(message: &str) -> bool {
    let entries = [extreg_manifests::names::WEBHOOK_ENTRY, REHEARSAL_ENTRY];
    message.contains(CALL_FAILED) && entries.iter().any(|entry| message.contains(entry))
}

/// The text after the webhook's name: `Post "https://…": dial tcp …: connection refused`.
fn cause(message: &str) -> &str {
    let rest = message
        .split_once(CALL_FAILED)
        .map_or(message, |(_, rest)| rest);
    rest.split_once("\": ")
        .map_or(rest, |(_, cause)| cause)
        .trim_start_matches("failed to call webhook: ")
}

/// A word that is unique among concurrent runs.
fn word() -> String {
    let now = jiff::Timestamp::now().as_nanosecond();
    format!("{:x}-{:x}", now, std::process::id())
}

#[cfg(test)]
mod tests {
    use extreg_core::policy::Labels;
    use extreg_manifests::{Settings, mutating_webhook_configuration};

    use super::*;

    fn probe(mode: &str) -> Probe {
        let spec = json!({"registry": "docker.io", "mode": mode, "import": {"scheduled": true}});
        let policy = Object::new(kinds::POLICY, "", "hub", json!({ "spec": spec }));
        let expectations = Expectations {
            policies: Some(vec![policy]),
            cap: None,
        };
        Probe::best(&expectations, "snow", &Labels::new(), "w")
    }

    #[test]
    fn an_answer_is_judged_by_the_policies() {
        let proof = "extreg: proof w";
        let would = "extreg: policy hub would set it";
        let table: [(&str, bool, &[&str], &str); 12] = [
            ("Enforce", true, &[proof], "changed"),
            ("Enforce", true, &[], "changed"),
            ("Enforce", false, &[], "not called"),
            ("Enforce", false, &["extreg: proof other"], "not called"),
            ("Enforce", false, &[proof], "unlike"),
            ("Warn", false, &[proof, would], "warned"),
            ("Warn", false, &[proof], "unlike"),
            ("Warn", true, &[proof], "unlike"),
            ("Audit", false, &[proof], "answered"),
            ("Audit", false, &[], "not called"),
            ("Audit", true, &[proof], "unlike"),
            ("Off", false, &[proof], "answered"),
        ];
        for (mode, changed, warnings, wanted) in table {
            let probe = probe(mode);
            let mut answer = probe.object.clone();
            if changed {
                answer.body["spec"]["tags"][0]["importPolicy"] = json!({"scheduled": true});
            }
            let warnings: Vec<String> = warnings.iter().map(|w| (*w).to_owned()).collect();
            let got = match judge(&probe, &answer, &warnings, "w") {
                Seen::Proven(Proven::Changed { .. }) => "changed",
                Seen::Proven(Proven::Warned { .. }) => "warned",
                Seen::Proven(Proven::Answered) => "answered",
                Seen::Unlike(_) => "unlike",
                Seen::NotCalled => "not called",
                Seen::CallFailed(_) => "failed",
            };
            assert_eq!(got, wanted, "{mode} {changed} {warnings:?}");
        }
    }

    #[test]
    fn mode_is_in_force_only_with_a_reported_cap() {
        for (mode, cap, shown, proven) in [
            ("Audit", Some(Mode::Audit), Some("audit"), true),
            ("Audit", Some(Mode::Audit), Some("off"), true),
            ("Audit", Some(Mode::Audit), Some("enforce"), false),
            ("Audit", Some(Mode::Warn), Some("enforce"), false),
            ("Off", Some(Mode::Audit), Some("warn"), false),
            ("Audit", Some(Mode::Audit), Some("else"), false),
            ("Audit", Some(Mode::Audit), None, false),
            ("Audit", Some(Mode::Enforce), Some("enforce"), true),
            ("Audit", Some(Mode::Enforce), None, true),
            ("Audit", None, Some("enforce"), true),
        ] {
            let mut probe = probe(mode);
            probe.cap = cap;
            let mut warnings = vec!["extreg: proof w".to_owned()];
            warnings.extend(shown.map(|shown| format!("{MODE_CAP}{shown}")));
            let seen = judge(&probe, &probe.object, &warnings, "w");
            assert_eq!(
                matches!(seen, Seen::Proven(_)),
                proven,
                "{cap:?} {shown:?}: {seen:?}"
            );
        }
    }

    #[test]
    fn cause_is_the_error_of_the_api_server() {
        let table = [
            (
                r#"Internal error occurred: failed calling webhook "mutate.extreg.io": failed to call webhook: Post "https://127.0.0.1:1/mutate?timeout=3s": dial tcp 127.0.0.1:1: connect: connection refused"#,
                r#"Post "https://127.0.0.1:1/mutate?timeout=3s": dial tcp 127.0.0.1:1: connect: connection refused"#,
            ),
            (
                r#"Internal error occurred: failed calling webhook "rehearsal.extreg.io": expected response.uid="x", got """#,
                r#"expected response.uid="x", got """#,
            ),
        ];
        for (message, wanted) in table {
            assert!(is_ours(message));
            assert_eq!(cause(message), wanted);
        }
        assert!(!is_ours(
            r#"failed calling webhook "other.example.com": failed to call webhook: x"#
        ));
    }

    #[test]
    fn rehearsal_affects_only_its_own_object() {
        let configuration = Object {
            kind: kinds::CONFIGURATION,
            body: serde_json::to_value(mutating_webhook_configuration(&Settings::default()))
                .unwrap(),
        };
        let rehearsal = rehearsal(&configuration, "w").body;
        let entry = &rehearsal["webhooks"][0];
        assert_eq!(
            entry["objectSelector"],
            json!({"matchLabels": {"extreg.io/proof": "w"}})
        );
        assert_eq!(entry["failurePolicy"], "Fail");
        assert_eq!(entry["matchConditions"], json!([]));
        assert_eq!(entry["namespaceSelector"], json!({}));
        let real = &configuration.body["webhooks"][0];
        for same in ["clientConfig", "rules", "sideEffects"] {
            assert_eq!(entry[same], real[same], "{same}");
        }
        assert_ne!(entry["name"], real["name"]);
        assert_eq!(
            rehearsal["metadata"]["annotations"],
            configuration.body["metadata"]["annotations"]
        );
        let unseen = Probe::unseen("snow", "w").object;
        assert_eq!(
            unseen.body["metadata"]["labels"]["extreg.io/ignore"],
            "true"
        );
        assert_eq!(unseen.body["metadata"]["labels"]["extreg.io/proof"], "w");
    }
}
