//! How a linked runtime is told to take a turn: by a byte in the memory of each instance, which its
//! code looks at wherever it can run for long. The build puts that in; functions compute a tenth faster
//! than with wasmtime's own way, the epochs (`docs/decisions/0012-flags-for-turns.md`).
//!
//! Each thread says which flag the instance has that it runs, and the ticking thread sets that one.
//! A memory can go as soon as its instance does not run: so a thread waits for the ticking thread, if
//! that is at work on its flag just then.

use std::cell::OnceCell;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Where the flag is in the memory. `xtask/src/fuse/module.rs` has the same.
pub const AT: usize = 8;

/// Added to the address of a flag while it is being set. Its address is even.
const BEING_SET: usize = 1;

/// The flag of an instance.
#[derive(Debug, Clone, Copy)]
pub struct Flag(NonNull<u8>);

#[expect(
    unsafe_code,
    reason = "the address is only used by the thread that runs the instance, and by the ticking \
              thread while that one does"
)]
unsafe impl Send for Flag {}
#[expect(unsafe_code, reason = "the same")]
unsafe impl Sync for Flag {}

/// What one thread runs: the address of its flag, or 0.
#[derive(Debug, Default)]
struct Slot(AtomicUsize);

/// The slots of all threads that live.
static SLOTS: Mutex<Vec<Weak<Slot>>> = Mutex::new(Vec::new());

thread_local! {
    static SLOT: OnceCell<Arc<Slot>> = const { OnceCell::new() };
}

impl Flag {
    /// The flag of an instance whose memory begins at `memory` and has so many bytes; none in one
    /// that has no page.
    ///
    /// # Safety
    ///
    /// The memory stays where it is, which it does in a pool, and is there whenever the flag is said
    /// to [run](Self::runs).
    #[expect(unsafe_code, reason = "see above")]
    pub unsafe fn in_memory(memory: *const u8, bytes: usize) -> Option<Self> {
        let is_right = bytes > AT && memory.addr().is_multiple_of(2);
        let at = memory.wrapping_add(AT).cast_mut();
        NonNull::new(at).filter(|_| is_right).map(Self)
    }

    /// Says that this thread runs its instance, until the guard is dropped. No other one may run on the
    /// thread meanwhile.
    pub fn runs(self) -> Running {
        let address = self.0.as_ptr().expose_provenance();
        let before = SLOT.with(|slot| slot.get_or_init(new_slot).0.swap(address, Ordering::SeqCst));
        debug_assert_eq!(before, 0, "an instance runs within another one");
        Running(PhantomData)
    }

    /// Whether this thread runs its instance.
    pub fn is_running(self) -> bool {
        let here = SLOT.with(|slot| slot.get().map_or(0, |slot| slot.0.load(Ordering::SeqCst)));
        here & !BEING_SET == self.0.as_ptr().expose_provenance()
    }
}

fn new_slot() -> Arc<Slot> {
    let slot = Arc::<Slot>::default();
    let mut all = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|slot| slot.strong_count() > 0);
    all.push(Arc::downgrade(&slot));
    slot
}

/// An instance that runs on this thread, which the guard does not leave.
#[derive(Debug)]
pub struct Running(PhantomData<*const ()>);

impl Drop for Running {
    fn drop(&mut self) {
        SLOT.with(|slot| {
            if let Some(slot) = slot.get() {
                slot.clear();
            }
        });
    }
}

impl Slot {
    /// Says that nothing runs. Afterwards nobody has the address.
    fn clear(&self) {
        let mut seen = self.0.load(Ordering::SeqCst);
        loop {
            // The other thread is between two of its instructions, most likely.
            while seen & BEING_SET != 0 {
                std::thread::yield_now();
                seen = self.0.load(Ordering::SeqCst);
            }
            let cleared = self
                .0
                .compare_exchange(seen, 0, Ordering::SeqCst, Ordering::SeqCst);
            match cleared {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// Sets the flag of what runs.
    fn set(&self) {
        let address = self.0.load(Ordering::SeqCst);
        if address == 0 || address & BEING_SET != 0 {
            return;
        }
        let marked = address | BEING_SET;
        let begun = self
            .0
            .compare_exchange(address, marked, Ordering::SeqCst, Ordering::SeqCst);
        if begun.is_err() {
            return; // something else runs now
        }
        let byte = std::ptr::with_exposed_provenance_mut::<u8>(address);
        #[expect(
            unsafe_code,
            reason = "the memory is there: its instance runs until the slot is cleared, and that \
                      waits for the mark to go. The guest reads the byte and writes it, as it does \
                      all of its memory"
        )]
        let flag = unsafe { AtomicU8::from_ptr(byte) };
        flag.store(1, Ordering::Relaxed);
        self.0.store(address, Ordering::SeqCst);
    }
}

/// Sets the flags of all that runs now.
pub fn set_all() {
    let all = SLOTS.lock().unwrap_or_else(PoisonError::into_inner);
    for slot in all.iter().filter_map(Weak::upgrade) {
        slot.set();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        unsafe_code,
        reason = "each test keeps its memory for as long as the flag runs"
    )]
    fn flag_in(memory: &mut [u8]) -> Flag {
        unsafe { Flag::in_memory(memory.as_mut_ptr(), memory.len()) }.unwrap()
    }

    #[test]
    fn only_what_runs_is_told() {
        let mut memory = vec![0_u8; 64];
        let flag = flag_in(&mut memory);
        set_all();
        assert_eq!(memory[AT], 0);
        let running = flag.runs();
        assert!(flag.is_running());
        set_all();
        set_all();
        drop(running);
        assert!(!flag.is_running());
        assert_eq!(std::mem::take(&mut memory[AT]), 1);
        set_all();
        assert_eq!(memory, vec![0; 64]);
    }

    #[test]
    fn a_memory_can_go_as_soon_as_it_does_not_run() {
        let ticking = Arc::new(());
        let alive = Arc::downgrade(&ticking);
        let ticker = std::thread::spawn(move || {
            while alive.strong_count() > 0 {
                set_all();
            }
        });
        for round in 0..20_000_u32 {
            let mut memory = vec![0_u8; 64];
            let flag = flag_in(&mut memory);
            let running = flag.runs();
            std::hint::black_box(round);
            drop(running);
            memory[AT] = 0;
            // Whoever writes to it now is found.
            for _ in 0..20 {
                assert_eq!(std::hint::black_box(&memory)[AT], 0);
            }
        }
        drop(ticking);
        ticker.join().unwrap();
    }
}
