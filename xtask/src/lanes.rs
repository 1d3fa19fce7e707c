//! Everything that has to pass, as named lanes in the order in which they need each other.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::progress::Progress;
use crate::{browser, nextest, npm, paths, process, setup, site, sqlx};

struct Lane {
    name: &'static str,
    run: fn() -> Result<()>,
}

/// The server embeds what `setup` and `site` make, so these stand before all that builds it.
const LANES: [Lane; 10] = [
    Lane {
        name: "fmt",
        run: fmt,
    },
    Lane {
        name: "setup",
        run: setup::setup,
    },
    Lane {
        name: "site",
        run: site::site,
    },
    Lane {
        name: "editor",
        run: editor,
    },
    Lane {
        name: "sqlx",
        run: sqlx::check,
    },
    Lane {
        name: "clippy",
        run: clippy,
    },
    Lane {
        name: "clippy-frontend",
        run: clippy_frontend,
    },
    Lane {
        name: "nextest",
        run: nextest,
    },
    Lane {
        name: "doc",
        run: doc,
    },
    Lane {
        name: "end2end",
        run: end2end,
    },
];

/// What the server is made of. The frontend's and xtask's features of shared crates would
/// reach the server if built in one call with it, and much would be built twice.
const NATIVE: [&str; 5] = [
    "--workspace",
    "--exclude",
    "sluice-frontend",
    "--exclude",
    "xtask",
];

const XTASK: [&str; 2] = ["--package", "xtask"];

/// `cargo xtask test`
pub fn test(names: &[&str]) -> Result<()> {
    if let Some(unknown) = names
        .iter()
        .find(|name| LANES.iter().all(|lane| lane.name != **name))
    {
        let known: Vec<_> = LANES.iter().map(|lane| lane.name).collect();
        bail!("no lane {unknown:?}; the lanes are {}", known.join(", "));
    }
    let mut summary = String::new();
    for lane in &LANES {
        if !names.is_empty() && !names.contains(&lane.name) {
            continue;
        }
        println!("\n=== {} ===", lane.name);
        let begun = Instant::now();
        let result = (lane.run)();
        let seconds = begun.elapsed().as_secs_f32();
        let end = if result.is_ok() { "passed" } else { "FAILED" };
        println!("=== {}: {end} in {seconds:.1} s ===", lane.name);
        summary.push_str(&format!("{:<16} {end} {seconds:>7.1} s\n", lane.name));
        if let Err(error) = result {
            print!("\n{summary}");
            return Err(error).with_context(|| format!("lane {}", lane.name));
        }
    }
    print!("\n{summary}");
    Ok(())
}

fn fmt() -> Result<()> {
    process::run(process::cargo().args(["fmt", "--all", "--check"]))
}

fn editor() -> Result<()> {
    process::run(npm::tool("tsc").args(["--project", "app/editor"]))
}

fn clippy() -> Result<()> {
    for packages in [&NATIVE[..], &XTASK] {
        process::run(process::cargo().arg("clippy").args(packages).args([
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))?;
    }
    Ok(())
}

/// Compiled for this machine: the lints see the same code, and no clippy for WASM is needed.
fn clippy_frontend() -> Result<()> {
    process::run(
        process::cargo()
            .args([
                "clippy",
                "--package",
                "sluice-frontend",
                "--package",
                "sluice-app",
            ])
            .args(["--features", "sluice-app/hydrate", "--", "-D", "warnings"]),
    )
}

fn nextest() -> Result<()> {
    for packages in [&NATIVE[..], &XTASK] {
        process::run(
            nextest::cargo_nextest()?
                .arg("run")
                .args(packages)
                .args(["--profile", "ci"]),
        )?;
    }
    Ok(())
}

fn doc() -> Result<()> {
    process::run(
        process::cargo()
            .args(["doc", "--no-deps"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn end2end() -> Result<()> {
    let folder = paths::root().join("end2end");
    process::run(process::cargo().args(["build", "--package", "sluice"]))?;
    Progress::of(1).step("npm packages", |step| npm::install(step, &folder))?;
    let browser = browser::find_or_install()?;
    process::run(process::program(folder.join("node_modules/.bin/tsc")).current_dir(&folder))?;
    let mut playwright = process::program(folder.join("node_modules/.bin/playwright"));
    playwright
        .current_dir(&folder)
        .arg("test")
        .env("SLUICE_BIN", paths::built("debug/sluice"));
    if let Some(browser) = browser {
        playwright.env("SLUICE_CHROMIUM", browser);
    }
    process::run(&mut playwright)
}
