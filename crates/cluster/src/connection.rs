//! From a kubeconfig to a client (client-go `tools/clientcmd/client_config.go`, `validation.go`).

use std::{env, io, path::PathBuf};

use http::Uri;
use kube::{
    Client, Config,
    client::{AuthError, ClientBuilder},
    config::{AuthInfo, Cluster, KubeConfigOptions, Kubeconfig},
};
use tower::util::MapRequestLayer;

use crate::{ConnectError, proxy_of_environment, selection::Selection, token::TokenFile};

/// The configuration of a client. It can still be changed in `config`.
#[derive(Debug)]
pub struct Connection {
    /// The configuration for kube.
    pub config: Config,
    token: Option<TokenFile>,
}

impl Connection {
    /// The connection that a kubeconfig describes. Reads the files that it names; sends no request.
    ///
    /// # Errors
    /// If a named entry does not exist, or if entries contradict each other.
    pub async fn new(
        mut kubeconfig: Kubeconfig,
        options: &KubeConfigOptions,
    ) -> Result<Self, ConnectError> {
        let Selection { cluster, user, .. } = Selection::new(&kubeconfig, options);
        let mut proxy = None;
        let cluster = kubeconfig
            .clusters
            .iter_mut()
            .find(|named| Some(&named.name) == cluster.as_ref())
            .and_then(|named| named.cluster.as_mut());
        let user = kubeconfig
            .auth_infos
            .iter_mut()
            .find(|named| Some(&named.name) == user.as_ref())
            .and_then(|named| named.auth_info.as_mut());
        let mut token = None;
        if let Some(user) = user.as_deref() {
            check_user(user)?;
        }
        let mut is_secure = true;
        if let Some(cluster) = cluster {
            check_cluster(cluster)?;
            default_scheme(cluster);
            proxy = cluster.proxy_url.take();
            is_secure = !cluster.server.as_deref().is_some_and(is_plain_http);
        }
        if let Some(user) = user {
            if !is_secure {
                // Credentials are not sent unencrypted: client-go reads them only for TLS
                // (`clientcmd.DirectClientConfig.ClientConfig`).
                drop_credentials(user);
            }
            token = token_file(user)?;
            if user.client_certificate.is_none() && user.client_certificate_data.is_none() {
                // A key without a certificate does not count.
                (user.client_key, user.client_key_data) = (None, None);
            }
        }
        let mut config = Config::from_custom_kubeconfig(kubeconfig, options)
            .await
            .map_err(ConnectError::Kubeconfig)?;
        let of_environment =
            || proxy_of_environment(&config.cluster_url, |name| env::var(name).ok());
        let (source, proxy) = match proxy {
            Some(proxy) => ("proxy-url", Some(proxy)),
            None => ("HTTPS_PROXY", of_environment()),
        };
        config.proxy_url = proxy
            .map(|proxy| proxy.parse::<Uri>())
            .transpose()
            .map_err(|error| ConnectError::Invalid(format!("{source}: {error}")))?;
        Ok(Self { config, token })
    }

    /// The connection of a pod with its own account; `None` outside a pod.
    pub fn of_pod() -> Option<Self> {
        let config = Config::incluster().ok()?;
        Some(Self {
            config,
            token: None,
        })
    }

    /// The client. Runs the credential plugin, if configured; sends no request.
    ///
    /// # Errors
    /// If a certificate or a key cannot be used, or the plugin fails.
    pub fn client(self) -> Result<Client, ConnectError> {
        let exec = self.config.auth_info.exec.clone();
        let builder =
            ClientBuilder::try_from(self.config).map_err(|error| match (error, exec) {
                (kube::Error::Auth(AuthError::AuthExecStart(why)), Some(exec))
                    if why.kind() == io::ErrorKind::NotFound =>
                {
                    ConnectError::ExecNotFound {
                        command: exec.command.unwrap_or_default(),
                        hint: exec.install_hint.unwrap_or_default(),
                    }
                }
                (error, _) => ConnectError::Client(error),
            })?;
        Ok(match self.token {
            None => builder.build(),
            Some(token) => {
                let layer = MapRequestLayer::new(move |request| token.authorize(request));
                builder.with_layer(&layer).build()
            }
        })
    }
}

/// Keeps everything that is not a credential, such as impersonation.
fn drop_credentials(user: &mut AuthInfo) {
    (user.token, user.token_file) = (None, None);
    (user.username, user.password) = (None, None);
    (user.client_certificate, user.client_certificate_data) = (None, None);
    (user.client_key, user.client_key_data) = (None, None);
    (user.exec, user.auth_provider) = (None, None);
}

/// Removes the token file from a user: it takes precedence over a token, if it can be read (client-go
/// `transport/round_trippers.go` `NewBearerAuthWithRefreshRoundTripper`).
fn token_file(user: &mut AuthInfo) -> Result<Option<TokenFile>, ConnectError> {
    let Some(path) = user.token_file.take().map(PathBuf::from) else {
        return Ok(None);
    };
    match TokenFile::new(path.clone()) {
        Ok(file) => {
            user.token = None;
            Ok(Some(file))
        }
        Err(_) if user.token.is_some() => Ok(None),
        Err(source) => Err(ConnectError::TokenFile { path, source }),
    }
}

fn check_cluster(cluster: &Cluster) -> Result<(), ConnectError> {
    let has_ca =
        cluster.certificate_authority.is_some() || cluster.certificate_authority_data.is_some();
    let wrong = if cluster.server.is_none() {
        "the cluster has no server"
    } else if cluster.certificate_authority.is_some()
        && cluster.certificate_authority_data.is_some()
    {
        "certificate-authority and certificate-authority-data are both specified"
    } else if has_ca && cluster.insecure_skip_tls_verify == Some(true) {
        "a certificate authority and insecure-skip-tls-verify are both specified"
    } else {
        return Ok(());
    };
    Err(ConnectError::Invalid(wrong.to_owned()))
}

fn check_user(user: &AuthInfo) -> Result<(), ConnectError> {
    let (certificate, certificate_data) = (&user.client_certificate, &user.client_certificate_data);
    let (key, key_data) = (&user.client_key, &user.client_key_data);
    let has_certificate = certificate.is_some() || certificate_data.is_some();
    let has_key = key.is_some() || key_data.is_some();
    let wrong = if certificate.is_some() && certificate_data.is_some() {
        "client-certificate and client-certificate-data are both specified"
    } else if has_certificate && key.is_some() && key_data.is_some() {
        "client-key and client-key-data are both specified"
    } else if has_certificate && !has_key {
        "a client certificate needs client-key or client-key-data"
    } else if user.token.is_some() && (user.username.is_some() || user.password.is_some()) {
        "more than one way to log in is specified: a token, and a username or password"
    } else {
        return Ok(());
    };
    Err(ConnectError::Invalid(wrong.to_owned()))
}

fn is_plain_http(server: &str) -> bool {
    server
        .split_once("://")
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("http"))
}

/// A server without a scheme uses HTTP, regardless of the kubeconfig's TLS settings, as in oc and kubectl.
fn default_scheme(cluster: &mut Cluster) {
    if let Some(server) = &mut cluster.server
        && !server.contains("://")
    {
        *server = format!("http://{server}");
    }
}
