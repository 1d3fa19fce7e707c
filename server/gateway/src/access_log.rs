//! The access log: a line of JSON for every request that was answered. Source: APIG, access log;
//! its fields of use here, by its names.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::HttpBody as _;
use axum::response::Response;
use http::Method;
use http::header::{HOST, USER_AGENT};
use http::request::Parts;
use serde::Serialize;
use sluice_domain::id::{ApiRequestId, RequestId};
use sluice_domain::time::Timestamp;

use crate::auth::Identity;
use crate::encode::text_of;
use crate::route_table::PublishedApi;

/// Takes the line of each request. It must not wait.
#[derive(Clone)]
pub struct AccessLog(pub Arc<dyn Fn(&AccessLine<'_>) + Send + Sync>);

impl std::fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessLog").finish_non_exhaustive()
    }
}

/// What is told of a request. The query is not: it can have what is nobody's business.
#[derive(Debug, Serialize)]
pub struct AccessLine<'a> {
    /// When it came: `2026-11-23T12:00:00.000Z`.
    pub time: String,
    /// `X-Request-Id`.
    pub request_id: &'a str,
    /// The caller: the other end of the connection, or whom trusted proxies name.
    pub remote_addr: Option<IpAddr>,
    /// The method.
    pub request_method: &'a str,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The host as the caller wrote it.
    pub host: &'a str,
    /// The path as it came.
    pub uri: &'a str,
    /// What the caller calls itself.
    pub http_user_agent: &'a str,
    /// The status of the answer.
    pub status: u16,
    /// Bytes of its body.
    pub bytes_sent: u64,
    /// Seconds until it was there.
    pub request_time: f64,
    /// What is known of the API.
    #[serde(flatten)]
    pub api: Option<AccessedApi<'a>>,
    /// The credential that the caller has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_id: Option<&'a str>,
    /// The access key that the caller has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_key_id: Option<&'a str>,
    /// The user whose access key or token it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_name: Option<&'a str>,
    /// The id of the invocation, as in the function's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invocation_id: Option<&'a str>,
    /// The code of an answer that is the gateway's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apig_err_code: Option<&'static str>,
}

/// Which API was called.
#[derive(Debug, Serialize)]
pub struct AccessedApi<'a> {
    /// Its id.
    pub api_id: &'a str,
    /// Its name.
    pub api_name: &'a str,
    /// Its group.
    pub group_id: &'a str,
    /// The environment.
    pub stage: &'a str,
}

/// What is known of a request while it is answered.
pub(crate) struct Accessed {
    log: AccessLog,
    time: Timestamp,
    began: Instant,
    request_id: ApiRequestId,
    remote_addr: Option<IpAddr>,
    method: Method,
    scheme: &'static str,
    host: String,
    uri: String,
    user_agent: String,
    /// Who the caller has proved to be.
    pub(crate) identity: Option<Identity>,
    pub(crate) invocation_id: Option<RequestId>,
}

impl Accessed {
    /// A request that has come.
    pub(crate) fn new(
        log: &AccessLog,
        request: &Parts,
        request_id: &ApiRequestId,
        remote_addr: Option<IpAddr>,
        tls: bool,
        time: Timestamp,
    ) -> Self {
        let header = |name| request.headers.get(name).map(text_of).unwrap_or_default();
        let host = request.uri.authority().map(|it| it.as_str().to_owned());
        Self {
            log: log.clone(),
            time,
            began: Instant::now(),
            request_id: request_id.clone(),
            remote_addr,
            method: request.method.clone(),
            scheme: scheme(tls),
            host: host.unwrap_or_else(|| header(HOST).into_owned()),
            uri: request.uri.path().to_owned(),
            user_agent: header(USER_AGENT).into_owned(),
            identity: None,
            invocation_id: None,
        }
    }

    /// Knows who sent it, once that was looked at.
    pub(crate) fn sent_by(&mut self, address: Option<IpAddr>, tls: bool) {
        self.remote_addr = address;
        self.scheme = scheme(tls);
    }

    /// Tells of it, now that it is answered.
    pub(crate) fn tell<D>(
        &self,
        api: Option<&PublishedApi<D>>,
        response: &Response,
        error: Option<&'static str>,
    ) {
        let api = api.map(|published| AccessedApi {
            api_id: published.api.api_id.as_str(),
            api_name: published.api.settings.api_name.as_str(),
            group_id: published.api.settings.group_id.as_str(),
            stage: published.environment.as_str(),
        });
        let (mut app_id, mut access_key_id, mut user_name) = (None, None, None);
        match &self.identity {
            Some(Identity::Credential(credential)) => {
                app_id = Some(credential.credential_id.as_str());
            }
            Some(Identity::AccessKey(key)) => {
                access_key_id = Some(key.secrets.access_key_id.as_str());
                user_name = Some(key.secrets.user_name.as_str());
            }
            Some(Identity::AccessToken(token)) => user_name = Some(token.user_name.as_str()),
            None => {}
        }
        (self.log.0)(&AccessLine {
            time: self.time.iso_format(),
            request_id: self.request_id.as_str(),
            remote_addr: self.remote_addr,
            request_method: self.method.as_str(),
            scheme: self.scheme,
            host: &self.host,
            uri: &self.uri,
            http_user_agent: &self.user_agent,
            status: response.status().as_u16(),
            bytes_sent: response.body().size_hint().exact().unwrap_or(0),
            request_time: seconds(self.began.elapsed()),
            api,
            app_id,
            access_key_id,
            user_name,
            invocation_id: self.invocation_id.as_ref().map(RequestId::as_str),
            apig_err_code: error,
        });
    }
}

fn scheme(tls: bool) -> &'static str {
    if tls { "https" } else { "http" }
}

/// A duration as the log has it: seconds, to the microsecond.
fn seconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e6
}
