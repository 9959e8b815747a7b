//! The outcome for each secret, for people and for machines.

use extreg_cluster::Verb;
use extreg_terminal::{Printer, Table};
use serde::Serialize;

use super::settings::{Mode, Settings};
use crate::{error::Error, fanout::Refusal, print::to_data};

/// The outcome for a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// It changed after it was read.
    Conflict,
    /// It could not be written.
    Failed,
    /// It is not written, and still holds the old credential.
    NotRotated,
    /// The registry refuses the new credential for the use of the secret.
    Refused,
    /// It is planned.
    Planned,
    /// It was rotated.
    Rotated,
    /// It holds another credential, or its namespace is being deleted.
    Skipped,
    /// It already held the new credential.
    Unchanged,
}

/// A secret and its outcome.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Row {
    pub(super) namespace: String,
    pub(super) name: String,
    /// The account of the keys.
    pub(super) username: String,
    /// The keys to write, as they can be shown.
    pub(super) keys: Vec<String>,
    /// The consumers of the secret.
    pub(super) consumers: Vec<String>,
    pub(super) outcome: Outcome,
    /// The reason and the fix, if any.
    pub(super) message: String,
    /// The error because of which it was not written.
    #[serde(skip)]
    pub(super) refusal: Option<Refusal>,
}

impl Row {
    /// Records why the secret is not written.
    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.outcome = match &refusal {
            Refusal::Terminating => Outcome::Skipped,
            Refusal::Refused(_) => Outcome::Refused,
            Refusal::NotPermitted(_) | Refusal::Failed(_) => Outcome::Failed,
        };
        refusal.message().clone_into(&mut self.message);
        self.refusal = Some(refusal);
    }

    /// Whether it counts as a failure of a run that writes.
    pub(super) fn is_failed(&self, mode: Mode) -> bool {
        mode != Mode::Plan && self.outcome.is_open()
    }

    /// The secret, as named in messages.
    pub(super) fn place(&self) -> String {
        if self.name.is_empty() {
            format!("namespace {}", self.namespace)
        } else {
            format!("secret/{} in {}", self.name, self.namespace)
        }
    }
}

/// The whole result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rotation<'a> {
    api_version: &'static str,
    kind: &'static str,
    registry: &'a str,
    username: &'a str,
    new_username: &'a str,
    /// Whether the registry accepted the new credential; none if it was not queried.
    verified: Option<bool>,
    dry_run: Option<&'static str>,
    secrets: &'a [Row],
    /// Unreadable resources, which may also hold the old credential.
    gaps: &'a [String],
    /// What to do next.
    next: &'a str,
}

/// The old and the new account, and whether the registry accepted the new credential.
#[derive(Clone, Debug)]
pub(super) struct About {
    pub(super) username: String,
    pub(super) new_username: String,
    pub(super) verified: Option<bool>,
    /// Unreadable resources.
    pub(super) gaps: Vec<String>,
}

impl Outcome {
    /// Whether the old credential is still in use there.
    pub(super) const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Conflict | Self::Failed | Self::NotRotated | Self::Refused
        )
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Conflict => "changed meanwhile",
            Self::Failed => "failed",
            Self::NotRotated => "not rotated",
            Self::Refused => "refused",
            Self::Planned => "would be rotated",
            Self::Rotated => "rotated",
            Self::Skipped => "skipped",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Prints the rows.
pub(super) fn print(
    rows: &[Row],
    about: &About,
    next: &str,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Error> {
    if let Some(format) = settings.format {
        let rotation = Rotation {
            api_version: "extreg.io/v1",
            kind: "SecretRotation",
            registry: &settings.registry,
            username: &about.username,
            new_username: &about.new_username,
            verified: about.verified,
            dry_run: match settings.mode {
                Mode::Plan => Some("client"),
                Mode::Try => Some("server"),
                Mode::Write => None,
            },
            secrets: rows,
            gaps: &about.gaps,
            next,
        };
        printer.raw(&to_data(&rotation, format)?);
        return Ok(());
    }
    let mut table = Table::new(&[
        "NAMESPACE",
        "SECRET",
        "ACCOUNT",
        "KEYS",
        "USED BY",
        "RESULT",
    ]);
    for row in rows {
        let suffix = match row.outcome {
            Outcome::Rotated => settings.mode.dry_run().suffix(),
            _ => "",
        };
        table.row([
            row.namespace.clone(),
            row.name.clone(),
            row.username.clone(),
            row.keys.join(","),
            used_by(&row.consumers),
            format!("{}{suffix}", row.outcome.word()),
        ]);
    }
    table.print(printer);
    // What failed is listed at the end.
    let is_listed = |row: &&Row| !row.message.is_empty() && !row.is_failed(settings.mode);
    for row in rows.iter().filter(is_listed) {
        printer.note(format!("{}: {}", row.place(), row.message));
    }
    for gaps in &about.gaps {
        printer.warn(&format!(
            "could not be read, and may also hold the old credential: {gaps}"
        ));
    }
    if !next.is_empty() {
        printer.note(next);
    }
    Ok(())
}

/// A line of the journal.
pub(super) fn journal_line(row: &Row) -> String {
    format!("{} {}", row.place(), Verb::Configured)
}

/// The first few, and the number of the rest.
fn used_by(consumers: &[String]) -> String {
    const FEW: usize = 3;
    let shown: Vec<&str> = consumers.iter().take(FEW).map(String::as_str).collect();
    match consumers.len() {
        0 => "-".to_owned(),
        count if count > FEW => format!("{} and {} more", shown.join(", "), count - FEW),
        _ => shown.join(", "),
    }
}
