//! Debug: a request of a user of the console, through all that a caller's request goes through.

use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use sluice_domain::id::{ApiId, RequestId};
use sluice_domain::trace::Step;
use sluice_domain::user::UserName;

use crate::backend::Backend;
use crate::serve::{Gateway, Listener};
use crate::watch::Watch;

/// What came of a request of Debug.
#[derive(Debug)]
pub struct Debugged {
    /// The answer, as a caller gets it.
    pub response: Response,
    /// What the request went through, in the order in which it began.
    pub steps: Vec<Step>,
    /// How long it took, in microseconds.
    pub took_us: u64,
    /// The API that was found; another one may be closer to the path than the one that was meant.
    pub api_id: Option<ApiId>,
    /// The id of the invocation, where the function was called.
    pub invocation_id: Option<RequestId>,
}

impl<B: Backend> Gateway<B> {
    /// Answers a request of a user who is signed in, as one that comes in by the listener from this
    /// machine, and traces it.
    ///
    /// What the API asks of its callers is not asked here, and no access control and no throttling
    /// applies or counts. Everything else is as it is for a caller: the function is called, and its
    /// invocation recorded. It takes as long as the API waits, at most 60 s.
    pub async fn debug(&self, listener: Listener, request: Request, user: UserName) -> Debugged {
        let (mut parts, body) = request.into_parts();
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        parts.extensions.insert(ConnectInfo(here));
        let mut watch = Watch::debugging(user, &parts);
        let request = Request::from_parts(parts, body);
        let response = self.clone().answer(listener, request, &mut watch).await;
        let (trace, called) = (watch.trace(), watch.called());
        Debugged {
            response,
            took_us: trace.elapsed_us(),
            steps: trace.steps(),
            api_id: called.api_id,
            invocation_id: called.invocation_id,
        }
    }
}
