//! Debug: what can be debugged of an API, and a request to it.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use sluice_app::console::ConsoleError;
use sluice_app::debug::{BodyView, DebugAnswer, DebugTarget, PublishedIn};
use sluice_domain::debug::{DebugRequest, MAX_SHOWN_BYTES};
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::ApiId;
use sluice_executor::Deployment;
use sluice_gateway::{Debugged, Listener, PublishedApi};

use super::{RequestConsole, internal};

/// A published API of a function.
type Api = std::sync::Arc<PublishedApi<std::sync::Arc<Deployment>>>;

/// More bytes than an answer of a function has.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// How many bytes of an answer that is no text are shown.
const SHOWN_IN_HEX: usize = 256;

/// Images that a browser shows, and that run nothing within an `img`.
const IMAGES: [&str; 8] = [
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "image/avif",
    "image/bmp",
    "image/x-icon",
    "image/svg+xml",
];

impl RequestConsole {
    pub(super) async fn debug_target(&self, api_id: ApiId) -> Result<DebugTarget, ConsoleError> {
        self.signed_in().await?;
        let apis = self.debugged_apis(&api_id);
        let first = apis.first().ok_or_else(not_published)?;
        let api_name = first.api.settings.api_name.clone();
        let published = apis.iter().map(|api| self.published_in(api)).collect();
        Ok(DebugTarget {
            api_id,
            api_name,
            published,
        })
    }

    pub(super) async fn send_debug(
        &self,
        api_id: ApiId,
        environment: EnvironmentName,
        request: DebugRequest,
    ) -> Result<DebugAnswer, ConsoleError> {
        let user = self.signed_in().await?;
        let apis = self.debugged_apis(&api_id);
        let api = apis.iter().find(|api| api.environment == environment);
        let api = api.ok_or_else(not_published)?;
        let listener = Listener {
            tls: api.api.settings.protocol.allows(true),
        };
        let request = self.sent_to(api, &request)?;
        let gateway = self.shared.publisher.gateway();
        let debugged = gateway.debug(listener, request, user).await;
        self.answered(debugged, &environment).await
    }

    /// Where the API is published; in no order but that of the routes.
    fn debugged_apis(&self, api_id: &ApiId) -> Vec<Api> {
        let routes = self.shared.publisher.gateway().published();
        let apis = routes.apis().filter(|api| api.api.api_id == *api_id);
        apis.cloned().collect()
    }

    fn published_in(&self, api: &Api) -> PublishedIn {
        let settings = &api.api.settings;
        let addresses = &self.shared.addresses;
        let (url, path_url) = addresses.of(&settings.group_id, settings, &self.host);
        let without_path = |url: &str| {
            let base = url.strip_suffix(settings.path.as_str());
            base.unwrap_or(url).to_owned()
        };
        let deployment = api.deployment.as_ref();
        PublishedIn {
            environment: api.environment.clone(),
            method: settings.method,
            path: settings.path.clone(),
            matching: settings.matching,
            parameters: settings.request_parameters.clone(),
            authentication: settings.authentication,
            base_url: without_path(&url),
            base_path_url: without_path(&path_url),
            function: deployment.map(|it| it.spec().function_name.clone()),
        }
    }

    /// The request as the gateway gets it from callers.
    fn sent_to(&self, api: &Api, request: &DebugRequest) -> Result<Request, ConsoleError> {
        let wrong =
            || ConsoleError::refused("APIG.2030", 400, "Bad request for debugging the API.");
        let fields = request.fields();
        let uri: Uri = request.target().parse().map_err(|_| wrong())?;
        let settings = &api.api.settings;
        let addresses = &self.shared.addresses;
        let (url, _) = addresses.of(&settings.group_id, settings, &self.host);
        let host = url.split('/').nth(2).unwrap_or_default();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().map_err(|_| wrong())?);
        if api.environment.as_str() != EnvironmentName::RELEASE {
            let stage = HeaderValue::from_str(api.environment.as_str());
            headers.insert("x-stage", stage.map_err(|_| wrong())?);
        }
        if !fields.body.is_empty() {
            headers.insert(header::CONTENT_LENGTH, fields.body.len().into());
        }
        for (name, value) in &fields.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?;
            headers.append(name, value);
        }
        let mut sent = Request::builder().method(fields.method.name()).uri(uri);
        if let Some(of_sent) = sent.headers_mut() {
            *of_sent = headers;
        }
        sent.body(Body::from(fields.body.clone()))
            .map_err(|_| wrong())
    }

    async fn answered(
        &self,
        debugged: Debugged,
        environment: &EnvironmentName,
    ) -> Result<DebugAnswer, ConsoleError> {
        let called = debugged.api_id.map(|api_id| self.debugged_apis(&api_id));
        let called = called.unwrap_or_default();
        let called = called.iter().find(|api| api.environment == *environment);
        let function = called.and_then(|api| api.deployment.as_ref());
        let function = function.map(|deployment| deployment.spec().function_name.clone());
        let (head, body) = debugged.response.into_parts();
        let body = axum::body::to_bytes(body, MAX_ANSWER_BYTES).await;
        let body = body.map_err(|error| internal(&error))?;
        let response = Response::from_parts(head, body);
        Ok(DebugAnswer {
            status: response.status().as_u16(),
            reason: reason(response.status()).to_owned(),
            headers: shown_headers(response.headers()),
            body: shown_body(response.headers(), response.body()),
            body_bytes: response.body().len() as u64,
            took_us: debugged.took_us,
            steps: debugged.steps,
            called_api: called.map(|api| api.api.settings.api_name.clone()),
            log: function.zip(debugged.invocation_id),
        })
    }
}

