//! Trying a login for its intended use, before it replaces another one.

use super::{Action, Client, Login, RegistryError};

/// A repository and the operation on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial<'a> {
    /// The registry.
    pub host: &'a str,
    /// Path in the registry.
    pub repository: &'a str,
    /// Tag or digest.
    pub reference: &'a str,
    /// Whether it is pushed to; it is always pulled from.
    pub is_pushed: bool,
}

/// The result of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The registry accepts the login, and grants the needed permissions as far as it reports them.
    Accepted {
        /// Whether it reports the login's permissions.
        is_granted: bool,
    },
    /// It rejects the login.
    Refused(RegistryError),
    /// The login lacks a permission there.
    Lacks(Action),
    /// It did not answer, or with another error.
    Unknown(RegistryError),
}

impl Client {
    /// Tries a login by the permissions that the registry grants, or by the headers of one image if it does
    /// not report them. A missing repository is not an error: the first push creates it.
    pub async fn try_login(&self, login: &Login, trial: Trial<'_>) -> Tried {
        let Trial {
            host,
            repository,
            reference,
            is_pushed,
        } = trial;
        let wanted: &[Action] = if is_pushed {
            &[Action::Pull, Action::Push]
        } else {
            &[Action::Pull]
        };
        let granted = match self.grants(host, repository, wanted, login).await {
            Ok(granted) => granted,
            Err(error @ (RegistryError::Unauthorized | RegistryError::Denied)) => {
                return Tried::Refused(error);
            }
            Err(error) => return Tried::Unknown(error),
        };
        if let Some(actions) = granted.actions {
            if is_pushed && !actions.contains(&Action::Push) {
                return Tried::Lacks(Action::Push);
            }
            // With push permission, a repository that does not exist yet grants no pull.
            if !is_pushed && !actions.contains(&Action::Pull) {
                return Tried::Lacks(Action::Pull);
            }
            return Tried::Accepted { is_granted: true };
        }
        match self.head(host, repository, reference, login).await {
            Ok(_) | Err(RegistryError::NotFound | RegistryError::TooManyRequests { .. }) => {
                Tried::Accepted { is_granted: false }
            }
            Err(error @ (RegistryError::Unauthorized | RegistryError::Denied)) => {
                Tried::Refused(error)
            }
            Err(error) => Tried::Unknown(error),
        }
    }
}
