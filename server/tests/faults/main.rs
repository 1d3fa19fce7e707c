//! The server as its users run it, a process of its own, that is killed and driven hard. Each test
//! has a short form, which always runs; the long one is a matter of environment variables:
//! `docs/performance.md` has the commands.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stdout, reason = "the figures of the long forms")]

mod disk;
mod kill;
mod load;
mod process;

/// A number that is `small` unless the environment variable says another.
fn often(variable: &str, small: u64) -> u64 {
    std::env::var(variable).map_or(small, |text| text.parse().unwrap())
}
