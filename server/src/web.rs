//! The console over HTTP: its pages, its server functions, its files, and what
//! keeps strangers out.

mod packages;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use leptos::config::LeptosOptions;
use leptos::context::{provide_context, use_context};
use leptos::nonce::use_nonce;
use leptos_axum::{
    LeptosRoutes, ResponseOptions, generate_route_list, handle_server_fns_with_context,
    render_route_with_context,
};
use sluice_app::console::{ConsoleContext, ConsoleError};
use sluice_app::{App, Assets, Theme, routes, shell};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use crate::console::{LeadOn, RequestConsole, Shared};
use crate::session_store::{StoredSessions, USER_ID};
use crate::site;

/// Name of the session's cookie. The gateway keeps it from functions.
pub const SESSION_COOKIE: &str = "sluice_session";

/// A session ends when it was not used for so long.
const SESSION_DAYS: i64 = 7;
const SESSION_LENGTH: Expiry = Expiry::OnInactivity(Duration::days(SESSION_DAYS));

/// Largest request to the console: all text of the editor as JSON, or an archive of 40 MB.
const MAX_REQUEST_BYTES: usize = 48 * 1024 * 1024;

/// Largest request to sign in, which strangers can send.
const MAX_SIGN_IN_BYTES: usize = 16 * 1024;

/// The console's router. Without a session it answers with the sign-in form.
pub fn router(shared: Arc<Shared>, assets: Assets, secure_cookie: bool) -> Router {
    let sessions = SessionManagerLayer::new(StoredSessions(shared.store.clone()))
        .with_name(SESSION_COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(secure_cookie)
        .with_expiry(SESSION_LENGTH);
    let options = LeptosOptions::builder().output_name("sluice").build();
    let pages = generate_route_list(App);
    let context = {
        let shared = shared.clone();
        move || provide_request(&shared)
    };
    let server_functions = {
        let context = context.clone();
        move |request: Request| serve_function(context.clone(), request)
    };
    Router::new()
        .route(
            "/api/session/{*path}",
            any(server_functions.clone()).layer(RequestBodyLimitLayer::new(MAX_SIGN_IN_BYTES)),
        )
        .route("/api/{*path}", any(server_functions))
        .merge(packages::routes(&shared))
        // Pages alone: Leptos would also serve the functions, in its own way.
        .leptos_routes_with_handler(
            pages.clone(),
            render_route_with_context(pages, context, move || shell(&assets)),
        )
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(shared, guard))
        .layer(sessions)
        .layer(RequestBodyLimitLayer::new(MAX_REQUEST_BYTES))
        .route(&format!("{}{{*name}}", site::PREFIX), get(site::serve))
        .layer(middleware::from_fn(security_headers))
        .layer(CatchPanicLayer::new())
        .with_state(options)
}

/// Set once the answer has got its status from the console.
#[derive(Clone, Default)]
struct StatusSet(Arc<AtomicBool>);

/// Serves a server function. What fails before the console is asked fails for
/// its arguments, which is not the server's fault.
async fn serve_function(
    context: impl Fn() + Clone + Send + 'static,
    mut request: Request,
) -> Response {
    let status_set = StatusSet::default();
    request.extensions_mut().insert(status_set.clone());
    // In a task of its own: a browser that goes away must not stop a change
    // between what is stored and what is published.
    let serving = tokio::spawn(async move {
        handle_server_fns_with_context(context, request)
            .await
            .into_response()
    });
    let Ok(mut response) = serving.await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR
        && !status_set.0.load(Ordering::Relaxed)
    {
        *response.status_mut() = StatusCode::BAD_REQUEST;
    }
    response
}

async fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is no such page.").into_response()
}

