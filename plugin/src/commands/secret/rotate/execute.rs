//! The rotation: everything is looked at and tried first, and then written.

use super::{
    look::{add_unread, find_account, read, unseen},
    outcome::{About, Outcome, Row, journal_line, print},
    plan,
    prepare::prepare,
    settings::{Mode, Settings, Source},
    verify::verify,
    write::{next, told, write},
};
use crate::{
    commands::setup::credential::{self, Credential, Wanted},
    context::Context,
    error::Error,
    exit::Exit,
};

/// How the credential can be given.
const WAYS: &str = "give one with --password-stdin or with --auth-file";

/// Rotates, tries to, or says what that would be.
pub(super) async fn run(settings: &Settings, context: &Context) -> Result<Exit, Error> {
    let mut settings = settings.clone();
    let mut credential = None;
    if let Source::AuthFile(_) = settings.source {
        let given = obtain(&settings, "", context).await?;
        settings.username = Some(given.username.clone());
        credential = Some(given);
    }
    let cluster = context.cluster().await?;
    let snapshots = read(&settings, &cluster, context).await?;
    let account = find_account(&settings, &cluster, &snapshots)?;
    let mut targets = plan::plan(&settings, &account, &snapshots);
    add_unread(&settings, &cluster, &mut targets).await?;
    let unseen = unseen(&snapshots);
    drop(snapshots);
    if credential.is_none() && settings.needs_credential() {
        credential = Some(obtain(&settings, &account.old, context).await?);
    }
    let mut ready = Vec::new();
    for target in &mut targets {
        let prepared = if target.row.outcome == Outcome::Planned {
            prepare(
                &settings,
                &account,
                credential.as_ref(),
                target,
                &cluster,
                context,
            )
            .await?
        } else {
            None
        };
        ready.push(prepared);
    }
    let mut about = About {
        username: account.old.clone(),
        new_username: credential.as_ref().map_or_else(
            || account.new.clone(),
            |credential| credential.username.clone(),
        ),
        verified: None,
        unseen,
    };
    if let (Some(credential), true) = (&credential, settings.verify) {
        verify(&settings, credential, &targets, context).await?;
        about.verified = Some(true);
    }
    let mut rows: Vec<Row> = targets.into_iter().map(|target| target.row).collect();
    if settings.mode == Mode::Plan {
        let next = if rows.iter().any(|row| row.outcome == Outcome::Planned) {
            "Nothing was changed. Add --yes to do it."
        } else {
            "Nothing was changed."
        };
        print(&rows, &about, next, &settings, &context.printer)?;
        return Ok(Exit::Done);
    }
    tell_plan(&rows, &settings, context);
    let journal = &context.journal;
    journal.advise(
        "run the same command again to go on; what holds the new credential is left as it is",
    );
    let mut stopped = None;
    for (row, ready) in rows.iter_mut().zip(ready) {
        let Some(ready) = ready else { continue };
        if stopped.is_some() {
            row.outcome = Outcome::Failed;
            "not tried after the failure before it".clone_into(&mut row.message);
            continue;
        }
        journal.begin(format!("secret/{} in {}", row.name, row.namespace));
        match write(&ready, &cluster, settings.mode.dry_run()).await {
            Ok(()) => {
                row.outcome = Outcome::Rotated;
                if settings.mode == Mode::Write {
                    journal.done(journal_line(row));
                } else {
                    journal.nothing_done();
                }
            }
            Err(error) => {
                if matches!(
                    error,
                    Error::Api { .. } | Error::NotLoggedIn(_) | Error::Usage(_)
                ) {
                    journal.nothing_done();
                }
                (row.outcome, row.message) = told(&error);
                if matches!(error, Error::NotLoggedIn(_) | Error::Usage(_)) {
                    stopped = Some(error);
                }
            }
        }
    }
    let next = next(&rows, &settings, &about);
    print(&rows, &about, &next, &settings, &context.printer)?;
    end(&rows, stopped)
}

/// What is about to be done, before it is.
fn tell_plan(rows: &[Row], settings: &Settings, context: &Context) {
    for row in rows.iter().filter(|row| row.outcome == Outcome::Planned) {
        let consumers = if row.consumers.is_empty() {
            "nobody".to_owned()
        } else {
            row.consumers.join(", ")
        };
        context.printer.note(format!(
            "secret/{} in {} is {}, used by {consumers}",
            row.name,
            row.namespace,
            if settings.mode == Mode::Write {
                "rotated"
            } else {
                "tried"
            },
        ));
    }
}

fn end(rows: &[Row], stopped: Option<Error>) -> Result<Exit, Error> {
    let done = rows
        .iter()
        .any(|row| matches!(row.outcome, Outcome::Rotated | Outcome::Unchanged));
    let open = rows.iter().filter(|row| row.outcome.is_open()).count();
    match (open, done, stopped) {
        (0, _, _) => Ok(Exit::Done),
        (_, false, Some(error)) => Err(error),
        (_, false, None) => Err(Error::failed("no secret was rotated")),
        (open, true, _) => Err(Error::Partial {
            source: Box::new(Error::failed(format!("{open} secrets were not rotated"))),
        }),
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
