//! Keeps `.sqlx`: what the checked queries need to compile without a database.
//!
//! Does what `sqlx-cli prepare` does, without that tool: a database from the migrations,
//! then a check of the store that looks at it and writes down what it saw.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use crate::progress::Progress;
use crate::stamp::{self, Inputs, Stamp};
use crate::{paths, process};

/// Applies the scripts named after the database. Python is needed for the runtime anyway.
const MIGRATE: &str = "\
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for script in sys.argv[2:]:
    with open(script, encoding='utf-8') as text:
        database.executescript(text.read())
";

/// File names and contents of one `.sqlx` folder.
type Queries = BTreeMap<String, String>;

/// `cargo xtask sqlx`
pub fn refresh() -> Result<()> {
    Progress::of(1).step("sqlx", |step| {
        step.says("checking the store's queries against the migrations");
        let (kept, seen) = (read(&folder())?, look()?);
        for name in kept.keys().filter(|name| !seen.contains_key(*name)) {
            fs::remove_file(folder().join(name))?;
        }
        for (name, text) in &seen {
            if kept.get(name) != Some(text) {
                stamp::write(&folder().join(name), text.as_bytes())?;
            }
        }
        Ok(())
    })
}

/// `cargo xtask sqlx --check`
pub fn check() -> Result<()> {
    Progress::of(1).step("sqlx", |step| {
        let stamp = Stamp::at(paths::kept("sqlx.stamp"));
        let inputs = inputs()?;
        if stamp.is(&inputs) {
            return Ok(());
        }
        step.says("checking the store's queries against the migrations");
        let (kept, seen) = (read(&folder())?, look()?);
        let stale = kept.iter().filter(|(name, _)| !seen.contains_key(*name));
        let changed = seen.iter().filter(|(name, text)| kept.get(*name) != Some(*text));
        let (stale, changed) = (stale.count(), changed.count());
        if stale + changed > 0 {
            bail!(
                ".sqlx does not fit the store's queries ({changed} new or changed, {stale} no longer used): run `cargo xtask sqlx` and commit .sqlx"
            );
        }
        stamp.set(&inputs)
    })
}

fn folder() -> PathBuf {
    paths::root().join(".sqlx")
}

fn inputs() -> Result<String> {
    let mut inputs = Inputs::default();
    for path in [
        "Cargo.lock",
        ".sqlx",
        "migrations",
        "server/store",
        "app/domain",
    ] {
        inputs = inputs.path(&paths::root().join(path))?;
    }
    Ok(inputs.finish())
}

/// Has the store's queries looked at by the database.
fn look() -> Result<Queries> {
    let database = paths::kept("sqlx.db");
    migrate(&database)?;
    let seen = tempfile::tempdir()?;
    let touched = Touched::all_under(&paths::root().join("server/store"))?;
    let result = process::run(
        process::cargo()
            .args(["check", "--package", "sluice-store", "--all-targets"])
            .env("DATABASE_URL", format!("sqlite://{}", database.display()))
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", seen.path()),
    );
    drop(touched);
    result?;
    read(seen.path())
}

fn migrate(database: &Path) -> Result<()> {
    if database.exists() {
        fs::remove_file(database)?;
    }
    fs::create_dir_all(paths::kept(""))?;
    let scripts: Vec<PathBuf> = stamp::files(&paths::root().join("migrations"))?
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    process::run(
        process::program("python3")
            .args(["-c", MIGRATE])
            .arg(database)
            .args(scripts),
    )
    .context("applying migrations/")
}

fn read(folder: &Path) -> Result<Queries> {
    let mut queries = Queries::new();
    for file in stamp::files(folder)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("query-") {
            queries.insert(name.into_owned(), fs::read_to_string(&file)?);
        }
    }
    Ok(queries)
}

/// Sources that look changed while this lives. The compiler has to expand the queries
/// again although no source changed; afterwards nothing else should be built again.
struct Touched {
    now: SystemTime,
    before: Vec<(PathBuf, SystemTime)>,
}

impl Touched {
    fn all_under(folder: &Path) -> Result<Self> {
        let mut touched = Self {
            now: SystemTime::now(),
            before: Vec::new(),
        };
        for file in stamp::files(folder)? {
            if file.extension().is_some_and(|extension| extension == "rs") {
                let before = fs::metadata(&file)?.modified()?;
                set_modified(&file, touched.now)?;
                touched.before.push((file, before));
            }
        }
        Ok(touched)
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        for (file, before) in &self.before {
            // Someone who edits the file meanwhile must not lose the time of that.
            let is_ours = fs::metadata(file)
                .and_then(|data| data.modified())
                .is_ok_and(|modified| modified == self.now);
            if is_ours {
                // At worst the store is built once more.
                let _restored = set_modified(file, *before);
            }
        }
    }
}

fn set_modified(file: &Path, time: SystemTime) -> Result<()> {
    File::options()
        .append(true)
        .open(file)
        .and_then(|file| file.set_modified(time))
        .with_context(|| format!("touching {}", file.display()))
}
