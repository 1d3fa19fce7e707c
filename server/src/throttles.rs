//! Writes down how many calls were refused for want of an instance.

use std::time::Duration;

use sluice_executor::Executor;
use sluice_store::Store;
use tokio::task::JoinHandle;

use crate::drawn;
use crate::logging::chain;

/// How often they are written: what is refused waits for no SQL.
const EVERY: Duration = Duration::from_secs(1);

/// Writes the counts until it is finished.
pub struct ThrottleCounter {
    executor: Executor,
    store: Store,
    task: JoinHandle<()>,
}

impl ThrottleCounter {
    /// Begins to write them.
    pub fn start(executor: Executor, store: Store) -> Self {
        let task = tokio::spawn({
            let (executor, store) = (executor.clone(), store.clone());
            async move {
                let mut tick = tokio::time::interval(EVERY);
                loop {
                    tick.tick().await;
                    write(&executor, &store).await;
                }
            }
        });
        Self {
            executor,
            store,
            task,
        }
    }

    /// Writes the last ones.
    pub async fn finish(self) {
        self.task.abort();
        // What it was writing is written or not begun: a transaction is one or the other.
        let _ = self.task.await;
        write(&self.executor, &self.store).await;
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
