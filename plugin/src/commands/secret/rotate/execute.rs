//! The rotation: reads and tests everything first, then writes.

use extreg_cluster::Cluster;
use extreg_terminal::Exit;

use super::{
    account::Choice,
    outcome::{About, Outcome, Row, journal_line, print},
    plan::{self, Target},
    prepare::{Exchange, prepare},
    search::{Reference, add_unread, find_account, find_old, read, unreadable},
    settings::{Mode, Settings, Source},
    write::{next, record},
};
use crate::{
    commands::secret::verify::Verifier,
    commands::secret::write::{Ready, write},
    context::Context,
    credential::{self, Credential, Wanted},
    error::Error,
    fanout::{Fanout, Refusal},
};

/// How to provide the credential.
const WAYS: &str = "use --password-stdin or --auth-file";

/// Rotates the credential, runs a dry run, or shows the plan.
pub(super) async fn run(settings: &Settings, context: &Context) -> Result<Exit, Error> {
    let mut settings = settings.clone();
    let mut credential = None;
    if let Source::AuthFile(_) = settings.source {
        let given = obtain(&settings, "", context).await?;
        settings.username = Some(given.username.clone());
        credential = Some(given);
    }
    let cluster = context.cluster().await?;
    settings.default_to(cluster.namespace());
    let mut seen = read(&settings, &cluster, context).await?;
    let account = find_account(&settings, &cluster, &seen)?;
    let mut targets = plan::plan(&settings, &account, &seen.snapshots);
    add_unread(&settings, &cluster, &mut seen, &mut targets).await?;
    if credential.is_none() && settings.needs_credential() {
        credential = Some(obtain(&settings, &account.old, context).await?);
    }
    let reference = find_old(&settings, &cluster, &seen, &account, credential.as_ref()).await?;
    if reference.secret.is_none() {
        context.printer.warn(&format!(
            "secret \"{}\" holds the new credential already, so the old password is unknown: other \
             secrets of {} are compared with the new one only",
            settings.name, account.old
        ));
    }
    let mut about = About {
        username: account.old.clone(),
        new_username: credential.as_ref().map_or_else(
            || account.new.clone(),
            |credential| credential.username.clone(),
        ),
        verified: None,
        gaps: unreadable(&seen.snapshots),
    };
    drop(seen);
    let exchange = Exchange {
        account: &account,
        old: &reference.old,
        new: credential.as_ref(),
    };
    let mut ready = Vec::new();
    for target in &mut targets {
        let choice = choice(&settings, &reference, target);
        let prepared = if target.row.outcome == Outcome::Planned {
            prepare(&settings, &exchange, choice, target, &cluster, context).await?
        } else {
            None
        };
        ready.push(prepared);
    }
    if let (Some(credential), true) = (&credential, settings.verify) {
        verify(&settings, credential, &mut targets, &mut ready, context).await?;
        about.verified = Some(
            targets
                .iter()
                .all(|target| target.row.outcome != Outcome::Refused),
        );
    }
    let mut rows: Vec<Row> = targets.into_iter().map(|target| target.row).collect();
    if settings.mode == Mode::Plan {
        let next = if rows.iter().any(|row| row.outcome == Outcome::Planned) {
            "Nothing was changed. Add --yes to apply the plan."
        } else {
            "Nothing was changed."
        };
        print(&rows, &about, next, &settings, &context.printer)?;
        return Ok(Exit::Done);
    }
    show_plan(&rows, &settings, context);
    context.journal.advise(
        "run the same command again to continue: secrets that hold the new credential are skipped",
    );
    // The secret with the old password is written last, so that an interrupted run can be
    // continued by the same command.
    let is_last = |row: &Row| {
        let secret = reference.secret.as_ref();
        secret.is_some_and(|(namespace, name)| row.namespace == *namespace && row.name == *name)
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|index| rows.get(*index).is_some_and(is_last));
    let stopped = write_all(&mut rows, ready, &order, &settings, &cluster, context).await;
    let next = next(&rows, &settings, &about);
    print(&rows, &about, &next, &settings, &context.printer)?;
    end(&rows, stopped, &settings, context)
}

