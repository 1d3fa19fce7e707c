//! Certificates by ACME (RFC 8555): which server issues them, and when it is asked.

use serde::{Deserialize, Serialize};

use crate::parsed::parsed_string;
use crate::time::Timestamp;

/// The directory of Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// Pause after the first failure; after each further one it is twice as long.
const FIRST_PAUSE_MS: i64 = 60 * 1000;

/// Longest pause after a failure.
const LONGEST_PAUSE_MS: i64 = 12 * 60 * 60 * 1000;

/// The address at which an ACME server says what it can do: https, at most 512 characters,
/// without user, password, query and fragment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AcmeDirectory(String);

/// Why a text is not an [`AcmeDirectory`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAcmeDirectory {
    /// It is empty or too long.
    #[error("must have 1 to 512 characters, has {0}")]
    Length(usize),
    /// It is no address.
    #[error("must be an address, such as {LETS_ENCRYPT}")]
    Url,
    /// It is not encrypted.
    #[error("must begin with https://")]
    Scheme,
    /// It has more than an address of a directory has.
    #[error("must have no user, password, ? and #")]
    More,
}

impl AcmeDirectory {
    /// Parses the address; white space around it is dropped.
    pub fn parse(text: &str) -> Result<Self, InvalidAcmeDirectory> {
        use InvalidAcmeDirectory as Invalid;
        let text = text.trim();
        let chars = text.chars().count();
        if !(1..=512).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        let url = url::Url::parse(text).map_err(|_| Invalid::Url)?;
        if url.scheme() != "https" {
            return Err(Invalid::Scheme);
        }
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user || url.query().is_some() || url.fragment().is_some() {
            return Err(Invalid::More);
        }
        let url = String::from(url);
        match url.len() {
            bytes @ 513.. => Err(Invalid::Length(bytes)),
            _ => Ok(Self(url)),
        }
    }
}

impl Default for AcmeDirectory {
    /// Let's Encrypt.
    fn default() -> Self {
        Self(LETS_ENCRYPT.to_owned())
    }
}

parsed_string!(AcmeDirectory, InvalidAcmeDirectory);

/// An e-mail address that the ACME server may write to: at most 254 characters of ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AcmeContact(String);

/// Why a text is not an [`AcmeContact`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAcmeContact {
    /// It is empty or too long.
    #[error("must have 1 to 254 characters, has {0}")]
    Length(usize),
    /// It is no e-mail address.
    #[error("must be an e-mail address, such as admin@example.com")]
    Form,
}

impl AcmeContact {
    /// Parses the address; white space around it is dropped. What comes after `mailto:` must be one address
    /// without header fields (RFC 8555, section 7.3), so `,` and `?` are refused.
    pub fn parse(text: &str) -> Result<Self, InvalidAcmeContact> {
        use InvalidAcmeContact as Invalid;
        let text = text.trim();
        let chars = text.chars().count();
        if !(1..=254).contains(&chars) {
            return Err(Invalid::Length(chars));
        }
        let (user, host) = text.rsplit_once('@').ok_or(Invalid::Form)?;
        let is_user =
            |byte: u8| byte.is_ascii_alphanumeric() || b".!#$&'*+/=^_`{|}~-".contains(&byte);
        let is_host = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_right = !user.is_empty()
            && user.bytes().all(is_user)
            && host.contains('.')
            && host.split('.').all(is_host);
        match is_right {
            true => Ok(Self(text.to_owned())),
            false => Err(Invalid::Form),
        }
    }
}

parsed_string!(AcmeContact, InvalidAcmeContact);

/// Which ACME server issues certificates, and for whom. That its terms are agreed to is what makes such
/// a value: without it there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcmeSettings {
    /// Its directory.
    pub directory: AcmeDirectory,
    /// To whom it may write.
    pub contact: AcmeContact,
}

