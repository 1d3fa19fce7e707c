//! The recorder: takes the records of invocations from their channel and keeps
//! them in batches, so that answering a trigger URL never waits for SQL.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use sluice_domain::invocation::InvocationRecord;
use sluice_domain::time::Timestamp;
use sqlx::error::ErrorKind;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::{Retention, Store, StoreError};

/// Most records and about most bytes of them in one transaction.
const BATCH_RECORDS: usize = 500;
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// How long the first record of a batch waits for others. Together with the
/// write it keeps a record from being shown for less than a quarter of a second.
const BATCH_WAIT: Duration = Duration::from_millis(100);

/// Pauses before a write that failed is tried again, for example while another
/// program holds the file.
const RETRY_AFTER: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_millis(700),
];

/// How often old records are deleted.
const TIDY_EVERY: Duration = Duration::from_secs(5 * 60);

/// The recorder at work. Dropped without [`Recorder::finish`] it works on until
/// the last sender is gone.
#[derive(Debug)]
pub struct Recorder {
    writing: JoinHandle<()>,
    tidying: JoinHandle<()>,
    stop: Arc<Notify>,
    lost: LostRecords,
}

/// Counts records that could not be kept. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct LostRecords(Arc<AtomicU64>);

impl LostRecords {
    /// How many records were lost since the start.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Is told of each record when it is written, lost or not. It must not wait.
#[derive(Clone)]
pub struct RecordObserver(pub Arc<dyn Fn(&InvocationRecord) + Send + Sync>);

impl std::fmt::Debug for RecordObserver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordObserver").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Starts to keep what comes out of `receiver`, and to delete what
    /// `retention` does not keep, now and every few minutes. `observer` sees all of it.
    pub fn start(
        store: Store,
        receiver: mpsc::Receiver<Arc<InvocationRecord>>,
        retention: Retention,
        observer: Option<RecordObserver>,
    ) -> Self {
        let stop = Arc::new(Notify::new());
        let lost = LostRecords::default();
        let writer = Writer {
            store: store.clone(),
            receiver,
            observer,
            stop: stop.clone(),
            lost: lost.clone(),
        };
        Self {
            writing: tokio::spawn(writer.run()),
            tidying: tokio::spawn(tidy(store, retention)),
            stop,
            lost,
        }
    }

    /// The count of records that could not be kept.
    pub fn lost(&self) -> LostRecords {
        self.lost.clone()
    }

    /// Takes no more records, keeps those that were sent, and ends.
    pub async fn finish(self) {
        self.tidying.abort(); // each of its steps is a transaction of its own
        self.stop.notify_one();
        if let Err(error) = self.writing.await {
            tracing::error!(error = chain(&error), "the recorder did not end in order");
        }
    }
}

struct Writer {
    store: Store,
    receiver: mpsc::Receiver<Arc<InvocationRecord>>,
    observer: Option<RecordObserver>,
    stop: Arc<Notify>,
    lost: LostRecords,
}

impl Writer {
    async fn run(mut self) {
        while let Some(first) = self.next().await {
            let batch = self.batch(first).await;
            if let Some(RecordObserver(observe)) = &self.observer {
                batch.iter().for_each(|record| observe(record));
            }
            self.write(&batch).await;
        }
    }

    /// The next record; none when there will be no more.
    async fn next(&mut self) -> Option<Arc<InvocationRecord>> {
        tokio::select! {
            biased; // a stop must not wait for a pause between records
            () = self.stop.notified() => self.receiver.close(),
            record = self.receiver.recv() => return record,
        }
        self.receiver.recv().await
    }

    async fn batch(&mut self, first: Arc<InvocationRecord>) -> Vec<Arc<InvocationRecord>> {
        let until = Instant::now() + BATCH_WAIT;
        let mut bytes = bytes_of(&first);
        let mut batch = vec![first];
        while batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            let Ok(Some(record)) = tokio::time::timeout_at(until, self.next()).await else {
                break;
            };
            bytes += bytes_of(&record);
            batch.push(record);
        }
        batch
    }

    async fn write(&self, batch: &[Arc<InvocationRecord>]) {
        let mut pauses = RETRY_AFTER.iter();
        while let Err(error) = self.store.insert_invocations(batch).await {
            if is_refused(&error) {
                return self.write_one_by_one(batch).await;
            }
            let Some(pause) = pauses.next() else {
                return self.lose(batch.len(), &error);
            };
            tokio::time::sleep(*pause).await;
        }
    }

    /// Keeps all but those that the database refuses.
    async fn write_one_by_one(&self, batch: &[Arc<InvocationRecord>]) {
        for record in batch {
            let one = std::slice::from_ref(record);
            if let Err(error) = self.store.insert_invocations(one).await {
                self.lose(1, &error);
            }
        }
    }

    fn lose(&self, count: usize, error: &StoreError) {
        self.lost.0.fetch_add(count as u64, Ordering::Relaxed);
        tracing::error!(
            records.lost = count,
            error = chain(error),
            "could not keep records of invocations"
        );
    }
}

