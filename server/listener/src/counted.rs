//! The router as a connection's service, with its requests counted, the bodies of requests and of
//! answers under the eyes of who knows how fast they have to be.

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

use crate::paced::PacedBody;
use crate::pulse::Pulse;
use crate::rate::LeastRate;
use crate::tls::Mark;

/// Most bytes of an answer that the protocol gets at once. It asks for more when it has passed that on,
/// and how fast it does shows how fast the caller takes the answer: over HTTP/2, each one.
const PIECE_BYTES: usize = 16 * 1024;

/// Serves the requests of one connection.
pub(crate) struct Counted {
    pub(crate) router: Router,
    pub(crate) peer: SocketAddr,
    pub(crate) mark: Option<Mark>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) body: LeastRate,
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
                place: None,
            }),
            answer: {
                let request = request.map(|body| PacedBody::new(body, self.body));
                self.router.clone().call(request)
            },
        }
    }
}

/// A request that is not answered whole. When it is dropped it is, or never will be.
struct Asked {
    pulse: Arc<Pulse>,
    /// The place of its answer among those that are taken, once the router has answered.
    place: Option<usize>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.pulse.ends_answer(place);
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
            asked.place = Some(asked.pulse.begins_answer());
        }
        Poll::Ready(Ok(response.map(|body| CountedBody {
            body,
            rest: Bytes::new(),
            asked,
        })))
    }
}

/// The body of an answer.
pub(crate) struct CountedBody {
    body: Body,
    /// What the protocol did not get yet of a piece that was too large.
    rest: Bytes,
    asked: Option<Asked>,
}

impl CountedBody {
    /// The next piece of the rest. The last one is a copy: the protocol may keep it for long, and the
    /// whole is not to be kept for its sake.
    fn piece(&mut self) -> Bytes {
        match self.rest.len() > PIECE_BYTES {
            true => self.rest.split_to(PIECE_BYTES),
            false => Bytes::copy_from_slice(&std::mem::take(&mut self.rest)),
        }
    }

    fn took(&self, bytes: usize) {
        if let Some(Asked {
            pulse,
            place: Some(place),
        }) = &self.asked
        {
            pulse.took(*place, bytes);
        }
    }

    fn starves(&self) {
        if let Some(Asked {
            pulse,
            place: Some(place),
        }) = &self.asked
        {
            pulse.starves(*place);
        }
    }
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
                this.starves();
                return Poll::Pending;
            };
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) if data.len() > PIECE_BYTES => this.rest = data,
                Some(Ok(Ok(data))) => {
                    this.took(data.len());
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        let piece = this.piece();
        this.took(piece.len());
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let hint = self.body.size_hint();
        match hint.exact() {
            Some(exact) => SizeHint::with_exact(exact + rest),
            None => hint,
        }
    }
}
