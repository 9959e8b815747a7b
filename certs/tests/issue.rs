//! A client accepts the issued certificates, and no other certificate.
#![cfg(test)]

use std::time::Duration;

use extreg_certs::host::Host;
use extreg_certs::inspect::inspect;
use extreg_certs::issue::{IssueError, Issued, Validity, issue, rotate, unexpired};
use extreg_certs::pem::ParsePemError;
use extreg_certs::verify::{VerifyError, verify, verify_chain};
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use secrecy::ExposeSecret as _;

const DAY: Duration = Duration::from_hours(24);

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn hosts() -> Vec<Host> {
    let mut hosts = Host::of_service("extreg-webhook", "extreg-system").unwrap();
    hosts.push(Host::of_url("https://127.0.0.1:8443/mutate").unwrap());
    hosts
}

fn days(days: u32) -> Validity {
    Validity::new(DAY * days, DAY * days).unwrap()
}

fn check(issued: &Issued, host: &str, now: Timestamp) -> Result<(), VerifyError> {
    verify(
        issued.chain.as_bytes(),
        issued.key.expose_secret().as_bytes(),
        issued.ca_bundle.as_bytes(),
        &Host::parse(host).unwrap(),
        now,
    )
    .map(drop)
}

#[test]
fn a_client_accepts_every_name_it_was_issued_for() {
    let issued = issue(&hosts(), days(30), now()).unwrap();
    for host in hosts() {
        check(&issued, &host.to_string(), now()).unwrap();
    }
    let other = check(&issued, "other.example.com", now());
    assert!(
        matches!(other, Err(VerifyError::WrongHost { .. })),
        "{other:?}"
    );
    let other = check(&issued, "127.0.0.2", now());
    assert!(
        matches!(other, Err(VerifyError::WrongHost { .. })),
        "{other:?}"
    );
}

#[test]
fn it_is_valid_from_a_little_before_to_the_end_of_its_validity() {
    let issued = issue(&hosts(), days(30), now()).unwrap();
    let host = "extreg-webhook.extreg-system.svc";
    check(&issued, host, now() - DAY / 24 / 60).unwrap();
    check(&issued, host, now() + DAY * 30).unwrap();
    let early = check(&issued, host, now() - DAY);
    assert!(
        matches!(early, Err(VerifyError::NotYetValid(_))),
        "{early:?}"
    );
    let late = check(&issued, host, now() + DAY * 30 + Duration::from_secs(1));
    assert!(matches!(late, Err(VerifyError::Expired(_))), "{late:?}");
}

#[test]
fn leaf_and_authority_contain_their_purposes() {
    let issued = issue(&hosts(), days(30), now()).unwrap();
    let [leaf] = inspect(issued.chain.as_bytes())
        .unwrap()
        .try_into()
        .unwrap();
    assert!(!leaf.is_ca);
    assert_eq!(leaf.hosts, hosts());
    assert_eq!(leaf.not_after, issued.not_after);
    assert_eq!(leaf.not_after, now() + DAY * 30);
    assert!(leaf.renew_at() > now() + DAY * 19 && leaf.renew_at() < now() + DAY * 21);
    let [ca] = inspect(issued.ca_bundle.as_bytes())
        .unwrap()
        .try_into()
        .unwrap();
    assert!(ca.is_ca && ca.self_issued);
    assert_eq!(leaf.issuer, ca.subject);
    assert_ne!(leaf.serial, ca.serial);
}

