use std::time::{Duration, SystemTime};

use insta::assert_snapshot;
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::ring;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An authority, and what it signs for `names`.
struct Signed {
    chain: String,
    leaf: String,
    key: String,
    ca: String,
}

fn signed(names: &[&str], days: std::ops::Range<i64>) -> Signed {
    let now = SystemTime::now();
    let at = |days: i64| match u32::try_from(days) {
        Ok(days) => now + DAY * days,
        Err(_) => now - DAY * u32::try_from(-days).unwrap(),
    };
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.distinguished_name
        .push(DnType::CommonName, "An authority");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_cert = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&ca_cert.pem(), ca_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = at(days.start).into();
    params.not_after = at(days.end).into();
    let leaf = params.signed_by(&key, &issuer).unwrap().pem();
    Signed {
        chain: format!("{leaf}{}", ca_cert.pem()),
        leaf,
        key: key.serialize_pem(),
        ca: ca_cert.pem(),
    }
}

fn now() -> Timestamp {
    crate::drawn::now()
}

fn check(chain: &str, key: &str) -> String {
    let key = Secret::new(key.to_owned());
    match super::check(chain, &key, now(), &ring::default_provider()) {
        Ok(()) => "right".to_owned(),
        Err(error) => {
            let field = if error.is_of_key() { "key" } else { "chain" };
            format!("{field}: {error}")
        }
    }
}

#[test]
fn a_chain_tells_its_names_its_issuer_and_its_validity() {
    let made = signed(&["a.example.com", "*.example.com", "10.0.0.1"], -1..90);
    assert_eq!(check(&made.chain, &made.key), "right");
    // Text around it, as OpenSSL writes it, is nothing.
    let described = format!("subject=CN = a\r\n{}", made.leaf.replace('\n', "\r\n"));
    assert_eq!(check(&described, &made.key), "right");
    let facts = Chain::read(&made.chain).unwrap().facts;
    assert_eq!(facts.names, ["a.example.com", "*.example.com", "10.0.0.1"]);
    assert_eq!(facts.issuer, "An authority");
    let days = (facts.valid_to.millis() - facts.valid_from.millis()) / 86_400_000;
    assert_eq!(days, 91);
}

#[test]
fn what_is_wrong_with_a_chain_is_told() {
    let made = signed(&["a.example.com"], -1..90);
    let other = signed(&["a.example.com"], -1..90);
    let Signed { leaf, key, ca, .. } = &made;
    let check = |chain: &str| check(chain, key);
    assert_snapshot!(check(""), @"chain: There is no certificate in PEM form: it begins with -----BEGIN CERTIFICATE-----");
    assert_snapshot!(check("hello"), @"chain: There is no certificate in PEM form: it begins with -----BEGIN CERTIFICATE-----");
    assert_snapshot!(check(key), @"chain: Has a private key in it; certificates alone belong here");
    assert_snapshot!(check(&format!("{leaf}{key}")), @"chain: Has a private key in it; certificates alone belong here");
    assert_snapshot!(check(&leaf.replace("CERTIFICATE", "CERTIFICATE REQUEST")), @"chain: Has a signing request in it; certificates alone belong here");
    assert_snapshot!(check(&format!("{ca}{leaf}")), @"chain: Certificate 2 of the chain has not issued the one before it: the server's stands first, then the one that issued it, and so on");
    assert_snapshot!(check(&format!("{leaf}{}", other.leaf)), @"chain: Certificate 2 of the chain has not issued the one before it: the server's stands first, then the one that issued it, and so on");
    assert_snapshot!(check("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), @"chain: Certificate 1 of the chain cannot be read");
    assert_snapshot!(check(&format!("{leaf}-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")), @"chain: Certificate 2 of the chain cannot be read");
    assert_snapshot!(check(&ca.repeat(11)), @"chain: Must have at most 10 certificates");
    assert_snapshot!(check(&"x".repeat(64 * 1024 + 1)), @"chain: Must have at most 64 KB");
    assert_snapshot!(check(ca), @"chain: Is for no name: it has no Subject Alternative Name, which clients look at");
    assert!(check(&leaf[..leaf.len() / 2]).starts_with("chain: Is not in PEM form: "));
    assert!(check(&leaf.replacen('M', "*", 3)).starts_with("chain: Is not in PEM form: "));
    let ended = signed(&["a.example.com"], -90..-1);
    assert!(tests::check(&ended.chain, &ended.key).starts_with("chain: Ended on 20"));
    // It may be uploaded before it begins.
    let early = signed(&["a.example.com"], 1..90);
    assert_eq!(tests::check(&early.chain, &early.key), "right");
}

#[test]
fn what_is_wrong_with_a_key_is_told_without_a_word_of_it() {
    let Signed { chain, key, .. } = &signed(&["a.example.com"], -1..90);
    let check = |key: &str| check(chain, key);
    let other = signed(&["a.example.com"], -1..90).key;
    let labelled = |label: &str| key.replace("PRIVATE KEY", label);
    assert_snapshot!(check(""), @"key: There is no private key in PEM form: it begins with -----BEGIN PRIVATE KEY-----");
    assert_snapshot!(check(chain), @"key: There is no private key in PEM form: it begins with -----BEGIN PRIVATE KEY-----");
    assert_snapshot!(check(&other), @"key: Does not belong to the certificate");
    assert_snapshot!(check(&format!("{key}{key}")), @"key: Has more than one private key");
    assert_snapshot!(check(&labelled("ENCRYPTED PRIVATE KEY")), @"key: Encrypted private keys are not supported");
    let old = labelled("RSA PRIVATE KEY");
    let old = old.replace(
        "KEY-----\nM",
        "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nM",
    );
    assert_snapshot!(check(&old), @"key: Encrypted private keys are not supported");
    let unusable = "key: Cannot be used: RSA keys of 2048 to 8192 bits, ECDSA keys on P-256 and P-384, and Ed25519 keys can";
    for wrong in [
        labelled("RSA PRIVATE KEY"),
        labelled("EC PRIVATE KEY"),
        key[..key.len() / 2].to_owned(),
        "-----BEGIN PRIVATE KEY-----\nsecret!\n-----END PRIVATE KEY-----\n".to_owned(),
        "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n".to_owned(),
    ] {
        assert_eq!(check(&wrong), unusable, "{wrong}");
    }
    assert_snapshot!(check(&"x".repeat(64 * 1024 + 1)), @"chain: Must have at most 64 KB");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(
        before in "\\PC{0,20}",
        label in "(CERTIFICATE|PRIVATE KEY|EC PRIVATE KEY|X509 CRL|[A-Z ]{0,8})",
        body in "[A-Za-z0-9+/=\\n -]{0,200}",
    ) {
        let text = format!("{before}\n-----BEGIN {label}-----\n{body}\n-----END {label}-----\n");
        check(&text, &text);
    }

    #[test]
    fn no_change_of_a_certificate_makes_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        use base64::Engine as _;

        static MADE: std::sync::LazyLock<(Vec<u8>, String)> = std::sync::LazyLock::new(|| {
            let made = signed(&["a.example.com"], -1..90);
            let der = CertificateDer::from_pem_slice(made.leaf.as_bytes()).unwrap();
            (der.to_vec(), made.key)
        });
        let (der, key) = &*MADE;
        let mut der = der.clone();
        for (place, byte) in changes {
            let place = place.index(der.len());
            der[place] = byte;
        }
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        check(&format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"), key);
    }
}
