//! The local authority and the certificate that it signed for this machine.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sluice_domain::certificate::CertificateFacts;
use sluice_domain::domain_name::DomainName;
use sluice_domain::env_vars::Secret;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::certificate::Chain;
use super::{TlsError, config_of_files, content};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the authority is valid: long, because every renewal has to be
/// trusted again on every device.
const AUTHORITY_LIFE: Duration = Duration::from_secs(10 * 365 * DAY.as_secs());

/// How long the machine's certificate is valid. Browsers take at most 398 days.
const LEAF_LIFE: Duration = Duration::from_secs(397 * DAY.as_secs());

/// What is about to expire within this time is renewed: a server may run for
/// months before it is started again.
const RENEWAL: Duration = Duration::from_secs(120 * DAY.as_secs());

/// Clocks of other devices may be behind by as much.
const CLOCK_SKEW: Duration = DAY;

/// What the certificates were made for, so that a start can tell whether they
/// still fit. `tls.json` is written last: without it all is made anew.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    /// SHA-256 of `ca.pem`, which signed the certificate.
    authority_sha256: String,
    /// The domains that the authority can sign for.
    authority_domains: Vec<String>,
    /// When the authority expires, in seconds since 1970.
    authority_expires_s: u64,
    /// What the certificate is valid for.
    names: Vec<String>,
    /// When it expires, in seconds since 1970.
    expires_s: u64,
}

/// The files of the folder.
pub(super) struct Files {
    /// The authority's certificate, which people trust.
    pub ca: PathBuf,
    ca_key: PathBuf,
    cert: PathBuf,
    key: PathBuf,
    made: PathBuf,
}

impl Files {
    pub(super) fn of(dir: &Path) -> Self {
        Self {
            ca: dir.join("ca.pem"),
            ca_key: dir.join("ca.key"),
            cert: dir.join("server.pem"),
            key: dir.join("server.key"),
            made: dir.join("tls.json"),
        }
    }
}

/// The configuration with a certificate for `names`, made or renewed as far as
/// needed.
pub(super) fn ensure(
    dir: &Path,
    names: &[String],
    now: SystemTime,
) -> Result<Arc<ServerConfig>, TlsError> {
    make_private_dir(dir)?;
    let files = Files::of(dir);
    for key in [&files.ca_key, &files.key] {
        keep_private(key)?; // a backup may have been put back with other rights
    }
    let now_s = seconds(now);
    let made = read(&files.made)?.and_then(|text| serde_json::from_str::<Made>(&text).ok());
    let domains = domains(names);

    let authority = match (read(&files.ca)?, read(&files.ca_key)?) {
        (Some(ca), Some(key)) => Some((ca, key)),
        (None, None) => None,
        (Some(_), None) => return Err(half(&files.ca_key, &files.ca)),
        (None, Some(_)) => return Err(half(&files.ca, &files.ca_key)),
    };
    // An authority that someone put there fits as far as is known.
    let fits = |made: &Made, ca: &str| {
        sha256(ca) != made.authority_sha256
            || (made.authority_expires_s > now_s + RENEWAL.as_secs()
                && domains.iter().all(|it| made.authority_domains.contains(it)))
    };
    let (ca, ca_key, ca_made) = match authority {
        Some((ca, key)) if made.as_ref().is_none_or(|made| fits(made, &ca)) => (ca, key, None),
        old => {
            if old.is_some() {
                tracing::warn!(
                    tls.authority = %files.ca.display(),
                    "the local certificate authority expires or was made for other domains; a new one is made and has to be trusted again: `sluice ca` tells how"
                );
            }
            let (ca, key) = make_authority(&domains, now)?;
            write(&files.ca_key, key.as_bytes(), Access::Owner)?;
            write(&files.ca, ca.as_bytes(), Access::Everyone)?;
            let expires_s = now_s + AUTHORITY_LIFE.as_secs();
            (ca, key, Some((domains.clone(), expires_s)))
        }
    };

    let authority_sha256 = sha256(&ca);
    let known = made.filter(|made| made.authority_sha256 == authority_sha256);
    if let Some(made) = &known
        && made.names == names
        && made.expires_s > now_s + RENEWAL.as_secs()
        && let Ok(config) = config_of_files(&files.cert, &files.key)
    {
        return Ok(config);
    }
    let (cert, key) = make_leaf(&files, &ca, &ca_key, names, now)?;
    write(&files.key, key.as_bytes(), Access::Owner)?;
    write(&files.cert, cert.as_bytes(), Access::Everyone)?;
    let (authority_domains, authority_expires_s) = ca_made
        .or_else(|| known.map(|made| (made.authority_domains, made.authority_expires_s)))
        .unwrap_or((domains, u64::MAX - RENEWAL.as_secs()));
    let made = Made {
        authority_sha256,
        authority_domains,
        authority_expires_s,
        names: names.to_vec(),
        expires_s: now_s + LEAF_LIFE.as_secs(),
    };
    let text = serde_json::to_string_pretty(&made).expect("strings and numbers are JSON");
    write(&files.made, text.as_bytes(), Access::Everyone)?;
    tracing::info!(tls.names = names.join(" "), "a certificate was made");
    config_of_files(&files.cert, &files.key)
}

