//! Serves the calls of trigger URLs: the steps of one call, in order.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::SystemTime;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use futures::FutureExt as _;
use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, Entry, HeaderValue, ORIGIN, SERVER, SET_COOKIE,
};
use http::request::Parts;
use http::{StatusCode, Version};
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::{ApiRequestId, RequestId};
use sluice_domain::invocation::Origin;
use sluice_domain::time::Timestamp;
use sluice_domain::trigger::Method;
use sluice_executor::{Call, Outcome};
use tracing::{Instrument as _, Level, Span, field};

use crate::access_log::{AccessLog, Accessed};
use crate::auth::{Admission, Caller, Credentials, Nonces};
use crate::backend::Backend;
use crate::body::{self, BodyPatience};
use crate::compress::{self, Coding};
use crate::decode::{FunctionResponse, allows_body};
use crate::encode::{Arrival, apig_event, cookie_name, text_of};
use crate::error::{GatewayError, request_id_value};
use crate::memory::Bodies;
use crate::proxies::TrustedProxies;
use crate::route_table::{NotFound, PublishedApi, RouteTable};
use crate::{auth, cors, framing, host, limits};

/// How the gateway is set up.
#[derive(Debug, Clone)]
pub struct GatewayConfig {
    /// The domain under which every API group has its host, without a port:
    /// `apig.localhost`. Letters match in either case.
    pub base_domain: String,
    /// Name of the console's session cookie. Browsers send it to every port of
    /// the console's host, and the gateway can be on that host, so it is kept
    /// from functions, and they cannot set it.
    pub console_cookie: &'static str,
    /// How long to wait for the body of a request.
    pub body_patience: BodyPatience,
    /// Draws the 16 bytes of an id; see [`draw_id`].
    pub ids: fn() -> [u8; 16],
    /// What time it is, for the age of signatures.
    pub clock: fn() -> Timestamp,
    /// Who is told of each request, if anybody is.
    pub access_log: Option<AccessLog>,
    /// Whom to believe what they say of callers.
    pub trusted_proxies: TrustedProxies,
    /// Bytes of the bodies of all requests that are answered at a time: 256 MB by default. A
    /// further one is answered with 503.
    pub bodies_bytes: usize,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            base_domain: "apig.localhost".to_owned(),
            console_cookie: "sluice_session",
            body_patience: BodyPatience::default(),
            ids: draw_id,
            clock: now,
            access_log: None,
            trusted_proxies: TrustedProxies::default(),
            bodies_bytes: 256 * 1024 * 1024,
        }
    }
}

/// The 16 bytes of a random UUID.
pub fn draw_id() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

/// The time of this machine.
fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.unwrap_or_default().as_millis();
    Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))
}

/// Where the requests of a router come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listener {
    /// Over TLS: decides which protocol a request has.
    pub tls: bool,
}

/// Which API answers a request.
struct Route<'a, D> {
    api: Arc<PublishedApi<D>>,
    /// The request's path within the API's group.
    path: &'a str,
    /// Whether a browser only asks if a page may call the API.
    is_preflight: bool,
}

/// Serves trigger URLs. Clones share everything.
pub struct Gateway<B: Backend>(Arc<Inner<B>>);

struct Inner<B: Backend> {
    backend: B,
    config: GatewayConfig,
    routes: ArcSwap<RouteTable<B::Deployment>>,
    credentials: ArcSwap<Credentials>,
    nonces: Nonces,
    bodies: Bodies,
}

impl<B: Backend> Clone for Gateway<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B: Backend> fmt::Debug for Gateway<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Gateway").field(&self.0.config).finish()
    }
}

impl<B: Backend> Gateway<B> {
    /// A gateway that publishes nothing yet.
    pub fn new(backend: B, config: GatewayConfig) -> Self {
        Self(Arc::new(Inner {
            bodies: Bodies::new(config.bodies_bytes),
            backend,
            config,
            routes: ArcSwap::default(),
            credentials: ArcSwap::default(),
            nonces: Nonces::default(),
        }))
    }

    /// Publishes these APIs and no others, from the next request on. Calls in
    /// flight go on with the API they found.
    pub fn publish(&self, routes: RouteTable<B::Deployment>) {
        self.0.routes.store(Arc::new(routes));
    }

    /// Lets callers with these credentials and no others call APIs with App authentication, from
    /// the next request on.
    pub fn admit(&self, credentials: Credentials) {
        self.0.credentials.store(Arc::new(credentials));
    }

