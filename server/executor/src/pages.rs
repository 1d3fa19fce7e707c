//! Which pages of a memory were written, as Linux (6.7 and later) tells it, and putting them
//! back.

use std::ffi::c_void;
use std::fs::File;
use std::ops::Range;
use std::sync::LazyLock;

use rustix::io;
use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

/// Stretches of pages that are asked for at a time.
const STRETCHES: usize = 512;

/// What Linux knows of the pages of this process.
static PAGE_MAP: LazyLock<Option<File>> = LazyLock::new(|| File::open("/proc/self/pagemap").ok());

/// What is known of a page, in bits.
mod category {
    pub const WRITTEN: u64 = 1 << 1;
    pub const FILE: u64 = 1 << 2;
    pub const PRESENT: u64 = 1 << 3;
    pub const SWAPPED: u64 = 1 << 4;
    pub const ZERO: u64 = 1 << 5;
}

/// Copies over what was written in `memory` from the same place in `pristine`. False, and
/// nothing is copied, where Linux does not tell what was written.
///
/// # Safety
///
/// Both are addresses of mapped memory, exposed, two and of the same length; nobody else may use
/// `memory` meanwhile, and nobody may write to `pristine`.
#[expect(
    unsafe_code,
    reason = "it copies to an address, of which only its caller knows enough"
)]
pub unsafe fn put_back(memory: Range<usize>, pristine: &Range<usize>) -> io::Result<bool> {
    let Some(page_map) = &*PAGE_MAP else {
        return Ok(false);
    };
    let mut from = memory.start;
    while from < memory.end {
        let mut stretches = [Stretch::default(); STRETCHES];
        let scan = Scan::new(from..memory.end, &mut stretches);
        #[expect(
            unsafe_code,
            reason = "the call writes to `stretches` alone, of which it knows the length"
        )]
        let scanned = unsafe { ioctl(page_map, scan) };
        let (found, end) = match scanned {
            Ok(scanned) => scanned,
            // An older Linux does not know the call.
            Err(io::Errno::NOTTY | io::Errno::INVAL) if from == memory.start => return Ok(false),
            Err(error) => return Err(error),
        };
        for stretch in &stretches[..found] {
            let (start, end) = (stretch.start as usize, stretch.end as usize);
            let offset = start - memory.start;
            let source = std::ptr::with_exposed_provenance::<u8>(pristine.start + offset);
            let target = std::ptr::with_exposed_provenance_mut::<u8>(start);
            #[expect(
                unsafe_code,
                reason = "Linux names only stretches of what it was asked for, both memories \
                          have the same length and live on, they are two, and nobody uses them \
                          now: all this is the contract of this function"
            )]
            unsafe {
                std::ptr::copy_nonoverlapping(source, target, end - start);
            }
        }
        from = end;
    }
    Ok(true)
}

/// Pages that lie together.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct Stretch {
    start: u64,
    end: u64,
    categories: u64,
}

/// The argument of `PAGEMAP_SCAN`, as Linux has it.
#[derive(Debug)]
#[repr(C)]
struct Scan {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    stretches: u64,
    stretches_count: u64,
    most_pages: u64,
    inverted: u64,
    all_of: u64,
    any_of: u64,
    told: u64,
}

impl Scan {
    /// Asks for the pages of `memory` that are its own: neither of the file that it was mapped
    /// from nor the page of zeros.
    fn new(memory: Range<usize>, stretches: &mut [Stretch]) -> Self {
        use category::{FILE, PRESENT, SWAPPED, WRITTEN, ZERO};
        Self {
            size: size_of::<Self>() as u64,
            flags: 0,
            start: memory.start as u64,
            end: memory.end as u64,
            walk_end: 0,
            stretches: stretches.as_mut_ptr().expose_provenance() as u64,
            stretches_count: stretches.len() as u64,
            most_pages: 0,
            inverted: FILE | ZERO,
            all_of: WRITTEN | FILE | ZERO,
            any_of: PRESENT | SWAPPED,
            told: 0,
        }
    }
}

#[expect(
    unsafe_code,
    reason = "rustix has to be told what the call takes and gives; the type above is Linux' own"
)]
// SAFETY: number and argument are those of linux/fs.h; the result is the count of stretches.
unsafe impl Ioctl for Scan {
    type Output = (usize, usize);

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<Self>(b'f', 16)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::from_mut(self).cast()
    }

    unsafe fn output_from_ptr(out: IoctlOutput, pointer: *mut c_void) -> io::Result<Self::Output> {
        // SAFETY: rustix gives back what `as_ptr` gave it.
        let scan = unsafe { &*pointer.cast::<Self>() };
        Ok((usize::try_from(out).unwrap_or(0), scan.walk_end as usize))
    }
}
