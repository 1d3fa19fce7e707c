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
use sluice_domain::access_key::AccessKeySecrets;
use sluice_domain::access_token::AccessTokenDigest;
use sluice_domain::api_group::GroupSettings;
use sluice_domain::domain_name::TlsVersion;
use sluice_domain::environment::EnvironmentName;
use sluice_domain::id::{ApiRequestId, RequestId};
use sluice_domain::invocation::Origin;
use sluice_domain::time::Timestamp;
use sluice_domain::trace::Stage;
use sluice_domain::trigger::{Authentication, Method};
use sluice_executor::{Call, Outcome};
use tracing::{Instrument as _, Level, Span, field};

use crate::access_log::{AccessLog, Accessed};
use crate::auth::{
    AccessKeys, AccessTokens, Admission, Caller, Credentials, Identity, Nonces, Withheld,
};
use crate::authorizer::{Authorizer, AuthorizerRefused, Question};
use crate::backend::Backend;
use crate::body::{self, BodyPatience};
use crate::challenges::Challenges;
use crate::compress::{self, Coding};
use crate::decode::{FunctionResponse, allows_body};
use crate::domain_names::{self, DomainNames, ServedDomainName};
use crate::encode::{Arrival, apig_event, cookie_name, text_of};
use crate::error::{GatewayError, request_id_value};
use crate::gateway_responses::Known;
use crate::load::{Load, Running};
use crate::memory::Memory;
use crate::proxies::TrustedProxies;
use crate::route_table::{NotFound, PublishedApi, RouteTable};
use crate::watch::{self, Watch};
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
    /// Bytes of all answers that were not taken yet: 256 MB by default, of which a quarter is for
    /// small ones. A further one is answered with 503.
    pub answers_bytes: usize,
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
            answers_bytes: 256 * 1024 * 1024,
        }
    }
}

