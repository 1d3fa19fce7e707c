//! Sluice: the server. Builds the parts, joins them, and runs them until it is
//! told to stop.

// Pages nest deeply, and so do their types.
#![recursion_limit = "256"]

use std::process::ExitCode;

use clap::Parser;
use sluice::cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    sluice::logging::start(cli.log_format);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let result = runtime.block_on(async {
        match cli.command {
            Command::Serve(args) => sluice::serve::run(*args).await,
            Command::User(args) => sluice::users::run(args).await,
            Command::Ca(args) => sluice::serve::print_ca(&args),
            Command::Backup(args) => sluice::backup::run_backup(args).await,
            Command::Restore(args) => sluice::backup::run_restore(args).await,
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref()),
    }
}

/// Says why the server ends, with the whole chain of causes, and ends.
#[expect(clippy::print_stderr, reason = "the last word of a command line tool")]
fn fail(error: &(dyn std::error::Error + 'static)) -> ExitCode {
    eprintln!("sluice: {}", sluice::logging::chain(error));
    ExitCode::FAILURE
}
