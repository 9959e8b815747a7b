//! A fake registry: authenticates, limits and refuses by its [`Rules`], accepts pushes, and records each request with
//! its user.
//!
//! It checks pushes: a blob against its digest, a manifest against the blobs that it names.

mod archive;
mod client;
mod distribution;
mod rules;
mod store;
mod token;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::FutureExt as _;
use rustls::ServerConfig;

use crate::answer::Answer;
use crate::seen::Seen;
use crate::server::{Answering, Server};

pub use archive::{Archive, Entry};
pub use client::{Pulled, pull, push};
pub use rules::{Auth, DIGEST, IMAGE, LIST, Rules};
use store::Store;
pub use store::digest;

/// A running registry; dropping it stops it.
#[derive(Debug)]
pub struct Registry {
    /// The URL on which it listens.
    pub url: String,
    state: Arc<State>,
    _server: Server,
}

/// One request: `HEAD /v2/u/a/manifests/v1`, and its user.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    what: String,
    /// The user; empty without a login, `anonymous` for an anonymous token.
    by: String,
}

#[derive(Debug, Default)]
struct State {
    rules: Rules,
    url: std::sync::OnceLock<String>,
    busy: Mutex<usize>,
    /// Fetched manifests by user: a HEAD is not a pull.
    pulls: Mutex<BTreeMap<String, u64>>,
    store: Mutex<Store>,
    requests: Mutex<Vec<Request>>,
}

impl Registry {
    /// Starts a registry that allows all pushes and pulls.
    pub fn open() -> Self {
        Self::start(Rules {
            auth: Auth::Open,
            ..Rules::default()
        })
    }

    /// Starts a registry with these rules.
    pub fn start(rules: Rules) -> Self {
        Self::listen(rules, None, |_| ())
    }

    /// The same over TLS.
    pub fn start_tls(rules: Rules, tls: Arc<ServerConfig>) -> Self {
        Self::listen(rules, Some(tls), |_| ())
    }

    /// The same, but calls `first` before it answers each request.
    pub fn start_with(rules: Rules, first: impl Fn(&Seen) + Send + Sync + 'static) -> Self {
        Self::listen(rules, None, first)
    }

    fn listen(
        rules: Rules,
        tls: Option<Arc<ServerConfig>>,
        first: impl Fn(&Seen) + Send + Sync + 'static,
    ) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = Arc::new(State {
            busy: Mutex::new(rules.busy.0),
            rules,
            ..State::default()
        });
        let first = Arc::new(first);
        let answering: Answering = {
            let state = Arc::clone(&state);
            Arc::new(move |seen| {
                let (state, first) = (Arc::clone(&state), Arc::clone(&first));
                async move {
                    let answer = tokio::task::spawn_blocking(move || {
                        first(&seen);
                        state.answer(&seen)
                    });
                    answer
                        .await
                        .unwrap_or_else(|_| Answer::bytes(500, "the fake registry panicked"))
                }
                .boxed()
            })
        };
        let server = Server::start(tls, answering);
        let url = format!("{scheme}://{}", server.address);
        state.url.set(url.clone()).unwrap();
        Self {
            url,
            state,
            _server: server,
        }
    }

    /// Host and port, as an image names them.
    pub fn host(&self) -> String {
        self._server.address.to_string()
    }

    /// The requests so far, without queries: `METHOD /path`, and the user.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.state.requests.lock().unwrap();
        requests
            .iter()
            .map(|request| {
                format!("{} {}", request.what, request.by)
                    .trim_end()
                    .to_owned()
            })
            .collect()
    }

    /// Whether manifests were requested, and only with HEAD.
    pub fn has_only_head_requests(&self) -> bool {
        let requests = self.state.requests.lock().unwrap();
        let mut manifests = requests
            .iter()
            .filter(|request| request.what.contains("/manifests/"))
            .peekable();
        manifests.peek().is_some() && manifests.all(|request| request.what.starts_with("HEAD "))
    }

    /// The flag that redirects requests for `host` to this registry.
    pub fn endpoint(&self, host: &str) -> String {
        format!("--registry-endpoint={host}={}", self.url)
    }
}

impl State {
    fn answer(&self, seen: &Seen) -> Answer {
        let user = self.user(seen);
        let by = match &user {
            Ok(by) => by.clone(),
            Err(by) => format!("{by} (wrong)"),
        };
        let what = format!("{} {}", seen.method, seen.path);
        self.requests.lock().unwrap().push(Request { what, by });
        let is_open = self.rules.auth == Auth::Open;
        match seen.path.as_str() {
            "/v2/" if is_open || user.is_ok_and(|user| !user.is_empty()) => {
                Answer::bytes(200, "{}")
            }
            "/v2/" => self.challenge(""),
            "/token" => self.token(seen),
            path => {
                let path = path.strip_prefix("/v2/").unwrap_or_default();
                match path.split_once("/manifests/") {
                    Some((repository, reference)) if seen.method != http::Method::PUT => self
                        .manifest(seen, repository, reference)
                        .after(self.rules.delay),
                    _ => distribution::route(&mut self.store.lock().unwrap(), seen, path),
                }
            }
        }
    }

    fn manifest(&self, seen: &Seen, repository: &str, reference: &str) -> Answer {
        let mut busy = self.busy.lock().unwrap();
        if *busy > 0 {
            *busy -= 1;
            let answer = Answer::bytes(429, "");
            return match self.rules.busy.1 {
                "" => answer,
                after => answer.header("retry-after", after),
            };
        }
        drop(busy);
        if let Some(other) = &self.rules.redirect {
            let location = format!("{other}{}", seen.path);
            return Answer::bytes(307, "").header("location", &location);
        }
        let is_private = self.rules.private.contains(&repository);
        let user = match (self.rules.auth, self.user(seen)) {
            (Auth::Open, _) => String::new(),
            (Auth::Basic, Ok(user)) if !is_private => user,
            (_, Ok(user)) if !user.is_empty() => user,
            _ => return self.challenge(""),
        };
        let can_pull = self.rules.auth != Auth::Bearer || token::grants_pull(seen, repository);
        if !can_pull || is_private && matches!(user.as_str(), "" | "anonymous") {
            return self.challenge(",error=\"insufficient_scope\"");
        }
        let Some(media_type) = self.rules.images.get(&format!("{repository}:{reference}")) else {
            let path = format!("{repository}/manifests/{reference}");
            return distribution::route(&mut self.store.lock().unwrap(), seen, &path);
        };
        let pulls = {
            let mut pulls = self.pulls.lock().unwrap();
            let pulls = pulls.entry(user.clone()).or_default();
            *pulls += u64::from(seen.is_get());
            *pulls
        };
        let answer = Answer::bytes(200, "")
            .header("content-type", media_type)
            .header("docker-content-digest", self.rules.digest);
        let (account, source) = match user.as_str() {
            "anonymous" => ("", "203.0.113.7"),
            user => (user, "an-account"),
        };
        let Some(limit) = self.rules.limits.get(account) else {
            return answer;
        };
        let left = limit.saturating_sub(1 + pulls);
        answer
            .header("ratelimit-limit", &format!("{limit};w=21600"))
            .header("ratelimit-remaining", &format!("{left};w=21600"))
            .header("docker-ratelimit-source", source)
    }
}
