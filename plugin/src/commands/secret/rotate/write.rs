//! Records why a secret was not written, and the next steps.

use super::{
    outcome::{About, Outcome, Row},
    settings::{Mode, Settings},
};
use crate::{error::Error, fanout::Refusal};

/// Records why a secret was not read or written.
///
/// # Errors
/// Errors that affect every secret.
pub(super) fn record(error: impl Into<Error>, row: &mut Row) -> Result<(), Error> {
    let error = error.into();
    if error.is_test_failed() || error.is_conflict() {
        row.outcome = Outcome::Conflict;
        "it changed after it was read and is unchanged: run the same command again"
            .clone_into(&mut row.message);
    } else if error.is_not_found() && !error.is_terminating() {
        row.outcome = Outcome::Skipped;
        "it was deleted".clone_into(&mut row.message);
    } else {
        row.refuse(Refusal::from_error(error)?);
    }
    Ok(())
}

/// The next step.
pub(super) fn next(rows: &[Row], settings: &Settings, about: &About) -> String {
    let open = rows.iter().filter(|row| row.outcome.is_open()).count();
    if settings.mode == Mode::Try {
        return "Nothing was changed (server dry run).".to_owned();
    }
    if open > 0 {
        return format!(
            "Do not revoke the old credential of {} yet: {open} of {} secrets may still hold it. Fix \
             the listed problems and run the same command again, or rotate each separately with -n NAMESPACE; secrets \
             that hold the new credential are skipped.",
            about.username,
            rows.iter()
                .filter(|row| row.outcome != Outcome::Skipped)
                .count(),
        );
    }
    let place = match settings.registry.as_str() {
        "docker.io" => "https://app.docker.com/settings/personal-access-tokens".to_owned(),
        "ghcr.io" => "https://github.com/settings/tokens".to_owned(),
        "quay.io" => "https://quay.io, under robot accounts or application tokens".to_owned(),
        host => format!("{host}, where it was created"),
    };
    format!(
        "Now revoke the old credential of {}{}: {place}. Running workloads keep running.",
        about.username,
        if about.gaps.is_empty() {
            ""
        } else {
            ", unless a secret that you cannot read holds it"
        }
    )
}