    /// What is published now.
    pub fn published(&self) -> Arc<RouteTable<B::Deployment>> {
        self.0.routes.load_full()
    }

    /// Answers every request that comes in by the listener. The address of the
    /// caller is taken from axum's `ConnectInfo<SocketAddr>`, where there is one.
    pub fn router(&self, listener: Listener) -> Router {
        let gateway = self.clone();
        Router::new().fallback(move |request: Request| {
            let gateway = gateway.clone();
            async move { gateway.answer(listener, request).await }
        })
    }

    /// The answer to who is refused before there is a request: it was not understood (400, 414,
    /// 431), or there is no room for its connection (429, 503).
    pub fn refuse(&self, status: StatusCode) -> http::Response<Vec<u8>> {
        let error = match status {
            StatusCode::URI_TOO_LONG => GatewayError::UriTooLarge {
                bytes: usize::from(u16::MAX),
            },
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => GatewayError::HeadersTooLarge,
            StatusCode::TOO_MANY_REQUESTS => GatewayError::TooManyConnections,
            StatusCode::SERVICE_UNAVAILABLE => GatewayError::Overloaded("too many connections"),
            _ => GatewayError::Malformed("the request is no HTTP"),
        };
        let request_id = ApiRequestId::from_bytes((self.0.config.ids)());
        // Of those who find no place there may be more than a log should have lines.
        if error.retry_after().is_none() {
            tracing::info_span!("call", request.id = request_id.as_str()).in_scope(|| log(&error));
        }
        let mut response = error.response(&request_id);
        let server = HeaderValue::from_static("api-gateway");
        response.headers_mut().insert(SERVER, server);
        response
    }

    /// The edge: gives the call its id, turns what went wrong into an answer,
    /// and logs it, once.
    async fn answer(self, listener: Listener, request: Request) -> Response {
        let request_id = ApiRequestId::from_bytes((self.0.config.ids)());
        let head = request.method() == http::Method::HEAD;
        let span = tracing::info_span!(
            "call",
            request.id = request_id.as_str(),
            request.method = request.method().as_str(),
            group.id = field::Empty,
            trigger.id = field::Empty,
            invocation.request_id = field::Empty,
        );
        let (request, mut body) = request.into_parts();
        // One who waits for `100 Continue` sends nothing until the body is read.
        let waits = request.headers.contains_key(EXPECT);
        let origin = request.headers.get(ORIGIN).cloned();
        let version = request.version;
        let coding = Coding::accepted(&request.headers).filter(|_| !head);
        let config = &self.0.config;
        let mut found = None;
        let mut accessed = config.access_log.as_ref().map(|log| {
            let time = (config.clock)();
            Accessed::new(
                log,
                &request,
                &request_id,
                client_ip(&request),
                listener.tls,
                time,
            )
        });
        let call = self.call(
            listener,
            request_id.clone(),
            request,
            &mut body,
            &mut found,
            &mut accessed,
        );
        let call = async {
            let mut response = call.await?;
            compress::compress(&mut response, coding).await;
            Ok(response)
        };
        let answer = AssertUnwindSafe(call)
            .catch_unwind()
            .instrument(span.clone())
            .await
            .unwrap_or_else(|panic| Err(GatewayError::Panicked(panic_text(&*panic))));
        let mut code = None;
        let mut response = match answer {
            Ok(response) => response_of(response, self.0.config.console_cookie),
            Err(error) => {
                span.in_scope(|| log(&error));
                code = error.code();
                // One who is too slow already is not waited for any longer.
                if !waits && !matches!(error, GatewayError::BodyTooSlow(_)) {
                    body::discard(body);
                }
                let mut response = error.response(&request_id).map(Body::from);
                if error.ends_connection() && version < Version::HTTP_2 {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                }
                response
            }
        };
        if let Some(cors) = found.as_ref().and_then(|api| api.policies.cors.as_ref()) {
            cors.add_to(response.headers_mut(), origin.as_ref());
        }
        let response = finished(response, head, &request_id);
        if let Some(accessed) = accessed {
            accessed.tell(found.as_deref(), &response, code);
        }
        response
    }

