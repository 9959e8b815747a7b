//! The requests: the headers of a manifest, and the permissions from a token service.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_cluster::encode;
use extreg_terminal::Printer;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use secrecy::ExposeSecret as _;

use super::{
    Action, Endpoints, Grants, Head, Login, RateLimit, RegistryError, Settings, SettingsError,
    challenge::{Bearer, Challenge},
    endpoint::Endpoint,
    head::accept,
    limit::retry_after,
    realm::Realm,
    token::Token,
    transport::{Answer, Transport},
};

/// As registry.k8s.io redirects to a mirror nearby.
const MOST_REDIRECTS: usize = 3;

/// Queries registries. Keeps connections and tokens for its lifetime.
pub struct Client {
    endpoints: Endpoints,
    transport: Transport,
    challenges: Mutex<BTreeMap<String, Option<Challenge>>>,
    tokens: Mutex<Vec<Kept>>,
}

/// A token and its use.
struct Kept {
    origin: String,
    scope: String,
    login: Login,
    token: Token,
}

/// One repository and its endpoint.
struct Repository {
    endpoint: Endpoint,
    name: String,
}

impl Client {
    /// Sends no request yet.
    ///
    /// # Errors
    /// If a setting is not valid.
    pub fn new(settings: Settings, printer: Arc<Printer>) -> Result<Self, SettingsError> {
        Ok(Self {
            transport: Transport::new(&settings, printer)?,
            endpoints: settings.endpoints,
            challenges: Mutex::default(),
            tokens: Mutex::default(),
        })
    }

    /// Reads the headers of a manifest, by HEAD. `host` is the registry as images name it,
    /// `reference` a tag or a digest.
    pub async fn head(
        &self,
        host: &str,
        repository: &str,
        reference: &str,
        login: &Login,
    ) -> Result<Head, RegistryError> {
        let repository = self.repository(host, repository);
        let path = format!("/v2/{}/manifests/{reference}", repository.name);
        let challenge = self.challenge(&repository.endpoint).await?;
        let mut answer = self
            .manifest(&repository, &path, challenge.as_ref(), login)
            .await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            match Challenge::from_headers(&answer.headers) {
                Some(Challenge::Bearer(bearer))
                    if bearer.is_too_little && login.username().is_some() =>
                {
                    return Err(RegistryError::Denied);
                }
                // Some require a login only for some repositories.
                Some(asked) if challenge.is_none() => {
                    answer = self
                        .manifest(&repository, &path, Some(&asked), login)
                        .await?;
                }
                _ => {}
            }
        }
        let answer = self.follow(answer, &repository.endpoint).await?;
        Ok(Head::from_headers(&checked(answer)?.headers))
    }

    /// The actions, of these, that a token service grants a login in a repository. Of a registry without
    /// tokens only the validity of the login is known.
    pub async fn grants(
        &self,
        host: &str,
        repository: &str,
        actions: &[Action],
        login: &Login,
    ) -> Result<Grants, RegistryError> {
        let repository = self.repository(host, repository);
        match self.challenge(&repository.endpoint).await? {
            Some(Challenge::Bearer(bearer)) => {
                let token = self
                    .fetch_token(&repository, &bearer, actions, login)
                    .await?;
                Ok(token.grants())
            }
            Some(Challenge::Basic) => {
                let authorization = basic(login).ok_or(RegistryError::Unauthorized)?;
                let headers = HeaderMap::from_iter([(header::AUTHORIZATION, authorization)]);
                let origin = &repository.endpoint.origin;
                let answer = self.transport.send(Method::GET, origin, "/v2/", headers);
                checked(answer.await?)?;
                Ok(Grants::default())
            }
            None => Ok(Grants::default()),
        }
    }

    fn repository(&self, host: &str, repository: &str) -> Repository {
        let endpoint = self.endpoints.of(host);
        Repository {
            name: endpoint.repository(repository),
            endpoint,
        }
    }

    /// The login that a registry requires, queried once; `None` if it requires none.
    async fn challenge(&self, endpoint: &Endpoint) -> Result<Option<Challenge>, RegistryError> {
        if let Some(known) = lock(&self.challenges).get(&endpoint.origin) {
            return Ok(known.clone());
        }
        let answer = self
            .transport
            .send(Method::GET, &endpoint.origin, "/v2/", HeaderMap::new())
            .await?;
        let challenge = match answer.status {
            StatusCode::UNAUTHORIZED => Challenge::from_headers(&answer.headers),
            StatusCode::TOO_MANY_REQUESTS => return Err(too_many(&answer)),
            status if status.is_server_error() => {
                return Err(RegistryError::Unexpected(status.as_u16()));
            }
            _ => None,
        };
        lock(&self.challenges).insert(endpoint.origin.clone(), challenge.clone());
        Ok(challenge)
    }

    async fn manifest(
        &self,
        repository: &Repository,
        path: &str,
        challenge: Option<&Challenge>,
        login: &Login,
    ) -> Result<Answer, RegistryError> {
        let mut headers = accept();
        let authorization = match challenge {
            None => None,
            Some(Challenge::Basic) => basic(login),
            Some(Challenge::Bearer(bearer)) => {
                let token = self.token(repository, bearer, login).await?;
                sensitive(&token.header())
            }
        };
        if let Some(authorization) = authorization {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        let origin = &repository.endpoint.origin;
        self.transport
            .send(Method::HEAD, origin, path, headers)
            .await
    }

    /// Follows redirects, without a login.
    async fn follow(
        &self,
        mut answer: Answer,
        endpoint: &Endpoint,
    ) -> Result<Answer, RegistryError> {
        let mut origin = endpoint.origin.clone();
        for _ in 0..MOST_REDIRECTS {
            if !answer.status.is_redirection() {
                break;
            }
            let Some((next, path)) = redirect(&answer.headers, &origin) else {
                break;
            };
            if !next.starts_with("https://") && !endpoint.is_plain() {
                return Err(RegistryError::Unreachable(format!(
                    "it redirects to {next}, which is not encrypted"
                )));
            }
            origin = next;
            answer = self
                .transport
                .send(Method::HEAD, &origin, &path, accept())
                .await?;
        }
        Ok(answer)
    }

    /// A token to pull with, cached or new.
    async fn token(
        &self,
        repository: &Repository,
        bearer: &Bearer,
        login: &Login,
    ) -> Result<Token, RegistryError> {
        let wanted = scope(repository, &[Action::Pull]);
        let kept = lock(&self.tokens)
            .iter()
            .find(|kept| {
                kept.origin == repository.endpoint.origin
                    && kept.scope == wanted
                    && kept.login.is(login)
                    && kept.token.is_fresh()
            })
            .map(|kept| kept.token.clone());
        if let Some(token) = kept {
            return Ok(token);
        }
        let token = self
            .fetch_token(repository, bearer, &[Action::Pull], login)
            .await?;
        let mut tokens = lock(&self.tokens);
        tokens.retain(|kept| kept.token.is_fresh());
        tokens.push(Kept {
            origin: repository.endpoint.origin.clone(),
            scope: wanted,
            login: login.clone(),
            token: token.clone(),
        });
        Ok(token)
    }

    async fn fetch_token(
        &self,
        repository: &Repository,
        bearer: &Bearer,
        actions: &[Action],
        login: &Login,
    ) -> Result<Token, RegistryError> {
        let realm = &bearer.realm;
        let origin = origin_of(realm).unwrap_or_default();
        if !origin.starts_with("https://") && !repository.endpoint.is_plain() {
            return Err(RegistryError::Unreachable(format!(
                "its token service {origin} is not encrypted"
            )));
        }
        if login.username().is_some() {
            match Realm::new(realm, &repository.endpoint.origin) {
                Realm::Own => {}
                Realm::Foreign => self.transport.warn(&format!(
                    "{} uses the token service {origin}: sending the login there",
                    repository.endpoint.origin
                )),
                Realm::Refused => {
                    return Err(RegistryError::Unreachable(format!(
                        "its token service {origin} is an address or this machine: refusing to \
                         send it the login of a public registry"
                    )));
                }
            }
        }
        let service = Some(&bearer.service).filter(|service| !service.is_empty());
        let query: Vec<String> = [
            realm.query().map(str::to_owned),
            service.map(|service| format!("service={}", encode(service))),
            Some(format!("scope={}", encode(&scope(repository, actions)))),
        ]
        .into_iter()
        .flatten()
        .collect();
        let path = format!("{}?{}", realm.path(), query.join("&"));
        let authorization = basic(login).map(|basic| (header::AUTHORIZATION, basic));
        let headers = HeaderMap::from_iter(authorization);
        let answer = self.transport.send(Method::GET, &origin, &path, headers);
        let answer = checked(answer.await?)?;
        Token::parse(&answer.body, &repository.name).ok_or_else(|| {
            RegistryError::Unreachable(format!("its token service {origin} returned no token"))
        })
    }
}

