//! What is looked at more closely in a call: nothing in most.
//!
//! Who sends `X-Apig-Mode: debug` is told, by headers, what the call took and what is left of the
//! limits that count it. Source: APIG user guide, "Response Headers".
//!
//! A call of Debug (`debug.rs`) is traced, and may do what a caller may not. That is said by this
//! value, which is handed on beside the request: nothing in a request can say it.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use http::request::Parts;
use sluice_domain::id::{ApiId, RequestId};
use sluice_domain::policy::CallerId;
use sluice_domain::trace::Stage;
use sluice_domain::trigger::{ApigTrigger, Authentication};
use sluice_domain::user::UserName;
use sluice_executor::Trace;

use crate::parameters::Declared;
use crate::route_table::PublishedApi;
use crate::throttle::{Throttle, Throttled};

/// Asks for the headers below, where it says `debug`.
const MODE: HeaderName = HeaderName::from_static("x-apig-mode");

/// Milliseconds from the request to its answer.
const LATENCY: HeaderName = HeaderName::from_static("x-apig-latency");
/// Milliseconds of these that the function had.
const UPSTREAM_LATENCY: HeaderName = HeaderName::from_static("x-apig-upstream-latency");

/// What is looked at in one call.
#[derive(Debug, Default)]
pub(crate) struct Watch(Option<Box<Watched>>);

#[derive(Debug)]
struct Watched {
    began: Instant,
    /// Whether the caller is told.
    is_told: bool,
    upstream_began: Option<Instant>,
    upstream: Option<Duration>,
    /// What is left of each limit: the name of a header, and its value.
    left: Vec<(HeaderName, String)>,
    debugging: Option<Debugging>,
}

/// What makes a call one of Debug.
#[derive(Debug)]
struct Debugging {
    user: UserName,
    trace: Trace,
    called: Called,
}

/// What a call of Debug has reached.
#[derive(Debug, Clone, Default)]
pub(crate) struct Called {
    pub(crate) api_id: Option<ApiId>,
    pub(crate) invocation_id: Option<RequestId>,
}

