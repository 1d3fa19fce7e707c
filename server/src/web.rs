//! The console over HTTP: its pages, its server functions, its files, and what
//! keeps strangers out.

mod packages;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
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
use sluice_domain::audit::AuditEntry;
use sluice_domain::id::UserId;
use sluice_domain::user::{User, UserName};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use crate::console::{LeadOn, RequestConsole, Shared};
use crate::permissions::{self, Permission};
use crate::session_store::{StoredSessions, USER_ID};
use crate::{drawn, site};

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

/// The status that the console gave the answer; 0 until it does.
#[derive(Clone, Default)]
struct StatusSet(Arc<AtomicU16>);

/// Serves a server function. What fails before the console is asked fails for
/// its arguments, which is not the server's fault.
async fn serve_function(
    context: impl Fn() + Clone + Send + 'static,
    mut request: Request,
) -> Response {
    let status_set = request
        .extensions_mut()
        .get_or_insert_default::<StatusSet>();
    let status_set = status_set.clone();
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
        && status_set.0.load(Ordering::Relaxed) == 0
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
                set.store(status, Ordering::Relaxed);
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
    let failed = |error: &dyn std::error::Error| {
        let error = crate::logging::chain(error);
        tracing::error!(error, "could not find out who asks");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    };
    // A session in daily use does not end; it is written anew once a day.
    let expires_in = session.expiry_date() - OffsetDateTime::now_utc();
    let user_id = match session.get::<UserId>(USER_ID).await {
        Ok(user_id) => user_id,
        Err(error) => return failed(&error),
    };
    // As they are now: another role counts from the next request on.
    let user = match &user_id {
        Some(user_id) => match shared.store.find_user(user_id).await {
            Ok(user) => user,
            Err(error) => return failed(&error),
        },
        None => None,
    };
    let signed_in = user.is_some();
    if signed_in && expires_in < Duration::days(SESSION_DAYS - 1) {
        session.set_expiry(Some(SESSION_LENGTH));
    }
    if let Some(path) = path.strip_prefix("/api/") {
        let path = path.to_owned();
        return answer_api(shared, user, &path, request, next).await;
    }
    let first_visit = match shared.store.count_users().await {
        Ok(users) => users == 0,
        Err(error) => return failed(&error),
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

/// Answers what the role of who asks allows. Who changes something is noted, and who tried to.
async fn answer_api(
    shared: Arc<Shared>,
    user: Option<User>,
    path: &str,
    request: Request,
    next: Next,
) -> Response {
    let permission = match (Permission::find(path), &user) {
        (Some(permission), _) if permission.role.is_none() => permission,
        (_, None) => return refused(&ConsoleError::SignedOut),
        (None, Some(_)) => {
            return refused(&ConsoleError::refused(
                "",
                404,
                "There is no such function.",
            ));
        }
        (Some(permission), Some(_)) => permission,
    };
    let Some(arguments) = permission.changes else {
        return match role_refused(permission, user.as_ref()) {
            Some(error) => refused(&error),
            None => next.run(request).await,
        };
    };
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let address = address.map(|it| it.0.ip().to_canonical().to_string());
    let mut entry = AuditEntry {
        entry_id: 0,
        at: drawn::now(),
        user_name: user
            .as_ref()
            .map_or_else(String::new, |it| it.name.to_string()),
        address: address.unwrap_or_default(),
        action: permission.path.trim_end_matches('/').to_owned(),
        object: path
            .strip_prefix(permission.path)
            .unwrap_or_default()
            .to_owned(),
        status: 0,
    };
    let is_entrance = permission.role.is_none();
    let (mut request, typed) = match arguments.is_empty() && !is_entrance {
        true => (request, None),
        false => {
            let most = if is_entrance {
                MAX_SIGN_IN_BYTES
            } else {
                MAX_REQUEST_BYTES
            };
            let (parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, most).await else {
                let message = "The request is too large, or did not arrive whole.";
                return refused(&ConsoleError::refused("", 413, message));
            };
            if !is_entrance {
                entry.object = permissions::object(arguments, &body, &shared.store).await;
            }
            let typed = permissions::argument_of(&body, "name").filter(|_| is_entrance);
            (Request::from_parts(parts, Body::from(body)), typed)
        }
    };
    if let Some(error) = role_refused(permission, user.as_ref()) {
        entry.status = error.status();
        note(&shared, entry).await;
        return refused(&error);
    }
    let status_set = StatusSet::default();
    request.extensions_mut().insert(status_set.clone());
    // In a task of its own: a browser that goes away must not keep a change from being noted.
    let answering = tokio::spawn(async move {
        let response = next.run(request).await;
        entry.status = match status_set.0.load(Ordering::Relaxed) {
            0 => response.status().as_u16(),
            status => status,
        };
        if is_entrance {
            // What else is typed there may be a password.
            let known = known_user(&shared, typed.as_deref()).await;
            entry.user_name = known.unwrap_or(entry.user_name);
            let is_slowed_down = entry.status == StatusCode::TOO_MANY_REQUESTS;
            if entry.user_name.is_empty() || is_slowed_down {
                return response; // strangers could fill the log
            }
        }
        note(&shared, entry).await;
        response
    });
    let answered = answering.await;
    answered.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn role_refused(permission: &Permission, user: Option<&User>) -> Option<ConsoleError> {
    let (needed, user) = (permission.role?, user?);
    let is_allowed = user.role.includes(needed);
    (!is_allowed).then(|| ConsoleError::role_needed(user.role, needed))
}

/// The name of a user as it is stored.
async fn known_user(shared: &Shared, typed: Option<&str>) -> Option<String> {
    let name = UserName::parse(typed?).ok()?;
    let found = shared.store.find_user_by_name(&name).await.ok()?;
    found.map(|user| user.name.to_string())
}

async fn note(shared: &Shared, entry: AuditEntry) {
    if let Err(error) = shared.store.note_change(&entry).await {
        let error = crate::logging::chain(&error);
        tracing::error!(error, action = entry.action, "could not note a change");
    }
}

/// A refusal in the form of a server function's.
fn refused(error: &ConsoleError) -> Response {
    let status = StatusCode::from_u16(error.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let text = serde_json::to_string(error).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
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