/// An answer that is a success.
fn checked(answer: Answer) -> Result<Answer, RegistryError> {
    match answer.status {
        status if status.is_success() => Ok(answer),
        StatusCode::UNAUTHORIZED => Err(RegistryError::Unauthorized),
        StatusCode::FORBIDDEN => Err(RegistryError::Denied),
        StatusCode::NOT_FOUND => Err(RegistryError::NotFound),
        StatusCode::TOO_MANY_REQUESTS => Err(too_many(&answer)),
        status => Err(RegistryError::Unexpected(status.as_u16())),
    }
}

fn too_many(answer: &Answer) -> RegistryError {
    RegistryError::TooManyRequests {
        retry_after: retry_after(&answer.headers),
        limit: RateLimit::from_headers(&answer.headers),
    }
}

fn scope(repository: &Repository, actions: &[Action]) -> String {
    let actions: Vec<&str> = actions.iter().map(|action| action.as_str()).collect();
    format!("repository:{}:{}", repository.name, actions.join(","))
}

fn basic(login: &Login) -> Option<HeaderValue> {
    let Login::Basic { username, password } = login else {
        return None;
    };
    let pair = format!("{username}:{}", password.expose_secret());
    sensitive(&format!("Basic {}", STANDARD.encode(pair)))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The target of a redirect: the origin, and path with query.
fn redirect(headers: &HeaderMap, origin: &str) -> Option<(String, String)> {
    let to: Uri = headers.get(header::LOCATION)?.to_str().ok()?.parse().ok()?;
    let path = to.path_and_query()?.to_string();
    match to.scheme() {
        Some(_) => Some((origin_of(&to)?, path)),
        None => path.starts_with('/').then(|| (origin.to_owned(), path)),
    }
}

fn origin_of(uri: &Uri) -> Option<String> {
    let (scheme, authority) = uri.scheme_str().zip(uri.authority())?;
    // A login in a URL is ignored.
    let host = authority.as_str().rsplit('@').next()?;
    Some(format!("{scheme}://{host}"))
}

/// A panic in another thread must not affect this one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