#[test]
fn rotation_overlaps_and_drops_what_has_expired() {
    let host = "extreg-webhook.extreg-system.svc";
    let first = issue(&hosts(), days(30), now()).unwrap();
    let later = now() + DAY * 20;
    let second = rotate(&first.ca_bundle, &hosts(), days(30), later).unwrap();
    assert_eq!(inspect(second.ca_bundle.as_bytes()).unwrap().len(), 2);

    // The new bundle trusts both pairs, the old one only the old pair.
    let accepts = |bundle: &str, pair: &Issued| {
        let pair = Issued {
            ca_bundle: bundle.to_owned(),
            chain: pair.chain.clone(),
            key: pair.key.clone(),
            not_after: pair.not_after,
        };
        check(&pair, host, later)
    };
    accepts(&second.ca_bundle, &first).unwrap();
    accepts(&second.ca_bundle, &second).unwrap();
    accepts(&first.ca_bundle, &first).unwrap();
    for refused in [
        accepts(&first.ca_bundle, &second),
        accepts(
            &second.ca_bundle,
            &issue(&hosts(), days(30), now()).unwrap(),
        ),
    ] {
        assert!(
            matches!(refused, Err(VerifyError::UnknownIssuer)),
            "{refused:?}"
        );
    }

    let third = rotate(&second.ca_bundle, &hosts(), days(30), now() + DAY * 40).unwrap();
    assert_eq!(inspect(third.ca_bundle.as_bytes()).unwrap().len(), 2);
    assert!(
        third
            .ca_bundle
            .ends_with(&unexpired(&second.ca_bundle, now() + DAY * 40).unwrap())
    );
    assert_eq!(unexpired(&third.ca_bundle, now() + DAY * 400).unwrap(), "");
}

#[test]
fn a_key_of_another_pair_is_refused() {
    let one = issue(&hosts(), days(30), now()).unwrap();
    let other = issue(&hosts(), days(30), now()).unwrap();
    let mixed = Issued {
        key: other.key,
        ..one
    };
    let outcome = check(&mixed, "extreg-webhook", now());
    assert!(
        matches!(outcome, Err(VerifyError::Pem(ParsePemError::Mismatch))),
        "{outcome:?}"
    );
}

#[test]
fn invalid_requests_are_rejected() {
    assert!(matches!(
        issue(&[], Validity::default(), now()),
        Err(IssueError::NoHost)
    ));
    assert!(matches!(
        Validity::new(DAY, DAY * 2),
        Err(IssueError::LeafOutlivesCa)
    ));
    assert!(matches!(
        Validity::new(DAY, Duration::ZERO),
        Err(IssueError::NoValidity)
    ));
    let endless = Validity::new(Duration::MAX, DAY).unwrap();
    assert!(matches!(
        issue(&hosts(), endless, now()),
        Err(IssueError::Range)
    ));
    assert!(matches!(
        rotate("no PEM", &hosts(), Validity::default(), now()),
        Err(IssueError::Bundle(_))
    ));
}

#[test]
fn the_key_is_in_no_debug_output() {
    let issued = issue(&hosts(), days(30), now()).unwrap();
    let body = issued
        .key
        .expose_secret()
        .lines()
        .nth(1)
        .unwrap()
        .to_owned();
    assert!(!format!("{issued:?}").contains(&body));
}

/// A serving certificate of 10 days for `h`, and its authority of `days` days.
fn outliving(days: u64) -> (String, String) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let at = |seconds: i64| epoch + Duration::from_secs(u64::try_from(seconds).unwrap());
    let dated = |mut params: CertificateParams, days: u64| {
        params.not_before = at(now().as_second());
        params.not_after = at(now().as_second()) + DAY * u32::try_from(days).unwrap();
        params
    };
    let mut params = dated(CertificateParams::default(), days);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, "short");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let leaf = dated(CertificateParams::new(vec!["h".to_owned()]).unwrap(), 10);
    let issuer = Issuer::new(params, key);
    let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &issuer);
    (leaf.unwrap().pem(), authority)
}

#[test]
fn an_authority_that_ends_before_its_leaf_is_noticed() {
    let (leaf, authority) = outliving(3);
    let (_, other) = outliving(30);
    let host = Host::parse("h").unwrap();
    for bundle in [authority.clone(), other + &authority] {
        let check =
            |day: u32| verify_chain(leaf.as_bytes(), bundle.as_bytes(), &host, now() + DAY * day);
        check(1).unwrap();
        let late = check(4).unwrap_err();
        assert!(
            late.to_string()
                .contains("only valid from 2026-11-23T12:00:00Z to 2026-11-26T12:00:00Z"),
            "{late}"
        );
    }
}
