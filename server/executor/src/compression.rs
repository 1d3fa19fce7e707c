//! zlib for runtimes that were built without it: the imports of
//! `runtimes/wit/compression.wit`.
//!
//! Whatever a function does with them, it holds a bounded number of streams,
//! whose memory counts as its own, and none of its calls runs long.

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime::{Result, bail};
use zlib_rs::{
    Deflate, DeflateConfig, DeflateError, DeflateFlush, Inflate, InflateError, InflateFlush,
    Method, Strategy,
};

use crate::limits::MemoryLimit;
use bindings::sluice::function::compression::{
    self, Error, Host, HostCompressor, HostDecompressor, Status, Step,
};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../runtimes/wit",
        world: "without-zlib",
        imports: { default: trappable },
        with: {
            "sluice:function/compression.compressor": super::Compressor,
            "sluice:function/compression.decompressor": super::Decompressor,
        },
    });
}

/// Bytes that a step takes. Of the worst input zlib's highest level compresses
/// about a megabyte a second, so that no step takes much longer than 15 ms.
const INPUT_BYTES: usize = 16 * 1024;

/// Most bytes that a step gives.
const OUTPUT_BYTES: usize = 64 * 1024;

/// Streams that an instance may have open.
const MAX_STREAMS: usize = 64;

/// Memory of a compressor at most: two windows, the chains through them with
/// their heads, and the symbols of a block.
const COMPRESSOR_BYTES: usize = 512 * 1024;

/// Memory of a decompressor: a window, and the tables of a block.
const DECOMPRESSOR_BYTES: usize = 64 * 1024;

/// zlib's numbers for what went wrong.
const STREAM_ERROR: i32 = -2;
const DATA_ERROR: i32 = -3;
const MEMORY_ERROR: i32 = -4;

/// Gives what is linked the compression of the instance that `view` takes it from.
pub fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> CompressionView<'_>,
) -> Result<()> {
    compression::add_to_linker::<_, Compression>(linker, view)
}

/// How many streams an instance has open.
#[derive(Debug, Default)]
pub struct OpenStreams(usize);

impl OpenStreams {
    /// True while there is one.
    pub fn any(&self) -> bool {
        self.0 > 0
    }
}

/// What compression needs of an instance.
pub struct CompressionView<'a> {
    /// Has the streams.
    pub table: &'a mut ResourceTable,
    /// Counts their memory.
    pub memory: &'a mut MemoryLimit,
    /// Counts them.
    pub open: &'a mut OpenStreams,
}

/// Says to wasmtime that the host of these imports is a view.
struct Compression;

impl HasData for Compression {
    type Data<'a> = CompressionView<'a>;
}

/// A stream that is being compressed.
pub struct Compressor(Deflate);

/// A stream that is being decompressed.
pub struct Decompressor(Inflate);

impl CompressionView<'_> {
    /// Makes room for a stream of so many bytes. The inner error is the guest's; memory
    /// beyond the function's ends the call, as it does when the guest itself grows.
    fn open(&mut self, bytes: usize) -> Result<Result<(), Error>> {
        if self.open.0 == MAX_STREAMS {
            let reason = format!("{MAX_STREAMS} streams are open, and a function may have no more");
            return Ok(Err(error(MEMORY_ERROR, Some(&reason))));
        }
        self.memory.hold(bytes)?;
        self.open.0 += 1;
        Ok(Ok(()))
    }

    fn close(&mut self, bytes: usize) {
        self.memory.release(bytes);
        self.open.0 -= 1;
    }
}

impl Host for CompressionView<'_> {
    fn adler32(&mut self, data: Vec<u8>, start: u32) -> Result<u32> {
        // Our own zlib gives it in pieces, so that the function is interrupted in between.
        if data.len() > OUTPUT_BYTES {
            bail!("a checksum is made of at most {OUTPUT_BYTES} bytes at once");
        }
        Ok(zlib_rs::adler32::adler32(start, &data))
    }
}