/// Gives a page or a server function the console of its request.
fn provide_request(shared: &Arc<Shared>) {
    let (Some(parts), Some(response)) = (use_context::<Parts>(), use_context::<ResponseOptions>())
    else {
        return;
    };
    let Some(session) = parts.extensions.get::<Session>().cloned() else {
        return;
    };
    provide_context(cookie(&parts.headers, "theme").map_or(Theme::System, Theme::from_name));
    if let Some(nonce) = use_nonce() {
        let policy = format!(
            "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self' 'nonce-{nonce}'; \
             img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    let console = RequestConsole::new(
        shared.clone(),
        session,
        host(&parts),
        lead_on(&parts, &response),
        next(&parts.headers),
    );
    provide_context(ConsoleContext {
        console: Arc::new(console),
        set_status: Arc::new(move |status| {
            if let Some(StatusSet(set)) = parts.extensions.get() {
                set.store(true, Ordering::Relaxed);
            }
            // A form sent without JavaScript is led back to its page, with the error in the address.
            if let (Ok(status), false) = (StatusCode::from_u16(status), is_form(&parts)) {
                response.set_status(status);
            }
        }),
    });
}

/// True for a form that the browser sent by itself, without JavaScript.
fn is_form(parts: &Parts) -> bool {
    let accepts_pages = parts
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    parts.method == Method::POST && accepts_pages
}

/// Leads a form that was sent without JavaScript on to another page. With
/// JavaScript the page leads on by itself.
fn lead_on(parts: &Parts, response: &ResponseOptions) -> LeadOn {
    if !is_form(parts) {
        return Arc::new(|_| {});
    }
    let response = response.clone();
    Arc::new(move |path| {
        if let Ok(path) = HeaderValue::from_str(path) {
            response.insert_header(header::LOCATION, path);
            response.set_status(StatusCode::SEE_OTHER);
        }
    })
}

/// The page that was asked for before signing in: in the address of the form
/// that was sent.
fn next(headers: &HeaderMap) -> Option<String> {
    let form: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let Query(query) = Query::<HashMap<String, String>>::try_from_uri(&form).ok()?;
    query.get("next").cloned()
}

/// Name of the host by which the browser reached the console, without a port.
fn host(parts: &Parts) -> String {
    authority(parts.headers.get(header::HOST), &parts.uri).map_or_else(
        || "localhost".to_owned(),
        |authority| authority.host().to_owned(),
    )
}

fn authority(host: Option<&HeaderValue>, uri: &Uri) -> Option<Authority> {
    uri.authority()
        .cloned()
        .or_else(|| host?.to_str().ok()?.parse().ok())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// Nothing of the console answers without a session, but the forms that begin
/// one. What another site sends is refused whatever the session: a page served
/// by the gateway may be of the same site, on another port.
async fn guard(
    State(shared): State<Arc<Shared>>,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD)
        && is_foreign(request.headers(), request.uri())
    {
        return (
            StatusCode::FORBIDDEN,
            "This request came from another site.",
        )
            .into_response();
    }
    let path = request.uri().path();
    // A session in daily use does not end; it is written anew once a day.
    let expires_in = session.expiry_date() - OffsetDateTime::now_utc();
    let signed_in = match session.get_value(USER_ID).await {
        Ok(user) => user.is_some(),
        Err(error) => {
            tracing::error!(
                error = crate::logging::chain(&error),
                "could not read a session"
            );
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    if signed_in && expires_in < Duration::days(SESSION_DAYS - 1) {
        session.set_expiry(Some(SESSION_LENGTH));
    }
    if path.starts_with("/api/") {
        return if signed_in || path.starts_with("/api/session/") {
            next.run(request).await
        } else {
            let error = serde_json::to_string(&ConsoleError::SignedOut).unwrap_or_default();
            (
                StatusCode::UNAUTHORIZED,
                [(header::CONTENT_TYPE, "application/json")],
                error,
            )
                .into_response()
        };
    }
    let first_visit = match shared.store.count_users().await {
        Ok(users) => users == 0,
        Err(error) => {
            tracing::error!(
                error = crate::logging::chain(&error),
                "could not count the users"
            );
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let entrance = if first_visit {
        routes::WELCOME
    } else {
        routes::SIGN_IN
    };
    match (
        signed_in,
        path == entrance,
        path == routes::SIGN_IN || path == routes::WELCOME,
    ) {
        (false, true, _) | (true, _, false) => next.run(request).await,
        (true, _, true) => Redirect::to(routes::FUNCTIONS).into_response(),
        (false, false, true) => Redirect::to(entrance).into_response(),
        (false, false, false) if first_visit => Redirect::to(entrance).into_response(),
        (false, false, false) => {
            let asked = request
                .uri()
                .path_and_query()
                .map_or("/", |path| path.as_str());
            Redirect::to(&if asked == "/" {
                routes::SIGN_IN.to_owned()
            } else {
                routes::sign_in(asked)
            })
            .into_response()
        }
    }
}

/// True when a browser says that another origin's page sent this.
fn is_foreign(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return false; // not a browser
    };
    let origin = origin
        .to_str()
        .ok()
        .and_then(|origin| origin.parse::<Uri>().ok())
        .and_then(|origin| origin.authority().cloned());
    origin.is_none() || origin != authority(headers.get(header::HOST), uri)
}

async fn security_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        is_foreign(&headers, &Uri::from_static("/api/functions/delete"))
    }

    #[test]
    fn what_another_origin_sends_is_foreign() {
        assert!(!check(&[]), "not a browser");
        assert!(!check(&[
            ("host", "localhost:3000"),
            ("origin", "http://localhost:3000")
        ]));
        assert!(!check(&[("sec-fetch-site", "same-origin")]));
        assert!(
            check(&[("sec-fetch-site", "same-site")]),
            "the gateway on another port"
        );
        assert!(check(&[("sec-fetch-site", "cross-site")]));
        assert!(check(&[
            ("host", "localhost:3000"),
            ("origin", "https://localhost:8443")
        ]));
        assert!(check(&[("host", "localhost:3000"), ("origin", "null")]));
    }

    #[test]
    fn the_page_that_was_asked_for_is_in_the_forms_address() {
        let headers =
            |referer| HeaderMap::from_iter([(header::REFERER, HeaderValue::from_static(referer))]);
        assert_eq!(
            next(&headers(
                "http://localhost:3000/sign-in?next=/functions/a/code%3Fx=1"
            ))
            .as_deref(),
            Some("/functions/a/code?x=1")
        );
        assert_eq!(next(&headers("http://localhost:3000/sign-in")), None);
        assert_eq!(next(&HeaderMap::new()), None);
    }

    #[test]
    fn one_cookie_is_found_among_many() {
        let headers = HeaderMap::from_iter([(
            header::COOKIE,
            HeaderValue::from_static("a=1; theme=dark;b=2"),
        )]);
        assert_eq!(cookie(&headers, "theme"), Some("dark"));
        assert_eq!(cookie(&headers, "heme"), None);
    }
}
