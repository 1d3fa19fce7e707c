//! Work that goes on when nobody waits for it any more.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt as _;
use tokio::runtime::Handle;

type Work<T> = dyn Future<Output = Result<T, Box<dyn Any + Send>>> + Send;

/// Runs where it is awaited, and in a task of its own from when it is dropped before its end. A task
/// from the start would do the same, but every call would wake a thread to begin and another to
/// end.
pub struct Onward<T: Send + 'static>(Option<Pin<Box<Work<T>>>>);

impl<T: Send> Onward<T> {
    /// This work; a panic in it is what comes out.
    pub fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(AssertUnwindSafe(work).catch_unwind())))
    }
}

impl<T: Send> Future for Onward<T> {
    type Output = Result<T, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.0 else {
            return Poll::Pending; // it has ended
        };
        let polled = work.as_mut().poll(cx);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<T: Send> Drop for Onward<T> {
    fn drop(&mut self) {
        // Without a runtime the whole server ends.
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(async {
                if work.await.is_err() {
                    tracing::error!("a call that nobody waited for any more panicked");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn work_ends_where_it_is_awaited() {
        assert_eq!(Onward::new(async { 7 }).await.ok(), Some(7));
    }

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it() {
        let (go, gone) = oneshot::channel::<()>();
        let (ended, end) = oneshot::channel();
        let mut work = Onward::new(async move {
            gone.await.unwrap();
            ended.send(7).unwrap();
        });
        assert!(futures::poll!(&mut work).is_pending());
        drop(work);
        go.send(()).unwrap();
        assert_eq!(end.await, Ok(7));
    }

    #[tokio::test]
    async fn a_panic_comes_out() {
        let panicked = Onward::new(async { panic!("on purpose") }).await;
        assert!(panicked.is_err_and(|panic: Box<dyn Any + Send>| panic.is::<&str>()));
    }
}
