//! One request and its answer: kube's own stack of TLS and proxies, which is sufficient.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use extreg_cluster::{innermost, show_if_slow};
use extreg_terminal::Printer;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Limited};
use kube::client::{Body, ClientBuilder};

use super::{RegistryError, Settings, SettingsError};

/// A registry that takes longer is not useful to a waiting user.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest answer that is read: a token is the longest value needed.
const LONGEST_BODY: usize = 256 * 1024;

/// Sends requests. Follows no redirects, retries nothing.
pub(super) struct Transport {
    clients: Mutex<BTreeMap<String, kube::Client>>,
    roots: Option<Vec<Vec<u8>>>,
    user_agent: HeaderValue,
    limit: Duration,
    printer: Arc<Printer>,
}

/// The answer to a request.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Transport {
    /// Sends no request yet.
    ///
    /// # Errors
    /// If a setting is not valid.
    pub(super) fn new(settings: &Settings, printer: Arc<Printer>) -> Result<Self, SettingsError> {
        let authority = settings.certificate_authority.as_deref();
        Ok(Self {
            clients: Mutex::default(),
            roots: authority.map(certificates).transpose()?,
            user_agent: HeaderValue::from_str(&settings.user_agent)?,
            limit: settings.request_limit.unwrap_or(PATIENCE),
            printer,
        })
    }

    /// Prints a warning, once per run.
    pub(super) fn warn(&self, message: &str) {
        self.printer.warn(message);
    }

    /// Sends one request and reads the whole answer.
    pub(super) async fn send(
        &self,
        method: Method,
        origin: &str,
        path: &str,
        headers: HeaderMap,
    ) -> Result<Answer, RegistryError> {
        let started = Instant::now();
        let exchange = self.exchange(method.clone(), origin, path, headers);
        let exchange = tokio::time::timeout(self.limit, exchange);
        let answer = show_if_slow(&self.printer, origin, exchange)
            .await
            .unwrap_or(Err(RegistryError::TimedOut));
        self.printer.log(6, || {
            let end = match &answer {
                Ok(answer) => answer.status.to_string(),
                Err(_) => "no answer".to_owned(),
            };
            // The query contains no secrets, but it is long.
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            let took = started.elapsed().as_millis();
            format!("{method} {origin}{path} {end} in {took} milliseconds")
        });
        answer
    }

    async fn exchange(
        &self,
        method: Method,
        origin: &str,
        path: &str,
        headers: HeaderMap,
    ) -> Result<Answer, RegistryError> {
        let unreachable = |why: String| RegistryError::Unreachable(why);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .map_err(|error| unreachable(format!("invalid URL {path}: {error}")))?;
        *request.headers_mut() = headers;
        request
            .headers_mut()
            .insert(header::USER_AGENT, self.user_agent.clone());
        let response = self
            .client(origin)?
            .send(request)
            .await
            .map_err(|error| unreachable(of_registry(&error)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LONGEST_BODY)
            .collect()
            .await
            .map_err(|error| unreachable(of_registry(error.as_ref())))?;
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: body.to_bytes().into(),
        })
    }

    /// The client of one scheme, host and port, which keeps its connection.
    fn client(&self, origin: &str) -> Result<kube::Client, RegistryError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(origin) {
            return Ok(client.clone());
        }
        let wrong = |why: String| RegistryError::Unreachable(why);
        let uri: Uri = origin
            .parse()
            .map_err(|error| wrong(format!("invalid URL {origin}: {error}")))?;
        let proxy = extreg_cluster::proxy_of_environment(&uri, |name| std::env::var(name).ok());
        let mut config = kube::Config::new(uri);
        config.proxy_url = proxy
            .map(|proxy| proxy.parse())
            .transpose()
            .map_err(|error| wrong(format!("HTTPS_PROXY: {error}")))?;
        config.root_cert.clone_from(&self.roots);
        // Only headers are requested, and compression does not help a token.
        config.disable_compression = true;
        config.default_retry = false;
        let client = ClientBuilder::try_from(config)
            .map_err(|error| wrong(innermost(&error)))?
            .build();
        clients.insert(origin.to_owned(), client.clone());
        Ok(client)
    }
}

/// Why a registry was not reached, with the fix if its certificate is not trusted.
fn of_registry(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = innermost(error);
    if text.contains("UnknownIssuer") {
        text.push_str(
            " (the registry's certificate is not signed by a known authority; set --registry-ca)",
        );
    }
    text
}

fn certificates(path: &Path) -> Result<Vec<Vec<u8>>, SettingsError> {
    let wrong = |why: String| SettingsError::CertificateAuthority {
        path: path.to_owned(),
        why,
    };
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let found = extreg_certs::pem::certificates("certificate authority", &text)
        .map_err(|error| wrong(error.to_string()))?;
    Ok(found.into_iter().map(|one| one.to_vec()).collect())
}
