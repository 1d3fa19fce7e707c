//! Measures what functions and instances have of this machine's memory:
//! `cargo run --release --example memory [-- FUNCTIONS INSTANCES]`, 1000 and 200 without them.
//! Each function has code of its own, and each instance has served a call.

#[path = "common/built.rs"]
mod common;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::{Built, Error, call};
use sluice_domain::code::CodePackage;
use sluice_domain::function::{FunctionName, FunctionSettings, Runtime};
use sluice_domain::id::FunctionId;
use sluice_executor::{DeploymentSpec, Outcome};

/// Names the folder for another process of this program that only compiles.
const ONLY_COMPILE: &str = "SLUICE_ONLY_COMPILE";

#[tokio::main]
async fn main() -> Result<(), Error> {
    tokio::spawn(measure()).await?
}

#[expect(clippy::print_stdout, reason = "it prints its figures")]
async fn measure() -> Result<(), Error> {
    let number = |place: usize, otherwise: u128| {
        let argument = std::env::args().nth(place);
        argument.map_or(Ok(otherwise), |text| text.parse())
    };
    let (functions, instances) = (number(1, 1000)?, number(2, 200)?);
    let artifacts = match std::env::var_os(ONLY_COMPILE) {
        Some(artifacts) => PathBuf::from(artifacts),
        None => {
            let artifacts = common::artifacts("memory");
            // Compiling leaves memory behind that a server has not that was started before.
            let mut other = std::process::Command::new(std::env::current_exe()?);
            other.env(ONLY_COMPILE, &artifacts).status()?;
            artifacts
        }
    };
    let executor = Built::read(Runtime::Python312)?.start(&artifacts).await?;
    if std::env::var_os(ONLY_COMPILE).is_some() {
        return Ok(());
    }
    let started = Memory::now()?;
    println!("started: {started}");

    let begun = Instant::now();
    let mut deployments = Vec::new();
    for number in 0..functions {
        deployments.push(executor.restore(spec(number)?).await?);
    }
    let took = begun.elapsed();
    let deployed = Memory::now()?;
    println!("{functions} functions, restored in {took:.1?}: {deployed}");

    let callers = deployments.iter().take(instances as usize);
    for deployment in callers.clone() {
        match executor.invoke(deployment, call(), Ok).await?.outcome {
            Outcome::Returned(_) => {}
            other => return Err(format!("{other:?}").into()),
        }
    }
    let called = Memory::now()?;
    println!("{instances} instances that begin with their runtime: {called}");
    println!("  each {}", called.since(&deployed).over(instances));
    executor.stop(Duration::ZERO).await;
    drop((deployments, executor));
    // The folders of instances are being removed at the same time; what is left is a temporary file.
    let _ = std::fs::remove_dir_all(artifacts);
    Ok(())
}

fn spec(number: u128) -> Result<DeploymentSpec, Error> {
    let code = format!(
        "import json\ndef handler(event, context):\n    return json.dumps([{number}, event])\n"
    );
    Ok(DeploymentSpec {
        function_id: FunctionId::from_bytes(number.to_be_bytes()),
        function_name: FunctionName::parse(&format!("function-{number}"))?,
        version: "latest".to_owned(),
        runtime: Runtime::Python312,
        settings: FunctionSettings::default(),
        code: CodePackage::single("index.py", code)?,
    })
}

/// What Linux says of this process, in kB.
struct Memory {
    /// With all that several instances share, as often as they do.
    resident: u64,
    /// With all that several instances share once.
    proportional: u64,
    private: u64,
}

impl Memory {
    fn now() -> Result<Self, Error> {
        let text = std::fs::read_to_string("/proc/self/smaps_rollup")?;
        let sum = |names: &[&str]| -> u64 {
            let values = text.lines().filter_map(|line| {
                let (name, rest) = line.split_once(':')?;
                let wanted = names.contains(&name);
                wanted.then(|| rest.split_whitespace().next()?.parse::<u64>().ok())?
            });
            values.sum()
        };
        Ok(Self {
            resident: sum(&["Rss"]),
            proportional: sum(&["Pss"]),
            private: sum(&["Private_Clean", "Private_Dirty"]),
        })
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            resident: self.resident.saturating_sub(before.resident),
            proportional: self.proportional.saturating_sub(before.proportional),
            private: self.private.saturating_sub(before.private),
        }
    }

    fn over(&self, count: u128) -> Self {
        let count = u64::try_from(count).unwrap_or(u64::MAX).max(1);
        Self {
            resident: self.resident / count,
            proportional: self.proportional / count,
            private: self.private / count,
        }
    }
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let megabytes = |kilobytes: u64| kilobytes as f64 / 1024.0;
        write!(
            f,
            "{:.2} MB, {:.2} MB of it private; {:.2} MB with what is shared counted each time",
            megabytes(self.proportional),
            megabytes(self.private),
            megabytes(self.resident)
        )
    }
}