/// The user names the secret with the old credential and those of `--also`; other secrets must hold exactly
/// the old credential.
fn choice(settings: &Settings, reference: &Reference, target: &Target) -> Choice {
    let (namespace, name) = (&target.row.namespace, &target.row.name);
    let is_reference = reference
        .secret
        .as_ref()
        .is_some_and(|(other, secret)| other == namespace && secret == name);
    if is_reference || settings.includes(namespace, name) {
        Choice::Account
    } else {
        Choice::Credential
    }
}

/// Tests the credential for each secret that is ready to be written. If the registry refuses one, it is
/// reported, and the rest continues.
async fn verify(
    settings: &Settings,
    credential: &Credential,
    targets: &mut [Target],
    ready: &mut [Option<Ready>],
    context: &Context,
) -> Result<(), Error> {
    let image = settings.image.as_deref();
    let endpoints = &settings.endpoints;
    let mut verifier = Verifier::new(&settings.registry, image, endpoints, credential, context)?;
    verifier.login().await?;
    for (target, ready) in targets.iter_mut().zip(ready) {
        if ready.is_some()
            && let Err(refusal) = verifier.secret(&target.images).await
        {
            target.row.refuse(refusal);
            *ready = None;
        }
    }
    verifier.report();
    Ok(())
}

/// Writes the secrets that are ready, in this order; returns the error that ended it early.
async fn write_all(
    rows: &mut [Row],
    mut ready: Vec<Option<Ready>>,
    order: &[usize],
    settings: &Settings,
    cluster: &Cluster,
    context: &Context,
) -> Option<Error> {
    let journal = &context.journal;
    let mut stopped = None;
    for index in order {
        let Some(ready) = ready.get_mut(*index).and_then(Option::take) else {
            continue;
        };
        let Some(row) = rows.get_mut(*index) else {
            continue;
        };
        if stopped.is_some() {
            row.refuse(Refusal::Failed(
                "not attempted after the previous failure".to_owned(),
            ));
            continue;
        }
        journal.begin(row.place());
        match write(&ready, cluster, settings.mode.dry_run()).await {
            Ok(()) => {
                row.outcome = Outcome::Rotated;
                if settings.mode == Mode::Write {
                    journal.done(journal_line(row));
                } else {
                    journal.nothing_done();
                }
            }
            Err(error) => {
                journal.failed(&error);
                if let Err(error) = record(error, row) {
                    row.refuse(Refusal::Failed(error.to_string()));
                    stopped = Some(error);
                }
            }
        }
    }
    stopped
}

/// Shows what is about to be written.
fn show_plan(rows: &[Row], settings: &Settings, context: &Context) {
    for row in rows.iter().filter(|row| row.outcome == Outcome::Planned) {
        let consumers = if row.consumers.is_empty() {
            "nothing".to_owned()
        } else {
            row.consumers.join(", ")
        };
        context.printer.note(format!(
            "{} {}, used by {consumers}",
            if settings.mode == Mode::Write {
                "rotating"
            } else {
                "trying"
            },
            row.place(),
        ));
    }
}

fn end(
    rows: &[Row],
    stopped: Option<Error>,
    settings: &Settings,
    context: &Context,
) -> Result<Exit, Error> {
    let mut fanout = Fanout::default();
    for row in rows {
        let refusal = match &row.refusal {
            Some(refusal) => refusal.clone(),
            None if row.is_failed(settings.mode) => Refusal::Failed(row.message.clone()),
            None => {
                if matches!(row.outcome, Outcome::Rotated | Outcome::Unchanged) {
                    fanout.written();
                }
                continue;
            }
        };
        fanout.refused(row.place(), &row.namespace, refusal);
    }
    fanout.report(&context.printer);
    match stopped {
        Some(error) => Err(context.journal.ended_by(error)),
        None => Ok(fanout.exit()),
    }
}

async fn obtain(
    settings: &Settings,
    account: &str,
    context: &Context,
) -> Result<Credential, Error> {
    let any = if account.is_empty() { "any" } else { account };
    let image = settings
        .image
        .clone()
        .unwrap_or_else(|| format!("{}/{}/any", settings.registry, any.to_lowercase()));
    let wanted = Wanted {
        host: &settings.registry,
        image: &image,
        account,
        ways: WAYS,
    };
    credential::obtain(&settings.credential(account), wanted, context).await
}
