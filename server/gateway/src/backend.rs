//! The gateway's one seam: what runs the function behind an API.

use std::future::Future;
use std::sync::Arc;

use sluice_executor::{Call, Deployment, Executor, Outcome, Refused};

use crate::decode::FunctionResponse;

/// Runs the function behind an API: the executor, or a script in tests.
pub trait Backend: Send + Sync + 'static {
    /// What stands for a function that is ready to be called.
    type Deployment: Send + Sync + 'static;

    /// Calls the function and reads its result by [`FunctionResponse::parse`],
    /// while the invocation's log is still open to say why it is refused.
    ///
    /// The gateway drops the future when the API's timeout is over; the
    /// function then keeps running, up to its own limit.
    fn invoke(
        &self,
        deployment: &Self::Deployment,
        call: Call,
    ) -> impl Future<Output = Result<Outcome<FunctionResponse>, Refused>> + Send;

    /// Counts a call of the function that a throttling policy has refused. Without anybody whom
    /// that concerns, nothing is done.
    fn throttled(&self, deployment: &Self::Deployment) {
        let _ = deployment;
    }
}

impl Backend for Executor {
    type Deployment = Arc<Deployment>;

    async fn invoke(
        &self,
        deployment: &Arc<Deployment>,
        call: Call,
    ) -> Result<Outcome<FunctionResponse>, Refused> {
        let accept = |result: String| FunctionResponse::parse(&result);
        Executor::invoke(self, deployment, call, accept)
            .await
            .map(|invocation| invocation.outcome)
    }

    fn throttled(&self, deployment: &Arc<Deployment>) {
        deployment.throttle_by_policy();
    }
}
