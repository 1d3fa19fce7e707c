//! The log of one invocation while it is being written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use sluice_domain::id::RequestId;
use sluice_domain::invocation::{LogLevel, LogLine, MAX_LOG_BYTES, MAX_LOG_LINE_BYTES};
use sluice_domain::time::Timestamp;

/// Most lines of one invocation: an empty line costs the server far more than
/// the byte that the budget counts for it.
const MAX_LINES: usize = 100_000;

/// More log than an invocation may write; it ends the call.
#[derive(Debug, thiserror::Error)]
#[error("the log of the invocation exceeded its limit")]
pub struct LogExceeded;

/// Where a piece of output comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output: lines of level `INFO`.
    Out,
    /// Standard error: lines of level `ERROR`.
    Err,
}

/// The lines of one invocation. A line stands where it was finished, so a line
/// of the logger comes before the rest of an unfinished printed one.
#[derive(Debug, Default)]
pub struct Log {
    lines: Vec<LogLine>,
    bytes: usize,
    exceeded: bool,
    unfinished: [Vec<u8>; 2],
}

impl Log {
    /// Adds what was written to a stream: any bytes, not only whole lines.
    pub fn write(&mut self, stream: Stream, mut bytes: &[u8]) -> Result<(), LogExceeded> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.append(stream, &bytes[..end])?;
            let line = std::mem::take(&mut self.unfinished[stream as usize]);
            self.budgeted(stream.level(), &String::from_utf8_lossy(&line))?;
            bytes = &bytes[end + 1..];
        }
        self.append(stream, bytes)
    }

    /// Adds a line of the function's logger; each line of `message` is one.
    pub fn logger(
        &mut self,
        id: &RequestId,
        level: LogLevel,
        message: &str,
    ) -> Result<(), LogExceeded> {
        let prefix = format!("{} {id} {} ", now().log_format(), level.name());
        self.budgeted(level, &format!("{prefix}{message}"))
    }

    /// Adds a report of a failure. It belongs to the budget but never ends a call.
    pub fn report(&mut self, text: &str) {
        let _ = self.budgeted(LogLevel::Error, text);
    }

    /// Adds a line of the platform's own, whatever the budget says.
    pub fn platform(&mut self, level: LogLevel, text: String) {
        self.lines.push(LogLine {
            at: now(),
            level,
            text,
        });
    }

    /// Makes lines of what was written without a line break.
    pub fn finish_lines(&mut self) {
        for stream in [Stream::Out, Stream::Err] {
            let rest = std::mem::take(&mut self.unfinished[stream as usize]);
            if !rest.is_empty() {
                let _ = self.budgeted(stream.level(), &String::from_utf8_lossy(&rest));
            }
        }
    }

    /// Takes the lines out and starts anew.
    pub fn take(&mut self) -> Vec<LogLine> {
        std::mem::take(self).lines
    }

    fn append(&mut self, stream: Stream, bytes: &[u8]) -> Result<(), LogExceeded> {
        if self.exceeded {
            return Err(LogExceeded);
        }
        self.unfinished[stream as usize].extend_from_slice(bytes);
        while self.unfinished[stream as usize].len() > MAX_LOG_LINE_BYTES {
            let buffer = &mut self.unfinished[stream as usize];
            let rest = buffer.split_off(boundary(buffer, MAX_LOG_LINE_BYTES));
            let piece = std::mem::replace(buffer, rest);
            self.budgeted(stream.level(), &String::from_utf8_lossy(&piece))?;
        }
        Ok(())
    }

    /// Adds the lines of `text` as far as the budget reaches.
    fn budgeted(&mut self, level: LogLevel, text: &str) -> Result<(), LogExceeded> {
        for mut line in text.split('\n') {
            loop {
                let (piece, rest) = line.split_at(boundary(line.as_bytes(), MAX_LOG_LINE_BYTES));
                let bytes = self.bytes + piece.len() + 1;
                if self.exceeded || bytes > MAX_LOG_BYTES || self.lines.len() >= MAX_LINES {
                    self.exceeded = true;
                    return Err(LogExceeded);
                }
                self.bytes = bytes;
                self.platform(level, piece.to_owned());
                line = rest;
                if line.is_empty() {
                    break;
                }
            }
        }
        Ok(())
    }
}

impl Stream {
    fn level(self) -> LogLevel {
        match self {
            Self::Out => LogLevel::Info,
            Self::Err => LogLevel::Error,
        }
    }
}

/// The end of the longest piece of at most `limit` bytes that cuts no character.
fn boundary(bytes: &[u8], limit: usize) -> usize {
    if bytes.len() <= limit {
        return bytes.len();
    }
    // A character has at most four bytes; what has more continuation bytes is no UTF-8.
    let continues = |end: &usize| bytes[*end] & 0b1100_0000 == 0b1000_0000;
    (limit.saturating_sub(3)..=limit)
        .rev()
        .find(|end| !continues(end))
        .unwrap_or(limit)
}

/// A log that an instance writes and its invocation reads.
#[derive(Debug, Clone, Default)]
pub struct SharedLog(Arc<Mutex<Log>>);

impl SharedLog {
    /// The log. A panic elsewhere leaves it whole, so that its poison does not matter.
    pub fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// This moment.
pub fn now() -> Timestamp {
    let millis = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis());
    Timestamp(i64::try_from(millis).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[(Stream, &[u8])]) -> Vec<(&'static str, String)> {
        let mut log = Log::default();
        for (stream, bytes) in pieces {
            let _ = log.write(*stream, bytes);
        }
        log.finish_lines();
        let line = |line: LogLine| (line.level.name(), line.text);
        log.take().into_iter().map(line).collect()
    }

    #[test]
    fn pieces_become_lines_where_they_are_finished() {
        use Stream::{Err, Out};
        let lines = check(&[(Out, b"a"), (Err, b"x\n"), (Out, b"b\n\nc"), (Err, b"\xff")]);
        let expected = [
            ("ERROR", "x"),
            ("INFO", "ab"),
            ("INFO", ""),
            ("INFO", "c"),
            ("ERROR", "\u{fffd}"),
        ];
        assert_eq!(
            lines,
            expected.map(|(level, text)| (level, text.to_owned()))
        );
    }

    #[test]
    fn a_long_line_is_split_between_characters() {
        let text = "ä".repeat(MAX_LOG_LINE_BYTES);
        for text in [text.clone(), format!("x{text}")] {
            let lines = check(&[(Stream::Out, text.as_bytes())]);
            assert!(
                lines
                    .iter()
                    .all(|(_, line)| line.len() <= MAX_LOG_LINE_BYTES)
            );
            assert_eq!(lines.concat_text(), text);
        }
    }

    #[test]
    fn the_budget_ends_a_flood_of_bytes_and_of_empty_lines() {
        for flood in [
            vec![b'x'; MAX_LOG_BYTES + 2 * MAX_LOG_LINE_BYTES],
            vec![b'\n'; MAX_LINES + 1],
        ] {
            let mut log = Log::default();
            assert!(log.write(Stream::Out, &flood).is_err());
            assert!(log.write(Stream::Err, b"more").is_err());
            assert!(log.take().len() <= MAX_LINES);
        }
    }

    trait ConcatText {
        fn concat_text(&self) -> String;
    }

    impl ConcatText for Vec<(&'static str, String)> {
        fn concat_text(&self) -> String {
            self.iter().map(|(_, text)| text.as_str()).collect()
        }
    }
}
