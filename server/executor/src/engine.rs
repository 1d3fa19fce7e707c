//! The wasmtime engines, and the thread that makes busy functions yield.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::flags;

/// How long a busy function may hold its thread before others get a turn. A
/// switch costs about a microsecond, so this is a thousandth of it and less.
const TURN: Duration = Duration::from_millis(2);

/// Turns without any call after which the ticking stops until the next one.
const IDLE_TURNS: u32 = 500;

/// Stack of compiled code. CPython recurses in C while it compiles, compares
/// or prints nested values, and has to reach its own limit first.
const WASM_STACK_BYTES: usize = 8 * 1024 * 1024;

/// Stack of a call: the one above, and what our own functions below it need.
/// It is reserved address space; only what is touched becomes memory.
const CALL_STACK_BYTES: usize = WASM_STACK_BYTES + 1024 * 1024;

/// Most instances of all functions together: what can live in the pool. Each
/// reserves 4 GB of addresses for its memory, and x86-64 gives a process
/// 128 TB.
pub const MAX_INSTANCES: u32 = 1000;

/// Most memory of a place in the pool that is put back by copying; more goes back to the
/// system.
const KEPT_RESIDENT_BYTES: usize = 8 * 1024 * 1024;

/// Largest memory that instances begin with.
pub const MAX_IMAGE_BYTES: u64 = 512 * 1024 * 1024;

/// How code that runs for long is made to let others run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pausing {
    /// By wasmtime's epochs, for which it compiles checks into all code.
    ByEpochs,
    /// By flags, which the code looks at by itself: only what our own build has made so.
    ByFlags,
}

/// An engine with the settings that all code of its kind is compiled for.
pub fn engine(pausing: Pausing) -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(MAX_INSTANCES)
        // The language, its image, and two small modules that join it to the host.
        .max_core_instances_per_component(8)
        .total_core_instances(MAX_INSTANCES * 4)
        .max_memories_per_component(2)
        .total_memories(MAX_INSTANCES)
        .max_tables_per_component(4)
        .total_tables(MAX_INSTANCES * 3)
        .total_stacks(MAX_INSTANCES)
        // CPython fills about 7,000.
        .table_elements(20_000)
        .max_component_instance_size(4 * 1024 * 1024)
        .max_core_instance_size(4 * 1024 * 1024)
        .max_memory_size(1 << 32);
    // Where Linux can tell which pages an instance wrote, only those are put back for the next
    // one, and stay mapped: it then runs without a page fault for each.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEPT_RESIDENT_BYTES)
            .table_keep_resident(KEPT_RESIDENT_BYTES);
    }
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(pausing == Pausing::ByEpochs)
        // The memory of a function that is ready to be called is mapped, never copied.
        .memory_guaranteed_dense_image_size(MAX_IMAGE_BYTES)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(CALL_STACK_BYTES);
    Engine::new(&config)
}

/// Ticks the engine's epoch, and sets flags, while calls run; ends when it is dropped.
#[derive(Debug)]
pub struct Ticker {
    shared: Arc<Ticking>,
    thread: Option<thread::JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Ticking {
    calls: AtomicUsize,
    asleep: AtomicBool,
    ended: AtomicBool,
}

impl Ticker {
    /// Starts the thread.
    pub fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Ticking::default());
        let (ticking, engine) = (Arc::clone(&shared), engine.clone());
        let thread = thread::Builder::new()
            .name("sluice-ticks".to_owned())
            .spawn(move || ticking.run(&engine))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Keeps the thread ticking until the guard is dropped.
    pub fn during_call(&self) -> CallGuard {
        self.shared.calls.fetch_add(1, Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::SeqCst)
            && let Some(thread) = &self.thread
        {
            thread.thread().unpark();
        }
        CallGuard(Arc::clone(&self.shared))
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It only ticks and sleeps; if it ever panicked, nothing is left to end.
            let _ = thread.join();
        }
    }
}

/// A call that runs.
#[derive(Debug)]
pub struct CallGuard(Arc<Ticking>);

impl Drop for CallGuard {
    fn drop(&mut self) {
        self.0.calls.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Ticking {
    fn run(&self, engine: &Engine) {
        let mut idle = 0;
        while !self.ended.load(Ordering::SeqCst) {
            thread::sleep(TURN);
            engine.increment_epoch();
            flags::set_all();
            if self.calls.load(Ordering::SeqCst) > 0 {
                idle = 0;
                continue;
            }
            idle += 1;
            if idle >= IDLE_TURNS {
                // First said, then looked again: a call that begins in between either is
                // seen here or sees `asleep` and wakes us.
                self.asleep.store(true, Ordering::SeqCst);
                if self.calls.load(Ordering::SeqCst) == 0 && !self.ended.load(Ordering::SeqCst) {
                    thread::park();
                }
                self.asleep.store(false, Ordering::SeqCst);
                idle = 0;
            }
        }
    }
}
