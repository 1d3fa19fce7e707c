//! What a guest has of the processors.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::flags::Flag;
use crate::turns::Taken;

/// Runs `future` and adds the CPU time that its polls take to `spent`, which
/// stays right when the future is dropped midway. Between its polls it has no turn, and its flag
/// is not set.
pub async fn measured<F: Future>(
    future: F,
    spent: &mut Duration,
    turn: &Taken,
    flag: Option<Flag>,
) -> F::Output {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        let before = thread_time();
        let running = flag.map(Flag::runs);
        let polled = future.as_mut().poll(context);
        drop(running);
        *spent += thread_time().saturating_sub(before);
        turn.give_back();
        polled
    })
    .await
}

/// CPU time of this thread. A poll never leaves its thread, so two of them compare.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos)
}