/// A certificate that the authority has issued for a domain name. It is kept in memory only: another
/// one is as good.
pub struct Issued {
    /// It, in PEM form.
    pub chain: String,
    /// Its private key in PEM form.
    pub key: Secret,
    /// What it says of itself.
    pub facts: CertificateFacts,
}

impl Issued {
    /// False when it is time to renew it.
    pub fn stays(&self, now: SystemTime) -> bool {
        let renewed_s = seconds(now + RENEWAL);
        u64::try_from(self.facts.valid_to.millis() / 1000).is_ok_and(|end| end > renewed_s)
    }
}

/// Issues a certificate for a domain name.
pub(super) fn issue(dir: &Path, name: &DomainName, now: SystemTime) -> Result<Issued, TlsError> {
    let files = Files::of(dir);
    let missing = |path: &Path| content(path, "is missing".to_owned());
    let ca = read(&files.ca)?.ok_or_else(|| missing(&files.ca))?;
    let ca_key = read(&files.ca_key)?.ok_or_else(|| missing(&files.ca_key))?;
    let unreadable = || content(&files.ca, "cannot be read".to_owned());
    let permitted = permitted(&ca).ok_or_else(unreadable)?;
    let below = name.below().unwrap_or(name.as_str());
    let covers = |domain: &String| {
        let rest = below.strip_suffix(domain.trim_start_matches('.'));
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if let Some(domains) = permitted
        && !domains.iter().any(covers)
    {
        let permitted = domains.join(", ");
        return Err(TlsError::NotPermitted { permitted });
    }
    let (chain, key) = make_leaf(&files, &ca, &ca_key, &[name.to_string()], now)?;
    let facts = Chain::read(&chain).map_err(|_| unreadable())?.facts;
    Ok(Issued {
        chain,
        key: Secret::new(key),
        facts,
    })
}

/// The domains that an authority can sign for: all where it does not say. None where it cannot be read.
fn permitted(ca: &str) -> Option<Option<Vec<String>>> {
    let der = CertificateDer::from_pem_slice(ca.as_bytes()).ok()?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let constraints = certificate.name_constraints().ok()?;
    let Some(permitted) = constraints.and_then(|it| it.value.permitted_subtrees.as_ref()) else {
        return Some(None);
    };
    let domains = permitted.iter().filter_map(|subtree| match subtree.base {
        GeneralName::DNSName(domain) => Some(domain.to_ascii_lowercase()),
        _ => None,
    });
    Some(Some(domains.collect()))
}

/// The domains that cover the names: `localhost` covers what ends in
/// `.localhost`, a wildcard's parent covers the wildcard. Addresses are left
/// out: they change with the network, and the authority is not bound in them.
fn domains(names: &[String]) -> Vec<String> {
    let names = names.iter().filter(|name| !is_address(name));
    let mut domains: Vec<&str> = names
        .map(|name| name.strip_prefix("*.").unwrap_or(name))
        .collect();
    domains.sort_unstable_by_key(|domain| (domain.len(), *domain));
    let mut covering: Vec<String> = Vec::new();
    for domain in domains {
        let covered = |by: &String| {
            let rest = domain.strip_suffix(by.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if !covering.iter().any(covered) {
            covering.push(domain.to_owned());
        }
    }
    covering
}

fn is_address(name: &str) -> bool {
    name.parse::<std::net::IpAddr>().is_ok()
}

fn make_authority(domains: &[String], now: SystemTime) -> Result<(String, String), TlsError> {
    let failed = |source| TlsError::Make {
        names: "the local authority".to_owned(),
        source,
    };
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::default();
    // The date tells several apart in a browser's list of authorities.
    let mut name = DistinguishedName::new();
    let made_on = time::OffsetDateTime::from(now).date();
    name.push(DnType::OrganizationName, "Sluice");
    name.push(
        DnType::CommonName,
        format!("Sluice local authority {made_on}"),
    );
    params.distinguished_name = name;
    params.not_before = (now - CLOCK_SKEW).into();
    params.not_after = (now + AUTHORITY_LIFE).into();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let permitted = domains.iter().cloned().map(GeneralSubtree::DnsName);
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted.collect(),
        excluded_subtrees: Vec::new(),
    });
    let ca = params.self_signed(&key).map_err(failed)?;
    Ok((ca.pem(), key.serialize_pem()))
}

fn make_leaf(
    files: &Files,
    ca: &str,
    ca_key: &str,
    names: &[String],
    now: SystemTime,
) -> Result<(String, String), TlsError> {
    let ca_key = KeyPair::from_pem(ca_key)
        .map_err(|error| content(&files.ca_key, format!("is not a private key: {error}")))?;
    let issuer = Issuer::from_ca_cert_pem(ca, ca_key)
        .map_err(|error| content(&files.ca, format!("is not a certificate: {error}")))?;
    let failed = |source| TlsError::Make {
        names: names.join(", "),
        source,
    };
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = CertificateParams::new(names).map_err(failed)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "Sluice");
    params.distinguished_name = name;
    params.not_before = (now - CLOCK_SKEW).into();
    params.not_after = (now + LEAF_LIFE - CLOCK_SKEW).into(); // all in all 397 days
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let cert = params.signed_by(&key, &issuer).map_err(failed)?;
    Ok((cert.pem(), key.serialize_pem()))
}

