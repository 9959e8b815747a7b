//! The registry client, against a fake registry.

use std::{sync::Arc, time::Duration};

use clap::Parser as _;
use extreg_certs::{
    crypto,
    host::Host,
    issue::{Validity, issue},
    pem,
};
use extreg_plugin::{args::EndpointArgs, cli::Cli, context::Context};
use extreg_registry::{Action, Client, Grants, Head, Login, RateLimit, RegistryError};
use extreg_remedy::Caller;
use extreg_terminal::{ColorMode, Printer, Quiet};

use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use extreg_fakes::registry::{Auth, DIGEST, IMAGE, LIST, Registry, Rules};

#[derive(clap::Parser)]
struct Only {
    #[command(flatten)]
    endpoints: EndpointArgs,
}

fn client(args: &[&str]) -> Client {
    let endpoints = Only::parse_from([&["x"], args].concat()).endpoints;
    let cli = Cli::parse_from(["oc-extreg", "version", "--request-timeout", "2s"]);
    let printer = Printer::stdio(ColorMode::Never, Quiet::No, 0);
    let context = Context::new(
        Caller::Oc,
        extreg_plugin::cli::command,
        "test",
        cli.global,
        Arc::new(printer),
    );
    context.registries(&endpoints).unwrap()
}

fn login(username: &str, password: &str) -> Login {
    Login::Basic {
        username: username.to_owned(),
        password: password.to_owned().into(),
    }
}

