//! From kubectl's flags and a kubeconfig to a client.
//!
//! The flags are merged into the kubeconfig before kube reads it, so that files, data and their
//! precedence are handled in one place. kube itself supports only context, cluster and user.

use std::{
    env::consts,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use extreg_terminal::Printer;
use http::{HeaderName, HeaderValue};
use kube::{
    Client,
    config::{
        AuthInfo, Cluster as KubeCluster, Context as KubeContext, KubeConfigOptions, Kubeconfig,
        NamedAuthInfo, NamedCluster, NamedContext,
    },
};

use crate::{
    Cluster, ClusterError, Connection, Selection, is_empty,
    service::{Service, ServiceOptions},
};

/// Overrides for a kubeconfig: kubectl's flags.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The kubeconfig file in place of the default ones.
    pub kubeconfig: Option<PathBuf>,
    /// Cluster of the kubeconfig to use.
    pub cluster: Option<String>,
    /// User of the kubeconfig to use.
    pub user: Option<String>,
    /// Address of the API server.
    pub server: Option<String>,
    /// Bearer token, in place of the kubeconfig's credentials.
    pub token: Option<String>,
    /// User to impersonate.
    pub impersonate: Option<String>,
    /// UID to impersonate.
    pub impersonate_uid: Option<String>,
    /// Groups to impersonate.
    pub impersonate_group: Vec<String>,
    /// User extra to impersonate, each as KEY=VALUE.
    pub impersonate_extra: Vec<String>,
    /// Path of the certificate authority of the API server.
    pub certificate_authority: Option<PathBuf>,
    /// Path of a client certificate.
    pub client_certificate: Option<PathBuf>,
    /// Path of the key of the client certificate.
    pub client_key: Option<PathBuf>,
    /// Server name to check in the API server's certificate.
    pub tls_server_name: Option<String>,
    /// Do not check the API server's certificate.
    pub insecure_skip_tls_verify: Option<bool>,
    /// Time limit of one request; zero means no limit.
    pub request_timeout: Option<Duration>,
    /// Do not request compressed responses.
    pub disable_compression: Option<bool>,
}

/// The settings of a client.
pub struct ConnectOptions<'a> {
    /// kubectl's flags.
    pub overrides: &'a Overrides,
    /// The context of the kubeconfig; `None` for the current one.
    pub context: Option<&'a str>,
    /// `--namespace`, if given.
    pub namespace: Option<&'a str>,
    /// The command, for the user agent.
    pub verb: &'a str,
    /// Reject every request that would change the cluster.
    pub read_only: bool,
    /// The output for warnings and the request log.
    pub printer: &'a Arc<Printer>,
}

/// A client of the cluster that the flags and the kubeconfig name. Sends no request yet.
///
/// # Errors
/// [`ClusterError::Usage`] if the kubeconfig or a flag is not valid, [`ClusterError::NoCluster`] without either.
pub async fn connect(options: &ConnectOptions<'_>) -> Result<Cluster, ClusterError> {
    let args = options.overrides;
    let (mut connection, name) = load(args, options.context).await?;
    let config = &mut connection.config;
    if let Some(true) = args.disable_compression {
        config.disable_compression = true;
    }
    // Our service retries, as client-go does: only if the server sends a time.
    config.default_retry = false;
    config.headers.push((
        HeaderName::from_static("user-agent"),
        HeaderValue::from_str(&user_agent(options.verb))
            .map_err(|e| ClusterError::failed(format!("user agent: {e}")))?,
    ));
    let namespace = options
        .namespace
        .map_or_else(|| config.default_namespace.clone(), str::to_owned);
    let request_timeout = args.request_timeout.filter(|d| *d > Duration::ZERO);
    let server = config.cluster_url.to_string();
    let inner = connection.client()?;
    let service = Service::new(
        inner,
        ServiceOptions {
            read_only: options.read_only,
            request_timeout,
            server: server.trim_end_matches('/').to_owned(),
        },
        Arc::clone(options.printer),
    );
    Ok(Cluster::new(
        Client::new(service, namespace.clone()),
        name,
        namespace,
    ))
}

/// The kubeconfig merged with the flags, if it exists or `--server` is set. Reads files only.
///
/// # Errors
/// [`ClusterError::Usage`] if the kubeconfig or a flag is not valid.
pub fn kubeconfig(args: &Overrides) -> Result<Option<Kubeconfig>, ClusterError> {
    Ok(read(args)?
        .map(|kubeconfig| overlay(kubeconfig, args, None))
        .transpose()?
        .map(|(kubeconfig, _)| kubeconfig))
}

/// How a kubeconfig and the flags reach a cluster; missing parts are `None`.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// Name of the context; `None` without a current one.
    pub context: Option<String>,
    /// The context, if it exists.
    pub of_context: Option<KubeContext>,
    /// Name of the cluster and the cluster, if it exists.
    pub cluster: Option<(String, Option<KubeCluster>)>,
    /// Name of the user and the user, if it exists.
    pub user: Option<(String, Option<AuthInfo>)>,
}

