//! Reloading from a folder as kubelet writes it: behind a `..data` link that is replaced.
#![cfg(test)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use extreg_certs::crypto;
use extreg_certs::host::Host;
use extreg_certs::issue::{Issued, Validity, issue};
use extreg_certs::reload::{Reloader, ServingCert, Tick};
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

/// A volume as kubelet's `AtomicWriter` lays it out
/// (`k8s.io/kubernetes/pkg/volume/util/atomic_writer.go`).
struct Volume {
    root: TempDir,
    version: u32,
}

impl Volume {
    fn new(chain: &str, key: &str) -> Self {
        let mut volume = Self {
            root: TempDir::new().unwrap(),
            version: 0,
        };
        volume.publish(chain, key);
        for name in ["tls.crt", "tls.key"] {
            symlink(Path::new("..data").join(name), volume.path(name)).unwrap();
        }
        volume
    }

    fn of(issued: &Issued) -> Self {
        Self::new(&issued.chain, issued.key.expose_secret())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn publish(&mut self, chain: &str, key: &str) {
        let old = self.path(&format!("..version{}", self.version));
        self.version += 1;
        let folder = format!("..version{}", self.version);
        fs::create_dir(self.path(&folder)).unwrap();
        fs::write(self.path(&folder).join("tls.crt"), chain).unwrap();
        fs::write(self.path(&folder).join("tls.key"), key).unwrap();
        symlink(&folder, self.path("..data_tmp")).unwrap();
        fs::rename(self.path("..data_tmp"), self.path("..data")).unwrap();
        if old.exists() {
            fs::remove_dir_all(old).unwrap();
        }
    }

    fn publish_pair(&mut self, issued: &Issued) {
        self.publish(&issued.chain, issued.key.expose_secret());
    }

    fn reloader(&self) -> Reloader {
        Reloader::start(self.path("tls.crt"), self.path("tls.key")).unwrap()
    }
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

const DAY: Duration = Duration::from_hours(24);

fn issued(name: &str, days: u32) -> Issued {
    let validity = Validity::new(DAY * days, DAY * days).unwrap();
    issue(&[Host::parse(name).unwrap()], validity, now()).unwrap()
}

/// The name on the served certificate, which identifies the pair.
fn served(reloader: &Reloader) -> String {
    reloader
        .status()
        .get()
        .leaf
        .hosts
        .first()
        .unwrap()
        .to_string()
}

#[test]
fn trap_57_a_swapped_link_is_served_at_the_next_tick() {
    let mut volume = Volume::of(&issued("one", 30));
    let mut reloader = volume.reloader();
    assert_eq!(reloader.tick(now()), Tick::Unchanged);
    for name in ["two", "three", "four"] {
        volume.publish_pair(&issued(name, 30));
        assert_eq!(reloader.tick(now()), Tick::Swapped);
        assert_eq!(served(&reloader), name);
        assert_eq!(reloader.tick(now()), Tick::Unchanged);
    }
    let status = reloader.status().get();
    assert_eq!((status.reloads, status.failures), (3, 0));
}

#[test]
fn an_invalid_pair_keeps_the_last_valid_one_and_is_retried() {
    let one = issued("one", 30);
    let two = issued("two", 30);
    let key = |issued: &Issued| issued.key.expose_secret().to_owned();
    let half = |text: &str| text[..text.len() / 2].to_owned();
    let table = [
        ("mismatched", two.chain.clone(), key(&one)),
        ("half a certificate", half(&two.chain), key(&two)),
        ("half a key", two.chain.clone(), half(&key(&two))),
        ("empty certificate", String::new(), key(&two)),
        ("empty key", two.chain.clone(), String::new()),
        ("garbage", "certificate".to_owned(), "key".to_owned()),
        ("swapped files", key(&two), two.chain.clone()),
        (
            "not X.509",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned(),
            key(&two),
        ),
    ];
    let mut volume = Volume::of(&one);
    let mut reloader = volume.reloader();
    for (failures, (what, chain, key)) in (1..).zip(table) {
        volume.publish(&chain, &key);
        assert_eq!(reloader.tick(now()), Tick::Failed, "{what}");
        assert_eq!(served(&reloader), "one", "{what}");
        let status = reloader.status().get();
        assert_eq!(status.failures, failures, "{what}");
        let error = status.last_error.clone().unwrap();
        assert!(!error.contains("PRIVATE"), "{what}: {error}");
    }
    volume.publish_pair(&two);
    assert_eq!(reloader.tick(now()), Tick::Swapped);
    assert_eq!(served(&reloader), "two");
    assert_eq!(reloader.status().get().last_error, None);
}

#[test]
fn files_that_are_gone_for_a_while_are_counted_and_forgotten() {
    let one = issued("one", 30);
    let mut volume = Volume::of(&one);
    let mut reloader = volume.reloader();
    fs::remove_file(volume.path("..data")).unwrap();
    assert_eq!(reloader.tick(now()), Tick::Failed);
    assert_eq!(reloader.tick(now()), Tick::Failed);
    volume.publish_pair(&one);
    assert_eq!(reloader.tick(now()), Tick::Unchanged);
    let status = reloader.status().get();
    assert_eq!((status.failures, status.last_error.clone()), (2, None));
}

#[test]
fn an_expired_pair_does_not_replace_a_good_one() {
    let mut volume = Volume::of(&issued("one", 30));
    let mut reloader = volume.reloader();
    volume.publish_pair(&issued("short", 1));
    assert_eq!(reloader.tick(now() + DAY * 2), Tick::Failed);
    assert_eq!(served(&reloader), "one");
    assert!(reloader.status().get().valid_at(now() + DAY * 30));
    assert!(!reloader.status().get().valid_at(now() + DAY * 31));
    assert!(!reloader.status().get().valid_at(now() - DAY));
}

#[test]
fn a_server_that_starts_with_an_expired_pair_recovers() {
    let mut volume = Volume::of(&issued("old", 1));
    let later = now() + DAY * 2;
    let mut reloader = volume.reloader();
    assert!(!reloader.status().get().valid_at(later));
    volume.publish_pair(&issued("new", 30));
    assert_eq!(reloader.tick(later), Tick::Swapped);
    assert!(reloader.status().get().valid_at(later));
}

#[test]
fn a_chain_of_two_is_served_whole() {
    // service-ca appends an intermediate while its authority is rotated.
    let ca = |name: &str| {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
    };
    let root = CertifiedIssuer::self_signed(ca("root"), KeyPair::generate().unwrap()).unwrap();
    let middle =
        CertifiedIssuer::signed_by(ca("middle"), KeyPair::generate().unwrap(), &root).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["chained".to_owned()])
        .unwrap()
        .signed_by(&key, &middle)
        .unwrap();

    let mut volume = Volume::of(&issued("one", 30));
    let mut reloader = volume.reloader();
    volume.publish(&(leaf.pem() + &middle.pem()), &key.serialize_pem());
    assert_eq!(reloader.tick(now()), Tick::Swapped);
    assert_eq!(served(&reloader), "chained");
    let accepted = extreg_certs::verify::verify(
        (leaf.pem() + &middle.pem()).as_bytes(),
        key.serialize_pem().as_bytes(),
        root.pem().as_bytes(),
        &Host::parse("chained").unwrap(),
        now(),
    );
    assert!(accepted.is_ok(), "{accepted:?}");
}

#[test]
fn it_plugs_into_a_tls_server() {
    let volume = Volume::of(&issued("one", 30));
    let serving: std::sync::Arc<ServingCert> = volume.reloader().serving();
    let config = crypto::server_config(serving, None).unwrap();
    assert_eq!(
        config.alpn_protocols,
        [b"h2".to_vec(), b"http/1.1".to_vec()]
    );
}

#[test]
fn it_does_not_start_without_a_pair() {
    let folder = TempDir::new().unwrap();
    let missing = Reloader::start(folder.path().join("tls.crt"), folder.path().join("tls.key"));
    assert!(missing.unwrap_err().to_string().contains("tls.crt"));
}

#[test]
fn only_forward_secret_suites_that_authenticate_what_they_encrypt() {
    let volume = Volume::of(&issued("one", 30));
    let config = crypto::server_config(volume.reloader().serving(), None).unwrap();
    let suites = &config.crypto_provider().cipher_suites;
    assert!(!suites.is_empty());
    for suite in suites {
        let name = format!("{:?}", suite.suite());
        let is_modern = name.starts_with("TLS13_") || name.starts_with("TLS_ECDHE_");
        let is_aead = name.contains("_GCM_") || name.contains("_CHACHA20_POLY1305_");
        assert!(is_modern && is_aead, "{name}");
    }
}

#[test]
fn a_jump_of_the_clock_is_noticed_at_the_next_tick() {
    let hosts = [Host::parse("one").unwrap()];
    let year = Duration::from_hours(365 * 24);
    let validity = Validity::new(year, year).unwrap();
    let first = issue(&hosts, validity, now()).unwrap();
    let mut volume = Volume::of(&first);
    let mut reloader = volume.reloader();
    let status = reloader.status();
    assert!(status.get().valid_at(now()));

    // Suspended for longer than the certificate is valid.
    let woken = now() + Duration::from_hours(400 * 24);
    assert_eq!(reloader.tick(woken), Tick::Unchanged);
    assert!(!status.get().valid_at(woken));
    let renewed = extreg_certs::issue::rotate(&first.ca_bundle, &hosts, validity, woken).unwrap();
    volume.publish_pair(&renewed);
    assert_eq!(reloader.tick(woken), Tick::Swapped);
    assert!(status.get().valid_at(woken));
    let accepted = extreg_certs::verify::verify(
        renewed.chain.as_bytes(),
        renewed.key.expose_secret().as_bytes(),
        renewed.ca_bundle.as_bytes(),
        &hosts[0],
        woken,
    );
    assert!(accepted.is_ok(), "{accepted:?}");

    // And back: what was issued in the future is not valid yet, and not taken for expired.
    assert_eq!(reloader.tick(now()), Tick::Unchanged);
    assert!(!status.get().valid_at(now()));
    volume.publish_pair(&first);
    assert_eq!(reloader.tick(now()), Tick::Swapped);
    assert!(status.get().valid_at(now()));
}