/// About the bytes of a record: those of its log, its event and its answer.
fn bytes_of(record: &InvocationRecord) -> usize {
    let log: usize = record.log.iter().map(|line| line.text.len()).sum();
    let event = record.event.iter().flat_map(|it| [&it.event, &it.answer]);
    log + event.flatten().map(String::len).sum::<usize>()
}

/// True when trying again cannot help: a record breaks a rule of the table.
fn is_refused(error: &StoreError) -> bool {
    match error {
        StoreError::Database {
            source: sqlx::Error::Database(error),
            ..
        } => !matches!(error.kind(), ErrorKind::Other),
        _ => false,
    }
}

async fn tidy(store: Store, retention: Retention) {
    let mut due = tokio::time::interval(TIDY_EVERY);
    due.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = store.tidy(retention, now()).await {
            tracing::warn!(error = chain(&error), "could not delete old records");
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Timestamp(i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX))
}

/// An error with all its causes.
fn chain(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |&error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestStore, records};

    const KEEP_ALL: Retention = Retention {
        max_age: Duration::MAX,
        max_bytes: u64::MAX,
    };

    #[tokio::test]
    async fn finishing_keeps_all_that_was_sent() {
        let test = TestStore::new().await;
        let (sender, receiver) = mpsc::channel(10_000);
        for record in records(2500) {
            sender.send(record).await.unwrap();
        }
        let recorder = Recorder::start(test.store.clone(), receiver, KEEP_ALL, None);
        let lost = recorder.lost();
        recorder.finish().await; // though `sender` lives
        assert_eq!(test.count("invocation").await, 2500);
        assert_eq!(lost.get(), 0);
        assert!(sender.send(records(1).remove(0)).await.is_err());
    }

    #[tokio::test]
    async fn senders_that_are_slowed_down_lose_nothing() {
        let test = TestStore::new().await;
        let (sender, receiver) = mpsc::channel(4);
        let recorder = Recorder::start(test.store.clone(), receiver, KEEP_ALL, None);
        let sends = records(2000).into_iter().map(|record| sender.send(record));
        for sent in futures::future::join_all(sends).await {
            sent.unwrap();
        }
        recorder.finish().await;
        assert_eq!(test.count("invocation").await, 2000);
    }

    #[tokio::test]
    async fn a_record_can_be_read_while_the_recorder_works_on() {
        let test = TestStore::new().await;
        let (sender, receiver) = mpsc::channel(4);
        let recorder = Recorder::start(test.store.clone(), receiver, KEEP_ALL, None);
        for (sent, record) in (1..).zip(records(3)) {
            sender.send(record).await.unwrap();
            let shown = async { while test.count("invocation").await < sent {} };
            tokio::time::timeout(Duration::from_secs(10), shown)
                .await
                .unwrap();
        }
        recorder.finish().await;
    }

    #[tokio::test]
    async fn a_record_that_is_refused_takes_no_other_with_it() {
        let test = TestStore::new().await;
        let (sender, receiver) = mpsc::channel(100);
        let mut records = records(50);
        Arc::make_mut(&mut records[20]).version.clear();
        for record in records {
            sender.send(record).await.unwrap();
        }
        let recorder = Recorder::start(test.store.clone(), receiver, KEEP_ALL, None);
        let lost = recorder.lost();
        recorder.finish().await;
        assert_eq!((test.count("invocation").await, lost.get()), (49, 1));
    }

    #[tokio::test]
    async fn what_cannot_be_kept_is_counted() {
        let test = TestStore::new().await;
        test.sql("drop table invocation").await.unwrap();
        let (sender, receiver) = mpsc::channel(100);
        for record in records(7) {
            sender.send(record).await.unwrap();
        }
        let recorder = Recorder::start(test.store.clone(), receiver, KEEP_ALL, None);
        let lost = recorder.lost();
        recorder.finish().await;
        assert_eq!(lost.get(), 7);
    }

    #[tokio::test]
    async fn old_records_are_deleted_at_the_start() {
        let test = TestStore::new().await;
        test.store.insert_invocations(&records(3)).await.unwrap();
        let (_sender, receiver) = mpsc::channel(1);
        let retention = Retention {
            max_age: Duration::from_secs(60),
            max_bytes: u64::MAX,
        };
        let recorder = Recorder::start(test.store.clone(), receiver, retention, None);
        let gone = async { while test.count("invocation").await > 0 {} };
        tokio::time::timeout(Duration::from_secs(10), gone)
            .await
            .unwrap();
        recorder.finish().await;
    }
}
