//! Turns on the processors, so that no function keeps the others from running.
//!
//! Code that runs for longer than a tick has to wait for a turn at each further tick. There are
//! as many turns as the runtime has threads; within a function and between functions they go
//! round in the order in which they were asked for. So there are never more long-running guests
//! in the queue of the threads than threads: what is short, such as answering a request of the
//! console, waits for a tick at most, however many guests compute.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{HasSelf, Linker};

use crate::flags::Flag;
use crate::instance::Host;

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../runtimes/wit",
        world: "taking-turns",
        imports: { default: async | trappable },
    });
}

use bindings::sluice::function::turns;

/// The turns of all functions together.
#[derive(Debug, Clone)]
pub struct Turns {
    all: Arc<Semaphore>,
    count: usize,
}

/// The turns of one function.
#[derive(Debug, Clone)]
pub struct Lane {
    own: Arc<Semaphore>,
    all: Arc<Semaphore>,
}

/// A turn, until the guest has to wait for something.
#[derive(Debug)]
struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// Where one guest has its turn, if it has one.
#[derive(Debug, Clone, Default)]
pub struct Taken(Arc<Mutex<Option<Turn>>>);

impl Turns {
    /// So many turns.
    pub fn new(count: usize) -> Self {
        let all = Arc::new(Semaphore::new(count));
        Self { all, count }
    }

    /// A function's share. It can have all turns where nobody else wants one.
    pub fn lane(&self) -> Lane {
        Lane {
            own: Arc::new(Semaphore::new(self.count)),
            all: Arc::clone(&self.all),
        }
    }
}

impl Lane {
    /// Waits for a turn; the one of the last tick ends when this first waits.
    pub async fn turn(self, taken: Taken) {
        // No semaphore is ever closed.
        let (Ok(own), Ok(all)) = (
            self.own.acquire_owned().await,
            self.all.acquire_owned().await,
        ) else {
            return;
        };
        // With the turn in hand, so that its place in the line is kept: whatever is short runs
        // now, and timers and sockets are looked at.
        tokio::task::yield_now().await;
        taken.set(Some(Turn {
            _own: own,
            _all: all,
        }));
    }
}

/// Gives what is linked the turns of its instance.
pub fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    turns::add_to_linker::<_, HasSelf<Host>>(linker, |host| host)
}

/// What an instance of a linked runtime waits for its turns with.
#[derive(Debug)]
pub struct Waits {
    /// Its function's turns.
    pub lane: Lane,
    /// Where it has its own.
    pub taken: Taken,
    /// Its flag, once its memory is there.
    pub flag: Option<Flag>,
}

impl turns::Host for Host {
    async fn wait(&mut self) -> wasmtime::Result<()> {
        let waits = self.waits();
        // A flag can still be set from the last time while the instance is only looked into: that
        // is short, and a turn taken meanwhile would be kept.
        if waits.flag.is_some_and(Flag::is_running) {
            waits.lane.clone().turn(waits.taken.clone()).await;
        }
        Ok(())
    }
}

impl Taken {
    /// To be called whenever the guest does not run: a turn is for running only.
    pub fn give_back(&self) {
        self.set(None);
    }

    fn set(&self, turn: Option<Turn>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = turn;
    }
}
