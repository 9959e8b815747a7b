//! Querying a registry for an image, a login and its limits.
//!
//! Uses the OCI distribution protocol and Docker's token protocol. Of a manifest only the headers are
//! requested (HEAD), which Docker Hub does not count as a pull. Nothing is ever written.
//!
//! A login is sent only to its registry and to the token service of that registry,
//! over TLS, and never along a redirect. The token service of a public registry must not be an address or
//! this machine; one of another domain is reported on stderr. Plain HTTP is only for endpoints that the user
//! configured this way.

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
