//! Ids. Each kind of thing has its own type, so that one cannot be passed for
//! another. Ids are drawn by the server and handed in; this crate only parses.

use serde::{Deserialize, Serialize};

use crate::parsed::parsed_string;

/// A text that is not an id of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {form}")]
pub struct InvalidId {
    /// Which id was expected.
    pub what: &'static str,
    /// The form it should have had.
    pub form: &'static str,
}

macro_rules! hex_id {
    ($(#[$meta:meta])* $type:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Parses 32 lower-case hexadecimal digits.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let right = text.len() == 32
                    && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                right.then(|| Self(text.to_owned())).ok_or(InvalidId {
                    what: $what,
                    form: "32 lower-case hexadecimal digits",
                })
            }

            /// The id whose 16 bytes are given, for example drawn at random.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(hex_text(&bytes))
            }
        }

        parsed_string!($type, InvalidId);
    };
}

macro_rules! uuid_id {
    ($(#[$meta:meta])* $type:ident, $what:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Parses a UUID in lower case with hyphens.
            pub fn parse(text: &str) -> Result<Self, InvalidId> {
                let right = text.len() == 36
                    && text.bytes().enumerate().all(|(i, b)| match i {
                        8 | 13 | 18 | 23 => b == b'-',
                        _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
                    });
                right.then(|| Self(text.to_owned())).ok_or(InvalidId {
                    what: $what,
                    form: "a UUID in lower case, for example 458e8cfb-5f30-4582-9054-a17d60702c55",
                })
            }

            /// The id whose 16 bytes are given, for example those of a UUID
            /// drawn at random.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                let hex = hex_text(&bytes);
                Self([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
            }
        }

        parsed_string!($type, InvalidId);
    };
}

pub(crate) fn hex_text(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| {
            [
                DIGITS[usize::from(byte >> 4)],
                DIGITS[usize::from(byte & 15)],
            ]
        })
        .map(char::from)
        .collect()
}

hex_id!(
    /// Id of an API group; also the first label of its host name.
    ApiGroupId, "the API group id"
);
hex_id!(
    /// Id of the API that a trigger publishes.
    ApiId, "the API id"
);
hex_id!(
    /// Id of one call of a trigger URL: `X-Request-Id` and the event's
    /// `requestContext.requestId`.
    ApiRequestId, "the API request id"
);
hex_id!(
    /// Id of an environment of the gateway.
    EnvironmentId, "the environment id"
);
hex_id!(
    /// Id of a credential.
    CredentialId, "the credential id"
);
hex_id!(
    /// By which callers name an access key of a user: `Access=` of a signature.
    AccessKeyId, "the access key ID"
);
hex_id!(
    /// Id of an access token of a user.
    AccessTokenId, "the access token id"
);
hex_id!(
    /// Id of an AppCode.
    AppCodeId, "the AppCode id"
);
hex_id!(
    /// Id of a set of gateway responses.
    ResponseSetId, "the gateway response id"
);
hex_id!(
    /// Id of a policy.
    PolicyId, "the policy id"
);
hex_id!(
    /// Id of a certificate that was uploaded.
    CertificateId, "the certificate id"
);
hex_id!(
    /// Id of a domain name that is bound to an API group.
    DomainNameId, "the domain name id"
);
hex_id!(
    /// Id of a custom authorizer.
    AuthorizerId, "the authorizer id"
);
uuid_id!(
    /// Id of a function; it stays while the function lives.
    FunctionId, "the function id"
);
uuid_id!(
    /// Id of a trigger.
    TriggerId, "the trigger id"
);
uuid_id!(
    /// Id of one invocation of a function; log lines carry it.
    RequestId, "the request ID"
);
uuid_id!(
    /// Id of a user of the console.
    UserId, "the user id"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_has_the_form_of_a_uuid() {
        let id = RequestId::from_bytes([
            0x45, 0x8e, 0x8c, 0xfb, 0x5f, 0x30, 0x45, 0x82, 0x90, 0x54, 0xa1, 0x7d, 0x60, 0x70,
            0x2c, 0x55,
        ]);
        assert_eq!(id.as_str(), "458e8cfb-5f30-4582-9054-a17d60702c55");
        assert_eq!(RequestId::parse(id.as_str()), Ok(id));
        for wrong in [
            "",
            "458E8cfb-5f30-4582-9054-a17d60702c55",
            "458e8cfb5f3045829054a17d60702c55",
            "é58e8cfb-5f30-4582-9054-a17d60702c5",
        ] {
            assert!(RequestId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_group_id_has_32_hexadecimal_digits() {
        assert_eq!(ApiGroupId::from_bytes([0xab; 16]).as_str(), "ab".repeat(16));
        for wrong in ["", "abc", &"AB".repeat(16), &"zz".repeat(16)] {
            assert!(ApiGroupId::parse(wrong).is_err(), "{wrong}");
        }
    }
}