/// How it is with the certificate of a domain name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcmeState {
    /// Why the last attempt failed, where it did.
    pub failure: Option<AcmeFailure>,
    /// When the server is asked next: after a failure, or to renew what it has issued.
    pub next_try_at: Timestamp,
    /// Whether it is being asked.
    pub is_asking: bool,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcmeFailure {
    /// In the words of the server, as far as it said anything.
    pub reason: String,
    /// When it was.
    pub at: Timestamp,
}

/// When to ask again at `now`, after so many failures one after the other: a minute later, twice as long after each, at
/// most 12 hours.
pub fn after_failure(failures: u32, now: Timestamp) -> Timestamp {
    let doubled = 1_i64
        .checked_shl(failures.saturating_sub(1).min(30))
        .unwrap_or(i64::MAX);
    let pause = FIRST_PAUSE_MS.saturating_mul(doubled).min(LONGEST_PAUSE_MS);
    Timestamp(now.0.saturating_add(pause))
}

/// When a certificate is renewed: after two thirds of its life.
pub fn renewal_at(valid_from: Timestamp, valid_to: Timestamp) -> Timestamp {
    let life = valid_to.0.saturating_sub(valid_from.0).max(0);
    valid_to.minus_millis(life / 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_directory_is_an_address_over_https() {
        use InvalidAcmeDirectory::*;
        let check = |text: &str| AcmeDirectory::parse(text).map(String::from);
        let lan = "https://ca.lan:9000/acme/acme/directory";
        assert_eq!(check(&format!(" {lan} ")).as_deref(), Ok(lan));
        assert_eq!(check(LETS_ENCRYPT).as_deref(), Ok(LETS_ENCRYPT));
        assert_eq!(check("HTTPS://CA.lan").as_deref(), Ok("https://ca.lan/"));
        for (text, error) in [
            ("", Length(0)),
            (&*"x".repeat(513), Length(513)),
            ("directory", Url),
            ("https://", Url),
            ("http://ca.lan/directory", Scheme),
            ("file:///etc/passwd", Scheme),
            ("https://user@ca.lan/", More),
            ("https://:x@ca.lan/", More),
            ("https://ca.lan/?a", More),
            ("https://ca.lan/#a", More),
        ] {
            assert_eq!(check(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_contact_is_one_e_mail_address() {
        use InvalidAcmeContact::*;
        let check = |text: &str| AcmeContact::parse(text).map(String::from);
        for right in ["admin@example.com", "a.b+c@mail.example.org"] {
            assert_eq!(check(right).as_deref(), Ok(right));
        }
        assert_eq!(check(" "), Err(Length(0)));
        assert_eq!(check(&"x".repeat(255)), Err(Length(255)));
        for wrong in [
            "admin",
            "@example.com",
            "a@localhost",
            "a@b@example.com",
            "a,b@example.com",
            "a@example.com?cc=b",
            "a@example..com",
            "a b@example.com",
            "ä@example.com",
        ] {
            assert_eq!(check(wrong), Err(Form), "{wrong}");
        }
    }

    #[test]
    fn pauses_grow_to_half_a_day() {
        let minutes = |failures| after_failure(failures, Timestamp(0)).0 / 60_000;
        let pauses: Vec<_> = [1, 2, 3, 9, 10, 11, 1000].map(minutes).into();
        assert_eq!(pauses, [1, 2, 4, 256, 512, 720, 720]);
    }

    #[test]
    fn two_thirds_of_a_life_are_enough() {
        let at = |from, to| renewal_at(Timestamp(from), Timestamp(to)).0;
        assert_eq!(at(0, 90), 60);
        assert_eq!(at(10, 10), 10);
        assert_eq!(at(20, 10), 10); // nonsense is renewed at its end
    }

    proptest! {
        #[test]
        fn what_was_parsed_parses_again(text in "(https://)?[a-z@:/?#.\\PC]{0,40}") {
            if let Ok(directory) = AcmeDirectory::parse(&text) {
                prop_assert_eq!(AcmeDirectory::parse(directory.as_str()), Ok(directory));
            }
            if let Ok(contact) = AcmeContact::parse(&text) {
                prop_assert_eq!(AcmeContact::parse(contact.as_str()), Ok(contact));
            }
        }
    }
}
