//! Why callers are not let through, for them. None of it tells a secret.

/// Why a signature does not prove anything, whoever it is to be of.
#[derive(Debug, thiserror::Error)]
pub enum SignatureRefused {
    /// There is none.
    #[error("the header Authorization is missing")]
    Missing,
    /// There is something else.
    #[error("Authorization must be SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…")]
    Form,
    /// A header that says who calls is there twice.
    #[error("the header {0} is given more than once")]
    Twice(&'static str),
    /// The date of the signature cannot be read.
    #[error("X-Sdk-Date must have the form YYYYMMDDTHHMMSSZ")]
    Date,
    /// The signature is too old, or of the future.
    #[error("signature expired, signature time:{signed},server time:{now}")]
    Expired {
        /// When it was made, as it says.
        signed: String,
        /// The time here.
        now: String,
    },
    /// A header that was signed did not come.
    #[error("the signed header {0} is missing")]
    HeaderMissing(String),
    /// A header that has to be is not part of what is signed.
    #[error("{0} is not among the signed headers")]
    NotSigned(&'static str),
    /// A header is named several times.
    #[error("SignedHeaders names {0} more than once")]
    SignedTwice(String),
    /// The path is not the same for the signature and for the API.
    #[error("a signed path must not have %2F")]
    EscapedSlash,
    /// The body is another than the one that the signature speaks of.
    #[error("the body is not the one of X-Sdk-Content-Sha256")]
    Body,
    /// The signature is of another request, or made with another secret. The request as it had to
    /// be signed is for the caller alone, and not for the server's log.
    #[error("signature verification failed")]
    Signature(String),
    /// The same signed request came before.
    #[error("X-Sdk-Nonce was used before")]
    Replayed,
}

impl SignatureRefused {
    /// What the caller is told.
    fn told(&self) -> String {
        match self {
            Self::Signature(request) => format!("{self}, canonicalRequest:{request}"),
            _ => self.to_string(),
        }
    }
}

/// Why a caller of an API with App authentication is not let through.
#[derive(Debug, thiserror::Error)]
pub enum AppRefused {
    /// The signature proves nothing.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
    /// No credential has this AppKey.
    #[error("app not found, appkey {0}")]
    UnknownKey(String),
    /// No credential has this AppCode.
    #[error("app not found, appcode")]
    UnknownCode,
    /// An AppCode that anybody on the way can read is no secret.
    #[error("an AppCode is accepted over HTTPS only")]
    CodeInPlainText,
    /// A secret that anybody on the way can read is none.
    #[error("{0} is accepted over HTTPS only")]
    InPlainText(&'static str),
    /// Of two headers there is one.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// The AppSecret is not that of the AppKey.
    #[error("the AppSecret is wrong")]
    WrongSecret,
    /// What follows `Basic` is something else.
    #[error("Authorization must be Basic and the Base64 of AppKey:AppSecret")]
    BasicForm,
    /// No credential has this AppSecret.
    #[error("app not found, apikey")]
    UnknownApiKey,
    /// There is no time.
    #[error("Timestamp must be the milliseconds or seconds since 1970")]
    Timestamp,
    /// The digest is too old, or of the future.
    #[error("Timestamp is more than 15 minutes from the server's time")]
    Expired,
    /// There is no digest.
    #[error(
        "Authorization must be the SHA-256 of AppKey, AppSecret and Timestamp in hexadecimal digits"
    )]
    DigestForm,
    /// No credential has this digest.
    #[error("app not found, digest")]
    WrongDigest,
    /// The API wants a signature.
    #[error("the API has no simple authentication")]
    CodeNotAllowed,
}

impl AppRefused {
    /// What the caller is told.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Signature(refused) => refused.told(),
            _ => self.to_string(),
        }
    }
}

/// Why a caller of an API with IAM authentication is not let through. Source: APIG user guide,
/// Error Codes, `APIG.0301`.
#[derive(Debug, thiserror::Error)]
pub enum IamRefused {
    /// The signature proves nothing.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
    /// No access key has this id, or it is disabled.
    #[error("Get secretKey failed,ak:{0},err:ak not exist")]
    UnknownKey(String),
    /// No token is this one, or it is over.
    #[error("decrypt token fail")]
    UnknownToken,
    /// A token that anybody on the way can read is no secret.
    #[error("X-Auth-Token is accepted over HTTPS only")]
    TokenInPlainText,
    /// There were too many wrong signatures with the access key.
    #[error("AK access failed to reach the limit,forbidden")]
    Locked,
}

impl IamRefused {
    /// What the caller is told.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Signature(refused) => refused.told(),
            _ => self.to_string(),
        }
    }
}
