//! Whether all who pass a request on see the same one.

use http::header::TRANSFER_ENCODING;
use http::request::Parts;

use crate::error::GatewayError;

/// Refuses a request whose body somebody on its way might see end elsewhere. Hyper has refused all
/// but this, or has decided: a `Transfer-Encoding` beats a `Content-Length`, and the connection then
/// ends with the request. But of codings it only looks at the last one, and what comes before
/// `chunked` would reach the function still encoded, or be another server's reason not to see
/// `chunked` at all. And it takes a host alone for a target, which only `CONNECT` may have.
pub(crate) fn check(request: &Parts) -> Result<(), GatewayError> {
    let path = request.uri.path();
    if !path.starts_with('/') && path != "*" {
        return Err(GatewayError::Malformed("the target is no path"));
    }
    let mut codings = request.headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(GatewayError::Malformed(
            "the Transfer-Encoding is another than chunked",
        )),
    }
}
