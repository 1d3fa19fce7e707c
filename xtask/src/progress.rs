//! Says what is being done, and how long it took.

use std::time::Instant;

use anyhow::{Context, Result};

/// A known number of steps, one after the other.
pub struct Progress {
    total: usize,
    started: usize,
}

/// One step. Silent until it has something to do.
pub struct Step {
    prefix: String,
    spoke: bool,
}

impl Progress {
    /// Counts so many steps.
    pub fn of(total: usize) -> Self {
        Self { total, started: 0 }
    }

    /// Takes the next step.
    pub fn step<T>(&mut self, name: &str, work: impl FnOnce(&mut Step) -> Result<T>) -> Result<T> {
        self.started += 1;
        let mut step = Step {
            prefix: format!("[{}/{}] {name}", self.started, self.total),
            spoke: false,
        };
        let begun = Instant::now();
        let result = work(&mut step).with_context(|| name.to_owned())?;
        let seconds = begun.elapsed().as_secs_f32();
        if step.spoke {
            println!("{}: done in {seconds:.1} s", step.prefix);
        } else {
            println!("{}: up to date", step.prefix);
        }
        Ok(result)
    }
}

impl Step {
    /// Says what this step is about to do.
    pub fn says(&mut self, what: &str) {
        self.spoke = true;
        println!("{}: {what}", self.prefix);
    }
}
