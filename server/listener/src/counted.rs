//! The router as a connection's service, with its requests counted.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::routing::future::RouteFuture;
use http::{Request, Response, Version};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::Service;
use tower::Service as _;

use crate::pulse::Pulse;
use crate::tls::Mark;

/// Serves the requests of one connection.
pub(crate) struct Counted {
    pub(crate) router: Router,
    pub(crate) peer: SocketAddr,
    pub(crate) mark: Option<Mark>,
    pub(crate) pulse: Arc<Pulse>,
}

impl Service<Request<Incoming>> for Counted {
    type Response = Response<CountedBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, mut request: Request<Incoming>) -> Answering {
        self.pulse.asked(request.version() == Version::HTTP_2);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        if let Some(mark) = &self.mark {
            mark.put(request.extensions_mut());
        }
        Answering {
            asked: Some(Asked {
                pulse: Arc::clone(&self.pulse),
                has_answer: false,
            }),
            answer: self.router.clone().call(request),
        }
    }
}

/// A request that is not answered whole. When it is dropped it is, or never will be.
struct Asked {
    pulse: Arc<Pulse>,
    /// Whether the router has answered it.
    has_answer: bool,
}

impl Asked {
    fn has_answer(&mut self) {
        self.has_answer = true;
        self.pulse.has_answer();
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if !self.has_answer {
            self.pulse.has_answer();
        }
        self.pulse.answered();
    }
}

pin_project_lite::pin_project! {
    /// An answer to come.
    pub(crate) struct Answering {
        asked: Option<Asked>,
        #[pin]
        answer: RouteFuture<Infallible>,
    }
}

impl Future for Answering {
    type Output = Result<Response<CountedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match ready!(this.answer.poll(cx)) {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let mut asked = this.asked.take();
        if let Some(asked) = &mut asked {
            asked.has_answer();
        }
        Poll::Ready(Ok(response.map(|body| CountedBody {
            body,
            _asked: asked,
        })))
    }
}

/// The body of an answer.
pub(crate) struct CountedBody {
    body: Body,
    _asked: Option<Asked>,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