/// The 16 bytes of a UUID that begins with the time (version 7): records, which are kept by it, go to
/// the end of their index, where random ones would each write a page of it. 74 bits are random.
pub fn draw_id() -> [u8; 16] {
    // Its own counter for ids of the same millisecond would be a lock of all threads.
    let now = uuid::Timestamp::now(uuid::NoContext);
    uuid::Uuid::new_v7(now).into_bytes()
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
    domain_names: ArcSwap<DomainNames>,
    challenges: ArcSwap<Challenges>,
    credentials: ArcSwap<Credentials>,
    access_keys: ArcSwap<AccessKeys>,
    access_tokens: ArcSwap<AccessTokens>,
    nonces: Nonces,
    bodies: Arc<Memory>,
    answers: Arc<Memory>,
    running: Running,
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
            bodies: Memory::new(config.bodies_bytes),
            answers: Memory::new(config.answers_bytes),
            running: Running::default(),
            backend,
            config,
            routes: ArcSwap::default(),
            domain_names: ArcSwap::default(),
            challenges: ArcSwap::default(),
            credentials: ArcSwap::default(),
            access_keys: ArcSwap::default(),
            access_tokens: ArcSwap::default(),
            nonces: Nonces::default(),
        }))
    }

    /// Publishes these APIs and no others, from the next request on. Calls in
    /// flight go on with the API they found.
    pub fn publish(&self, routes: RouteTable<B::Deployment>) {
        self.0.routes.store(Arc::new(routes));
    }

    /// Lets the APIs of groups be called by these domain names and no others, from the next request on.
    pub fn name(&self, domain_names: DomainNames) {
        self.0.domain_names.store(Arc::new(domain_names));
    }

    /// Answers these challenges of an ACME server and no others, over HTTP, from the next request on.
    pub fn challenge(&self, challenges: Challenges) {
        self.0.challenges.store(Arc::new(challenges));
    }

    /// Lets callers with these credentials and no others call APIs with App authentication, from
    /// the next request on.
    pub fn admit(&self, credentials: Credentials) {
        self.0.credentials.store(Arc::new(credentials));
    }

    /// Lets callers with these access keys and no others call APIs with IAM authentication, from
    /// the next request on. One that is locked stays locked. Two changes must not be made side by
    /// side.
    pub fn admit_users(&self, access_keys: impl IntoIterator<Item = AccessKeySecrets>) {
        let old = self.0.access_keys.load();
        let new = AccessKeys::following(&old, access_keys);
        self.0.access_keys.store(Arc::new(new));
    }

    /// Lets callers with these access tokens and no others call APIs with IAM authentication, until
    /// they are over, from the next request on.
    pub fn admit_tokens(&self, tokens: impl IntoIterator<Item = AccessTokenDigest>) {
        let tokens = AccessTokens::new(tokens);
        self.0.access_tokens.store(Arc::new(tokens));
    }

    /// What is published now.
    pub fn published(&self) -> Arc<RouteTable<B::Deployment>> {
        self.0.routes.load_full()
    }

    /// How much there is to do now.
    pub fn load(&self) -> Load {
        let inner = &self.0;
        Load {
            requests: inner.running.count(),
            bodies_bytes: inner.bodies.held(),
            most_bodies_bytes: inner.bodies.most(),
            answers_bytes: inner.answers.held(),
            most_answers_bytes: inner.answers.most(),
        }
    }

    /// Answers every request that comes in by the listener. The address of the
    /// caller is taken from axum's `ConnectInfo<SocketAddr>`, where there is one.
    pub fn router(&self, listener: Listener) -> Router {
        let gateway = self.clone();
        Router::new().fallback(move |request: Request| {
            let gateway = gateway.clone();
            async move {
                let mut watch = Watch::of(request.headers());
                gateway.answer(listener, request, &mut watch).await
            }
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
    pub(crate) async fn answer(
        self,
        listener: Listener,
        request: Request,
        watch: &mut Watch,
    ) -> Response {
        let _running = self.0.running.one();
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
        let mut known = Known::of(&request);
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
        let trace = watch.trace();
        let call = self.call(
            listener,
            request_id.clone(),
            request,
            &mut body,
            &mut known,
            &mut accessed,
            watch,
        );
        let call = async {
            let mut response = call.await?;
            let held = self.0.answers.hold_answer(response.body.len())?;
            let (compressing, bytes) = (trace.begin(Stage::Compression), response.body.len());
            compress::compress(&mut response, coding).await;
            trace.end(compressing, || compress::told(bytes, &response));
            response.body = held.with(response.body);
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
                let is_slow = matches!(
                    error,
                    GatewayError::BodyTooSlow(_) | GatewayError::BodyTooThin(_)
                );
                if !waits && !is_slow {
                    body::discard(body);
                }
                let mut response = known.refuse(&error, &request_id).map(Body::from);
                if error.ends_connection() && version < Version::HTTP_2 {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(CONNECTION, close);
                }
                response
            }
        };
        let found = known.api.as_deref();
        if let Some(cors) = found.and_then(|api| api.policies.cors.as_ref()) {
            cors.add_to(response.headers_mut(), origin.as_ref());
        }
        watch.add_to(response.headers_mut());
        let response = finished(response, head, &request_id);
        if let Some(accessed) = accessed {
            accessed.tell(found, &response, code);
        }
        response
    }

    /// One call of a trigger URL. `known` gets its group and its API, whatever becomes of the call.
    #[expect(
        clippy::too_many_arguments,
        reason = "half of them are what is to be known of the call even if it fails"
    )]
    async fn call(
        &self,
        listener: Listener,
        request_id: ApiRequestId,
        request: Parts,
        body: &mut Body,
        known: &mut Known<B::Deployment>,
        accessed: &mut Option<Accessed>,
        watch: &mut Watch,
    ) -> Result<FunctionResponse, GatewayError> {
        let trace = watch.trace();
        let routing = trace.begin(Stage::Route);
        let proxies = &self.0.config.trusted_proxies;
        let sender = proxies.sender(&request, client_ip(&request), listener.tls)?;
        known.address = sender.address;
        if let Some(accessed) = accessed {
            accessed.sent_by(sender.address, sender.tls);
        }
        let authority = host::authority(&request, sender.host)?;
        framing::check(&request)?;
        limits::check(&request)?;
        // Before a redirect: there may be no certificate yet that could be trusted.
        if !listener.tls
            && let Some(answer) = self
                .0
                .challenges
                .load()
                .answer(authority.as_ref(), &request)
        {
            return Ok(answer);
        }
        let domain_names = self.0.domain_names.load();
        let named = domain_names.find(authority.as_ref(), &self.0.config.base_domain);
        if let (Some(named), Some(authority)) = (&named, &authority) {
            if named.redirect && !sender.tls {
                return domain_names.redirect(authority, &request);
            }
            // What a proxy speaks here is not what its caller speaks.
            let is_direct = sender.peer == sender.address;
            let spoken = request.extensions.get::<TlsVersion>().copied();
            domain_names::check_tls(named, spoken.filter(|_| is_direct))?;
        }
        drop(domain_names);
        let mut arrival = Arrival {
            tls: sender.tls,
            client_ip: sender.address,
            peer: sender.peer,
            authority,
            request_id,
            console_cookie: self.0.config.console_cookie,
            withheld: Withheld::default(),
            declared: None,
        };
        let Route {
            api,
            path,
            is_preflight,
        } = self.route(&arrival, named.as_deref(), &request, &mut known.group)?;
        known.api = Some(Arc::clone(&api));
        watch.found(&api.api);
        trace.end(routing, || watch::route_told(&api, path));
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
        let credentials = self.0.credentials.load();
        arrival.withheld = Withheld::of(settings.authentication, credentials.settings());
        let caller = Caller {
            request: &request,
            authority: arrival.authority.as_ref(),
            tls: arrival.tls,
            address: arrival.client_ip,
            now: (self.0.config.clock)(),
        };
        if let Some(access) = &policies.access {
            let looking = trace.begin(Stage::AccessControl);
            let is_allowed = access.allows(arrival.client_ip);
            trace.end(looking, || {
                watch::access_told(is_allowed, arrival.client_ip)
            });
            if !is_allowed && !watch.is_debugging() {
                return Err(GatewayError::AddressRefused);
            }
        }
        let throttled = |admission: &Admission, watch: &mut Watch| match &policies.throttle {
            Some(throttle) => {
                let caller = admission.identity().map(Identity::caller_id);
                let counted = watch.count(throttle, caller, arrival.client_ip);
                if let (Err(_), Some(deployment)) = (&counted, &api.deployment) {
                    self.0.backend.throttled(deployment);
                }
                counted
            }
            None => Ok(()),
        };
        let admitting = trace.begin(Stage::Authentication);
        let admission = match watch.is_debugging() {
            true => Admission::of_debug(),
            false => auth::begin(
                &api.api,
                &api.environment_id,
                &caller,
                &credentials,
                &self.0.access_keys.load(),
                &self.0.access_tokens.load(),
            )?,
        };
        drop(credentials); // the function may run for long
        trace.end(admitting, || {
            watch.authentication_told(settings.authentication)
        });
        let authorizer = match watch.is_debugging() {
            true => None,
            false => authorizer(&api)?,
        };
        let question = Question {
            api: &api,
            arrival: &arrival,
            request: &request,
            path,
            now: caller.now,
            ids: self.0.config.ids,
        };
        let mut context = None;
        let waits_for_body = authorizer.is_some_and(|it| it.needs_body());
        if let Some(authorizer) = authorizer
            && !waits_for_body
        {
            let decided = authorizer.decide(&self.0.backend, &question, b"");
            context = Some(decided.await?);
        }
        // Only calls that are let in count, and the body of one too many is not waited for.
        let is_settled = admission.is_settled() && !waits_for_body;
        if is_settled {
            known.identity = admission.identity().cloned();
            throttled(&admission, watch)?;
        }
        let patience = self.0.config.body_patience;
        let mut held = self.0.bodies.hold();
        let reading = trace.begin(Stage::Body);
        let body = body::read(&request.headers, body, patience, &mut held).await?;
        trace.end(reading, || format!("{} bytes", body.len()));
        if let Some(authorizer) = authorizer
            && waits_for_body
        {
            let decided = authorizer.decide(&self.0.backend, &question, &body);
            context = Some(decided.await?);
        }
        if !is_settled {
            admission.settle(&body)?;
            known.identity = admission.identity().cloned();
            throttled(&admission, watch)?;
            admission.use_up(&self.0.nonces)?;
        }
        if let Some(rules) = &api.parameters {
            let checking = trace.begin(Stage::Parameters);
            let declared = rules.check(&api, &request, path)?;
            trace.end(checking, || watch::parameters_told(&declared));
            arrival.declared = Some(declared);
        }
        // Here, as it counts: only calls that reach a function take a turn.
        let deployment = api.called_by(&request.headers);
        let deployment = deployment.ok_or(GatewayError::NoDeployment)?;
        self.0.answers.check_room()?;
        let writing = trace.begin(Stage::Event);
        let variables = known.variables();
        let event = apig_event(
            &api,
            variables,
            &arrival,
            &request,
            path,
            &body,
            context.as_deref(),
        );
        trace.end(writing, || format!("{} bytes of JSON", event.len()));
        let call = Call {
            request_id: RequestId::from_bytes((self.0.config.ids)()),
            origin: Origin::Trigger {
                trigger_id: api.api.trigger_id.clone(),
                api_request_id: arrival.request_id.clone(),
            },
            event,
            secrets: api.authorizer.as_ref().map(|it| Arc::clone(it.secrets())),
            trace: trace.clone(),
        };
        watch.calls(&call.request_id);
        if let Some(accessed) = accessed {
            accessed.identity = admission.identity().cloned();
            accessed.invocation_id = Some(call.request_id.clone());
        }
        drop((body, request.headers)); // the function may run for long; the event has them
        Span::current().record("invocation.request_id", call.request_id.as_str());
        let timeout = settings.timeout.duration();
        let outcome = tokio::time::timeout(timeout, self.0.backend.invoke(deployment, call)).await;
        watch.was_answered();
        let outcome = outcome
            .map_err(|_| GatewayError::BackendTimeout(timeout))?
            .map_err(GatewayError::NotCalled)?;
        match outcome {
            Outcome::Returned(mut response) => {
                if let Some(changes) = &policies.response_headers {
                    let changing = trace.begin(Stage::ResponseHeaders);
                    changes.apply(&mut response.headers);
                    trace.end(changing, String::new);
                }
                Ok(response)
            }
            Outcome::Failed(failure) => Err(GatewayError::FunctionFailed(failure)),
            Outcome::Refused(refused) => Err(GatewayError::ResponseRefused(refused)),
        }
    }

    /// The API that the request calls. For a preflight that is the one to be called after it, where
    /// that has a CORS policy. `group` gets what its group says, be the API there or not.
    fn route<'a>(
        &self,
        arrival: &Arrival,
        named: Option<&ServedDomainName>,
        request: &'a Parts,
        group: &mut Option<Arc<GroupSettings>>,
    ) -> Result<Route<'a, B::Deployment>, GatewayError> {
        let authority = arrival.authority.as_ref();
        let base_domain = &self.0.config.base_domain;
        let path = request.uri.path();
        let (group_id, path) = match named {
            Some(named) => (named.group_id.clone(), path),
            None => host::group(authority, path, base_domain).ok_or(GatewayError::NotPublished)?,
        };
        let routes = self.0.routes.load();
        let settings = routes.group(&group_id);
        // A domain name stays when the group's own host is taken away.
        if named.is_none() && settings.is_some_and(|group| !group.has_debugging_domain) {
            return Err(GatewayError::NotPublished);
        }
        *group = settings.cloned();
        let method = method(&request.method);
        let environment = environment(request)?;
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

/// What decides who may call the API, with Custom authentication. There has to be something then.
fn authorizer<D>(api: &PublishedApi<D>) -> Result<Option<&Authorizer<D>>, AuthorizerRefused> {
    match (api.api.settings.authentication, &api.authorizer) {
        (Authentication::Custom, None) => Err(AuthorizerRefused::NoAuthorizer),
        (Authentication::Custom, Some(authorizer)) => Ok(Some(authorizer)),
        _ => Ok(None),
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