    /// One call of a trigger URL. `found` gets its API, whatever becomes of the call.
    async fn call(
        &self,
        listener: Listener,
        request_id: ApiRequestId,
        request: Parts,
        body: &mut Body,
        found: &mut Option<Arc<PublishedApi<B::Deployment>>>,
        accessed: &mut Option<Accessed>,
    ) -> Result<FunctionResponse, GatewayError> {
        let proxies = &self.0.config.trusted_proxies;
        let sender = proxies.sender(&request, client_ip(&request), listener.tls)?;
        if let Some(accessed) = accessed {
            accessed.sent_by(sender.address, sender.tls);
        }
        let authority = host::authority(&request, sender.host)?;
        framing::check(&request)?;
        limits::check(&request)?;
        let arrival = Arrival {
            tls: sender.tls,
            client_ip: sender.address,
            peer: sender.peer,
            authority,
            request_id,
            console_cookie: self.0.config.console_cookie,
        };
        let Route {
            api,
            path,
            is_preflight,
        } = self.route(&arrival, &request)?;
        *found = Some(Arc::clone(&api));
        let policies = &api.policies;
        if let Some(cors) = &policies.cors
            && is_preflight
        {
            return Ok(cors.preflight(request.headers.get(ORIGIN)));
        }
        let settings = &api.api.settings;
        if !settings.protocol.allows(arrival.tls) {
            return Err(GatewayError::ProtocolNotAllowed(settings.protocol));
        }
        let caller = Caller {
            request: &request,
            authority: arrival.authority.as_ref(),
            tls: arrival.tls,
            now: (self.0.config.clock)(),
        };
        if let Some(access) = &policies.access
            && !access.allows(arrival.client_ip)
        {
            return Err(GatewayError::AddressRefused);
        }
        let throttled = |admission: &Admission| match &policies.throttle {
            Some(throttle) => throttle.take(admission.credential(), arrival.client_ip),
            None => Ok(()),
        };
        let admission = auth::begin(&api.api, &caller, &self.0.credentials.load())?;
        // Only calls that are let in count, and the body of one too many is not waited for.
        let is_settled = admission.is_settled();
        if is_settled {
            throttled(&admission)?;
        }
        let deployment = api.deployment.as_ref().ok_or(GatewayError::NoDeployment)?;
        let patience = self.0.config.body_patience;
        let mut held = self.0.bodies.hold();
        let body = body::read(&request.headers, body, patience, &mut held).await?;
        if !is_settled {
            admission.settle(&body)?;
            throttled(&admission)?;
            admission.use_up(&self.0.nonces)?;
        }
        let call = Call {
            request_id: RequestId::from_bytes((self.0.config.ids)()),
            origin: Origin::Trigger {
                trigger_id: api.api.trigger_id.clone(),
                api_request_id: arrival.request_id.clone(),
            },
            event: apig_event(&api, &arrival, &request, path, &body),
        };
        if let Some(accessed) = accessed {
            accessed.app_id = admission.credential().cloned();
            accessed.invocation_id = Some(call.request_id.clone());
        }
        drop((body, request.headers)); // the function may run for long; the event has them
        Span::current().record("invocation.request_id", call.request_id.as_str());
        let timeout = settings.timeout.duration();
        let outcome = tokio::time::timeout(timeout, self.0.backend.invoke(deployment, call))
            .await
            .map_err(|_| GatewayError::BackendTimeout(timeout))?
            .map_err(GatewayError::NotCalled)?;
        match outcome {
            Outcome::Returned(mut response) => {
                if let Some(changes) = &policies.response_headers {
                    changes.apply(&mut response.headers);
                }
                Ok(response)
            }
            Outcome::Failed(failure) => Err(GatewayError::FunctionFailed(failure)),
            Outcome::Refused(refused) => Err(GatewayError::ResponseRefused(refused)),
        }
    }

    /// The API that the request calls. For a preflight that is the one to be called after it, where
    /// that has a CORS policy.
    fn route<'a>(
        &self,
        arrival: &Arrival,
        request: &'a Parts,
    ) -> Result<Route<'a, B::Deployment>, GatewayError> {
        let authority = arrival.authority.as_ref();
        let base_domain = &self.0.config.base_domain;
        let (group_id, path) = host::group(authority, request.uri.path(), base_domain)
            .ok_or(GatewayError::NotPublished)?;
        let method = method(&request.method);
        let environment = environment(request)?;
        let routes = self.0.routes.load();
        let find = |method| routes.find(group_id.as_str(), environment, method, path);
        let asked = cors::asked_method(request).and_then(|asked| find(Some(asked)).ok());
        let asked = asked.filter(|api| api.policies.cors.is_some());
        let is_preflight = asked.is_some();
        let api = match asked {
            Some(api) => api,
            None => find(method).map_err(|not_found| match not_found {
                NotFound::Path => GatewayError::NotPublished,
                NotFound::Method => GatewayError::MethodNotPublished,
            })?,
        };
        let span = Span::current();
        span.record("group.id", group_id.as_str());
        span.record("trigger.id", api.api.trigger_id.as_str());
        Ok(Route {
            api: Arc::clone(api),
            path,
            is_preflight,
        })
    }
}

