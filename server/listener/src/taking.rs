//! The answers of one connection, while they are taken.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::rate::LeastRate;

/// When each answer of a connection will have been taken too slowly. Over HTTP/1 there is one at a
/// time, over HTTP/2 there are as many as streams.
#[derive(Debug, Default)]
pub(crate) struct Taking(Mutex<Vec<Clock>>);

/// What is known of one answer.
#[derive(Debug, Clone, Copy)]
enum Clock {
    /// There is none: the place is free.
    Free,
    /// Its caller is waited for, until then.
    Runs(Instant),
    /// Who makes it is waited for; the caller has this much of the grace left.
    Stands(Duration),
}

impl Taking {
    /// An answer begins; its place among the others.
    pub(crate) fn begin(&self, rate: LeastRate) -> usize {
        let clock = Clock::Runs(Instant::now() + rate.grace);
        let mut clocks = self.clocks();
        let free = clocks.iter().position(|it| matches!(it, Clock::Free));
        match free {
            Some(place) => {
                clocks[place] = clock;
                place
            }
            None => {
                clocks.push(clock);
                clocks.len() - 1
            }
        }
    }

    /// So much of an answer was taken.
    pub(crate) fn took(&self, place: usize, rate: LeastRate, bytes: usize) {
        let now = Instant::now();
        self.change(place, |clock| match clock {
            Clock::Free => Clock::Free,
            Clock::Runs(until) => Clock::Runs(rate.put_off(until, now, bytes)),
            Clock::Stands(left) => Clock::Runs(now + rate.refilled(left, bytes)),
        });
    }

    /// More of an answer is wanted than is there.
    pub(crate) fn starves(&self, place: usize) {
        let now = Instant::now();
        self.change(place, |clock| match clock {
            Clock::Runs(until) => Clock::Stands(until.saturating_duration_since(now)),
            other => other,
        });
    }

    /// An answer has ended.
    pub(crate) fn end(&self, place: usize) {
        self.change(place, |_| Clock::Free);
    }

    /// When the first of them will have been taken too slowly.
    pub(crate) fn soonest(&self) -> Option<Instant> {
        let clocks = self.clocks();
        let running = clocks.iter().filter_map(|clock| match clock {
            Clock::Runs(until) => Some(*until),
            _ => None,
        });
        running.min()
    }

    fn change(&self, place: usize, to: impl FnOnce(Clock) -> Clock) {
        if let Some(clock) = self.clocks().get_mut(place) {
            *clock = to(*clock);
        }
    }

    fn clocks(&self) -> MutexGuard<'_, Vec<Clock>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