fn half(missing: &Path, other: &Path) -> TlsError {
    content(
        missing,
        format!(
            "is missing; put it back, or remove {} to have a new authority made, which then has to be trusted again",
            other.display()
        ),
    )
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// The text of a file; none when there is no such file.
fn read(path: &Path) -> Result<Option<String>, TlsError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(file_error(path, "read", source)),
    }
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Owner,
    Everyone,
}

/// Writes a file whole or not at all: a crash leaves the old one.
fn write(path: &Path, content: &[u8], access: Access) -> Result<(), TlsError> {
    let new = path.with_extension("new");
    let written = || {
        let _ = fs::remove_file(&new); // one left by a crash could have other rights
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(if access == Access::Owner {
                0o600
            } else {
                0o644
            });
        }
        let mut file = options.open(&new)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&new, path)
    };
    let _ = access; // rights are a matter of Unix
    written().map_err(|source| file_error(path, "written", source))
}

fn make_private_dir(dir: &Path) -> Result<(), TlsError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder
        .create(dir)
        .map_err(|source| file_error(dir, "made", source))
}

/// Takes a key's rights away from all but its owner.
fn keep_private(key: &Path) -> Result<(), TlsError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        match fs::metadata(key) {
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                fs::set_permissions(key, fs::Permissions::from_mode(0o600))
                    .map_err(|source| file_error(key, "kept private", source))?;
            }
            _ => {}
        }
    }
    let _ = key; // rights are a matter of Unix
    Ok(())
}

fn file_error(path: &Path, doing: &'static str, source: io::Error) -> TlsError {
    TlsError::File {
        path: path.to_owned(),
        doing,
        source,
    }
}
