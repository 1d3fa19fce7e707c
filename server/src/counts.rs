//! Writes down what the executor counts in memory: calls that were refused, and instances. Whoever
//! calls a trigger URL waits for no SQL.

use std::collections::HashMap;
use std::mem;
use std::time::Duration;

use sluice_domain::id::FunctionId;
use sluice_domain::metrics::{InstanceMetrics, Throttles};
use sluice_domain::time::Timestamp;
use sluice_executor::Executor;
use sluice_store::Store;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::drawn;
use crate::logging::chain;

/// How often it is written.
const EVERY: Duration = Duration::from_secs(1);

const MINUTE_MS: i64 = 60_000;

/// Writes the counts until it is finished.
pub struct Counter {
    /// Dropped to stop the task.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Counter {
    /// Begins to write them.
    pub fn start(executor: Executor, store: Store) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut counts = Counts::new(executor, store);
            while tokio::time::timeout(EVERY, &mut stopped).await.is_err() {
                counts.write(drawn::now()).await;
            }
            counts.write(drawn::now()).await;
        });
        Self { stop, task }
    }

    /// Writes the last ones.
    pub async fn finish(self) {
        drop(self.stop);
        if let Err(ended) = self.task.await {
            tracing::warn!(error = chain(&ended), "the last calls were not counted");
        }
    }
}

struct Counts {
    executor: Executor,
    store: Store,
    /// Counts that could not be written, for the next time.
    unwritten: Vec<Throttles>,
    /// What is written of the minute that began then: it is written again when there is more.
    instances: HashMap<FunctionId, InstanceMetrics>,
    minute: i64,
}

impl Counts {
    fn new(executor: Executor, store: Store) -> Self {
        Self {
            executor,
            store,
            unwritten: Vec::new(),
            instances: HashMap::new(),
            minute: 0,
        }
    }

    async fn write(&mut self, now: Timestamp) {
        self.write_throttles(now).await;
        self.write_instances(now).await;
    }

    async fn write_throttles(&mut self, now: Timestamp) {
        let mut counts = mem::take(&mut self.unwritten);
        for new in self.executor.take_throttled() {
            let same = |kept: &&mut Throttles| {
                kept.function_id == new.function_id && kept.reason == new.reason
            };
            match counts.iter_mut().find(same) {
                Some(kept) => kept.count += new.count,
                None => counts.push(new),
            }
        }
        if counts.is_empty() {
            return;
        }
        if let Err(error) = self.store.add_throttles(&counts, now).await {
            tracing::warn!(error = chain(&error), "throttled calls are not counted yet");
            self.unwritten = counts;
        }
    }

    async fn write_instances(&mut self, now: Timestamp) {
        let minute = now.millis().div_euclid(MINUTE_MS);
        if minute != self.minute {
            self.minute = minute;
            self.instances.clear();
        }
        let mut samples = self.executor.take_instances();
        samples.retain(|(id, sample)| {
            let written = self.instances.get(id);
            written.is_none_or(|written| written.max(*sample) != *written)
        });
        if samples.is_empty() {
            return;
        }
        match self.store.add_instances(&samples, now).await {
            Ok(()) => {
                for (id, sample) in samples {
                    let written = self.instances.entry(id).or_default();
                    *written = written.max(sample);
                }
            }
            Err(error) => {
                tracing::warn!(error = chain(&error), "instances were not counted");
            }
        }
    }
}