impl Watch {
    /// Of a call of whoever calls, as its headers ask for it.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let asks = headers.get(MODE).is_some_and(|mode| mode == "debug");
        Self(asks.then(|| Box::new(Watched::new(true))))
    }

    /// Of a call of Debug by this user, who is signed in.
    pub(crate) fn debugging(user: UserName, request: &Parts) -> Self {
        let mut watched = match Self::of(&request.headers).0 {
            Some(watched) => watched,
            None => Box::new(Watched::new(false)),
        };
        watched.debugging = Some(Debugging {
            user,
            trace: Trace::begin_call(),
            called: Called::default(),
        });
        Self(Some(watched))
    }

    /// True for a call of Debug.
    pub(crate) fn is_debugging(&self) -> bool {
        self.in_debug().is_some()
    }

    /// Where the steps of the call are noted, if they are.
    pub(crate) fn trace(&self) -> Trace {
        let debugging = self.in_debug();
        debugging.map_or_else(Trace::default, |it| it.trace.clone())
    }

    /// What a call of Debug has reached.
    pub(crate) fn called(&self) -> Called {
        let debugging = self.in_debug();
        debugging.map_or_else(Called::default, |it| it.called.clone())
    }

    /// The call has found its API.
    pub(crate) fn found(&mut self, api: &ApigTrigger) {
        if let Some(debugging) = self.in_debug_mut() {
            debugging.called.api_id = Some(api.api_id.clone());
        }
    }

    /// The function is called now.
    pub(crate) fn calls(&mut self, invocation_id: &RequestId) {
        if let Some(watched) = &mut self.0 {
            watched.upstream_began = Some(Instant::now());
        }
        if let Some(debugging) = self.in_debug_mut() {
            debugging.called.invocation_id = Some(invocation_id.clone());
        }
    }

    /// The function has answered, or is not waited for any longer.
    pub(crate) fn was_answered(&mut self) {
        if let Some(watched) = &mut self.0 {
            watched.upstream = watched.upstream_began.map(|began| began.elapsed());
        }
    }

    /// Counts the call, where it is one that counts.
    pub(crate) fn count(
        &mut self,
        throttle: &Throttle,
        caller: Option<CallerId>,
        address: Option<IpAddr>,
    ) -> Result<(), Throttled> {
        let Some(watched) = &mut self.0 else {
            return throttle.take(caller, address).map(drop);
        };
        if let Some(debugging) = &watched.debugging {
            let looking = debugging.trace.begin(Stage::Throttling);
            let left = throttle.left_of_all();
            debugging.trace.end(looking, || {
                format!("Not applied, not counted. Of all callers: {left}")
            });
            return Ok(());
        }
        let counted = throttle.take(caller, address);
        let left = match &counted {
            Ok(left) => throttle.told(left),
            Err(throttled) => vec![(throttled.of, throttled.left())],
        };
        let header = |(of, left): (&str, String)| {
            let name = format!("x-apig-ratelimit-{of}").parse().ok()?;
            Some((name, left))
        };
        watched.left = left.into_iter().filter_map(header).collect();
        counted.map(drop)
    }

    /// Adds to an answer what its caller has asked for.
    pub(crate) fn add_to(&self, headers: &mut HeaderMap) {
        let Some(watched) = self.0.as_ref().filter(|watched| watched.is_told) else {
            return;
        };
        headers.insert(LATENCY, millis(watched.began.elapsed()));
        if let Some(upstream) = watched.upstream {
            headers.insert(UPSTREAM_LATENCY, millis(upstream));
        }
        for (name, left) in &watched.left {
            if let Ok(left) = HeaderValue::from_str(left) {
                headers.insert(name, left);
            }
        }
    }

    /// What the trace tells of who was let in.
    pub(crate) fn authentication_told(&self, authentication: Authentication) -> String {
        match self.in_debug() {
            Some(debugging) => {
                let (kind, user) = (authentication.name(), &debugging.user);
                format!("{kind}: not asked of {user}, who is signed in")
            }
            None => String::new(),
        }
    }

    fn in_debug(&self) -> Option<&Debugging> {
        self.0.as_ref()?.debugging.as_ref()
    }

    fn in_debug_mut(&mut self) -> Option<&mut Debugging> {
        self.0.as_mut()?.debugging.as_mut()
    }
}

impl Watched {
    fn new(is_told: bool) -> Self {
        Self {
            began: Instant::now(),
            is_told,
            upstream_began: None,
            upstream: None,
            left: Vec::new(),
            debugging: None,
        }
    }
}

/// What the trace tells of the API that was found.
pub(crate) fn route_told<D>(api: &PublishedApi<D>, path: &str) -> String {
    let settings = &api.api.settings;
    let mut told = format!(
        "{}: {} {}, {}, in {}",
        settings.api_name,
        settings.method.label(),
        settings.path,
        settings.matching.label(),
        api.environment,
    );
    for (name, value) in api.path_parameters(path) {
        match name {
            "" => told.push_str(&format!("; below it: {value}")),
            name => told.push_str(&format!("; {name} = {value}")),
        }
    }
    told
}

/// What the trace tells of a request that has the parameters which its API declares.
pub(crate) fn parameters_told(declared: &Declared) -> String {
    let mut told = format!("{} declared", declared.count());
    for (name, value) in declared.filled() {
        told.push_str(&format!("; {name} = {value} by default"));
    }
    told
}

/// What the trace tells of a caller's address.
pub(crate) fn access_told(allows: bool, address: Option<IpAddr>) -> String {
    let address = address.map_or_else(|| "nobody's address".to_owned(), |it| it.to_string());
    match allows {
        true => format!("Not applied. It lets {address} in."),
        false => format!("Not applied. It would refuse {address}."),
    }
}

fn millis(duration: Duration) -> HeaderValue {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .into()
}
