//! The site's files: embedded in the binary, compressed ahead, named by their
//! content so that a browser may keep them for ever.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sluice_app::Assets;

/// The built site, with `.br` and `.gz` files beside each file.
#[derive(RustEmbed)]
#[folder = "$SLUICE_SITE_DIR"]
struct Site;

/// Where the site's files are served.
pub const PREFIX: &str = "/assets/";

/// The addresses of script, style and WebAssembly, as the manifest of the
/// build names them. None when the build left one out.
pub fn assets() -> Option<Assets> {
    let manifest = Site::get("manifest.json")?;
    let names: std::collections::BTreeMap<String, String> =
        serde_json::from_slice(&manifest.data).ok()?;
    let address = |name: &str| names.get(name).map(|file| format!("{PREFIX}{file}"));
    Some(Assets {
        script: address("sluice.js")?,
        wasm: address("sluice_bg.wasm")?,
        style: address("main.css")?,
        editor: address("code-editor.js")?,
    })
}

/// Serves one file of the site in the best encoding that the browser takes.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let accepts = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let takes = |encoding: &str| {
        accepts.split(',').any(|offer| {
            offer
                .split(';')
                .next()
                .is_some_and(|offer| offer.trim() == encoding)
        })
    };
    let encodings = [("br", ".br"), ("gzip", ".gz")];
    let compressed = encodings
        .iter()
        .filter(|(encoding, _)| takes(encoding))
        .find_map(|(encoding, ending)| {
            Site::get(&format!("{name}{ending}")).map(|file| (file, Some(*encoding)))
        });
    let Some((file, encoding)) = compressed.or_else(|| Site::get(&name).map(|file| (file, None)))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = Response::new(match file.data {
        std::borrow::Cow::Borrowed(bytes) => Body::from(bytes),
        std::borrow::Cow::Owned(bytes) => Body::from(bytes),
    });
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(media_type(&name)),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}
