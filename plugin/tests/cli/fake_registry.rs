//! A registry on loopback that logs in, meters and refuses as it is told, and writes down who asked
//! it for what.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

pub(crate) const LIST: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const DIGEST: &str =
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// How it lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Everybody, without asking.
    Open,
    /// By username and password.
    Basic,
    /// By a token of its own service, which nobody gets too, for what is public.
    Bearer,
}

/// What it is told.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) auth: Auth,
    /// Passwords by username.
    pub(crate) users: BTreeMap<String, String>,
    /// What a user may do in any repository; anybody else may pull.
    pub(crate) rights: BTreeMap<String, Vec<&'static str>>,
    /// Media types by `repository:reference`.
    pub(crate) images: BTreeMap<String, &'static str>,
    /// Repositories that only users see.
    pub(crate) private: Vec<&'static str>,
    /// Repositories in which no user has any right.
    pub(crate) denied: Vec<&'static str>,
    /// Pulls in 6 hours by username; those of nobody under "".
    pub(crate) limits: BTreeMap<String, u64>,
    /// So many manifest requests are answered with 429 first, and this Retry-After.
    pub(crate) busy: (usize, &'static str),
    /// Every answer about a manifest takes so long.
    pub(crate) delay: Duration,
    /// Every manifest is elsewhere.
    pub(crate) redirect: Option<String>,
    /// The token service, if it is elsewhere.
    pub(crate) realm: Option<String>,
    /// Whether tokens say what they allow.
    pub(crate) has_claims: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            auth: Auth::Bearer,
            users: BTreeMap::new(),
            rights: BTreeMap::new(),
            images: [("ratelimitpreview/test:latest".to_owned(), IMAGE)].into(),
            private: Vec::new(),
            denied: Vec::new(),
            limits: BTreeMap::new(),
            busy: (0, ""),
            delay: Duration::ZERO,
            redirect: None,
            realm: None,
            has_claims: true,
        }
    }
}

/// One request: `HEAD /v2/u/a/manifests/v1`, and who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) what: String,
    /// The user; nothing for nobody, `nobody` for a token of nobody's.
    pub(crate) by: String,
}

pub(crate) struct FakeRegistry {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

struct State {
    rules: Rules,
    url: String,
    busy: Mutex<usize>,
    /// Manifests that were fetched, by user: a HEAD is no pull.
    pulls: Mutex<BTreeMap<String, u64>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

struct Request {
    method: String,
    path: String,
    query: String,
    authorization: String,
}

impl FakeRegistry {
    pub(crate) fn start(rules: Rules) -> Self {
        Self::listen(rules, None)
    }

    /// The same over TLS.
    pub(crate) fn start_tls(rules: Rules, tls: Arc<ServerConfig>) -> Self {
        Self::listen(rules, Some(tls))
    }

    fn listen(rules: Rules, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let state = Arc::new(State {
            busy: Mutex::new(rules.busy.0),
            pulls: Mutex::default(),
            rules,
            url: url.clone(),
            asked: Arc::clone(&asked),
        });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, tls) = (Arc::clone(&state), tls.clone());
                std::thread::spawn(move || match tls {
                    None => state.serve(stream),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        state.serve(StreamOwned::new(connection, stream));
                    }
                });
            }
        });
        Self { url, asked }
    }

    /// What it was asked so far, without queries.
    pub(crate) fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .map(|asked| format!("{} {}", asked.what, asked.by).trim_end().to_owned())
            .collect()
    }

    /// Whether it was asked for any manifest, and for none but by HEAD.
    pub(crate) fn was_asked_by_head_only(&self) -> bool {
        let asked = self.asked.lock().unwrap();
        let mut manifests = asked
            .iter()
            .filter(|asked| asked.what.contains("/manifests/"))
            .peekable();
        manifests.peek().is_some() && manifests.all(|asked| asked.what.starts_with("HEAD "))
    }

    /// The flag that sends what is for `host` here.
    pub(crate) fn endpoint(&self, host: &str) -> String {
        format!("--registry-endpoint={host}={}", self.url)
    }
}

impl State {
    fn serve(&self, mut stream: impl Read + Write) {
        let Some(request) = read(&mut stream) else {
            return;
        };
        let by = match self.user(&request.authorization) {
            Ok(by) => by,
            Err(by) => format!("{by} (wrong)"),
        };
        self.asked.lock().unwrap().push(Asked {
            what: format!("{} {}", request.method, request.path),
            by,
        });
        let _ = stream.write_all(self.answer(&request).as_bytes());
        let _ = stream.flush();
    }

    fn answer(&self, request: &Request) -> String {
        match request.path.as_str() {
            "/v2/" => match self.user(&request.authorization) {
                Ok(user) if self.rules.auth == Auth::Open || !user.is_empty() => {
                    response("200 OK", "", "{}")
                }
                _ => self.challenge(""),
            },
            "/token" => self.token(request),
            path => match path
                .strip_prefix("/v2/")
                .and_then(|path| path.split_once("/manifests/"))
            {
                Some((repository, reference)) => self.manifest(request, repository, reference),
                None => response("404 Not Found", "", "{}"),
            },
        }
    }

