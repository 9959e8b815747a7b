//! Which clients are answered: by certificate, if required, and by TLS version.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use extreg_webhook::server::{Clients, Config, Server};
use http::StatusCode;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, date_time_ymd,
};
use rustls::ClientConfig;
use rustls::version::{TLS12, TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::{Client, Pki, Stub, get, reserved, review};

/// A client CA.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (certificate.der().clone(), key)
    }
}

fn config(pki: &Pki, authority: &Authority, names: &[&str]) -> Config {
    let ca = pki.path("clients.crt");
    fs::write(&ca, authority.0.pem()).unwrap();
    Config {
        clients: Some(Clients {
            ca,
            names: names.iter().map(|&name| name.to_owned()).collect(),
        }),
        ..pki.config()
    }
}

fn client_config(pki: &Pki, identity: Option<&Identity>, protocol: &str) -> Arc<ClientConfig> {
    let trusted = pki.client_config(protocol);
    let Some((certificate, key)) = identity else {
        return trusted;
    };
    let mut config = pki
        .trusting(&[&TLS13, &TLS12])
        .with_client_auth_cert(vec![certificate.clone()], key.clone_key())
        .unwrap();
    config.alpn_protocols.clone_from(&trusted.alpn_protocols);
    Arc::new(config)
}

/// Whether a review is answered.
async fn is_answered(
    pki: &Pki,
    address: SocketAddr,
    identity: Option<&Identity>,
    protocol: &str,
) -> bool {
    let config = client_config(pki, identity, protocol);
    let client = if protocol == "h2" {
        Client::try_h2(config, address).await
    } else {
        Client::try_h1(config, address).await
    };
    let Ok(mut client) = client else {
        return false;
    };
    let answer = client.post(review("u", "ns")).await;
    answer.is_ok_and(|answer| answer.status == StatusCode::OK)
}

#[tokio::test]
async fn only_clients_with_a_trusted_certificate_and_name_are_answered() {
    let pki = Pki::new();
    let ours = Authority::new("ours");
    let other = Authority::new("other");
    let by_name = |name: &str| ours.issue(name, |_| {});
    let named = |name: &str| {
        let name = name.try_into().unwrap();
        ours.issue("x", |params| {
            params.subject_alt_names.push(rcgen::SanType::DnsName(name));
        })
    };
    let expired = ours.issue("kube-apiserver", |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let of_a_server = ours.issue("kube-apiserver", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    // Description, whether any name is accepted, whether one of two names is required.
    let table = [
        ("no certificate", None, false, false),
        (
            "another authority",
            Some(other.issue("kube-apiserver", |_| {})),
            false,
            false,
        ),
        ("common name", Some(by_name("kube-apiserver")), true, true),
        (
            "the other name",
            Some(by_name("openshift-apiserver")),
            true,
            true,
        ),
        ("DNS name", Some(named("kube-apiserver")), true, true),
        ("another name", Some(by_name("ann")), true, false),
        (
            "part of a name",
            Some(by_name("kube-apiserver.x")),
            true,
            false,
        ),
        ("other case", Some(by_name("Kube-Apiserver")), true, false),
        ("expired", Some(expired), false, false),
        ("of a server", Some(of_a_server), false, false),
    ];
    let start = async |names: &[&str]| {
        let config = config(&pki, &ours, names);
        Server::start(config, Stub::new(), reserved())
            .await
            .unwrap()
    };
    let any = start(&[]).await;
    let two = start(&["kube-apiserver", "openshift-apiserver"]).await;
    for (what, identity, by_any, by_two) in &table {
        for protocol in ["http/1.1", "h2"] {
            for (server, expected) in [(&any, by_any), (&two, by_two)] {
                let answered =
                    is_answered(&pki, server.address(), identity.as_ref(), protocol).await;
                assert_eq!(answered, *expected, "{what}, {protocol}");
            }
        }
    }
    // Kubelet and Prometheus need no certificate.
    for path in ["/livez", "/readyz", "/metrics"] {
        let answer = get(two.health_address(), path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
    }
    let metrics = get(two.health_address(), "/metrics").await.text();
    let refused =
        r#"extreg_connections_ended_total{port="reviews",reason="client_certificate"} 14"#;
    assert!(metrics.contains(refused), "{metrics}");
}

#[tokio::test]
async fn changed_client_ca_is_reloaded() {
    let pki = Pki::new();
    let (first, second) = (Authority::new("first"), Authority::new("second"));
    let (old, new) = (first.issue("a", |_| {}), second.issue("a", |_| {}));
    let config = config(&pki, &first, &["a"]);
    let ca = pki.path("clients.crt");
    let server = Server::start(config, Stub::new(), reserved())
        .await
        .unwrap();
    let address = server.address();
    let answered = async |identity| is_answered(&pki, address, Some(identity), "h2").await;
    assert!(answered(&old).await && !answered(&new).await);

    // An invalid CA changes nothing.
    fs::write(&ca, "nonsense").unwrap();
    loop {
        let metrics = get(server.health_address(), "/metrics").await.text();
        if !metrics.contains("extreg_client_ca_reload_failures_total 0\n") {
            break;
        }
        sleep(Duration::from_millis(5)).await;
    }
    assert!(answered(&old).await && !answered(&new).await);

    fs::write(&ca, first.0.pem() + &second.0.pem()).unwrap();
    while !answered(&new).await {
        sleep(Duration::from_millis(5)).await;
    }
    assert!(answered(&old).await);
    fs::write(&ca, second.0.pem()).unwrap();
    while answered(&old).await {
        sleep(Duration::from_millis(5)).await;
    }
    assert!(answered(&new).await);
}

#[tokio::test]
async fn only_tls_1_2_and_1_3_are_accepted() {
    let pki = Pki::new();
    let server = crate::support::start(&pki).await;
    let address = server.address();
    for version in [&TLS12, &TLS13] {
        let config = Arc::new(pki.trusting(&[version]).with_no_client_auth());
        let mut client = Client::try_h1(config, address).await.unwrap();
        let answer = client.post(review("u", "ns")).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{version:?}");
    }
    // ClientHellos of SSL 3.0, TLS 1.0 and 1.1 with ECDHE-ECDSA and ECDHE-RSA, AES-CBC and 3DES.
    for minor in [0_u8, 1, 2] {
        let mut hello = vec![3, minor];
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend([0, 8, 0xc0, 0x0a, 0xc0, 0x09, 0xc0, 0x14, 0x00, 0x0a]);
        hello.extend([1, 0]);
        let mut record = vec![22, 3, 1, 0, u8::try_from(hello.len() + 4).unwrap()];
        record.extend([1, 0, 0, u8::try_from(hello.len()).unwrap()]);
        record.extend(&hello);
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&record).await.unwrap();
        let mut alert = Vec::new();
        let _ = stream.read_to_end(&mut alert).await;
        // Only a fatal alert.
        assert_eq!(alert.len(), 7, "3.{minor}: {alert:?}");
        assert_eq!((alert[0], alert[5]), (21, 2), "3.{minor}: {alert:?}");
    }
}
