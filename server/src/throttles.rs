//! Writes down how many calls were refused for want of an instance.

use std::time::Duration;

use sluice_executor::Executor;
use sluice_store::Store;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::drawn;
use crate::logging::chain;

/// How often they are written: what is refused waits for no SQL.
const EVERY: Duration = Duration::from_secs(1);

/// Writes the counts until it is finished.
pub struct ThrottleCounter {
    /// Dropped to stop the task.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl ThrottleCounter {
    /// Begins to write them.
    pub fn start(executor: Executor, store: Store) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            while tokio::time::timeout(EVERY, &mut stopped).await.is_err() {
                write(&executor, &store).await;
            }
            write(&executor, &store).await;
        });
        Self { stop, task }
    }

    /// Writes the last ones.
    pub async fn finish(self) {
        drop(self.stop);
        if let Err(ended) = self.task.await {
            tracing::warn!(error = chain(&ended), "throttled calls were not counted");
        }
    }
}

async fn write(executor: &Executor, store: &Store) {
    let counts = executor.take_throttled();
    if counts.is_empty() {
        return;
    }
    if let Err(error) = store.add_throttles(&counts, drawn::now()).await {
        tracing::warn!(error = chain(&error), "throttled calls were not counted");
    }
}