/// The login that would be used, as far as the files show; `None` without a kubeconfig.
///
/// # Errors
/// [`ClusterError::Usage`] if the kubeconfig or a flag is not valid.
pub fn login(args: &Overrides, context: Option<&str>) -> Result<Option<Login>, ClusterError> {
    let Some(kubeconfig) = read(args)? else {
        return Ok(None);
    };
    let (kubeconfig, options) = overlay(kubeconfig, args, context)?;
    let Selection {
        context,
        of_context,
        cluster,
        user,
    } = Selection::new(&kubeconfig, &options);
    let (mut clusters, mut users) = (
        kubeconfig.clusters.into_iter(),
        kubeconfig.auth_infos.into_iter(),
    );
    Ok(Some(Login {
        cluster: cluster.map(|name| {
            let found = clusters.find(|named| named.name == name);
            (name, found.and_then(|named| named.cluster))
        }),
        user: user.map(|name| {
            let found = users.find(|named| named.name == name);
            (name, found.and_then(|named| named.auth_info))
        }),
        context,
        of_context,
    }))
}

/// `linux` and so on, as in Go.
pub fn go_os(os: &str) -> &str {
    match os {
        "macos" => "darwin",
        os => os,
    }
}

/// `amd64` and so on, as in Go.
pub fn go_arch(arch: &str) -> &str {
    match arch {
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        "x86" => "386",
        "x86_64" => "amd64",
        arch => arch,
    }
}

/// The user agent of requests.
pub fn user_agent(verb: &str) -> String {
    format!(
        "oc-extreg/{} ({}/{}) {verb}",
        env!("CARGO_PKG_VERSION"),
        go_os(consts::OS),
        go_arch(consts::ARCH),
    )
}

/// The configuration, and the name of the cluster.
async fn load(
    args: &Overrides,
    context: Option<&str>,
) -> Result<(Connection, String), ClusterError> {
    let Some(kubeconfig) = read(args)? else {
        let connection = Connection::of_pod().ok_or(ClusterError::NoCluster)?;
        return Ok((connection, "in-cluster".to_owned()));
    };
    let (kubeconfig, options) = overlay(kubeconfig, args, context)?;
    let name = Selection::new(&kubeconfig, &options).cluster;
    let name = name.filter(|_| args.server.is_none());
    let connection = Connection::new(kubeconfig, &options).await?;
    let name = name.unwrap_or_else(|| {
        let server = &connection.config.cluster_url;
        server
            .authority()
            .map_or_else(|| server.to_string(), ToString::to_string)
    });
    Ok((connection, name))
}

/// The kubeconfig unchanged, or one for `--server` alone.
fn read(args: &Overrides) -> Result<Option<Kubeconfig>, ClusterError> {
    let kubeconfig = super::read(args.kubeconfig.as_deref(), |name| std::env::var_os(name));
    Ok(kubeconfig?
        .filter(|kubeconfig| !is_empty(kubeconfig))
        .or_else(|| args.server.is_some().then(nameless)))
}

/// A kubeconfig for `--server` alone.
fn nameless() -> Kubeconfig {
    let name = "flags".to_owned();
    Kubeconfig {
        clusters: vec![NamedCluster {
            name: name.clone(),
            cluster: Some(KubeCluster::default()),
            ..NamedCluster::default()
        }],
        contexts: vec![NamedContext {
            name: name.clone(),
            context: Some(KubeContext {
                cluster: name.clone(),
                user: Some(name.clone()),
                ..KubeContext::default()
            }),
            ..NamedContext::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: name.clone(),
            auth_info: Some(AuthInfo::default()),
            ..NamedAuthInfo::default()
        }],
        current_context: Some(name),
        ..Kubeconfig::default()
    }
}

fn overlay(
    mut kubeconfig: Kubeconfig,
    args: &Overrides,
    context: Option<&str>,
) -> Result<(Kubeconfig, KubeConfigOptions), ClusterError> {
    let options = KubeConfigOptions {
        context: context.map(str::to_owned),
        cluster: args.cluster.clone(),
        user: args.user.clone(),
    };
    // kube treats a missing user as one without credentials.
    if let Some(user) = &args.user
        && !kubeconfig
            .auth_infos
            .iter()
            .any(|named| &named.name == user)
    {
        return Err(ClusterError::usage(format!(
            "the kubeconfig has no user \"{user}\""
        )));
    }
    // Every cluster and user, because kube chooses the one to use.
    for named in &mut kubeconfig.clusters {
        overlay_cluster(named.cluster.get_or_insert_default(), args);
    }
    let extra = user_extra(&args.impersonate_extra)?;
    if args.impersonate.is_none()
        && (args.impersonate_uid.is_some()
            || !args.impersonate_group.is_empty()
            || !extra.is_empty())
    {
        return Err(ClusterError::usage(
            "--as-uid, --as-group and --as-user-extra require --as, the user to impersonate",
        ));
    }
    for named in &mut kubeconfig.auth_infos {
        overlay_user(named.auth_info.get_or_insert_default(), args, &extra);
    }
    Ok((kubeconfig, options))
}

