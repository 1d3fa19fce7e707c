//! Renews the certificates that the local authority has issued for domain names.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::console::Shared;
use crate::logging::chain;

/// How often they are looked at: they are renewed months before their end.
const EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// Renews certificates until it is finished.
pub struct Renewal {
    shared: Arc<Shared>,
    /// Dropped to stop the task.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Renewal {
    /// Begins to look at them.
    pub fn start(shared: Arc<Shared>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let looking = Arc::clone(&shared);
        let look = move || {
            let looking = Arc::clone(&looking);
            async move { look(&looking, SystemTime::now()).await }
        };
        let task = tokio::spawn(regularly(EVERY, stopped, look));
        Self { shared, stop, task }
    }

    /// Renews what has to be at `now`.
    pub async fn look(&self, now: SystemTime) {
        look(&self.shared, now).await;
    }

    /// Stops looking.
    pub async fn finish(self) {
        drop(self.stop);
        if let Err(ended) = self.task.await {
            tracing::warn!(error = chain(&ended), "renewing certificates had ended");
        }
    }
}

async fn look(shared: &Shared, now: SystemTime) {
    let _changing = shared.publisher.change().await;
    if let Err(error) = shared.publisher.renew_domain_names(now).await {
        tracing::warn!(error = chain(&error), "certificates were not renewed");
    }
}

/// Looks after each such time, until the other end of the channel is gone.
async fn regularly<F: Future<Output = ()>>(
    every: Duration,
    mut stopped: oneshot::Receiver<()>,
    look: impl Fn() -> F,
) {
    while tokio::time::timeout(every, &mut stopped).await.is_err() {
        look().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc;

    #[tokio::test]
    async fn it_looks_again_and_again_until_it_is_stopped() {
        let (stop, stopped) = oneshot::channel();
        let (looked, mut looks) = mpsc::unbounded_channel();
        let look = move || {
            looked.send(()).unwrap();
            std::future::ready(())
        };
        let task = tokio::spawn(regularly(Duration::from_millis(1), stopped, look));
        for _ in 0..3 {
            looks.recv().await.unwrap();
        }
        drop(stop);
        task.await.unwrap();
    }
}
