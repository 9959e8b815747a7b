//! Tests a credential at its registry before anything is written: first the login, then the use of
//! each secret, so that one secret's images never decide about another one.

use std::collections::BTreeMap;

use extreg_core::image::ImageRef;
use extreg_registry::{Action, Client, Grants, Login, RegistryError};

use crate::{
    args::EndpointArgs, context::Context, credential::Credential, error::Error, fanout::Refusal,
};

/// The maximum number of repositories tested per secret; a login that works for them works.
const MOST: usize = 20;

/// An image for which the credential is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tried {
    /// Path in the registry.
    pub(super) repository: String,
    /// Tag or digest.
    pub(super) reference: String,
    /// What pushes it, if anything.
    pub(super) pushed_by: Option<String>,
    /// Whether anything pulls it.
    pub(super) is_pulled: bool,
}

/// Tests a credential.
pub(super) struct Verifier<'a> {
    registry: &'a str,
    /// The image of `--image`, which is tested instead of all other images.
    image: Option<&'a str>,
    credential: &'a Credential,
    client: Client,
    login: Login,
    context: &'a Context,
    /// Whether the registry accepted the login without a repository.
    is_accepted: bool,
    /// Known results: two secrets can be used for the same repository.
    known: BTreeMap<Trial, Option<Refusal>>,
}

/// The test for one repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Trial {
    repository: String,
    reference: Option<String>,
    is_pushed: bool,
    is_pulled: bool,
}

impl<'a> Verifier<'a> {
    /// Creates a verifier; sends no request.
    ///
    /// # Errors
    /// [`Error::Usage`] if the file of `--registry-ca` is invalid.
    pub(super) fn new(
        registry: &'a str,
        image: Option<&'a str>,
        endpoints: &EndpointArgs,
        credential: &'a Credential,
        context: &'a Context,
    ) -> Result<Self, Error> {
        Ok(Self {
            registry,
            image,
            credential,
            client: context.registries(endpoints)?,
            login: credential.login(),
            context,
            is_accepted: false,
            known: BTreeMap::new(),
        })
    }

    /// Tests what all secrets have in common: the login, and the image of
    /// `--image`.
    ///
    /// # Errors
    /// [`Error::Refused`] if the registry refuses it; [`Error::Failed`] if the result is inconclusive.
    pub(super) async fn login(&mut self) -> Result<(), Error> {
        let (host, username) = (self.registry, &self.credential.username);
        // The repository need not exist: the registry grants or refuses a token for the login alone.
        let repository = format!("{}/extreg", username.to_lowercase());
        let tried = self
            .client
            .grants(host, &repository, &[Action::Pull], &self.login);
        match tried.await {
            Ok(_) => self.is_accepted = true,
            // Some registries grant no token for a repository that does not exist, or whose name is
            // invalid, such as a robot's name. Then the images of the secrets decide.
            Err(
                RegistryError::Denied
                | RegistryError::NotFound
                | RegistryError::Unexpected(400..=499),
            ) => {}
            Err(error @ RegistryError::Unauthorized) => {
                return Err(Error::refused(format!(
                    "{host} does not accept the new credential of {username}, so nothing was \
                     changed: {error}"
                )));
            }
            Err(error) => {
                return Err(Error::failed(format!(
                    "{}, so nothing was changed: {error}; --no-verify skips the check",
                    self.unknown()
                )));
            }
        }
        let Some(image) = self.image.and_then(|image| ImageRef::parse(image).ok()) else {
            return Ok(());
        };
        let defaulted = image.with_defaults();
        let reference = if image.id().is_empty() {
            defaulted.tag()
        } else {
            image.id()
        };
        let trial = Trial {
            repository: image.repository_path().into_owned(),
            reference: Some(reference.to_owned()),
            is_pushed: false,
            is_pulled: true,
        };
        match self.trial(&trial, "").await {
            Ok(()) => Ok(()),
            Err(Refusal::Refused(why)) => {
                Err(Error::refused(format!("{why}; nothing was changed")))
            }
            Err(other) => Err(Error::failed(format!(
                "{}; nothing was changed",
                other.message()
            ))),
        }
    }

    /// Tests the use of one secret; with `--image`, [`Self::login`] has already tested that image.
    pub(super) async fn secret(&mut self, images: &[Tried]) -> Result<(), Refusal> {
        if self.image.is_some() {
            return Ok(());
        }
        for (trial, by) in trials(images).into_iter().take(MOST) {
            let known = if let Some(known) = self.known.get(&trial) {
                known.clone()
            } else {
                let known = self.trial(&trial, &by).await.err();
                self.known.insert(trial, known.clone());
                known
            };
            if let Some(refusal) = known {
                return Err(refusal);
            }
        }
        Ok(())
    }