fn overlay_cluster(cluster: &mut KubeCluster, args: &Overrides) {
    if let Some(server) = &args.server {
        let has_scheme = server.contains("://");
        cluster.server = Some(if has_scheme {
            server.clone()
        } else {
            format!("https://{server}")
        });
    }
    if let Some(file) = &args.certificate_authority {
        cluster.certificate_authority = Some(text(file));
        cluster.certificate_authority_data = None;
    }
    if let Some(insecure) = args.insecure_skip_tls_verify {
        cluster.insecure_skip_tls_verify = Some(insecure);
        if insecure && args.certificate_authority.is_none() {
            cluster.certificate_authority = None;
            cluster.certificate_authority_data = None;
        }
    }
    if let Some(name) = &args.tls_server_name {
        cluster.tls_server_name = Some(name.clone());
    }
}

fn overlay_user(user: &mut AuthInfo, args: &Overrides, extra: &[(String, String)]) {
    if let Some(token) = &args.token {
        // The API server checks a client certificate before a token: with both, the requested
        // token would be ignored.
        *user = AuthInfo {
            impersonate: user.impersonate.take(),
            impersonate_uid: user.impersonate_uid.take(),
            impersonate_groups: user.impersonate_groups.take(),
            impersonate_user_extra: user.impersonate_user_extra.take(),
            token: Some(token.clone().into()),
            ..AuthInfo::default()
        };
    }
    if let Some(file) = &args.client_certificate {
        user.client_certificate = Some(text(file));
        user.client_certificate_data = None;
    }
    if let Some(file) = &args.client_key {
        user.client_key = Some(text(file));
        user.client_key_data = None;
    }
    if let Some(name) = &args.impersonate {
        // Another identity: the kubeconfig's credentials are removed.
        user.impersonate = Some(name.clone());
        user.impersonate_uid.clone_from(&args.impersonate_uid);
        let groups = &args.impersonate_group;
        user.impersonate_groups = (!groups.is_empty()).then(|| groups.clone());
        user.impersonate_user_extra = (!extra.is_empty()).then(|| {
            extra
                .iter()
                .fold(std::collections::HashMap::new(), |mut all, (key, value)| {
                    all.entry(key.clone())
                        .or_insert_with(Vec::new)
                        .push(value.clone());
                    all
                })
        });
    }
}

fn user_extra(pairs: &[String]) -> Result<Vec<(String, String)>, ClusterError> {
    pairs
        .iter()
        .map(|pair| {
            pair.split_once('=')
                .filter(|(key, _)| !key.is_empty())
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .ok_or_else(|| {
                    ClusterError::usage(format!("--as-user-extra {pair}: must be KEY=VALUE"))
                })
        })
        .collect()
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn flags_are_laid_over_the_kubeconfig() {
        let kubeconfig = Kubeconfig::from_yaml(
            "
clusters: [{name: c, cluster: {server: 'https://old:6443', insecure-skip-tls-verify: false}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: snow}}]
users: [{name: u, user: {username: a, password: b, as: kept}}]
current-context: x
",
        )
        .unwrap();
        let args = Overrides {
            server: Some("new:8443".to_owned()),
            token: Some("t".to_owned()),
            insecure_skip_tls_verify: Some(true),
            tls_server_name: Some("api".to_owned()),
            ..Overrides::default()
        };
        let (kubeconfig, options) = overlay(kubeconfig, &args, None).unwrap();
        let selected = Selection::new(&kubeconfig, &options);
        assert_eq!(selected.cluster.as_deref(), Some("c"));
        let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .unwrap();
        assert_eq!(config.cluster_url.to_string(), "https://new:8443/");
        assert!(config.accept_invalid_certs);
        assert_eq!(config.tls_server_name.as_deref(), Some("api"));
        assert_eq!(config.default_namespace, "snow");
        assert!(config.auth_info.token.is_some() && config.auth_info.username.is_none());
        assert_eq!(config.auth_info.impersonate.as_deref(), Some("kept"));
    }

    #[test]
    fn impersonation_needs_an_existing_user() {
        let only_uid = Overrides {
            impersonate_uid: Some("1".to_owned()),
            ..Overrides::default()
        };
        assert!(overlay(nameless(), &only_uid, None).is_err());
        let unknown_user = Overrides {
            user: Some("x".to_owned()),
            ..Overrides::default()
        };
        assert!(overlay(nameless(), &unknown_user, None).is_err());
        let bad_extra = Overrides {
            impersonate: Some("a".to_owned()),
            impersonate_extra: vec!["novalue".to_owned()],
            ..Overrides::default()
        };
        assert!(overlay(nameless(), &bad_extra, None).is_err());
    }

    #[test]
    fn the_user_agent_names_version_platform_and_verb() {
        let agent = user_agent("setup");
        assert!(agent.starts_with("oc-extreg/0."), "{agent}");
        assert!(agent.ends_with(") setup"), "{agent}");
    }
}
