//! The trace of one call: what it goes through, and when. Most calls have none, which costs them a
//! look at a pointer for each step; no time is taken and no text is made.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sluice_domain::trace::{Stage, Step};

/// Where the steps of a call are noted, if somebody wants to know. Clones share everything: what
/// goes on after its caller has left is still noted, and who reads it then sees it.
#[derive(Debug, Clone, Default)]
pub struct Trace(Option<Arc<Notes>>);

#[derive(Debug)]
struct Notes {
    began: Instant,
    steps: Mutex<Vec<Noted>>,
}

#[derive(Debug)]
struct Noted {
    stage: Stage,
    began: Duration,
    ended: Option<Duration>,
    detail: String,
}

/// A step that has begun. One that is never ended is told as such.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct Begun(Option<usize>);

impl Trace {
    /// The trace of a call that begins now.
    pub fn begin_call() -> Self {
        Self(Some(Arc::new(Notes {
            began: Instant::now(),
            steps: Mutex::default(),
        })))
    }

    /// Begins a step.
    pub fn begin(&self, stage: Stage) -> Begun {
        Begun(self.0.as_ref().map(|notes| {
            let mut steps = notes.lock();
            steps.push(Noted {
                stage,
                began: notes.began.elapsed(),
                ended: None,
                detail: String::new(),
            });
            steps.len() - 1
        }))
    }

    /// Ends a step. `detail` says what came of it, where there is anything to say.
    pub fn end(&self, begun: Begun, detail: impl FnOnce() -> String) {
        if let (Some(notes), Begun(Some(index))) = (&self.0, begun) {
            let now = notes.began.elapsed();
            let detail = detail();
            if let Some(step) = notes.lock().get_mut(index) {
                step.ended = Some(now);
                step.detail = detail;
            }
        }
    }

    /// The steps until now, in the order in which they began; none where nobody wanted to know.
    pub fn steps(&self) -> Vec<Step> {
        let Some(notes) = &self.0 else {
            return Vec::new();
        };
        let now = notes.began.elapsed();
        let told = |step: &Noted| Step {
            stage: step.stage,
            offset_us: micros(step.began),
            duration_us: micros(step.ended.unwrap_or(now).saturating_sub(step.began)),
            has_ended: step.ended.is_some(),
            detail: step.detail.clone(),
        };
        notes.lock().iter().map(told).collect()
    }

    /// Microseconds since the call began.
    pub fn elapsed_us(&self) -> u64 {
        self.0
            .as_ref()
            .map_or(0, |notes| micros(notes.began.elapsed()))
    }
}

impl Notes {
    fn lock(&self) -> MutexGuard<'_, Vec<Noted>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_told_in_their_order() {
        let trace = Trace::begin_call();
        let (one, other) = (trace.begin(Stage::Queue), trace.begin(Stage::Handler));
        trace.clone().end(one, || "done".to_owned());
        let steps = trace.steps();
        let told: Vec<_> = steps
            .iter()
            .map(|it| (it.stage, it.has_ended, it.detail.as_str()))
            .collect();
        assert_eq!(
            told,
            [(Stage::Queue, true, "done"), (Stage::Handler, false, "")]
        );
        assert!(steps[0].offset_us <= steps[1].offset_us);
        trace.end(other, String::new);
        assert!(trace.steps()[1].has_ended);
    }

    #[test]
    fn what_nobody_wants_to_know_is_not_made() {
        let trace = Trace::default();
        let begun = trace.begin(Stage::Queue);
        trace.end(begun, || unreachable!("nobody reads it"));
        assert!(trace.steps().is_empty());
    }
}
