//! How long the line and the headers of a request may be.
//! Source: APIG user guide, Error Codes, `APIG.0201`.

use http::request::Parts;

use crate::error::GatewayError;

/// Longest URI in bytes.
const MAX_URI_BYTES: usize = 32 * 1024;
/// Longest header, name and value, in bytes.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// Most bytes of all headers together.
const MAX_HEADERS_BYTES: usize = 128 * 1024;
/// Most headers, which is also what hyper reads over HTTP/1.
const MAX_HEADERS: usize = 100;

/// Refuses a request whose URI or headers are too long. The HTTP server has
/// limits of its own below these, against what is longer by far.
pub(crate) fn check(request: &Parts) -> Result<(), GatewayError> {
    let uri = &request.uri;
    let uri_bytes = uri.path().len() + uri.query().map_or(0, |query| query.len() + 1);
    if uri_bytes > MAX_URI_BYTES {
        return Err(GatewayError::UriTooLarge { bytes: uri_bytes });
    }
    if request.headers.len() > MAX_HEADERS {
        return Err(GatewayError::HeadersTooLarge);
    }
    let mut all_bytes = 0;
    for (name, value) in &request.headers {
        let bytes = name.as_str().len() + value.len();
        all_bytes += bytes;
        if bytes > MAX_HEADER_BYTES || all_bytes > MAX_HEADERS_BYTES {
            return Err(GatewayError::HeadersTooLarge);
        }
    }
    Ok(())
}