/// The environment that the request names in `X-Stage`, RELEASE without one.
/// What is no name of an environment has nothing published in it.
fn environment(request: &Parts) -> Result<&str, GatewayError> {
    let mut stages = request.headers.get_all("x-stage").iter();
    match (stages.next(), stages.next()) {
        (None, _) => Ok(EnvironmentName::RELEASE),
        (Some(stage), None) => stage.to_str().map_err(|_| GatewayError::NotPublished),
        (Some(_), Some(_)) => Err(GatewayError::Malformed(
            "the request has more than one X-Stage",
        )),
    }
}

/// The method as APIs name it; none for one that no API can have.
fn method(method: &http::Method) -> Option<Method> {
    Some(match *method {
        http::Method::GET => Method::Get,
        http::Method::POST => Method::Post,
        http::Method::DELETE => Method::Delete,
        http::Method::PUT => Method::Put,
        http::Method::PATCH => Method::Patch,
        http::Method::HEAD => Method::Head,
        http::Method::OPTIONS => Method::Options,
        _ => return None,
    })
}

/// The other end of the connection. An IPv4 address that came in by an IPv6
/// socket is written as IPv4.
fn client_ip(request: &Parts) -> Option<std::net::IpAddr> {
    let ConnectInfo(address) = request.extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(address.ip().to_canonical())
}

fn response_of(mut answer: FunctionResponse, console_cookie: &str) -> Response {
    let sets_console_cookie =
        |cookie: &HeaderValue| cookie_name(&text_of(cookie)) == console_cookie;
    if let Entry::Occupied(cookies) = answer.headers.entry(SET_COOKIE)
        && cookies.iter().any(sets_console_cookie)
    {
        let (name, cookies) = cookies.remove_entry_mult();
        let cookies: Vec<_> = cookies.filter(|it| !sets_console_cookie(it)).collect();
        for cookie in cookies {
            answer.headers.append(&name, cookie);
        }
    }
    let mut response = Response::new(if allows_body(answer.status) {
        Body::from(answer.body)
    } else {
        Body::empty()
    });
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    response
}

/// What every answer has, be it the function's or the gateway's.
fn finished(mut response: Response, head: bool, request_id: &ApiRequestId) -> Response {
    let status = response.status();
    let length = response.body().size_hint().exact().unwrap_or(0);
    let headers = response.headers_mut();
    headers.insert("x-request-id", request_id_value(request_id));
    headers.insert(SERVER, HeaderValue::from_static("api-gateway"));
    if !allows_body(status) && status != StatusCode::RESET_CONTENT {
        // These have no Content-Length either. Axum adds one to a body whose
        // length is known, so this one does not tell that it is empty.
        let nothing = futures::stream::empty::<Result<bytes::Bytes, Infallible>>();
        *response.body_mut() = Body::from_stream(nothing);
    } else {
        headers.insert(CONTENT_LENGTH, length.into());
        if head {
            *response.body_mut() = Body::empty();
        }
    }
    response
}

/// Logs why a call was not answered by the function: what the gateway is to
/// blame for loudly, what callers do wrong and what the function's own log
/// tells anyway quietly.
fn log(error: &GatewayError) {
    let status = error.status().as_u16();
    let code = error.code();
    let causes = Causes(error);
    macro_rules! event {
        ($level:expr) => {
            tracing::event!(
                $level,
                response.status = status,
                error.code = code,
                "call not answered by the function: {causes}"
            )
        };
    }
    match error {
        GatewayError::Panicked(_) => event!(Level::ERROR),
        GatewayError::FunctionFailed(_) | GatewayError::ResponseRefused(_) => event!(Level::INFO),
        _ if status >= 500 => event!(Level::WARN),
        _ => event!(Level::INFO),
    }
}

/// An error with its whole chain of causes.
struct Causes<'a>(&'a GatewayError);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut error: &dyn std::error::Error = self.0;
        write!(f, "{error}")?;
        while let Some(cause) = error.source() {
            write!(f, ": {cause}")?;
            error = cause;
        }
        Ok(())
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
        .to_owned()
}