impl HostCompressor for CompressionView<'_> {
    fn create(
        &mut self,
        level: i32,
        window_bits: i32,
        mem_level: i32,
        strategy: i32,
    ) -> Result<Result<Resource<Compressor>, Error>> {
        // zlib-rs panics where something is out of range. 8 means 9, but for a raw stream.
        let in_range = (-1..=9).contains(&level)
            && matches!(window_bits, -15..=-9 | 8..=15 | 25..=31)
            && (1..=9).contains(&mem_level);
        let (true, Ok(strategy)) = (in_range, Strategy::try_from(strategy)) else {
            return Ok(Err(error(STREAM_ERROR, None)));
        };
        let config = DeflateConfig {
            level,
            method: Method::Deflated,
            window_bits,
            mem_level,
            strategy,
        };
        match self.open(COMPRESSOR_BYTES)? {
            Ok(()) => {
                let stream = Compressor(Deflate::new_with_config(config));
                Ok(Ok(self.table.push(stream)?))
            }
            Err(full) => Ok(Err(full)),
        }
    }

    fn set_dictionary(
        &mut self,
        stream: Resource<Compressor>,
        dictionary: Vec<u8>,
    ) -> Result<Result<(), Error>> {
        let deflate = &mut self.table.get_mut(&stream)?.0;
        let set = deflate.set_dictionary(&dictionary);
        Ok(set.map(drop).map_err(|failed| of_deflate(deflate, failed)))
    }

    fn step(
        &mut self,
        stream: Resource<Compressor>,
        input: Vec<u8>,
        flush: i32,
    ) -> Result<Result<Step, Error>> {
        let Ok(flush) = DeflateFlush::try_from(flush) else {
            return Ok(Err(error(STREAM_ERROR, None)));
        };
        // What is to be done after the input waits for the step that takes its end.
        let (input, flush) = match input.get(..INPUT_BYTES) {
            Some(some) if some.len() < input.len() => (some, DeflateFlush::NoFlush),
            _ => (input.as_slice(), flush),
        };
        let deflate = &mut self.table.get_mut(&stream)?.0;
        let before = (deflate.total_in(), deflate.total_out());
        let mut output = vec![0; OUTPUT_BYTES];
        let status = match deflate.compress(input, &mut output, flush) {
            Ok(status) => status.into(),
            Err(failed) => return Ok(Err(of_deflate(deflate, failed))),
        };
        let after = (deflate.total_in(), deflate.total_out());
        Ok(Ok(step(before, after, output, status)))
    }

    fn drop(&mut self, stream: Resource<Compressor>) -> Result<()> {
        self.table.delete(stream)?;
        self.close(COMPRESSOR_BYTES);
        Ok(())
    }
}

impl HostDecompressor for CompressionView<'_> {
    fn create(&mut self, window_bits: i32) -> Result<Result<Resource<Decompressor>, Error>> {
        // 16 more say gzip, 32 more whichever the header is; 0 takes the header's window.
        let has_header = match window_bits {
            -15..=-8 => false,
            0 | 8..=15 | 16 | 24..=31 | 32 | 40..=47 => true,
            _ => return Ok(Err(error(STREAM_ERROR, None))),
        };
        let bits = window_bits.unsigned_abs() as u8;
        match self.open(DECOMPRESSOR_BYTES)? {
            Ok(()) => {
                let stream = Decompressor(Inflate::new(has_header, bits));
                Ok(Ok(self.table.push(stream)?))
            }
            Err(full) => Ok(Err(full)),
        }
    }

    fn set_dictionary(
        &mut self,
        stream: Resource<Decompressor>,
        dictionary: Vec<u8>,
    ) -> Result<Result<(), Error>> {
        let inflate = &mut self.table.get_mut(&stream)?.0;
        let set = inflate.set_dictionary(&dictionary);
        Ok(set.map(drop).map_err(|failed| of_inflate(inflate, failed)))
    }

    fn step(
        &mut self,
        stream: Resource<Decompressor>,
        input: Vec<u8>,
        max_output: u32,
    ) -> Result<Result<Step, Error>> {
        let input = input.get(..INPUT_BYTES).unwrap_or(&input);
        let inflate = &mut self.table.get_mut(&stream)?.0;
        let before = (inflate.total_in(), inflate.total_out());
        let mut output = vec![0; OUTPUT_BYTES.min(max_output as usize)];
        let status = match inflate.decompress(input, &mut output, InflateFlush::SyncFlush) {
            Ok(status) => status.into(),
            Err(InflateError::NeedDict { .. }) => Status::NeedsDictionary,
            Err(failed) => return Ok(Err(of_inflate(inflate, failed))),
        };
        let after = (inflate.total_in(), inflate.total_out());
        Ok(Ok(step(before, after, output, status)))
    }

    fn drop(&mut self, stream: Resource<Decompressor>) -> Result<()> {
        self.table.delete(stream)?;
        self.close(DECOMPRESSOR_BYTES);
        Ok(())
    }
}

impl From<zlib_rs::Status> for Status {
    fn from(status: zlib_rs::Status) -> Self {
        match status {
            zlib_rs::Status::Ok | zlib_rs::Status::BufError => Self::GoingOn,
            zlib_rs::Status::StreamEnd => Self::Ended,
        }
    }
}

/// A step, from what had gone in and come out before and after it.
fn step(before: (u64, u64), after: (u64, u64), mut output: Vec<u8>, status: Status) -> Step {
    // Both differences are at most as long as what the step was given.
    output.truncate((after.1 - before.1) as usize);
    Step {
        consumed: (after.0 - before.0) as u32,
        output,
        status,
    }
}

fn of_deflate(deflate: &Deflate, failed: DeflateError) -> Error {
    error(failed as i32, deflate.error_message())
}

fn of_inflate(inflate: &Inflate, failed: InflateError) -> Error {
    let code = match failed {
        // Only where the dictionary that was set is another one.
        InflateError::NeedDict { .. } | InflateError::DataError => DATA_ERROR,
        InflateError::StreamError => STREAM_ERROR,
        InflateError::MemError => MEMORY_ERROR,
    };
    error(code, inflate.error_message())
}

fn error(code: i32, reason: Option<&str>) -> Error {
    let reason = reason.unwrap_or_default().to_owned();
    Error { code, reason }
}
