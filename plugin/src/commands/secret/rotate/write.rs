//! One write for each secret, read back, and what is to be done then.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::{
    outcome::{About, Outcome, Row},
    prepare::Ready,
    settings::{Mode, Settings},
};
use crate::{
    api::{Cluster, DryRun, Object},
    error::Error,
};

/// One write, of that very state, and a look at what is there then.
pub(super) async fn write(ready: &Ready, cluster: &Cluster, dry_run: DryRun) -> Result<(), Error> {
    let encoded = SecretString::from(STANDARD.encode(ready.document.expose_secret()));
    let at = format!("/data/{}", ready.field);
    let operations = [
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": ready.version}),
        json!({"op": "replace", "path": at, "value": encoded.expose_secret()}),
    ];
    let patched = cluster
        .json_patch(&ready.reference, &operations, dry_run)
        .await?;
    let holds = |secret: &Object| {
        let value = secret.body.pointer(&at);
        value.and_then(Value::as_str) == Some(encoded.expose_secret())
    };
    let is_there = if dry_run == DryRun::None {
        cluster
            .get(&ready.reference)
            .await?
            .as_ref()
            .is_some_and(holds)
    } else {
        holds(&patched)
    };
    if is_there {
        Ok(())
    } else {
        Err(Error::failed(
            "it was written and holds something else now: somebody changed it at once",
        ))
    }
}

/// Why a write failed.
pub(super) fn told(error: &Error) -> (Outcome, String) {
    match error {
        error if error.is_test_failed() || error.is_conflict() => (
            Outcome::Conflict,
            "somebody changed it since it was looked at, and it is left as it is now: run this again"
                .to_owned(),
        ),
        error if error.is_not_found() => (Outcome::Skipped, "it is gone".to_owned()),
        error if error.is_forbidden() => (Outcome::Failed, format!("you may not: {error}")),
        error => (Outcome::Failed, error.to_string()),
    }
}

/// What to do now.
pub(super) fn next(rows: &[Row], settings: &Settings, about: &About) -> String {
    let open = rows.iter().filter(|row| row.outcome.is_open()).count();
    if settings.mode == Mode::Try {
        return "Nothing was changed (server dry run).".to_owned();
    }
    if open > 0 {
        return format!(
            "Do not revoke the old credential of {} yet: {open} of {} secrets may still hold it. Run \
             this again when that is mended; what holds the new one is left as it is.",
            about.username,
            rows.iter()
                .filter(|row| row.outcome != Outcome::Skipped)
                .count(),
        );
    }
    let place = match settings.registry.as_str() {
        "docker.io" => "https://app.docker.com/settings/personal-access-tokens".to_owned(),
        "ghcr.io" => "https://github.com/settings/tokens".to_owned(),
        "quay.io" => "https://quay.io, among the robot accounts or application tokens".to_owned(),
        host => format!("{host}, where it was made"),
    };
    format!(
        "Now revoke the old credential of {}{}: {place}. What runs keeps running.",
        about.username,
        if about.unseen.is_empty() {
            ""
        } else {
            ", if it is nowhere that you cannot see"
        }
    )
}
