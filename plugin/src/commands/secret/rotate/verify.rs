//! Trying a credential at its registry before anything is written.

use std::collections::BTreeMap;

use extreg_core::image::ImageRef;

use super::{
    plan::{Target, Tried},
    settings::Settings,
};
use crate::{
    commands::setup::credential::Credential,
    context::Context,
    error::Error,
    registry::{Action, Client, Grants, Login, RegistryError},
};

/// So many repositories are tried; who has more has tried the credential well.
const MOST: usize = 20;

/// What one repository is tried for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Trial {
    reference: Option<String>,
    pushed_by: Option<String>,
    is_pulled: bool,
}

/// Tries the credential for what the secrets are used for, by the rights that the registry grants and
/// by the headers of one image a repository.
///
/// # Errors
/// [`Error::Refused`] if the registry says no; [`Error::Failed`] if it does not say.
pub(super) async fn verify(
    settings: &Settings,
    credential: &Credential,
    targets: &[Target],
    context: &Context,
) -> Result<(), Error> {
    let client = Client::new(&settings.endpoints, context)?;
    let login = Login::Basic {
        username: credential.username.clone(),
        password: credential.password.clone(),
    };
    let trials = trials(settings, targets);
    let printer = &context.printer;
    if trials.is_empty() {
        // Whether it is there does not matter: a token is given or refused for the login alone.
        let repository = format!("{}/extreg", credential.username.to_lowercase());
        let tried = client.grants(&settings.registry, &repository, &[Action::Pull], &login);
        tried
            .await
            .map_err(|error| no(settings, credential, &error))?;
        printer.note(format!(
            "{} takes the login of {}; what it may do there was not tried, as nothing uses it \
             (--image names an image)",
            settings.registry, credential.username
        ));
        return Ok(());
    }
    let count = trials.len();
    for (repository, trial) in trials.into_iter().take(MOST) {
        try_one(
            settings,
            credential,
            &client,
            &login,
            (&repository, &trial),
            context,
        )
        .await?;
    }
    let tried = count.min(MOST);
    let more = if count > MOST {
        format!(" of {count}")
    } else {
        String::new()
    };
    printer.note(format!(
        "{} takes the new credential of {} for {tried}{more} {}",
        settings.registry,
        credential.username,
        if count == 1 {
            "repository"
        } else {
            "repositories"
        }
    ));
    Ok(())
}

async fn try_one(
    settings: &Settings,
    credential: &Credential,
    client: &Client,
    login: &Login,
    (repository, trial): (&str, &Trial),
    context: &Context,
) -> Result<(), Error> {
    let mut actions = vec![Action::Pull];
    if trial.pushed_by.is_some() {
        actions.push(Action::Push);
    }
    let host = &settings.registry;
    let granted = client.grants(host, repository, &actions, login).await;
    let granted = granted.map_err(|error| no(settings, credential, &error))?;
    check_rights(settings, credential, repository, trial, &granted)?;
    if granted.actions.is_none() && trial.pushed_by.is_some() {
        context.printer.warn(&format!(
            "{host} does not say whether {} may push to {repository}",
            credential.username
        ));
    }
    let Some(reference) = &trial.reference else {
        return Ok(());
    };
    let image = format!("{host}/{repository}");
    match client.head(host, repository, reference, login).await {
        Ok(_) => Ok(()),
        // The first push makes it.
        Err(RegistryError::NotFound) => {
            context
                .printer
                .note(format!("{image} has no {reference} yet"));
            Ok(())
        }
        Err(RegistryError::Unauthorized | RegistryError::Denied)
            if granted.actions.is_some() && !trial.is_pulled =>
        {
            context.printer.note(format!("{image} is not there yet"));
            Ok(())
        }
        // The login has been taken, and that is what matters.
        Err(error @ RegistryError::TooManyRequests { .. }) => {
            context.printer.warn(&format!("{image}: {error}"));
            Ok(())
        }
        Err(error) => Err(no(settings, credential, &error)),
    }
}

fn check_rights(
    settings: &Settings,
    credential: &Credential,
    repository: &str,
    trial: &Trial,
    granted: &Grants,
) -> Result<(), Error> {
    let Some(actions) = &granted.actions else {
        return Ok(());
    };
    let lacks = |verb: &str, who: &str| {
        Error::refused(format!(
            "the new credential of {} may not {verb} {}/{repository}{who}, so nothing was changed: \
             give its token that right",
            credential.username, settings.registry
        ))
    };
    match &trial.pushed_by {
        Some(by) if !actions.contains(&Action::Push) => {
            return Err(lacks("push to", &format!(", as {by} does")));
        }
        _ => {}
    }
    if trial.is_pulled && !actions.contains(&Action::Pull) {
        return Err(lacks("pull from", ""));
    }
    Ok(())
}

/// What is tried, by repository.
fn trials(settings: &Settings, targets: &[Target]) -> BTreeMap<String, Trial> {
    let mut trials: BTreeMap<String, Trial> = BTreeMap::new();
    if let Some(image) = settings
        .image
        .as_deref()
        .and_then(|image| ImageRef::parse(image).ok())
    {
        let defaulted = image.with_defaults();
        let reference = if image.id().is_empty() {
            defaulted.tag()
        } else {
            image.id()
        };
        let trial = Trial {
            reference: Some(reference.to_owned()),
            pushed_by: None,
            is_pulled: true,
        };
        trials.insert(image.repository_path().into_owned(), trial);
        return trials;
    }
    for Tried {
        repository,
        reference,
        pushed_by,
        is_pulled,
    } in targets.iter().flat_map(|target| &target.images)
    {
        let trial = trials.entry(repository.clone()).or_default();
        // What is pulled is there.
        if trial.reference.is_none() || *is_pulled && !trial.is_pulled {
            trial.reference = Some(reference.clone());
        }
        if trial.pushed_by.is_none() {
            trial.pushed_by.clone_from(pushed_by);
        }
        trial.is_pulled |= *is_pulled;
    }
    trials
}

/// The registry's no, or that it said nothing.
fn no(settings: &Settings, credential: &Credential, error: &RegistryError) -> Error {
    let (host, username) = (&settings.registry, &credential.username);
    match error {
        RegistryError::Unauthorized | RegistryError::Denied | RegistryError::NotFound => {
            Error::refused(format!(
                "{host} does not take the new credential of {username}, so nothing was changed: \
                 {error}"
            ))
        }
        _ => Error::failed(format!(
            "whether {host} takes the new credential of {username} cannot be told, so nothing was \
             changed: {error}; --no-verify goes on without"
        )),
    }
}