    fn manifest(&self, request: &Request, repository: &str, reference: &str) -> String {
        std::thread::sleep(self.rules.delay);
        let mut busy = self.busy.lock().unwrap();
        if *busy > 0 {
            *busy -= 1;
            let after = match self.rules.busy.1 {
                "" => String::new(),
                after => format!("retry-after: {after}\r\n"),
            };
            return response("429 Too Many Requests", &after, "");
        }
        drop(busy);
        if let Some(elsewhere) = &self.rules.redirect {
            let location = format!("location: {elsewhere}{}\r\n", request.path);
            return response("307 Temporary Redirect", &location, "");
        }
        let is_private = self.rules.private.contains(&repository);
        let user = match (self.rules.auth, self.user(&request.authorization)) {
            (Auth::Open, _) => String::new(),
            (Auth::Basic, Ok(user)) if !is_private => user,
            (_, Ok(user)) if !user.is_empty() => user,
            _ => return self.challenge(""),
        };
        let may_pull = self.rules.auth != Auth::Bearer
            || granted(&request.authorization, repository).contains(&json!("pull"));
        if !may_pull || is_private && matches!(user.as_str(), "" | "nobody") {
            return self.challenge(",error=\"insufficient_scope\"");
        }
        let name = format!("{repository}:{reference}");
        let Some(media_type) = self.rules.images.get(&name) else {
            return response("404 Not Found", "", "{}");
        };
        let pulls = {
            let mut pulls = self.pulls.lock().unwrap();
            let pulls = pulls.entry(user.clone()).or_default();
            *pulls += u64::from(request.method == "GET");
            *pulls
        };
        let limit = match user.as_str() {
            "nobody" => self.rules.limits.get("").zip(Some("203.0.113.7")),
            user => self.rules.limits.get(user).zip(Some("an-account")),
        };
        let limit = limit.map_or_else(String::new, |(limit, source)| {
            format!(
                "ratelimit-limit: {limit};w=21600\r\nratelimit-remaining: {};w=21600\r\n\
                 docker-ratelimit-source: {source}\r\n",
                limit.saturating_sub(1 + pulls)
            )
        });
        let headers =
            format!("content-type: {media_type}\r\ndocker-content-digest: {DIGEST}\r\n{limit}");
        response("200 OK", &headers, "")
    }

    fn token(&self, request: &Request) -> String {
        let Ok(user) = self.user(&request.authorization) else {
            return response("401 Unauthorized", "", r#"{"details": "incorrect"}"#);
        };
        let scope = request
            .query
            .split('&')
            .find_map(|pair| pair.strip_prefix("scope="));
        let scope = scope.unwrap_or_default().replace("%3A", ":");
        let scope = scope.replace("%2F", "/").replace("%2C", ",");
        let mut parts = scope.split(':').skip(1);
        let (repository, actions) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        let rights = self.rules.rights.get(&user);
        let is_granted = |action: &&str| match rights {
            _ if self.rules.denied.contains(&repository) => false,
            Some(rights) => rights.contains(action),
            None => *action == "pull",
        };
        let granted: Vec<&str> = actions.split(',').filter(is_granted).collect();
        let user = if user.is_empty() { "nobody" } else { &user };
        let access = [json!({"type": "repository", "name": repository, "actions": granted})];
        let claims = json!({ "sub": user, "access": access, "iat": 1000, "exp": 1300 });
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let token = if self.rules.has_claims {
            format!("e30.{claims}.c2ln")
        } else {
            format!("opaque-{claims}")
        };
        let body = json!({ "token": token, "expires_in": 300 }).to_string();
        response("200 OK", "content-type: application/json\r\n", &body)
    }

    fn challenge(&self, error: &str) -> String {
        let header = match self.rules.auth {
            Auth::Open => String::new(),
            Auth::Basic => "www-authenticate: Basic realm=\"test\"\r\n".to_owned(),
            Auth::Bearer => {
                let here = format!("{}/token", self.url);
                let realm = self.rules.realm.as_ref().unwrap_or(&here);
                format!("www-authenticate: Bearer realm=\"{realm}\",service=\"test\"{error}\r\n")
            }
        };
        response("401 Unauthorized", &header, "{}")
    }

    /// Whose request it is; an error names one whose password is wrong.
    fn user(&self, authorization: &str) -> Result<String, String> {
        if let Some(basic) = authorization.strip_prefix("Basic ") {
            let pair = String::from_utf8(STANDARD.decode(basic).unwrap()).unwrap();
            let (user, password) = pair.split_once(':').unwrap();
            return match self.rules.users.get(user) {
                Some(known) if known == password => Ok(user.to_owned()),
                _ => Err(user.to_owned()),
            };
        }
        let claims = claims(authorization);
        Ok(claims["sub"].as_str().unwrap_or_default().to_owned())
    }
}

fn claims(authorization: &str) -> Value {
    let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
    let payload = match token.strip_prefix("opaque-") {
        Some(payload) => payload,
        None => token.split('.').nth(1).unwrap_or_default(),
    };
    let json = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    serde_json::from_slice(&json).unwrap_or_default()
}

fn granted(authorization: &str, repository: &str) -> Vec<Value> {
    let access = &claims(authorization)["access"][0];
    match access["actions"].as_array() {
        Some(actions) if access["name"] == repository => actions.clone(),
        _ => Vec::new(),
    }
}

fn response(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

fn read(stream: &mut impl Read) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut authorization = String::new();
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("authorization")
        {
            value.clone_into(&mut authorization);
        }
    }
    Some(Request {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        authorization,
    })
}