fn not_published() -> ConsoleError {
    let message = "The API does not exist, or is not published in this environment.";
    ConsoleError::refused("APIG.3002", 404, message)
}

/// What a status means. The vendor's own one is known to nobody else.
fn reason(status: StatusCode) -> &'static str {
    match status.as_u16() {
        494 => "Request Header Too Large",
        _ => status.canonical_reason().unwrap_or_default(),
    }
}

fn shown_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.to_string(), value.into_owned())
    });
    shown.collect()
}

/// The body as the page shows it: never as a page of its own.
fn shown_body(headers: &HeaderMap, body: &Bytes) -> BodyView {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let in_hex = || {
        let first = &body[..body.len().min(SHOWN_IN_HEX)];
        BodyView::Bytes {
            beginning: first.to_vec(),
        }
    };
    if headers.contains_key(header::CONTENT_ENCODING) {
        return in_hex();
    }
    let image = IMAGES.iter().find(|image| kind.eq_ignore_ascii_case(image));
    if let Some(image) = image
        && !body.is_empty()
        && body.len() <= MAX_SHOWN_BYTES
    {
        let data = BASE64.encode(body);
        return BodyView::Image {
            data_url: format!("data:{image};base64,{data}"),
        };
    }
    match std::str::from_utf8(body) {
        Ok(text) if !text.contains('\0') => {
            let shown = text.floor_char_boundary(MAX_SHOWN_BYTES);
            BodyView::Text {
                text: text[..shown].to_owned(),
                is_cut: shown < text.len(),
            }
        }
        _ => in_hex(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)], body: &[u8]) -> BodyView {
        let headers = headers.iter().map(|&(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        shown_body(&headers.collect(), &Bytes::copy_from_slice(body))
    }

    fn text(text: &str, is_cut: bool) -> BodyView {
        let text = text.to_owned();
        BodyView::Text { text, is_cut }
    }

    #[test]
    fn a_body_is_shown_as_what_it_is() {
        let of = |kind| [("content-type", kind)];
        assert_eq!(check(&[], b""), text("", false));
        assert_eq!(
            check(&of("text/html"), b"<script>"),
            text("<script>", false)
        );
        assert_eq!(check(&of("image/jpeg2"), b"x"), text("x", false));
        let data_url = "data:image/png;base64,AP8=".to_owned();
        assert_eq!(
            check(&of("Image/PNG; a=b"), b"\0\xff"),
            BodyView::Image { data_url }
        );
        for (headers, body) in [
            (of("text/plain"), b"\xff\xfe".as_slice()),
            (of("application/octet-stream"), b"a\0b"),
            ([("content-encoding", "br")], b"text"),
        ] {
            let beginning = body.to_vec();
            assert_eq!(check(&headers, body), BodyView::Bytes { beginning });
        }
    }

    #[test]
    fn of_a_long_body_the_beginning_is_shown() {
        let long = "ä".repeat(MAX_SHOWN_BYTES);
        let shown = "ä".repeat(MAX_SHOWN_BYTES / 2);
        assert_eq!(check(&[], long.as_bytes()), text(&shown, true));
        let BodyView::Bytes { beginning } = check(&[], &[0xff; 1000]) else {
            panic!("it is no text");
        };
        assert_eq!(beginning.len(), SHOWN_IN_HEX);
        // A large image is no picture any more.
        let large = vec![0xff; MAX_SHOWN_BYTES + 1];
        let kind = [("content-type", "image/png")];
        assert!(matches!(check(&kind, &large), BodyView::Bytes { .. }));
    }
}
