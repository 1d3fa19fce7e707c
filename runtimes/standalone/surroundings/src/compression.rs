//! zlib for a Python that was built without it, by the same steps as in the executor.

use std::cell::RefCell;

use zlib_rs::{
    Deflate, DeflateConfig, DeflateFlush, Inflate, InflateError, InflateFlush, Method, Strategy,
};

use crate::Surroundings;
use crate::exports::sluice::function::compression::{
    Compressor, Decompressor, Error, Guest, GuestCompressor, GuestDecompressor, Status, Step,
};

/// Most bytes that a step gives.
const OUTPUT_BYTES: usize = 64 * 1024;

/// zlib's numbers for what went wrong.
const STREAM_ERROR: i32 = -2;
const DATA_ERROR: i32 = -3;
const MEMORY_ERROR: i32 = -4;

impl Guest for Surroundings {
    type Compressor = RefCell<Deflate>;
    type Decompressor = RefCell<Inflate>;

    fn adler32(data: Vec<u8>, start: u32) -> u32 {
        zlib_rs::adler32::adler32(start, &data)
    }
}

impl GuestCompressor for RefCell<Deflate> {
    fn create(
        level: i32,
        window_bits: i32,
        mem_level: i32,
        strategy: i32,
    ) -> Result<Compressor, Error> {
        let in_range = (-1..=9).contains(&level)
            && matches!(window_bits, -15..=-9 | 8..=15 | 25..=31)
            && (1..=9).contains(&mem_level);
        let (true, Ok(strategy)) = (in_range, Strategy::try_from(strategy)) else {
            return Err(error(STREAM_ERROR, None));
        };
        let config = DeflateConfig {
            level,
            method: Method::Deflated,
            window_bits,
            mem_level,
            strategy,
        };
        let deflate = Deflate::new_with_config(config);
        Ok(Compressor::new(RefCell::new(deflate)))
    }

    fn set_dictionary(&self, dictionary: Vec<u8>) -> Result<(), Error> {
        let mut deflate = self.borrow_mut();
        let set = deflate.set_dictionary(&dictionary);
        set.map(drop)
            .map_err(|failed| error(failed as i32, deflate.error_message()))
    }

    fn step(&self, input: Vec<u8>, flush: i32) -> Result<Step, Error> {
        let flush = DeflateFlush::try_from(flush).map_err(|_| error(STREAM_ERROR, None))?;
        let mut deflate = self.borrow_mut();
        let before = (deflate.total_in(), deflate.total_out());
        let mut output = vec![0; OUTPUT_BYTES];
        let status = deflate
            .compress(&input, &mut output, flush)
            .map_err(|failed| error(failed as i32, deflate.error_message()))?;
        let after = (deflate.total_in(), deflate.total_out());
        Ok(step(before, after, output, status.into()))
    }
}

impl GuestDecompressor for RefCell<Inflate> {
    fn create(window_bits: i32) -> Result<Decompressor, Error> {
        let has_header = match window_bits {
            -15..=-8 => false,
            0 | 8..=15 | 16 | 24..=31 | 32 | 40..=47 => true,
            _ => return Err(error(STREAM_ERROR, None)),
        };
        let inflate = Inflate::new(has_header, window_bits.unsigned_abs() as u8);
        Ok(Decompressor::new(RefCell::new(inflate)))
    }

    fn set_dictionary(&self, dictionary: Vec<u8>) -> Result<(), Error> {
        let mut inflate = self.borrow_mut();
        let set = inflate.set_dictionary(&dictionary);
        set.map(drop).map_err(|failed| of_inflate(&inflate, failed))
    }

    fn step(&self, input: Vec<u8>, max_output: u32) -> Result<Step, Error> {
        let mut inflate = self.borrow_mut();
        let before = (inflate.total_in(), inflate.total_out());
        let mut output = vec![0; OUTPUT_BYTES.min(max_output as usize)];
        let status = match inflate.decompress(&input, &mut output, InflateFlush::SyncFlush) {
            Ok(status) => status.into(),
            Err(InflateError::NeedDict { .. }) => Status::NeedsDictionary,
            Err(failed) => return Err(of_inflate(&inflate, failed)),
        };
        let after = (inflate.total_in(), inflate.total_out());
        Ok(step(before, after, output, status))
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
    output.truncate((after.1 - before.1) as usize);
    Step {
        consumed: (after.0 - before.0) as u32,
        output,
        status,
    }
}

fn of_inflate(inflate: &Inflate, failed: InflateError) -> Error {
    let code = match failed {
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
