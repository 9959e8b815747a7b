//! Asking a registry what it knows of an image, of a login and of its own limits.
//!
//! By the OCI distribution protocol and Docker's token protocol. Of a manifest only the headers are
//! asked for (HEAD), which Docker Hub does not count as a pull. Nothing is ever written.
//!
//! A login goes to the registry that it is for and to the token service which that registry names,
//! over TLS, and never along a redirect. The token service of a public registry is no address and not
//! this machine; one of another domain is named on stderr. Plain HTTP is for endpoints that were given
//! so by hand.

mod challenge;
mod client;
mod endpoint;
mod error;
mod head;
mod limit;
mod login;
mod patience;
mod realm;
mod settings;
mod token;
mod transport;
mod trial;

pub use self::{
    client::Client,
    endpoint::{Endpoints, Override, OverrideError},
    error::RegistryError,
    head::Head,
    limit::RateLimit,
    login::{Login, LoginKey, Logins, logins},
    patience::Patience,
    settings::{Settings, SettingsError},
    token::{Action, Grants},
    trial::{Trial, Tried},
};