    /// Shows the result.
    pub(super) fn report(&self) {
        let (host, username) = (self.registry, &self.credential.username);
        let accepted = self
            .known
            .values()
            .filter(|refusal| refusal.is_none())
            .count();
        let printer = &self.context.printer;
        match accepted {
            0 if !self.known.is_empty() || self.image.is_some() => {}
            0 if self.is_accepted => printer.note(format!(
                "{host} accepts the login of {username}; its permissions were not checked (specify an image with \
                 --image)"
            )),
            0 => printer.warn(&format!(
                "{host} does not report whether it accepts the login of {username} (specify an image with \
                 --image)"
            )),
            1 => printer.note(format!(
                "{host} accepts the new credential of {username} for 1 repository"
            )),
            _ => printer.note(format!(
                "{host} accepts the new credential of {username} for {accepted} repositories"
            )),
        }
    }

    /// Tests one repository, by the permissions that the registry grants and by the headers of one image.
    async fn trial(&self, trial: &Trial, by: &str) -> Result<(), Refusal> {
        let host = self.registry;
        let username = &self.credential.username;
        let printer = &self.context.printer;
        let mut actions = vec![Action::Pull];
        if trial.is_pushed {
            actions.push(Action::Push);
        }
        let repository = &trial.repository;
        let granted = self
            .client
            .grants(host, repository, &actions, &self.login)
            .await
            .map_err(|error| self.no(repository, &error))?;
        self.check_rights(trial, by, &granted)?;
        if granted.actions.is_none() && trial.is_pushed {
            printer.warn(&format!(
                "{host} does not report whether {username} can push to {repository}"
            ));
        }
        let Some(reference) = &trial.reference else {
            return Ok(());
        };
        let image = format!("{host}/{repository}");
        match self
            .client
            .head(host, repository, reference, &self.login)
            .await
        {
            Ok(_) => Ok(()),
            // The first push creates it.
            Err(RegistryError::NotFound) => {
                printer.note(format!("{image} has no {reference} yet"));
                Ok(())
            }
            Err(RegistryError::Unauthorized | RegistryError::Denied)
                if granted.actions.is_some() && !trial.is_pulled =>
            {
                printer.note(format!("{image} does not exist yet"));
                Ok(())
            }
            // The registry accepted the login, which is sufficient.
            Err(error @ RegistryError::TooManyRequests { .. }) => {
                printer.warn(&format!("{image}: {error}"));
                Ok(())
            }
            Err(error) => Err(self.no(repository, &error)),
        }
    }

    fn check_rights(&self, trial: &Trial, by: &str, granted: &Grants) -> Result<(), Refusal> {
        let Some(actions) = &granted.actions else {
            return Ok(());
        };
        let lacks = |verb: &str, who: &str| {
            Err(Refusal::Refused(format!(
                "the new credential of {} cannot {verb} {}/{}{who}: grant its token that permission",
                self.credential.username, self.registry, trial.repository
            )))
        };
        if trial.is_pushed && !actions.contains(&Action::Push) {
            return lacks("push to", &format!(", as {by} does"));
        }
        if trial.is_pulled && !actions.contains(&Action::Pull) {
            return lacks("pull from", "");
        }
        Ok(())
    }

    /// The refusal of the registry, or an inconclusive result.
    fn no(&self, repository: &str, error: &RegistryError) -> Refusal {
        match error {
            RegistryError::Unauthorized | RegistryError::Denied | RegistryError::NotFound => {
                Refusal::Refused(format!(
                    "{} does not accept the new credential of {} for {repository}: {error}",
                    self.registry, self.credential.username
                ))
            }
            _ => Refusal::Failed(format!(
                "{} for {repository}: {error}; --no-verify skips the check",
                self.unknown()
            )),
        }
    }

    fn unknown(&self) -> String {
        format!(
            "{} does not report whether it accepts the new credential of {}",
            self.registry, self.credential.username
        )
    }
}

/// The tests for one secret, one per repository, with the objects that push there.
fn trials(images: &[Tried]) -> Vec<(Trial, String)> {
    let mut trials: BTreeMap<&str, (Trial, String)> = BTreeMap::new();
    for Tried {
        repository,
        reference,
        pushed_by,
        is_pulled,
    } in images
    {
        let (trial, by) = trials.entry(repository).or_insert_with(|| {
            let trial = Trial {
                repository: repository.clone(),
                reference: None,
                is_pushed: false,
                is_pulled: false,
            };
            (trial, String::new())
        });
        // A pulled image exists.
        if trial.reference.is_none() || *is_pulled && !trial.is_pulled {
            trial.reference = Some(reference.clone());
        }
        if let Some(pushed_by) = pushed_by
            && !trial.is_pushed
        {
            trial.is_pushed = true;
            by.clone_from(pushed_by);
        }
        trial.is_pulled |= *is_pulled;
    }
    trials.into_values().collect()
}