/// acme can pull and push, guest has no rights.
fn rules() -> Rules {
    let user = |name: &str| (name.to_owned(), "pw".to_owned());
    Rules {
        users: [user("acme"), user("guest")].into(),
        rights: [
            ("acme".to_owned(), vec!["pull", "push"]),
            ("guest".to_owned(), vec![]),
        ]
        .into(),
        images: [
            ("u/a:v1".to_owned(), IMAGE),
            ("u/a:list".to_owned(), LIST),
            ("u/private:v1".to_owned(), IMAGE),
        ]
        .into(),
        private: vec!["u/private"],
        limits: [(String::new(), 100), ("acme".to_owned(), 200)].into(),
        ..Rules::default()
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn head(registry: &Registry, image: &str, login: &Login) -> Result<Head, RegistryError> {
    let (repository, tag) = image.split_once(':').unwrap();
    let client = client(&[&registry.endpoint("docker.io")]);
    run(client.head("docker.io", repository, tag, login))
}

fn limit(limit: u64, source: &str) -> RateLimit {
    RateLimit {
        limit,
        remaining: Some(limit - 1),
        window_seconds: 21600,
        source: Some(source.to_owned()),
    }
}

#[test]
fn queries_a_manifest_with_head() {
    let registry = Registry::start(rules());
    let found = head(&registry, "u/a:v1", &Login::Anonymous).unwrap();
    let expected = Head {
        digest: Some(DIGEST.to_owned()),
        media_type: Some(IMAGE.to_owned()),
        limit: Some(limit(100, "203.0.113.7")),
    };
    assert_eq!((found.is_list(), &found), (Some(false), &expected));
    let found = head(&registry, "u/a:list", &login("acme", "pw")).unwrap();
    assert_eq!(
        (found.is_list(), found.limit),
        (Some(true), Some(limit(200, "an-account")))
    );
    assert!(registry.has_only_head_requests());
    assert_eq!(
        registry.requests(),
        [
            "GET /v2/",
            "GET /token",
            "HEAD /v2/u/a/manifests/v1 anonymous",
            "GET /v2/",
            "GET /token acme",
            "HEAD /v2/u/a/manifests/list acme",
        ]
    );
}

#[test]
fn supports_every_authentication_method() {
    let acme = login("acme", "pw");
    for (auth, login, image, expected) in [
        (Auth::Open, &Login::Anonymous, "u/a:v1", Ok(())),
        (Auth::Open, &acme, "u/a:v1", Ok(())),
        (Auth::Basic, &Login::Anonymous, "u/a:v1", Ok(())),
        (
            Auth::Basic,
            &Login::Anonymous,
            "u/private:v1",
            Err(RegistryError::Unauthorized),
        ),
        (Auth::Basic, &acme, "u/private:v1", Ok(())),
        (
            Auth::Basic,
            &login("acme", "no"),
            "u/a:v1",
            Err(RegistryError::Unauthorized),
        ),
        (Auth::Bearer, &acme, "u/private:v1", Ok(())),
        (
            Auth::Bearer,
            &Login::Anonymous,
            "u/private:v1",
            Err(RegistryError::Unauthorized),
        ),
        (
            Auth::Bearer,
            &login("acme", "no"),
            "u/a:v1",
            Err(RegistryError::Unauthorized),
        ),
        (
            Auth::Bearer,
            &login("guest", "pw"),
            "u/a:v1",
            Err(RegistryError::Denied),
        ),
        (
            Auth::Bearer,
            &acme,
            "u/a:none",
            Err(RegistryError::NotFound),
        ),
    ] {
        let registry = Registry::start(Rules { auth, ..rules() });
        let found = head(&registry, image, login).map(|_| ());
        assert_eq!(found, expected, "{auth:?} {login:?} {image}");
    }
}

#[test]
fn token_is_reused_only_for_its_login() {
    let registry = Registry::start(rules());
    let client = client(&[&registry.endpoint("docker.io")]);
    let acme = login("acme", "pw");
    run(async {
        for (repository, login) in [
            ("u/a", &acme),
            ("u/a", &acme),
            ("u/private", &acme),
            ("u/a", &Login::Anonymous),
            ("u/a", &acme),
        ] {
            client
                .head("docker.io", repository, "v1", login)
                .await
                .unwrap();
        }
        // A wrong password does not get the token of the right one.
        let wrong = client
            .head("docker.io", "u/a", "v1", &login("acme", "no"))
            .await;
        assert_eq!(wrong, Err(RegistryError::Unauthorized));
    });
    assert_eq!(
        registry.requests(),
        [
            "GET /v2/",
            "GET /token acme",
            "HEAD /v2/u/a/manifests/v1 acme",
            "HEAD /v2/u/a/manifests/v1 acme",
            "GET /token acme",
            "HEAD /v2/u/private/manifests/v1 acme",
            "GET /token",
            "HEAD /v2/u/a/manifests/v1 anonymous",
            "HEAD /v2/u/a/manifests/v1 acme",
            "GET /token acme (wrong)",
        ]
    );
}

#[test]
fn token_shows_the_rights_of_a_login() {
    let granted = |rules: Rules, login: &Login| {
        let registry = Registry::start(rules);
        let client = client(&[&registry.endpoint("docker.io")]);
        let all = [Action::Pull, Action::Push, Action::Delete];
        let grants = run(client.grants("docker.io", "u/a", &all, login));
        let manifests = registry.requests().join(" ").contains("/manifests/");
        assert!(!manifests, "no manifest is requested");
        grants
    };
    let told = |actions: &[Action]| {
        Ok(Grants {
            actions: Some(actions.iter().copied().collect()),
            expires_in: Some(300),
        })
    };
    let acme = login("acme", "pw");
    assert_eq!(granted(rules(), &acme), told(&[Action::Pull, Action::Push]));
    assert_eq!(granted(rules(), &login("guest", "pw")), told(&[]));
    assert_eq!(granted(rules(), &Login::Anonymous), told(&[Action::Pull]));
    let wrong = granted(rules(), &login("acme", "no"));
    assert_eq!(wrong, Err(RegistryError::Unauthorized));
    let opaque = Rules {
        has_claims: false,
        ..rules()
    };
    let untold = Grants {
        actions: None,
        expires_in: Some(300),
    };
    assert_eq!(granted(opaque, &acme), Ok(untold));
    let basic = || Rules {
        auth: Auth::Basic,
        ..rules()
    };
    assert_eq!(granted(basic(), &acme), Ok(Grants::default()));
    for login in [login("acme", "no"), Login::Anonymous] {
        assert_eq!(granted(basic(), &login), Err(RegistryError::Unauthorized));
    }
}

#[test]
fn rate_limit_error_has_the_retry_time() {
    for (after, expected) in [("7", Some(7)), ("", None)] {
        let busy = Rules {
            busy: (1, after),
            ..rules()
        };
        let registry = Registry::start(busy);
        let found = head(&registry, "u/a:v1", &Login::Anonymous);
        let Err(RegistryError::TooManyRequests { retry_after, .. }) = found else {
            panic!("{found:?}");
        };
        assert_eq!(retry_after, expected.map(Duration::from_secs));
        assert!(head(&registry, "u/a:v1", &Login::Anonymous).is_ok());
    }
}

#[test]
fn unreachable_registry_is_reported() {
    let slow = Rules {
        delay: Duration::from_mins(1),
        ..rules()
    };
    let registry = Registry::start(slow);
    let found = head(&registry, "u/a:v1", &Login::Anonymous);
    assert_eq!(found, Err(RegistryError::TimedOut));

    let client = client(&["--registry-endpoint", "docker.io=http://127.0.0.1:1"]);
    let found = run(client.head("docker.io", "u/a", "v1", &Login::Anonymous));
    let Err(RegistryError::Unreachable(why)) = found else {
        panic!("{found:?}");
    };
    assert!(why.contains("refused"), "{why}");
}

#[test]
fn follows_a_redirect_without_the_login() {
    let elsewhere = Registry::start(Rules {
        auth: Auth::Open,
        ..rules()
    });
    let here = Rules {
        redirect: Some(elsewhere.url.clone()),
        ..rules()
    };
    let here = Registry::start(here);
    head(&here, "u/a:v1", &login("acme", "pw")).unwrap();
    assert_eq!(
        here.requests().last().unwrap(),
        "HEAD /v2/u/a/manifests/v1 acme"
    );
    assert_eq!(elsewhere.requests(), ["HEAD /v2/u/a/manifests/v1"]);

    let round = Rules {
        redirect: Some(String::new()),
        ..rules()
    };
    let registry = Registry::start(round);
    let found = head(&registry, "u/a:v1", &Login::Anonymous);
    assert_eq!(found, Err(RegistryError::Unexpected(307)));
    assert_eq!(registry.requests().len(), 2 + 4);
}

#[test]
fn queries_a_mirror_instead_of_the_registry() {
    let mirror = Rules {
        images: [("hub/u/a:v1".to_owned(), IMAGE)].into(),
        ..rules()
    };
    let mirror = Registry::start(mirror);
    let endpoints = format!("quay.io={}/hub,docker.io=http://127.0.0.1:1", mirror.url);
    let client = client(&["--registry-endpoint", &endpoints]);
    run(client.head("quay.io", "u/a", "v1", &Login::Anonymous)).unwrap();
    assert_eq!(
        mirror.requests()[2],
        "HEAD /v2/hub/u/a/manifests/v1 anonymous"
    );
}

/// The TLS settings of a server on loopback, and the file of its CA.
fn tls(folder: &std::path::Path) -> (Arc<rustls::ServerConfig>, String) {
    let hour = Duration::from_hours(1);
    let hosts = [Host::parse("127.0.0.1").unwrap()];
    let issued = issue(&hosts, Validity::new(hour, hour).unwrap(), Timestamp::now()).unwrap();
    let ca = folder.join("ca.crt");
    std::fs::write(&ca, &issued.ca_bundle).unwrap();
    let key = issued.key.expose_secret().as_bytes();
    let pair = pem::pair(issued.chain.as_bytes(), key).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(crypto::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(
            (*pair).clone(),
        )));
    (Arc::new(config), ca.to_str().unwrap().to_owned())
}

#[test]
fn login_is_not_sent_over_plain_http_after_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (config, ca) = tls(folder.path());
    let clear = Registry::start(rules());
    let ask = |rules: Rules, args: &[&str]| {
        let registry = Registry::start_tls(rules, Arc::clone(&config));
        let client = client(&[&[registry.endpoint("docker.io").as_str()], args].concat());
        run(client.head("docker.io", "u/a", "v1", &login("acme", "pw"))).map(|_| ())
    };
    let trusted = ["--registry-ca", ca.as_str()];
    assert_eq!(ask(rules(), &trusted), Ok(()));

    for (rules, args, expected) in [
        (rules(), &[][..], "certificate"),
        (
            Rules {
                realm: Some(format!("{}/token", clear.url)),
                ..rules()
            },
            &trusted,
            "is not encrypted",
        ),
        (
            Rules {
                redirect: Some(clear.url.clone()),
                ..rules()
            },
            &trusted,
            "is not encrypted",
        ),
    ] {
        let found = ask(rules, args);
        let Err(RegistryError::Unreachable(why)) = found else {
            panic!("{found:?}");
        };
        assert!(why.contains(expected), "{why}");
    }
    assert_eq!(clear.requests(), [""; 0]);
}
